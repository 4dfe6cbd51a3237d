"""How well photos are outlined and measured: automatically, by one click, by five strokes.

    python -m benchmarks.photo_outline simulated FIRST COUNT [CACHE]
    python -m benchmarks.photo_outline strokes FOLDER

*simulated*: photos with the card, seeds FIRST on, skin types I to VI in turn, half of them of
standard, a quarter each of hard and easy difficulty. One click a lesion, at a random place in its
inner half. Areas through the exact scale, so that all errors are the outline's; lesions that the
frame or the card cuts are left out. Seeds below 1000 are for tuning.

*strokes*: real photos ``X.png`` with a specialist's ``X.mask.png``. Five strokes that stand for a
reader's, by rule: one along the middle of each of the three largest parts (a second dot where
there is one part), the rest arcs around the lesion, about a third of its radius outside, with a
hand that wanders by 6 % of the radius. *fence* is what the strokes alone say: each pixel belongs to
the nearest.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from cctrack._cv2 import cv2
from cctrack.calibrate.photo import find_objects
from cctrack.measure.area import measure_areas
from cctrack.model import Photo, PlaneHomography, Quantity, ScaleSource
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.scribble import Stroke, Strokes, click, outline_from_strokes

DIFFICULTIES = ("standard", "standard", "hard", "easy")

FOUND = 0.3
"""Dice above which a deposit counts as found."""


def simulated(seed, cache=None):
    """Pixels, labels, exact areas and scale of a simulated photo; one seed, one photo."""
    kept = None if cache is None else Path(cache) / f"{seed}.npz"
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            return dict(stored)
    rng = np.random.default_rng(seed)
    subject = random_subject(rng, skin_type=seed % 6 + 1)
    drawn = draw_photo(subject, random_session(rng, DIFFICULTIES[seed // 6 % 4]))
    whole = [lesion for lesion in subject.lesions if lesion.id not in drawn.cut]
    case = {
        "pixels": drawn.photo.pixels,
        "labels": drawn.labels,
        "homography": drawn.homography,
        "ids": np.array([lesion.id for lesion in whole], int),
        "areas": np.array([lesion.area_mm2 for lesion in whole]),
        "sores": np.array([lesion.kind == "ulceration" for lesion in whole], bool),
    }
    if kept is not None:
        np.savez_compressed(kept, **case)
    return case


def judge(seed, cache=None):
    """Outline one simulated photo automatically and by clicks: rows for each lesion, and the sums.

    A row is seed, method, true area, sore, Dice, ln(measured / true), stated SD.
    """
    case = simulated(seed, cache)
    photo = Photo(case["pixels"])
    scale = PlaneHomography(case["homography"], photo.shape, ScaleSource.MARKER)
    ignore = find_objects(photo.pixels)
    outline = outline_photo(photo, ignore=ignore)
    measured = areas_of(outline, scale)
    rows, hit = [], set()
    for lesion, area, sore in zip(case["ids"], case["areas"], case["sores"], strict=True):
        true = case["labels"] == lesion
        own = np.bincount(outline.labels[true], minlength=2)
        own[0] = 0
        hit |= set(np.flatnonzero(own))
        rows.append((seed, "automatic", area, sore, *_compared(outline, own, true, measured, area)))
        place = _place_in(true, np.random.default_rng((seed, lesion)))
        clicked = outline_from_strokes(photo, click(*place), ignore=ignore)
        own = np.bincount(clicked.labels[true], minlength=2)
        own[0] = 0
        found = areas_of(clicked, scale)
        rows.append((seed, "click", area, sore, *_compared(clicked, own, true, found, area)))
    false = [value for lesion, value in measured.items() if lesion not in hit]
    cut = ~np.isin(case["labels"], [0, *case["ids"]])
    total = sum(measured[lesion][0] for lesion in hit if lesion) + sum(v[0] for v in false)
    sizes = scale.pixel_sizes(photo.shape)
    total -= float(sizes[cut & (outline.labels > 0)].sum())
    return rows, (seed, len(false), total, float(case["areas"].sum()))


def areas_of(outline, scale):
    """Area and stated SD of each lesion."""
    return {
        item.lesion: (item.measurement.value, item.measurement.log_sd)
        for item in measure_areas(outline, scale)
        if item.lesion and item.measurement.quantity is Quantity.AREA
    }


def _compared(outline, own, true, measured, area):
    best = int(own.argmax())
    if not own[best]:
        return 0.0, np.nan, np.nan
    value, sd = measured[best]
    return dice(outline.labels == best, true), np.log(value / area), sd


def _place_in(mask, rng):
    depth = ndimage.distance_transform_edt(mask)
    places = np.argwhere(depth >= 0.5 * depth.max())
    return tuple(float(at) for at in places[rng.integers(len(places))])


def dice(one, other):
    return 2 * (one & other).sum() / max(1, one.sum() + other.sum())


def print_simulated(first, count, cache=None):
    rows, sums = [], []
    for seed in range(first, first + count):
        lesions, total = judge(seed, cache)
        rows += lesions
        sums.append(total)
    names = np.array([row[1] for row in rows])
    values = np.array([(row[0] % 6 + 1, *row[2:]) for row in rows], float)
    groups = {
        ">= 25": lambda v: v[:, 1] >= 25,
        ">= 100": lambda v: v[:, 1] >= 100,
        "closed 25-100": lambda v: (v[:, 1] >= 25) & (v[:, 1] < 100) & (v[:, 2] == 0),
        "closed 10-25": lambda v: (v[:, 1] >= 10) & (v[:, 1] < 25) & (v[:, 2] == 0),
        "sores >= 25": lambda v: (v[:, 1] >= 25) & (v[:, 2] == 1),
        "sores >= 100": lambda v: (v[:, 1] >= 100) & (v[:, 2] == 1),
    }
    print("method     lesions mm2     n  found  Dice  bias%  |err|%   SD%  covered%  stated +-%")
    for name in ("automatic", "click"):
        own = values[names == name]
        for group, chosen in groups.items():
            _print_row(f"{name:10s} {group:14s}", own[chosen(own)])
        big = own[own[:, 1] >= 25]
        types = [f"{np.median(big[big[:, 0] == kind, 3]):.2f}" for kind in range(1, 7)]
        print(f"{name:10s} median Dice of skin types I-VI:", *types)
    _, false, measured, true = np.array(sums).T
    logs = np.log(np.maximum(measured, 0.1) / np.maximum(true, 0.1))
    print(f"false finds a photo {false.mean():.2f}; totals: median {100 * np.median(logs):+.1f} %,")
    print(f"off by a factor of 2 in {100 * (np.abs(logs) > np.log(2)).mean():.1f} % of photos:")
    print(*(f"{item[0]} ({item[2]:.0f} for {item[3]:.0f})" for item in sums if _is_off(item)))


def _is_off(item):
    return abs(np.log(max(item[2], 0.1) / max(item[3], 0.1))) > np.log(2)


def _print_row(name, rows):
    if not len(rows):
        return
    seen = rows[rows[:, 3] > FOUND]
    errors = seen[:, 4]
    covered = np.abs(errors) <= 1.96 * seen[:, 5]
    numbers = (100 * value for value in (np.median(errors), np.median(np.abs(errors))))
    print(
        name,
        f"{len(rows):4d} {len(seen) / len(rows):6.2f} {np.median(rows[:, 3]):5.3f}",
        *(f"{value:6.1f}" for value in numbers),
        f"{100 * errors.std():6.1f} {100 * covered.mean():6.0f} {196 * np.median(seen[:, 5]):9.1f}",
    )


def five_strokes(mask, seed=0):
    """Strokes of a reader who sees the lesion as the mask does."""
    rng = np.random.default_rng(seed)
    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    large = [part for part in np.argsort(-sizes) if sizes[part] >= 0.04 * sizes.sum()][:3]
    radius = float(np.sqrt(sizes.max() / np.pi))
    width = max(2.0, 0.12 * radius)
    inside = [_along(parts == part + 1, width) for part in large]
    if len(inside) == 1:
        inside.append(_farthest(mask, inside[0], width))
    return Strokes((*inside, *_around(mask, 5 - len(inside), rng, width)))


def _along(part, width):
    depth = ndimage.distance_transform_edt(part)
    cores, _ = ndimage.label(depth >= 0.35 * depth.max(), np.ones((3, 3)))
    core = cores == np.bincount(cores.ravel())[1:].argmax() + 1
    return Stroke(_longest_path(skeletonize(core))[::3], width)


def _longest_path(skeleton):
    places = {tuple(place) for place in np.argwhere(skeleton).tolist()}
    start = min(places)
    for _ in range(2):
        before = {start: None}
        queue = [start]
        for row, column in queue:
            for step in np.ndindex(3, 3):
                place = (row + step[0] - 1, column + step[1] - 1)
                if place in places and place not in before:
                    before[place] = (row, column)
                    queue.append(place)
        start = queue[-1]
    path = [start]
    while before[path[-1]] is not None:
        path.append(before[path[-1]])
    return tuple((float(row), float(column)) for row, column in path)


def _farthest(mask, first, width):
    free = np.ones(mask.shape, bool)
    for row, column in first.points_px:
        free[int(row), int(column)] = False
    away = ndimage.distance_transform_edt(free)
    depth = ndimage.distance_transform_edt(mask)
    good = np.where(depth >= 0.2 * depth.max(), np.minimum(away, 2 * depth), 0)
    row, column = np.unravel_index(good.argmax(), mask.shape)
    return Stroke(((float(row), float(column)),), width)


def _around(mask, count, rng, width, share=0.35):
    radius = max(3.0, float(np.sqrt(mask.sum() / np.pi)))
    reach = share * radius * np.exp(rng.normal(0, 0.15)) + 2
    near = (ndimage.distance_transform_edt(~mask) <= reach).astype(np.uint8)
    lines, _ = cv2.findContours(np.pad(near, 1), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    loops = sorted((line[:, 0, ::-1] - 1.0 for line in lines), key=len, reverse=True)[:count]
    arcs = np.array_split(loops[0], count - len(loops) + 1) + loops[1:]
    strokes = []
    for arc in arcs:
        hand = ndimage.gaussian_filter1d(rng.normal(0, 1, arc.shape), 8, axis=0, mode="nearest")
        wander = 0.06 * radius / max(float(hand.std()), 1e-6) if len(arc) > 20 else 0.0
        places = (arc + wander * hand)[::4]
        seen = ((places >= 0) & (places < mask.shape)).all(axis=1)
        if seen.any():
            points = tuple((float(r), float(c)) for r, c in np.round(places[seen], 1))
            strokes.append(Stroke(points, width, lesion=False))
    return strokes


def print_strokes(folder):
    scores = []
    for path in sorted(Path(folder).rglob("*.mask.png")):
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127
        stem = path.name.removesuffix(".mask.png")
        image = next(other for other in path.parent.glob(f"{stem}.*") if other != path)
        if not mask.any():
            continue
        pixels = np.ascontiguousarray(cv2.imread(str(image))[..., ::-1])
        drawn = five_strokes(mask)
        outline = outline_from_strokes(Photo(pixels), drawn)
        scores.append((dice(outline.labels > 0, mask), dice(_fence(drawn, mask.shape), mask)))
        print(f"{path.parent.name}/{stem}: {scores[-1][0]:.3f}, fence {scores[-1][1]:.3f}")
    own, fence = np.array(scores).T
    print(f"{len(own)} photos, median Dice {np.median(own):.3f}, lowest {own.min():.3f},")
    print(f"quarter below {np.quantile(own, 0.25):.3f}; fence alone {np.median(fence):.3f}")


def _fence(drawn, shape):
    away = []
    for strokes in (drawn.on_lesion, drawn.beside):
        free = np.ones(shape, bool)
        for item in strokes:
            places = np.clip(np.asarray(item.points_px, int), 0, np.array(shape) - 1)
            free[places[:, 0], places[:, 1]] = False
        away.append(ndimage.distance_transform_edt(free))
    return away[0] < away[1]


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "simulated":
        print_simulated(int(rest[0]), int(rest[1]), *rest[2:])
    else:
        print_strokes(rest[0])
