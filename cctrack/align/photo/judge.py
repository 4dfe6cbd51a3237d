"""Say whether a fit between two photos is right: good, to be checked by eye, or none."""

from dataclasses import dataclass

import numpy as np

from cctrack.align.photo.fit import Fit
from cctrack.align.photo.flat import FlatPair
from cctrack.model import FloatArray, Quality

GOOD_SHARE, GOOD_BLOCKS = 0.30, 20
"""Share and number of blocks that must agree. See decision 0005."""

LEAST_SHARE, LEAST_BLOCKS = 0.20, 12
"""Fewer agree by chance between strangers. See decision 0005."""

LEAST_OF_QUARTER = 0.15
"""Share of the blocks that must agree in each quarter of the common skin: a fit of one end says
nothing about the other."""

LARGEST_STRETCH = 0.15
"""Skin stretches with posture and scales err by a few per cent; more, and a scale is wrong."""

LARGEST_ZOOM = 4.0
"""Nobody takes the same site from four times as far."""

LARGEST_PERSPECTIVE = 1.0
"""Change of the local zoom over the skin, as a share of its mean, beyond any clinical tilt."""

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
    if objection := _implausible(fit, pair):
        return Verdict(Quality.FAILED, objection)
    if coverage < LEAST_COVERAGE:
        seen = f"only {100 * coverage:.0f} % of the baseline lies in the follow-up"
        return Verdict(Quality.FAILED, seen)
    if agreeing < LEAST_BLOCKS or fit.share < LEAST_SHARE:
        needed = max(LEAST_BLOCKS, int(np.ceil(LEAST_SHARE * fit.sought)))
        return Verdict(Quality.FAILED, f"{found}, {needed} are needed")
    if agreeing < GOOD_BLOCKS or fit.share < GOOD_SHARE:
        return Verdict(Quality.CHECK, f"{found}: look at the overlay")
    if _weakest_quarter(fit) < LEAST_OF_QUARTER:
        return Verdict(Quality.CHECK, f"{found}, but not everywhere: look at the overlay")
    return Verdict(Quality.GOOD)


def _implausible(fit: Fit, pair: FlatPair) -> str:
    """Why a motion cannot be what a camera and skin do; empty when it can."""
    motion = fit.motion
    zooms = _zooms(motion, fit.source if len(fit.source) else pair.baseline.size[None])
    if zooms is None or zooms.max() > LARGEST_ZOOM or zooms.min() < 1 / LARGEST_ZOOM:
        return "the transform magnifies, mirrors or folds the image"
    if np.ptp(zooms) / zooms.mean() > LARGEST_PERSPECTIVE:
        return "the transform is steeper than any clinical view"
    stretch = np.abs(np.linalg.svd(motion[:2, :2], compute_uv=False) - 1)
    if pair.scaled and stretch.max() > LARGEST_STRETCH:
        return f"the skin would be stretched by {100 * stretch.max():.0f} %"
    return ""


def _zooms(motion: FloatArray, places: FloatArray) -> FloatArray | None:
    """Local length ratio at places (n, 2); None where orientation flips."""
    weight = np.column_stack([places, np.ones(len(places))]) @ motion[2]
    if np.any(weight <= 0) or np.linalg.det(motion) <= 0:
        return None
    zooms: FloatArray = np.sqrt(np.linalg.det(motion) / weight**3)
    return zooms


def _weakest_quarter(fit: Fit) -> float:
    """Share of blocks that agree in the worst quarter; they part at the median row and column."""
    middle = np.median(fit.source, axis=0)
    which = (fit.source > middle) @ np.array([1, 2])
    return min(float(fit.agrees[which == quarter].mean()) for quarter in np.unique(which))
