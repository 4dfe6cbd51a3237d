"""Decide for every candidate what it is: a deposit, or one of the things that look like one."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import ndimage

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import compactness, has_marrow, is_large, is_tube
from cctrack.segment.ct.candidates import Candidate, inscribed_radius_mm, peak_to_noise

LEAST_PEAK_TO_NOISE = 15.0
"""Noise and streaks of four real limb scans reach 10.4 (once 13); simulated deposits of 6 mm³ and
more reach 17 to 78."""

LEAST_SCORE = 0.5
"""The score of a candidate whose peak to noise is just the least."""

THICK_MM = 2.5
"""Inscribed radius in a slice that noise never reaches (1.4 mm, in streaks 2.0, were seen) ..."""

LEAST_PEAK_WHEN_THICK = 7.0
"""... so that a cloudy deposit may stand out this little."""

SHALLOW_MM = 25.0
"""Calcinosis cutis lies in skin, fat and the fascia below. Down to here a candidate is believed."""

DEEPEST_MM = 40.0
"""Deeper than this stones, phleboliths, bowel and prostate are likelier: never automatic."""

SKIN_MM = 15.0
"""Neither bowel nor large veins lie shallower than this, where deposits may be cloudy."""

POOL_RADIUS_MM = 3.0
POOL_PEAK = 3.0
"""Contrast medium in bowel and veins is diluted: its brightest tenth stays below three times the
threshold (390 HU at 120 kVp), where a deposit this thick is denser."""

DEEP_PEAK_HU = 500.0
"""Between the two depths only what is denser than vessels and bowel full of contrast counts."""

LARGEST_CUT = 0.5
"""A shallow deposit that the field just cuts stays (left out it would look resolved; measured, it
is flagged near_border). A bone that leaves the field is widest there, or as wide as anywhere."""

DEEP_COMPACT = 0.5
"""And only what is compact: inscribed radius over that of a ball of the same volume."""

INSIDE_SHARE = 0.5
"""Less of a candidate inside the body than this, and it is an object on the skin or the table."""


class Kind(StrEnum):
    """What a candidate is; ``elsewhere`` is a deposit outside the region of interest."""

    DEPOSIT = "deposit"
    SPECK = "speck"
    OUTSIDE = "outside"
    STREAK = "streak"
    BONE = "bone"
    VESSEL = "vessel"
    CONTRAST = "contrast"
    DEEP = "deep"
    CUT = "cut"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a candidate is taken for.

    Attributes
    ----------
    kind : Kind
    score : float
        0–1: how far it stands out of the noise around, 0.5 where it only just does; 1 for what
        is decided by its size or place alone.
    """

    kind: Kind
    score: float = 1.0


def classify(candidate: Candidate, ct: Ct, body: Body, threshold_hu: float) -> Verdict:
    """Name what a candidate is.

    Parameters
    ----------
    candidate : Candidate
    ct : Ct
    body : Body
    threshold_hu : float
        The calcium threshold.

    Returns
    -------
    Verdict
        ``deposit`` only when nothing speaks against it.
    """
    places = body.at(candidate.voxels)
    if body.inside[places].mean() < INSIDE_SHARE:
        return Verdict(Kind.OUTSIDE)
    if body.streaked[places].any():
        return Verdict(Kind.STREAK)
    if is_large(candidate):
        return Verdict(Kind.BONE)
    depth_mm = float(body.depth_mm[places].min())
    if depth_mm > DEEPEST_MM:
        return Verdict(Kind.DEEP)
    score = clearness(candidate, ct, threshold_hu)
    if score < LEAST_SCORE:
        return Verdict(Kind.SPECK, score)
    pools = not body.only_limbs
    kind = _classify_clear(candidate, ct, depth_mm, threshold_hu, pools=pools)
    return Verdict(kind, score)


def clearness(candidate: Candidate, ct: Ct, threshold_hu: float) -> float:
    """Peak to noise on a scale of 0 to 1; `LEAST_SCORE` where the noise never reaches."""
    thick = inscribed_radius_mm(candidate, ct) >= THICK_MM
    least = LEAST_PEAK_WHEN_THICK if thick else LEAST_PEAK_TO_NOISE
    peak = max(peak_to_noise(candidate, ct, threshold_hu), 0.0)
    return peak / (peak + least)


def _classify_clear(
    candidate: Candidate, ct: Ct, depth_mm: float, threshold_hu: float, *, pools: bool
) -> Kind:
    """Name a candidate that is clearly there, in the body and not too deep.

    ``pools`` says that part of a trunk may be in the image, and bowel with contrast in it.
    """
    if has_marrow(candidate, ct):
        return Kind.BONE
    if is_tube(candidate, ct, threshold_hu):
        return Kind.VESSEL
    if pools and depth_mm > SKIN_MM and _is_pool(candidate, ct, threshold_hu):
        return Kind.CONTRAST
    if depth_mm > SHALLOW_MM and not _is_stone(candidate, ct):
        return Kind.DEEP
    if candidate.cut and (depth_mm > SHALLOW_MM or _cut_share(candidate, ct) > LARGEST_CUT):
        return Kind.CUT
    return Kind.DEPOSIT


def _cut_share(candidate: Candidate, ct: Ct) -> float:
    """Section at the image's edge over the largest section parallel to it."""
    shares = [0.0]
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        sections = candidate.region.sum(axis=others)
        for at_edge, section in (
            (candidate.box[axis].start == 0, sections[0]),
            (candidate.box[axis].stop == ct.shape[axis], sections[-1]),
        ):
            if at_edge:
                shares.append(float(section / sections.max()))
    return max(shares)


def _is_pool(candidate: Candidate, ct: Ct, threshold_hu: float) -> bool:
    """Whether it is as thick as bowel, and as faint as what fills it."""
    if inscribed_radius_mm(candidate, ct) < POOL_RADIUS_MM:
        return False
    bright_hu = float(np.percentile(ct.hu[candidate.box][candidate.region], 90))
    return bright_hu < POOL_PEAK * threshold_hu


def _is_stone(candidate: Candidate, ct: Ct) -> bool:
    """Whether it is dense and compact: neither contrast medium nor a vessel's calcified wall."""
    compact = compactness(candidate, np.asarray(ct.scale.mean_mm)) >= DEEP_COMPACT
    return compact and _peak_hu(candidate, ct) >= DEEP_PEAK_HU


def _peak_hu(candidate: Candidate, ct: Ct) -> float:
    smooth = ndimage.uniform_filter(ct.hu[candidate.box].astype(np.float32), 2)
    return float(smooth[candidate.region].max())
