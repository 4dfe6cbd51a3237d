"""What both of two simulated visits show: nobody can compare what one of them hides."""

from dataclasses import replace

import numpy as np

from cctrack.align.landmarks import apply_matrix, fit_points
from cctrack.model import AlignmentModel
from cctrack.phantom.change import ChangePlan
from cctrack.study.validate.truth import UNLIKE, Truth

NEAREST = 4
"""Landmarks around a deposit that say how far off it is from where all of them together put it:
skin stretches, and a tilted camera sees it in perspective."""

SEEN_SHARE = 0.95
"""Share of a deposit's place that must be seen."""

NO_CHANGE = ChangePlan()


def counted_alike(before: Truth, after: Truth, plan: ChangePlan = NO_CHANGE) -> tuple[Truth, Truth]:
    """Leave out of both visits what one of them does not show.

    That is what one film shows over bone and the other beside it, for a hand that was turned a
    little is the same hand, and what the frame cuts or the scale covers on one of two photos. With
    a part of a deposit that fell into two the other one goes too.

    Parameters
    ----------
    before, after : Truth
        As drawn, the earlier first.
    plan : ChangePlan
        What happened in between.
    """
    unlike = before.sizes.keys() & after.sizes.keys() & (before.counted ^ after.counted)
    unlike |= _unseen(before, after) | _unseen(after, before)
    for parted in plan.split:
        family = {parted} | (after.sizes.keys() - before.sizes.keys())
        unlike |= family if family & unlike else set()
    places = dict.fromkeys(unlike, UNLIKE)
    return (
        replace(before, places={**before.places, **places}),
        replace(after, places={**after.places, **places}),
    )


def is_mostly_hidden(truth: Truth) -> bool:
    """Whether what a photo shares with the other visit's is less than half of its deposits.

    Nobody can judge such a pair; of a `Truth` from `counted_alike`.
    """
    if truth.covered is None:
        return False
    hidden = sum(size for key, size in truth.sizes.items() if truth.places[key] == UNLIKE)
    return bool(hidden > truth.total)


def _unseen(one: Truth, other: Truth) -> set[int]:
    """Deposits of one photo that itself or the other one does not show in full."""
    if one.covered is None or other.covered is None:
        return set()
    alone = one.sizes.keys() - other.sizes.keys() - one.cut
    return {*one.cut, *(key for key in alone if _share_seen(key, one, other) < SEEN_SHARE)}


def _share_seen(deposit: int, one: Truth, other: Truth) -> float:
    """Share of a deposit's place on one photo that the other one shows."""
    points = np.argwhere(one.labels == deposit).astype(np.float64)
    shared = [key for key in one.points_px if key in other.points_px]
    if other.covered is None or not len(points) or len(shared) < NEAREST:
        return 0.0
    own, others = (np.array([truth.points_px[key] for key in shared]) for truth in (one, other))
    matrix = fit_points(own, others, AlignmentModel.AFFINE)
    near = np.argsort(np.linalg.norm(own - points.mean(axis=0), axis=1))[:NEAREST]
    off = (others[near] - apply_matrix(matrix, own[near])).mean(axis=0)
    there = np.rint(apply_matrix(matrix, points) + off).astype(int)
    inside = ((there >= 0) & (there < other.covered.shape)).all(axis=1)
    return float((~other.covered[tuple(there[inside].T)]).sum() / len(points))
