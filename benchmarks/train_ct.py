"""Train the judge of what hangs on a bone in CT, and write its model file.

    python -m benchmarks.train_ct cctrack/segment/models/ct_parts.npz REAL [CACHE]

Simulated scans of seeds 0-59 as `ct_outline` draws them, and of 62 more subjects with six deposits
or so on their bones. Of each all parts are judged that `list_seeds` cuts out of bones, at every
level. A part is a deposit when it overlaps one, of which only what is above the same level counts,
by 0.55 (intersection over union) and lies in it by 0.6; what is neither that nor less than 0.3 in a
deposit teaches nothing. REAL holds the folders of real limbs without calcinosis in `REAL_SERIES`:
as they are, and resampled to thinner slices and smaller pixels with noise, their parts are bone.
Takes half an hour on two cores.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.boosting import Boosting, packed, train
from benchmarks.ct_outline import REGIONS, draw
from cctrack.io import read_one
from cctrack.model import AxisScale, Ct, ScaleSource
from cctrack.model.hounsfield import calcium_threshold_hu
from cctrack.phantom import ct as phantom
from cctrack.phantom.ct.sample import place_deposits
from cctrack.segment.ct.attached import deepest_mm, list_seeds
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.candidates import list_candidates
from cctrack.segment.ct.classify import classify
from cctrack.segment.ct.components import find_components
from cctrack.segment.ct.judge import Judged, may_hold
from cctrack.segment.ct.likely import MODEL_PREFIX
from cctrack.segment.ct.slab import cut_slabs

USUAL, BONY = range(60), range(62)
REAL_SERIES = (
    "ct-limb/STS_005",
    "ct-limb/STS_012",
    "ct-limb/STS_023",
    "export-mixed-modalities/CT/image",
)
FINER = ((1, 1.0, 0.0), (3, 1.0, 12.0), (3, 1.5, 15.0), (2, 1.25, 10.0))
"""Slices and pixels a real one is cut into, and noise in HU."""

PROCESSES = 2

OVERLAP, WITHIN, OUTSIDE = 0.55, 0.6, 0.3
"""What makes a part a deposit, and what makes it none, as the docstring says."""

ON_BONE = 6
TRIES = 6
BARE = 0.1
"""Share of the subjects with many deposits on bone whose deposits are taken away again."""

OPTIONS = Boosting(trees=150, depth=3, rate=0.12, columns=0.4, ridge=3.0)
"""Depth 3: the parts of some five hundred deposits are too few for deeper questions."""


def main(path: Path, real: Path, cache: Path | None) -> None:
    """Train and write."""
    jobs = [("usual", seed) for seed in USUAL] + [("bony", seed) for seed in BONY]
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [part for scan in pool.map(partial(samples, cache=cache), jobs) for part in scan]
    kept = [part for part in parts if is_deposit(part) is not None]
    kept += [part for scan in real_scans(real) for part in portraits(scan)]
    truth = np.array([is_deposit(part) for part in kept], bool)
    names = [name for name in kept[0] if name not in ("overlap", "within")]
    planes = {name: np.array([part[name] for part in kept], np.float32) for name in names}
    print(f"{len(jobs)} scans, {len(kept)} parts, {truth.sum()} of deposits", flush=True)
    trees = train(planes, truth, np.ones(len(kept), np.float32), OPTIONS, np.random.default_rng(1))
    np.savez_compressed(path, **packed(trees, MODEL_PREFIX))
    print("wrote", path, path.stat().st_size, "bytes", flush=True)


def real_scans(folder):
    """Real limbs without calcinosis, as they are and resampled finer."""
    rng = np.random.default_rng(3)
    for series in REAL_SERIES:
        ct = read_one(folder / series)
        for slices, pixels, noise_hu in FINER:
            hu = ndimage.zoom(ct.hu.astype(np.float32), (slices, pixels, pixels), order=3)
            grain = ndimage.gaussian_filter(rng.normal(size=hu.shape), (0, 0.6, 0.6))
            hu = np.clip(hu + 2 * noise_hu * grain, -1024, 3071).astype(np.int16)
            steps_mm = zip(ct.scale.mean_mm, ct.hu.shape, hu.shape, strict=True)
            scale = AxisScale(
                tuple(mm * old / new for mm, old, new in steps_mm), ScaleSource.SLICE_POSITIONS
            )
            yield Ct(hu, ct.affine, scale, ct.acquisition)


def is_deposit(part):
    """True, False, or None for what teaches nothing."""
    if part["overlap"] >= OVERLAP and part["within"] >= WITHIN:
        return True
    return False if part["within"] < OUTSIDE else None


def samples(job, cache=None):
    """Portraits of all parts of a scan, with how they overlap the truth."""
    kind, seed = job
    kept = None if cache is None else cache / f"{kind}_{seed}.npz"
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            return _rows(stored["names"], stored["values"])
    _, scan = draw(seed) if kind == "usual" else draw_bony(seed)
    parts = list(portraits(scan.ct, scan.labels))
    if kept is not None:
        names = list(parts[0]) if parts else []
        np.savez(kept, names=names, values=[[part[name] for name in names] for part in parts])
    return parts


def _rows(names, values):
    return [dict(zip(map(str, names), row, strict=True)) for row in values]


def draw_bony(seed):
    """Draw a scan whose deposits mostly lie on bone."""
    rng = np.random.default_rng([11, seed])
    subject = phantom.random_subject(rng, str(rng.choice(REGIONS)), 4)
    for _ in range(TRIES):
        bony, others = _by_place(subject)
        if len(bony) >= ON_BONE:
            break
        subject = _only(subject, bony + others[:2])
        try:
            subject = place_deposits(subject, 5, rng)
        except ValueError:
            break
    bony, others = _by_place(subject)
    kept = bony + others[: int(rng.integers(1, 4))]
    subject = _only(subject, [] if rng.random() < BARE else kept)
    return subject, phantom.draw_ct(subject, phantom.random_session(rng, subject.region))


def _by_place(subject):
    on_bone = [subject.placements[d.id] is phantom.Placement.BONE for d in subject.deposits]
    pairs = list(zip(subject.deposits, on_bone, strict=True))
    return [d for d, bony in pairs if bony], [d for d, bony in pairs if not bony]


def _only(subject, deposits):
    placements = {d.id: subject.placements[d.id] for d in deposits}
    return replace(subject, deposits=tuple(deposits), placements=placements)


def portraits(ct, labels=None):
    """All parts of all bones of a scan: features, and how each overlaps a true deposit."""
    labels = np.zeros(ct.shape, np.uint16) if labels is None else labels
    threshold_hu, _ = calcium_threshold_hu(ct.acquisition.kvp)
    body, spacing_mm = find_body(ct), np.asarray(ct.scale.mean_mm)
    for bone in list_candidates(find_components(ct, body, threshold_hu), ct):
        if not may_hold(Judged(bone, classify(bone, ct, body, threshold_hu))):
            continue
        for slab in cut_slabs(bone, ct, body, deepest_mm(body)):
            truth = labels[slab.box]
            for seed in list_seeds(slab, threshold_hu, spacing_mm):
                yield seed.portrait | _overlaps(seed, truth, slab.hu)


def _overlaps(seed, truth, hu):
    region = seed.candidate.region
    inside = np.bincount(truth[seed.candidate.box][region], minlength=2)
    inside[0] = 0
    label, count = int(inside.argmax()), np.count_nonzero(region)
    shared = int(inside[label])
    if not shared:
        return {"overlap": 0.0, "within": 0.0}
    there = np.count_nonzero((truth == label) & (hu >= seed.level_hu))
    return {"overlap": shared / (count + there - shared), "within": shared / count}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
