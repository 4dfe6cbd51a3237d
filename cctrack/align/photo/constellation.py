"""First guesses from lesions: two photos of one site show them in the same arrangement.

A guess proves nothing: deposits may have come, gone or grown. It is followed up by blocks of skin,
which have no part in the lesions, like any other guess.
"""

from itertools import combinations, permutations

import numpy as np
from scipy import ndimage

from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo.flat import Flat, FlatPair
from cctrack.model import FloatArray, LabelArray

LEAST_APART = 8.0
"""Middles of two lesions, in mm, that tell a turn: each may be off by a millimetre."""

SAME_DISTANCE = 0.1
"""By which the logarithm of the distance of two lesions may differ between visits."""

SAME_PLACE = 3.0
"""Distance in mm within which a lesion agrees with a guess: skin stretches by 1 to 2 mm."""

MOST_LESIONS = 12
"""The largest of either visit; more take long and tell nothing more."""

GUESSES = 3
"""Best arrangements that are followed up."""

Labels = tuple[LabelArray, LabelArray]
"""Outlines of the two visits."""


def guess_from_lesions(pair: FlatPair, labels: Labels) -> list[FloatArray]:
    """Motions (3, 3) in mm that lay most lesions of one visit on those of another, the best first.

    Parameters
    ----------
    pair : FlatPair
        In mm.
    labels : pair of uint16 array
        On the photos' own grids.
    """
    here, there = _middles(pair.baseline, labels[0]), _middles(pair.followup, labels[1])
    found: list[tuple[float, FloatArray]] = []
    for ones in combinations(range(len(here)), 2):
        for others in permutations(range(len(there)), 2):
            motion = _motion(here[[*ones]], there[[*others]])
            if motion is not None:
                found.append((_misfit(apply_matrix(motion, here), there), motion))
    found.sort(key=lambda item: item[0])
    return [motion for _, motion in found[:GUESSES]]


def _middles(flat: Flat, labels: LabelArray) -> FloatArray:
    """Middles (n, 2) of the largest lesions on a flat photo."""
    sizes = np.bincount(labels.ravel())[1:]
    largest = 1 + np.argsort(-sizes)[: min(MOST_LESIONS, np.count_nonzero(sizes))]
    middles = ndimage.center_of_mass(labels > 0, labels, largest)
    return apply_matrix(flat.from_px, np.array(middles, dtype=np.float64).reshape(-1, 2))


def _motion(source: FloatArray, target: FloatArray) -> FloatArray | None:
    """Turn and shift that lay two points (2, 2) on two others; None where they lie otherwise."""
    along, other = source[1] - source[0], target[1] - target[0]
    lengths = float(np.linalg.norm(along)), float(np.linalg.norm(other))
    if min(lengths) < LEAST_APART or abs(np.log(lengths[1] / lengths[0])) > SAME_DISTANCE:
        return None
    turn = np.arctan2(other[1], other[0]) - np.arctan2(along[1], along[0])
    motion = np.eye(3)
    motion[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    motion[:2, 2] = target.mean(axis=0) - motion[:2, :2] @ source.mean(axis=0)
    return motion


def _misfit(places: FloatArray, others: FloatArray) -> float:
    """Sum of the distances of places (n, 2) to the nearest of others, each `SAME_PLACE` at most."""
    apart = np.linalg.norm(places[:, None] - others[None], axis=2).min(axis=1)
    return float(np.minimum(apart, SAME_PLACE).sum())
