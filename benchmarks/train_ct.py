"""Train the judges of what hangs on a bone in CT, and of what lies between two, for cctrack.

    python -m benchmarks.train_ct MODELS REAL [--cache FOLDER] [--quick]

Writes ``ct_parts.npz`` and ``ct_bridges.npz`` into the folder MODELS (``cctrack/segment/models``).
Of simulated scans as `ct_outline` draws them, and of subjects with six deposits or so on their
bones, all parts are judged that `list_seeds`, or `list_bridges`, cuts out of bones. A part is a
deposit when it overlaps one, of which only what is above the same level counts, by 0.55
(intersection over union; 0.5 of bridges) and lies in it by 0.6; what is neither that nor less than
0.3 in a deposit teaches nothing. REAL holds the folders of real limbs without calcinosis in
`REAL_SERIES`: as they are, and resampled to thinner slices and smaller pixels with noise, their
parts are bone. At the end each real limb is asked of trees that the three others have taught.

``--quick`` takes three scans of each kind and one real limb, once: does it run? All of it has not
been run in one go; by what its steps took it needs about an hour of one core.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
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
from cctrack.segment.ct.attached import deepest_mm, list_bridges, list_seeds
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.candidates import list_candidates
from cctrack.segment.ct.classify import classify
from cctrack.segment.ct.components import find_components
from cctrack.segment.ct.judge import Judged, may_hold
from cctrack.segment.ct.likely import BRIDGE_FILE, BRIDGE_PREFIX, MODEL_FILE, MODEL_PREFIX, rate
from cctrack.segment.ct.slab import cut_slabs

REAL_SERIES = (
    "ct-limb/STS_005",
    "ct-limb/STS_012",
    "ct-limb/STS_023",
    "export-mixed-modalities/CT/image",
)
FINER = ((1, 1.0, 0.0), (3, 1.0, 12.0), (3, 1.5, 15.0), (2, 1.25, 10.0))
THINNER = ((3, 1.0, 12.0), (2, 1.0, 10.0))
"""Slices and pixels a real one is cut into, and noise in HU. No bridge is looked for in slices as
thick as the real ones are."""

PROCESSES = 2

WITHIN, OUTSIDE = 0.6, 0.3
"""What makes a part a deposit, and what makes it none, as the docstring says."""

ON_BONE = 6
TRIES = 6
BARE = 0.1
"""Share of the subjects with many deposits on bone whose deposits are taken away again."""

QUICK = 3
"""Scans of each kind for a trial."""


@dataclass(frozen=True)
class Judge:
    """What is trained on what: seeds of simulated scans, and how real ones are resampled."""

    file: str
    prefix: str
    lister: Callable
    usual: tuple[int, ...]
    bony: tuple[int, ...]
    finer: tuple[tuple[int, float, float], ...]
    overlap: float
    options: Boosting


PARTS = Judge(
    MODEL_FILE,
    MODEL_PREFIX,
    list_seeds,
    tuple(range(60)),
    tuple(range(62)),
    FINER,
    0.55,
    # Depth 3: the parts of some five hundred deposits are too few for deeper questions.
    Boosting(trees=150, depth=3, rate=0.12, columns=0.4, ridge=3.0),
)
BRIDGES = Judge(
    BRIDGE_FILE,
    BRIDGE_PREFIX,
    list_bridges,
    (*range(300, 380), *range(4000, 4050)),
    tuple(range(60)),
    THINNER,
    0.5,
    Boosting(trees=80, depth=3, rate=0.12, columns=0.4, ridge=1.0),
)


def main(models: Path, real: Path, cache: Path | None, *, quick: bool) -> None:
    """Train and write both."""
    for whole in (PARTS, BRIDGES):
        judge = replace(whole, finer=whole.finer[:1]) if quick else whole
        series = REAL_SERIES[:1] if quick else REAL_SERIES
        seeds = [("usual", seed) for seed in judge.usual[: QUICK if quick else None]]
        seeds += [("bony", seed) for seed in judge.bony[: QUICK if quick else None]]
        with ProcessPoolExecutor(PROCESSES) as pool:
            work = partial(samples, judge=judge, cache=cache)
            simulated = [part for scan in pool.map(work, seeds) for part in scan]
        simulated = [part for part in simulated if is_deposit(part, judge) is not None]
        limbs = [
            [part for scan in real_scans(real / name, judge) for part in portraits(scan, judge)]
            for name in series
        ]
        print(f"{judge.prefix}: {len(seeds)} scans", flush=True)
        for place, limb in enumerate(limbs):
            others = [part for other in limbs if other is not limb for part in other]
            if limb:
                _tell_limb(series[place], limb, fitted(simulated + others, judge))
        trees = fitted(simulated + [part for limb in limbs for part in limb], judge)
        path = models / judge.file
        np.savez_compressed(path, **packed(trees, judge.prefix))
        print("wrote", judge.file, path.stat().st_size, "bytes", flush=True)


def fitted(parts, judge):
    """Train trees on parts."""
    truth = np.array([bool(is_deposit(part, judge)) for part in parts])
    names = [name for name in parts[0] if name not in ("overlap", "within")]
    planes = {name: np.array([part[name] for part in parts], np.float32) for name in names}
    print(f"{len(parts)} parts, {truth.sum()} of deposits", flush=True)
    weights = np.ones(len(parts), np.float32)
    return train(planes, truth, weights, judge.options, np.random.default_rng(1))


def _tell_limb(name, limb, trees):
    likeliest = max(rate(limb, trees))
    print(f"{name}: {len(limb)} parts, the likeliest {likeliest:.2f} by the others", flush=True)


def real_scans(folder, judge):
    """One real limb without calcinosis, as it is and resampled finer."""
    rng = np.random.default_rng(3)
    ct = read_one(folder)
    for slices, pixels, noise_hu in judge.finer:
        hu = ndimage.zoom(ct.hu, (slices, pixels, pixels), order=3)
        for plane in hu:
            grain = ndimage.gaussian_filter(rng.normal(size=plane.shape), 0.6)
            plane[...] = np.clip(plane + 2 * noise_hu * grain, -1024, 3071)
        steps_mm = zip(ct.scale.mean_mm, ct.hu.shape, hu.shape, strict=True)
        scale = AxisScale(
            tuple(mm * old / new for mm, old, new in steps_mm), ScaleSource.SLICE_POSITIONS
        )
        yield Ct(hu, ct.affine, scale, ct.acquisition)


def is_deposit(part, judge):
    """True, False, or None for what teaches nothing."""
    if part["overlap"] >= judge.overlap and part["within"] >= WITHIN:
        return True
    return False if part["within"] < OUTSIDE else None


def samples(job, judge, cache=None):
    """Portraits of all parts of a scan, with how they overlap the truth."""
    kind, seed = job
    kept = None if cache is None else cache / f"{judge.prefix}_{kind}_{seed}.npz"
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            return _rows(stored["names"], stored["values"])
    _, scan = draw(seed) if kind == "usual" else draw_bony(seed)
    parts = list(portraits(scan.ct, judge, scan.labels))
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


def portraits(ct, judge, labels=None):
    """All parts of all bones of a scan: features, and how each overlaps a true deposit."""
    labels = np.zeros(ct.shape, np.uint16) if labels is None else labels
    threshold_hu, _ = calcium_threshold_hu(ct.acquisition.kvp)
    body, spacing_mm = find_body(ct), np.asarray(ct.scale.mean_mm)
    for bone in list_candidates(find_components(ct, body, threshold_hu), ct):
        if not may_hold(Judged(bone, classify(bone, ct, body, threshold_hu))):
            continue
        for slab in cut_slabs(bone, ct, body, deepest_mm(body)):
            truth = labels[slab.box]
            for seed in judge.lister(slab, threshold_hu, spacing_mm):
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


def _read_command_line():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", type=Path)
    parser.add_argument("real", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    given = _read_command_line()
    main(given.models, given.real, given.cache, quick=given.quick)
