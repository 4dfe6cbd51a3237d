"""Find out what the automatic CT outline finds, invents and measures on simulated scans.

Usage: ct_outline.py FIRST COUNT [REGION ...]
Regions are forearm, thigh, hand (these by default) and pelvis, with bowel, arteries and metal.
Seeds below 1000 are for tuning; 70000 and above are looked at once, as an exam. Prints sensitivity
by site and size, false finds a scan, volume errors, and how far totals lie from the truth.
"""

import math
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from cctrack.measure.volume import measure_ct
from cctrack.model import Method, Outline, Quantity
from cctrack.phantom import ct

REGIONS = ("forearm", "thigh", "hand")
FLOOR_MM3 = 10.0
"""The scale's own limit: 9.5 mm³ is the repeatability of CT (Sevrukov 2005)."""

SURE_MM3 = 190.0
"""From here on a change of 25 % is larger than the noise (see the measurement rules)."""

DEEPEST_MM = 40.0
"""Calcinosis cutis lies in skin, fat and the fascia below; deeper ones are left to a reader."""

TOUCHING_MM = 1.0
"""A deposit this close to bone touches it for a scanner of 1 mm resolution."""

AIR_HU = -500.0
OFF_BONE, ON_BONE, DEEP = "off bone", "touching bone", "deep"
SITES = (OFF_BONE, ON_BONE, DEEP)
NEAR_VOXELS = 2
"""A find this close to a deposit's voxels belongs to it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one true deposit.

    ``measured_mm3`` is 0 when it was missed; ``log_sd`` is the error stated for what was found, NaN
    where that holds another deposit too.
    """

    seed: int
    label: int
    site: str
    true_mm3: float
    measured_mm3: float
    log_sd: float
    cut: bool

    @property
    def covered(self) -> bool:
        """Whether the 95 % interval holds the truth; False where there is none."""
        return abs(math.log(self.measured_mm3 / self.true_mm3)) <= 1.96 * self.log_sd


@dataclass(frozen=True, slots=True)
class Scan:
    """What came out of one scan."""

    seed: int
    region: str
    deposits: tuple[Seen, ...]
    false_mm3: tuple[float, ...]
    total_mm3: float

    def true_mm3(self, *sites: str) -> float:
        """Sum of true volumes at some sites."""
        return sum(item.true_mm3 for item in self.deposits if item.site in sites)


def draw(seed: int, regions: tuple[str, ...] = REGIONS) -> tuple[ct.CtSubject, ct.SimulatedCt]:
    """Draw one scan of a random region with a random protocol."""
    rng = np.random.default_rng(seed)
    subject = ct.random_subject(rng, str(rng.choice(regions)))
    return subject, ct.draw_ct(subject, ct.random_session(rng, subject.region))


def judge(seed: int, regions: tuple[str, ...] = REGIONS) -> Scan:
    """Outline and measure one scan, and compare it with the truth."""
    from cctrack.segment.ct import outline_ct

    subject, scan = draw(seed, regions)
    return compare(seed, subject, scan, outline_ct(scan.ct))


def compare(seed: int, subject: ct.CtSubject, scan: ct.SimulatedCt, outline: Outline) -> Scan:
    """Match outlines and deposits."""
    measurements = {
        item.lesion: item.measurement
        for item in measure_ct(scan.ct, outline)
        if item.measurement.quantity is Quantity.VOLUME
        and item.measurement.method is Method.PARTIAL_VOLUME
    }
    owners = {label: _owners(outline.labels == label, scan.labels) for label in outline.lesions}
    volumes = {label: item.value for label, item in measurements.items()}
    measured = dict.fromkeys(scan.volumes_mm3, 0.0)
    log_sds = dict.fromkeys(scan.volumes_mm3, math.nan)
    for label, owned in owners.items():
        whole = sum(scan.volumes_mm3[owner] for owner in owned)
        for owner in owned:
            if not measured[owner] and len(owned) == 1:
                log_sds[owner] = measurements[label].log_sd
            measured[owner] += volumes[label] * scan.volumes_mm3[owner] / whole
    sites = find_sites(scan)
    deposits = tuple(
        Seen(seed, label, sites[label], true, measured[label], log_sds[label], label in scan.cut)
        for label, true in scan.volumes_mm3.items()
    )
    false = tuple(volumes[label] for label, owned in owners.items() if not owned)
    return Scan(seed, str(subject.region), deposits, false, volumes.get(0, 0.0))


def find_sites(scan: ct.SimulatedCt) -> dict[int, str]:
    """Say of each deposit how deep its shallowest voxel lies, and whether it touches bone."""
    spacing_mm = scan.ct.scale.mean_mm
    from_bone_mm = ndimage.distance_transform_edt(~scan.bone, sampling=spacing_mm)
    air = ndimage.label(scan.ct.hu < AIR_HU)[0]
    edges = np.concatenate([air[:, 0].ravel(), air[:, -1].ravel(), air[:, :, 0].ravel()])
    outside = np.isin(air, np.setdiff1d(np.unique(edges), [0]))
    depth_mm = ndimage.distance_transform_edt(~outside, sampling=spacing_mm)
    sites = {}
    for label in scan.volumes_mm3:
        own = scan.labels == label
        if not own.any() or float(depth_mm[own].min()) > DEEPEST_MM:
            sites[label] = DEEP
        else:
            sites[label] = ON_BONE if from_bone_mm[own].min() < TOUCHING_MM else OFF_BONE
    return sites


def _owners(found: np.ndarray, truth: np.ndarray) -> list[int]:
    near = ndimage.binary_dilation(found, iterations=NEAR_VOXELS) if found.any() else found
    return [int(label) for label in np.unique(truth[near]) if label]


def report(scans: list[Scan]) -> Iterator[str]:
    """Sum up."""
    items = [item for scan in scans for item in scan.deposits if not item.cut]
    for site in SITES:
        for low, high in ((0, FLOOR_MM3), (FLOOR_MM3, SURE_MM3), (SURE_MM3, math.inf)):
            here = [i for i in items if i.site == site and low <= i.true_mm3 < high]
            yield f"{site} {low:g}-{high:g} mm3: " + _describe(here)
    false = [volume for scan in scans for volume in scan.false_mm3]
    yield f"false finds: {len(false)} in {len(scans)} scans ({len(false) / len(scans):.2f} a scan)"
    shallow = [i for i in items if i.site != DEEP and i.true_mm3 >= FLOOR_MM3]
    yield "all but deep, from 10 mm3: " + _describe(shallow)
    large = [i for i in shallow if i.true_mm3 >= SURE_MM3]
    yield "all but deep, 10-190 mm3: " + _describe([i for i in shallow if i not in large])
    yield "all but deep, from 190 mm3: " + _describe(large)
    for name, sites in (("off bone", (OFF_BONE,)), ("all but deep", (OFF_BONE, ON_BONE))):
        true = np.array([scan.true_mm3(*sites) for scan in scans])
        measured = np.array([scan.total_mm3 for scan in scans])
        logs = np.log(np.maximum(measured, 1e-3) / np.maximum(true, 1e-3))
        yield (
            f"total / true total {name}: median {np.expm1(np.median(logs)):+.1%}, robust SD "
            f"{1.4826 * np.median(np.abs(logs - np.median(logs))):.1%}, "
            f"{np.mean(np.abs(logs) > 0.2):.0%} of scans off by more than 20 %"
        )


def _describe(items: list[Seen]) -> str:
    if not items:
        return "none"
    found = [item for item in items if item.measured_mm3 > 0]
    errors = np.array([item.measured_mm3 / item.true_mm3 - 1 for item in found])
    if not found:
        return f"0 of {len(items)}"
    alone = [item for item in found if math.isfinite(item.log_sd)]
    covered = sum(item.covered for item in alone)
    half = np.expm1(1.96 * np.median([item.log_sd for item in alone])) if alone else math.nan
    return (
        f"{len(found)} of {len(items)} ({len(found) / len(items):.1%}), volume error median "
        f"{np.median(errors):+.1%}, median absolute {np.median(np.abs(errors)):.1%}, "
        f"90th centile {np.quantile(np.abs(errors), 0.9):.1%}; 95 % intervals hold the truth in "
        f"{covered} of {len(alone)}, half-width {half:.0%}"
    )


def main() -> None:
    """Judge all seeds and print misses, false finds and the summary."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    with ProcessPoolExecutor(2) as pool:
        regions = tuple(sys.argv[3:]) or REGIONS
        scans = list(pool.map(partial(judge, regions=regions), range(first, first + count)))
    for scan in scans:
        missed = [i for i in scan.deposits if not i.measured_mm3]
        for item in missed:
            print(f"{scan.seed} {scan.region} missed {item.label} {item.site} {item.true_mm3:.0f}")
        for volume in scan.false_mm3:
            print(f"{scan.seed} {scan.region} false find of {volume:.0f} mm3")
    print("\n".join(report(scans)))


if __name__ == "__main__":
    main()
