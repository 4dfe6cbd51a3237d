"""Train the trees that doubt an outline on a photo and choose among others.

    python -m benchmarks.train_opinion cctrack/segment/models/photo_opinion.npz [PHOTOS [SAMPLES]]

Simulated photos with the card, seeds 300-371 and 2000-2019, drawn as `photo_outline.simulated`
says. Each whole lesion of 12 mm² and more is pointed at once, at a random place in its inner half;
all that `trials_at` makes of it, and what the automatic outline begins with, are its trials.

*right* learns, from what a trial shows by itself, whether its area is within 6 % of the truth at
100 mm² (more for smaller lesions, 12 % at most) and its Dice above 0.9. *best* learns, from that
and from how it lies beside the others, whether its Dice is within 0.015 of the best trial's. Each
lesion weighs the same. PHOTOS and SAMPLES are folders that keep what was drawn and tried.
"""

import sys
from pathlib import Path

import numpy as np

from benchmarks.boosting import Boosting, packed, train
from benchmarks.photo_outline import simulated
from cctrack._cv2 import cv2
from cctrack.calibrate.photo import find_objects
from cctrack.segment.photo.judge import choose
from cctrack.segment.photo.lesion import first_outline
from cctrack.segment.photo.opinion import SAME
from cctrack.segment.photo.skin import prepare
from cctrack.segment.photo.trial_look import (
    BESIDE_LOOK,
    OWN_LOOK,
    beside_looks,
    own_looks,
)
from cctrack.segment.photo.trials import blob_trial, distinct, trials_at

SEEDS = (*range(300, 372), *range(2000, 2020))

LEAST_MM2 = 12.0

RIGHT = Boosting(trees=120, depth=3, rate=0.12, columns=0.4, ridge=3.0)
BEST = Boosting(trees=200, depth=4, rate=0.08, columns=0.3, ridge=5.0)


def main(path, photos=None, kept=None):
    lesions = [item for seed in SEEDS for item in samples(seed, photos, kept)]
    joined = {name: np.concatenate([item[name] for item in lesions]) for name in lesions[0]}
    weights = np.concatenate(
        [np.full(len(item["dice"]), 1 / len(item["dice"])) for item in lesions]
    )
    weights = (weights / weights.mean()).astype(np.float32)
    own = {name: joined[name] for name in OWN_LOOK}
    beside = own | {name: joined[name] for name in BESIDE_LOOK}
    limit = np.clip(0.06 * np.sqrt(100 / joined["area"]), 0.05, 0.12)
    right = (np.abs(joined["error"]) < limit) & (joined["dice"] > 0.9)
    best = np.concatenate([_best(item["dice"]) for item in lesions])
    rights = train(own, right, weights, RIGHT, np.random.default_rng(1))
    bests = train(beside, best, weights, BEST, np.random.default_rng(1))
    np.savez_compressed(path, **packed(rights, "right"), **packed(bests, "best"))
    print(f"{len(lesions)} lesions, {len(weights)} trials, {100 * right.mean():.0f} % right")


def _best(dice):
    return (dice >= dice.max() - 0.015) & (dice > 0.75)


def samples(seed, photos=None, kept=None):
    """Looks of all trials of each lesion of one photo, with their Dice and ln(area / true)."""
    stored = None if kept is None else Path(kept) / f"opinion_{seed}.npy"
    if stored is not None and stored.exists():
        return list(np.load(stored, allow_pickle=True))
    case = simulated(seed, photos)
    view = prepare(case["pixels"], find_objects(case["pixels"]))
    chosen = choose(view)
    found = []
    for lesion, area in zip(case["ids"], case["areas"], strict=True):
        if area < LEAST_MM2:
            continue
        true = case["labels"] == lesion
        place = _place_in(true, np.random.default_rng((seed, lesion)), view.factor)
        trials = _all_at(view, chosen, place)
        if trials:
            looks = own_looks(trials, view) | beside_looks(trials)
            found.append(looks | _truth(trials, true, view) | {"area": np.full(len(trials), area)})
    if stored is not None:
        np.save(stored, np.array(found, object), allow_pickle=True)
    return found


def _all_at(view, chosen, place):
    here = [item for item in chosen.deposits if item.holds(place)]
    first = [first_outline(view, blob_trial(item, view.skin.shape)) for item in here]
    return distinct((*first, *trials_at(view, chosen.judged, place)), SAME)


def _truth(trials, true, view):
    # Of the working image's pixels, the share that is lesion.
    size = view.skin.shape[::-1]
    soft = cv2.resize(true.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    shared = np.array([soft[item.box][item.mask].sum() for item in trials])
    sizes = np.array([item.mask.sum() for item in trials])
    return {
        "dice": 2 * shared / (sizes + soft.sum()),
        "error": np.log(sizes / soft.sum()),
    }


def _place_in(mask, rng, factor):
    corner = np.argwhere(mask).min(axis=0)
    end = np.argwhere(mask).max(axis=0) + 1
    part = np.pad(mask[corner[0] : end[0], corner[1] : end[1]], 1).astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(part, cv2.DIST_L2, 5))[1:-1, 1:-1]
    places = np.argwhere(depth >= 0.5 * depth.max())
    row, column = (places[rng.integers(len(places))] + corner + 0.5) * factor
    return int(row), int(column)


if __name__ == "__main__":
    main(*(Path(item) for item in sys.argv[1:]))
