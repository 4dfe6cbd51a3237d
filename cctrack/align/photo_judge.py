"""Say whether a fit between two photos is right: good, to be checked by eye, or none."""

from dataclasses import dataclass

import numpy as np

from cctrack.align.photo_fit import Fit
from cctrack.align.photo_flat import FlatPair
from cctrack.model import FloatArray, Quality

GOOD_SHARE, GOOD_BLOCKS = 0.30, 20
"""Share and number of blocks that must agree. See decision 0005."""

LEAST_SHARE, LEAST_BLOCKS = 0.20, 12
"""Fewer agree by chance between strangers. See decision 0005."""

QUARTERS = 3
"""Quarters of the common skin, of four, in which blocks must agree at half the share asked for: a
fit of one end says nothing about the other."""

LARGEST_STRETCH = 0.15
"""Skin stretches with posture and scales err by a few per cent; more, and a scale is wrong."""

LARGEST_ZOOM = 4.0
"""Nobody takes the same site from four times as far."""

LARGEST_PERSPECTIVE = 1.0
"""Change of the local zoom over the image, as a share of its mean, beyond any clinical tilt."""

LEAST_COVERAGE = 0.2
"""Share of the baseline that must lie in the follow-up's field."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The quality of a fit, and why it is not good."""

    quality: Quality
    reason: str = ""


def judge(fit: Fit, pair: FlatPair, coverage: float) -> Verdict:
    """Judge a fit.

    Parameters
    ----------
    fit : Fit
    pair : FlatPair
    coverage : float
        Share of the baseline's field inside the follow-up's, 0–1.
    """
    agreeing = int(fit.agrees.sum())
    found = f"{agreeing} of {fit.sought} blocks of skin agree"
    if objection := _implausible(fit.motion, pair):
        return Verdict(Quality.FAILED, objection)
    if coverage < LEAST_COVERAGE:
        seen = f"only {100 * coverage:.0f} % of the baseline lies in the follow-up"
        return Verdict(Quality.FAILED, seen)
    if agreeing < LEAST_BLOCKS or fit.share < LEAST_SHARE:
        needed = max(LEAST_BLOCKS, int(np.ceil(LEAST_SHARE * fit.sought)))
        return Verdict(Quality.FAILED, f"{found}, {needed} are needed")
    if agreeing < GOOD_BLOCKS or fit.share < GOOD_SHARE:
        return Verdict(Quality.CHECK, f"{found}: look at the overlay")
    if _quarters(fit) < QUARTERS:
        return Verdict(Quality.CHECK, f"{found}, but only on one side: look at the overlay")
    return Verdict(Quality.GOOD)


def _implausible(motion: FloatArray, pair: FlatPair) -> str:
    """Why a motion cannot be what a camera and skin do; empty when it can."""
    zooms = _zooms(motion, pair.baseline.size)
    if zooms is None or zooms.max() > LARGEST_ZOOM or zooms.min() < 1 / LARGEST_ZOOM:
        return "the transform magnifies, mirrors or folds the image"
    if np.ptp(zooms) / zooms.mean() > LARGEST_PERSPECTIVE:
        return "the transform is steeper than any clinical view"
    stretch = np.abs(np.linalg.svd(motion[:2, :2], compute_uv=False) - 1)
    if pair.scaled and stretch.max() > LARGEST_STRETCH:
        return f"the skin would be stretched by {100 * stretch.max():.0f} %"
    return ""


def _zooms(motion: FloatArray, size: FloatArray) -> FloatArray | None:
    """Local length ratio at the corners and the middle; None where orientation flips."""
    places = np.array([[0, 0], [0, 1], [1, 1], [1, 0], [0.5, 0.5]]) * size
    weight = np.column_stack([places, np.ones(5)]) @ motion[2]
    if np.any(weight <= 0) or np.linalg.det(motion) <= 0:
        return None
    zooms: FloatArray = np.sqrt(np.linalg.det(motion) / weight**3)
    return zooms


def _quarters(fit: Fit) -> int:
    """Quarters of the blocks, parted at their median row and column, that agree."""
    middle = np.median(fit.source, axis=0)
    which = (fit.source > middle) @ np.array([1, 2])
    shares = [fit.agrees[which == quarter].mean() for quarter in np.unique(which)]
    return int(np.sum(np.array(shares) >= GOOD_SHARE / 2))
