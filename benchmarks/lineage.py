"""How often lesions are followed rightly through three and four visits, on scenes with known truth.

Usage: lineage.py FIRST COUNT [SIZE]
Draws COUNT scenes for each of 2D and 3D and each error of the alignment, of 1 to 60 places that are
11 mm or more from each other. Single deposits have a radius of 0.9 to 3.5 mm; at three places of
ten two neighbours lie 0.5 to 2.5 mm apart, which stay two, merge or were one. SIZE (1) multiplies
all of these lengths. Between two visits everything grows or shrinks by up to half. Prints F1 of
every event: a group counts as found only if all of its outlines and its event are right. At last
the time for 200 lesions.
"""

import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from cctrack.compare import Outlined, groups_between, trace_lesions
from cctrack.model import Event
from cctrack.study.tracing import MATCH_GATE_MM

SPACING_MM = {2: (0.25, 0.25), 3: (1.0, 0.6, 0.6)}
ERRORS_MM = (0.5, 1.0, 2.0)
TURN_DEG = 1.0
JITTER_MM = 0.3
"""What a lesion moves by itself, in the skin."""

APART_MM = 11.0
"""Least distance of the places of two stories."""

STORIES = ("persisted", "new", "resolved", "reappeared", "merged", "split", "neighbours")
SHARES = (0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)


@dataclass
class Scene:
    """Labels of all visits and what became of whom between each visit and the next."""

    labels: list[np.ndarray]
    truth: list[set] = field(default_factory=list)


def draw(rng: np.random.Generator, axes: int, count: int) -> Scene:
    """Draw the lesions of one site, each with its story."""
    spacing = np.array(SPACING_MM[axes])
    side_mm = max(40.0, 1.3 * APART_MM * count ** (1 / axes)) + 24.0
    shape = tuple(int(side_mm / step) for step in spacing)
    visits = int(rng.integers(3, 5))
    scene = Scene(
        [np.zeros(shape, np.uint16) for _ in range(visits)], [set() for _ in range(visits - 1)]
    )
    for place_mm in places(rng, axes, count, side_mm):
        tell(rng, scene, place_mm, STORIES[rng.choice(len(STORIES), p=SHARES)])
    return scene


def places(rng, axes: int, count: int, side_mm: float) -> list[np.ndarray]:
    """Draw centres in mm that keep their distance."""
    found: list[np.ndarray] = []
    for _ in range(20_000):
        place = rng.uniform(12.0, side_mm - 12.0, axes)
        if all(np.linalg.norm(place - other) > APART_MM for other in found):
            found.append(place)
        if len(found) == count:
            break
    return found


def tell(rng, scene: Scene, place_mm: np.ndarray, story: str) -> None:
    """Draw one lesion, or two neighbours, at all visits and write down the truth."""
    visits = len(scene.labels)
    turning = int(rng.integers(1, visits))
    seen = {
        "new": [visit >= turning for visit in range(visits)],
        "resolved": [visit < turning for visit in range(visits)],
        "reappeared": [visit != 1 for visit in range(visits)],
    }.get(story, [True] * visits)
    parts = {
        "merged": [2 if visit < turning else 1 for visit in range(visits)],
        "split": [1 if visit < turning else 2 for visit in range(visits)],
        "neighbours": [2] * visits,
    }.get(story, [1] * visits)
    two = story in ("merged", "split", "neighbours")
    radii = rng.uniform(1.2, 1.9, 2) if two else rng.uniform(1.5, 3.5, 1)
    gap_mm = rng.uniform(1.5, 2.5) if story == "neighbours" else rng.uniform(0.5, 1.2)
    away = rng.normal(size=len(place_mm))
    away *= (radii.sum() + gap_mm) / 2 / np.linalg.norm(away)
    stretch = rng.uniform(0.75, 1.0, len(place_mm))
    names: list[tuple[int, ...]] = []
    for visit, labels in enumerate(scene.labels):
        if not seen[visit]:
            names.append(())
            continue
        centre = place_mm + rng.normal(0, JITTER_MM, len(place_mm))
        if not two:
            blobs = [ball(labels, centre, radii[0] * stretch)]
        else:
            ends = (centre - away, centre + away)
            blobs = [
                ball(labels, end, np.full(len(place_mm), r))
                for end, r in zip(ends, radii, strict=True)
            ]
            if parts[visit] == 1:
                bridge = ball(labels, centre, np.full(len(place_mm), 0.75 * radii.min()))
                blobs = [blobs[0] | blobs[1] | bridge]
        names.append(paint(labels, blobs))
        # Half larger or smaller at most, by area or volume.
        growth = rng.uniform(0.5, 1.5) ** (1 / len(place_mm))
        radii = np.clip(radii * growth, 0.9, 1.9 if two else 3.5)
        away *= (radii.sum() + gap_mm) / 2 / np.linalg.norm(away)
    write_down(scene, names)


def ball(labels: np.ndarray, centre_mm: np.ndarray, radii_mm: np.ndarray) -> np.ndarray:
    """Mark an ellipsoid."""
    spacing = SPACING_MM[labels.ndim]
    grids = np.ogrid[tuple(slice(0, size) for size in labels.shape)]
    parts = zip(grids, spacing, centre_mm, radii_mm, strict=True)
    inside = sum(((grid * step - at) / radius) ** 2 for grid, step, at, radius in parts)
    return inside <= 1


def paint(labels: np.ndarray, blobs: list[np.ndarray]) -> tuple[int, ...]:
    """Paint outlines under new label values."""
    first = int(labels.max()) + 1
    for number, blob in enumerate(blobs):
        labels[blob & (labels == 0)] = first + number
    return tuple(range(first, first + len(blobs)))


def write_down(scene: Scene, names: list[tuple[int, ...]]) -> None:
    """Add the true groups between each visit and the next."""
    for step, (before, after) in enumerate(pairwise(names)):
        if len(before) == len(after) == 2:
            pairs = zip(before, after, strict=True)
            scene.truth[step] |= {((one,), (two,), Event.PERSISTED) for one, two in pairs}
        elif before or after:
            scene.truth[step].add((before, after, true_event(before, after, names[:step])))


def true_event(before: tuple, after: tuple, earlier: list[tuple]) -> Event:
    """Name what happened."""
    if not before:
        return Event.REAPPEARED if any(earlier) else Event.NEW
    if not after:
        return Event.RESOLVED
    if len(before) == len(after):
        return Event.PERSISTED
    return Event.MERGED if len(before) > len(after) else Event.SPLIT


def misplaced(rng, labels: np.ndarray, error_mm: float) -> np.ndarray:
    """Carry labels over with an alignment that is off by a shift and a small turn."""
    from scipy import ndimage

    spacing = np.array(SPACING_MM[labels.ndim])
    way = rng.normal(size=labels.ndim)
    shift = error_mm * way / np.linalg.norm(way)
    turn = np.deg2rad(rng.uniform(-TURN_DEG, TURN_DEG)) * min(1.0, error_mm)
    matrix = np.eye(labels.ndim)
    matrix[-2:, -2:] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    in_px = np.diag(1 / spacing) @ matrix @ np.diag(spacing)
    middle = (np.array(labels.shape) - 1) / 2
    offset = middle - in_px @ (middle + shift / spacing)
    return ndimage.affine_transform(labels, in_px, offset, order=0)


def follow(rng, scene: Scene, error_mm: float, gate_mm: float):
    """Trace the lesions where every alignment is off."""
    cache: dict[tuple[int, int], np.ndarray] = {}

    def carry(after: int, before: int) -> np.ndarray:
        if (before, after) not in cache:
            cache[before, after] = misplaced(rng, scene.labels[before], error_mm)
        return cache[before, after]

    spacing = SPACING_MM[scene.labels[0].ndim]
    visits = [
        Outlined(labels, str(n), lambda before, n=n: carry(n, before), gate_mm, spacing)
        for n, labels in enumerate(scene.labels)
    ]
    return trace_lesions(visits)


def found_groups(lineage, step: int) -> set:
    """Groups of one step by the outlines' own labels."""
    labels = [
        {lesion: label for label, lesion in lineage.of_visit(visit).items()}
        for visit in (step, step + 1)
    ]
    return {
        (
            tuple(sorted(labels[0][one] for one in group.baseline)),
            tuple(sorted(labels[1][one] for one in group.followup)),
            group.event,
        )
        for group in groups_between(lineage, step, step + 1)
    }


def score(axes: int, error_mm: float, seeds: range, size: float) -> None:
    """Print how well every event is found."""
    hits, called, there = Counter(), Counter(), Counter()
    wrong: dict[Event, list[int]] = defaultdict(list)
    for seed in seeds:
        rng = np.random.default_rng([seed, axes])
        scene = draw(rng, axes, int(rng.integers(1, 61)))
        # A scene of half the size is one of full size with twice the error.
        lineage = follow(rng, scene, error_mm / size, MATCH_GATE_MM / size)
        for step, truth in enumerate(scene.truth):
            found = found_groups(lineage, step)
            hits.update(event for *_, event in truth & found)
            called.update(event for *_, event in found)
            there.update(event for *_, event in truth)
            for *_, event in truth ^ found:
                wrong[event].append(seed)
    cells = [
        f"{event} {2 * hits[event] / max(1, called[event] + there[event]):.3f} (n={there[event]})"
        for event in Event
        if there[event] or called[event]
    ]
    print(f"{axes}D, alignment off by {error_mm} mm: F1 " + ", ".join(cells), flush=True)


def time_200(axes: int) -> None:
    """Print how long matching and naming 200 lesions at two visits takes."""
    rng = np.random.default_rng(1)
    scene = draw(rng, axes, 200)
    scene.labels = scene.labels[:2]
    spacing = SPACING_MM[axes]
    visits = [
        Outlined(labels, str(n), lambda before: scene.labels[before], MATCH_GATE_MM, spacing)
        for n, labels in enumerate(scene.labels)
    ]
    start = time.process_time()
    lineage = trace_lesions(visits)
    groups_between(lineage, 0, 1)
    took = time.process_time() - start
    counts = [int(labels.max()) for labels in scene.labels]
    print(f"{axes}D: {counts} outlines on {scene.labels[0].shape}, {took:.2f} s of one core")


def main() -> None:
    """Score all kinds of scenes."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    size = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    for axes in (2, 3):
        for error_mm in ERRORS_MM:
            score(axes, error_mm, range(first, first + count), size)
        time_200(axes)


if __name__ == "__main__":
    main()
