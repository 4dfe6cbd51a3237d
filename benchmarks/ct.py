"""CT from files to numbers against SimpleITK, as ratios within one run; and the memory it takes.

    python benchmarks/ct.py [SLICES] [SIDE_PX]

A simulated thigh with deposits and noise is repeated to SLICES slices of SIDE_PX pixels and written
as DICOM. Both sides read the series, find the body, threshold calcium inside it, label connected
components and measure each: ours with `load`, `outline_ct` and `measure_ct`, the other with
SimpleITK's series reader, thresholds, opening, hole filling, components and label statistics, which
is what a user of it would write. The steps are timed apart, in turns; the ratio is that of the
fastest of the turns, in processor time and by the clock. Memory is the highest that segmenting and
measuring took in a process of its own, over the bytes of the volume, the volume included.
"""

import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cctrack.io import Found, load, scan
from cctrack.io.write_dicom import write_ct
from cctrack.measure.volume import measure_ct
from cctrack.model import Acquisition, AxisScale, Ct, Quantity, ScaleSource
from cctrack.phantom import ct as phantom
from cctrack.segment.ct import outline_ct

TURNS = 3
SPACING_MM = 0.75
CALCIUM_HU, BODY_HU = 130, -400
LEAST_VOXELS = 12


def draw_volume(slices: int, side_px: int) -> Ct:
    """Repeat a simulated thigh along its length, in the middle of a frame of air."""
    subject = phantom.random_subject(np.random.default_rng(5), "thigh")
    session = phantom.CtSession(shape=(60, 212, 212), spacing_mm=SPACING_MM, table=True)
    block = phantom.draw_ct(subject, session).ct.hu
    hu = np.full((slices, side_px, side_px), -1000, np.int16)
    first = (side_px - block.shape[1]) // 2
    # Every other block runs backwards, so that the limb goes on without a step.
    there_and_back = np.concatenate([block, block[::-1]])
    place = np.arange(slices) % len(there_and_back)
    rows = slice(max(first, 0), max(first, 0) + min(side_px, block.shape[1]))
    hu[:, rows, rows] = there_and_back[place][:, :side_px, :side_px]
    rng = np.random.default_rng(1)
    for plane in hu:
        plane += rng.normal(0, 6, plane.shape).astype(np.int16)
    scale = AxisScale((1.0, SPACING_MM, SPACING_MM), ScaleSource.SLICE_POSITIONS)
    affine = np.array(
        [[0, 0, SPACING_MM, 0], [0, SPACING_MM, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]]
    )
    made = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=1.0)
    return Ct(hu, affine, scale, made)


def read_cctrack(folder: Path) -> Ct:
    """Read with cctrack."""
    (found,) = (item for item in scan([folder]) if isinstance(item, Found))
    image = load(found).image
    assert isinstance(image, Ct)
    return image


def read_simpleitk(folder: Path):
    """Read with SimpleITK's series reader."""
    import SimpleITK as sitk

    return sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))


def measure_simpleitk(image) -> int:
    """Body, threshold, components and the statistics of each label, as a user would write it."""
    import SimpleITK as sitk

    body = sitk.BinaryThreshold(image, BODY_HU, 5000)
    body = sitk.BinaryMorphologicalOpening(body, [3, 3, 1], sitk.sitkBall)
    largest = sitk.RelabelComponent(sitk.ConnectedComponent(body), sortByObjectSize=True) == 1
    body = sitk.BinaryFillhole(largest)
    calcium = sitk.And(
        sitk.BinaryThreshold(image, CALCIUM_HU, 5000), sitk.Cast(body, sitk.sitkUInt8)
    )
    labels = sitk.RelabelComponent(sitk.ConnectedComponent(calcium), LEAST_VOXELS)
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.ComputeFeretDiameterOff()
    shapes.Execute(labels)
    values = sitk.LabelIntensityStatisticsImageFilter()
    values.Execute(labels, image)
    found = [
        (shapes.GetPhysicalSize(label), values.GetMean(label), values.GetMaximum(label))
        for label in shapes.GetLabels()
    ]
    return len(found)


def measure_cctrack(ct: Ct) -> int:
    """Outline and measure."""
    findings = measure_ct(ct, outline_ct(ct))
    return sum(item.measurement.quantity is Quantity.VOLUME for item in findings)


def times_s(*jobs: Callable[[], object]) -> list[tuple[float, float]]:
    """Fastest (processor time, wall time) of several turns of each job, taken alternately."""
    best = [(float("inf"), float("inf"))] * len(jobs)
    for _ in range(TURNS):
        for number, job in enumerate(jobs):
            started, clock = time.process_time(), time.perf_counter()
            job()
            taken = time.process_time() - started, time.perf_counter() - clock
            best[number] = (min(best[number][0], taken[0]), min(best[number][1], taken[1]))
    return best


def _peak(slices: int, side_px: int, answers: "multiprocessing.Queue[int]") -> None:
    ct = draw_volume(slices, side_px)
    measure_cctrack(draw_volume(40, 256))  # libraries are loaded before the memory is watched
    highest = held = _resident_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, _resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    measure_cctrack(ct)
    done.set()
    watcher.join()
    answers.put(highest - held + ct.hu.nbytes)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def peak_bytes(slices: int, side_px: int) -> int:
    """Memory that segmenting and measuring take at most, the volume included."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_peak, args=(slices, side_px, answers))
    process.start()
    taken = answers.get()
    process.join()
    return taken


def _tell(name: str, ours: tuple[float, float], peer: tuple[float, float]) -> None:
    print(
        f"  {name:24} {peer[0] / ours[0]:5.2f} x faster by processor time "
        f"({ours[0]:.2f} against {peer[0]:.2f} s), {peer[1] / ours[1]:5.2f} x by the clock"
    )


def main(slices: int, side_px: int) -> None:
    """Print the ratios."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "series"
        ct = draw_volume(slices, side_px)
        write_ct(folder, ct)
        ours, peer = times_s(lambda: read_cctrack(folder), lambda: read_simpleitk(folder))
        print(f"a CT of {slices} slices of {side_px} x {side_px} px, against SimpleITK")
        _tell("reading", ours, peer)
        image = read_simpleitk(folder)
        outline = outline_ct(ct)
        jobs = (
            lambda: outline_ct(ct),
            lambda: measure_ct(ct, outline),
            lambda: measure_simpleitk(image),
        )
        outlining, measuring, theirs = times_s(*jobs)
        both = (outlining[0] + measuring[0], outlining[1] + measuring[1])
        _tell("outlining and measuring", both, theirs)
        print(f"  of which measuring       {measuring[0] / both[0]:.0%} ({measuring[0]:.2f} s)")
        whole = (both[0] + ours[0], both[1] + ours[1])
        _tell("all of it", whole, (theirs[0] + peer[0], theirs[1] + peer[1]))
    share = peak_bytes(slices, side_px) / (slices * side_px**2 * 2)
    print(f"  memory {share:.2f} x the volume")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:] or ("300", "512")))
