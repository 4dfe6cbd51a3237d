"""What measuring outlined lesions costs beside scikit-image's regionprops on the same labels.

    python -m benchmarks.regions

A photo of 12 MP and a CT of 512 x 512 x 200 with 40 and 200 round lesions each. Ours are
`measure_areas` and `measure_ct`: sizes with their errors, longest diameters, on CT three volumes
and the Agatston score too. scikit-image's is `regionprops_table` with the columns that come
nearest: area, longest diameter and, on CT, mean and highest intensity. All run in turns with one
thread each; the ratio is that of the fastest runs. That areas and densities agree is checked.
"""

import time
from collections.abc import Callable, Mapping

import numpy as np
from skimage.measure import regionprops_table

from cctrack.measure.area import measure_areas
from cctrack.measure.volume import measure_ct
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Finding,
    Method,
    Outline,
    Quantity,
    ScaleSource,
)

TURNS = 3
LESIONS = (40, 200)
PHOTO_SHAPE, CT_SHAPE = (3000, 4000), (200, 512, 512)
PHOTO_RADIUS_PX, CT_RADIUS_PX = 60, 5
MM_PER_PX = 0.08
VOXEL_MM = (1.0, 0.8, 0.8)
Table = Mapping[str, np.ndarray]


def balls(shape: tuple[int, ...], radius: int, count: int) -> np.ndarray:
    """Labels of equal balls at places drawn from a fixed seed, none touching another."""
    labels = np.zeros(shape, np.uint16)
    grid = np.meshgrid(*(np.arange(-radius, radius + 1),) * len(shape), indexing="ij")
    ball = sum(axis**2 for axis in grid) <= radius**2
    rng = np.random.default_rng(11)
    placed = 0
    while placed < count:
        corner = [int(rng.integers(1, size - 2 * radius - 2)) for size in shape]
        box = tuple(slice(first - 1, first + 2 * radius + 2) for first in corner)
        if labels[box].any():
            continue
        placed += 1
        labels[tuple(slice(first, first + 2 * radius + 1) for first in corner)][ball] = placed
    return labels


def fastest(runs: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Processor seconds of the fastest of several turns."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for _turn in range(TURNS):
        for name, run in runs.items():
            started = time.process_time()
            run()
            took[name].append(time.process_time() - started)
    return {name: min(seconds) for name, seconds in took.items()}


def values(findings: tuple[Finding, ...], quantity: Quantity) -> np.ndarray:
    """One quantity of every lesion, without the total."""
    return np.array(
        [
            item.measurement.value
            for item in findings
            if item.lesion and item.measurement.quantity is quantity
        ]
    )


def photo(count: int) -> tuple[Callable[[], object], Callable[[], object], float]:
    """Ours, theirs, and the largest relative difference of an area."""
    labels = balls(PHOTO_SHAPE, PHOTO_RADIUS_PX, count)
    outline = Outline(labels, method=Method.READER)
    scale = AxisScale((MM_PER_PX, MM_PER_PX), ScaleSource.GIVEN, 0.01)

    def ours() -> tuple[Finding, ...]:
        return measure_areas(outline, scale)

    def theirs() -> Table:
        wanted = ("label", "area", "feret_diameter_max")
        return regionprops_table(labels, properties=wanted, spacing=(MM_PER_PX, MM_PER_PX))

    off = np.abs(values(ours(), Quantity.AREA) / theirs()["area"] - 1).max()
    return ours, theirs, float(off)


def volume(count: int) -> tuple[Callable[[], object], Callable[[], object], float]:
    """Ours, theirs, and the largest relative difference of a mean density."""
    labels = balls(CT_SHAPE, CT_RADIUS_PX, count)
    noise = np.random.default_rng(3).normal(40, 10, CT_SHAPE)
    hu = (noise + 500 * (labels > 0)).astype(np.int16)
    outline = Outline(labels, method=Method.READER)
    affine = np.diag([VOXEL_MM[2], VOXEL_MM[1], VOXEL_MM[0], 1.0])[:, [2, 1, 0, 3]]
    scale = AxisScale(VOXEL_MM, ScaleSource.SLICE_POSITIONS)
    made = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=1.0)
    scan = Ct(hu, affine, scale, made)

    def ours() -> tuple[Finding, ...]:
        return measure_ct(scan, outline)

    def theirs() -> Table:
        wanted = ("label", "area", "feret_diameter_max", "intensity_mean", "intensity_max")
        return regionprops_table(labels, hu, properties=wanted, spacing=VOXEL_MM)

    off = np.abs(values(ours(), Quantity.MEAN_HU) / theirs()["intensity_mean"] - 1).max()
    return ours, theirs, float(off)


def main() -> None:
    print("            lesions  cctrack s  regionprops s  ratio  largest difference")
    for name, build in (("photo 12 MP", photo), ("CT 512²x200", volume)):
        for count in LESIONS:
            ours, theirs, off = build(count)
            took = fastest({"ours": ours, "theirs": theirs})
            ratio = took["theirs"] / took["ours"]
            line = f"{took['ours']:9.2f}  {took['theirs']:13.2f}  {ratio:5.2f}"
            print(f"{name}  {count:7d}  {line}  {100 * off:.2f} %", flush=True)


if __name__ == "__main__":
    main()
