"""Decide for every candidate what it is: a deposit, or one of the things that look like one."""

from enum import StrEnum

import numpy as np
from scipy import ndimage

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import has_marrow, is_large, is_tube
from cctrack.segment.ct.candidates import Candidate, inscribed_radius_mm, signal_to_noise

LEAST_SIGNAL_TO_NOISE = 8.0
"""Noise and streaks of real limb scans reach 6.3; a 10 mm³ deposit of 250 HU reaches 12."""

THICK_MM = 2.5
"""Inscribed radius in a slice that noise never reaches (1.4 mm, in streaks 2.0, were seen) ..."""

LEAST_SIGNAL_WHEN_THICK = 4.0
"""... so that a cloudy deposit may stand out this little from a mixture of fat and muscle."""

SHALLOW_MM = 25.0
"""Calcinosis cutis lies in skin, fat and the fascia below. Down to here a candidate is believed."""

DEEPEST_MM = 40.0
"""Deeper than this stones, phleboliths, bowel and prostate are likelier: never automatic."""

DEEP_PEAK_HU = 500.0
"""Between the two depths only what is denser than vessels and bowel full of contrast counts."""

INSIDE_SHARE = 0.5
"""Less of a candidate inside the body than this, and it is an object on the skin or the table."""


class Kind(StrEnum):
    """What a candidate is."""

    DEPOSIT = "deposit"
    SPECK = "speck"
    OUTSIDE = "outside"
    STREAK = "streak"
    BONE = "bone"
    VESSEL = "vessel"
    DEEP = "deep"
    CUT = "cut"


def classify(candidate: Candidate, ct: Ct, body: Body) -> Kind:
    """Name what a candidate is.

    Parameters
    ----------
    candidate : Candidate
    ct : Ct
    body : Body

    Returns
    -------
    Kind
        ``deposit`` only when nothing speaks against it.
    """
    places = body.at(candidate.voxels)
    if body.inside[places].mean() < INSIDE_SHARE:
        return Kind.OUTSIDE
    if body.streaked[places].any():
        return Kind.STREAK
    if is_large(candidate):
        return Kind.BONE
    depth_mm = float(body.depth_mm[places].min())
    if depth_mm > DEEPEST_MM:
        return Kind.DEEP
    if _is_speck(candidate, ct):
        return Kind.SPECK
    return _classify_clear(candidate, ct, depth_mm)


def _classify_clear(candidate: Candidate, ct: Ct, depth_mm: float) -> Kind:
    """Name a candidate that is clearly there, in the body and not too deep."""
    if has_marrow(candidate, ct):
        return Kind.BONE
    if is_tube(candidate, ct):
        return Kind.VESSEL
    if depth_mm > SHALLOW_MM and _peak_hu(candidate, ct) < DEEP_PEAK_HU:
        return Kind.DEEP
    return Kind.CUT if candidate.cut else Kind.DEPOSIT


def _is_speck(candidate: Candidate, ct: Ct) -> bool:
    thick = inscribed_radius_mm(candidate, ct) >= THICK_MM
    least = LEAST_SIGNAL_WHEN_THICK if thick else LEAST_SIGNAL_TO_NOISE
    return signal_to_noise(candidate, ct) < least


def _peak_hu(candidate: Candidate, ct: Ct) -> float:
    smooth = ndimage.uniform_filter(ct.hu[candidate.box].astype(np.float32), 2)
    return float(smooth[candidate.region].max())
