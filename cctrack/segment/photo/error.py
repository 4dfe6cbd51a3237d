"""How well the border of a lesion on a photo is known, as its own image tells."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.sides import look_at_border
from cctrack.segment.photo.skin import BoolArray

CLOSED_SD, UNEVENNESS_POWER, CONTRAST_POWER = 1.1, 1.4, -0.6
"""SD of a closed deposit's border at working size: this times powers of its unevenness and of its
contrast. With 0.95, set on 172 deposits of simulated photos (seeds 300-371) so that 95 % intervals
hold the true area of 95 % of them, they held it for 92 % of 174 others (seeds 2000 on); so 1.1."""

SORE_SD_PX = 0.9
"""SD of an open sore's border at working size: 22 of 23 simulated sores are within twice that. How
its colours differ says nothing of it."""

LEAST_SD_PX, MOST_SD_PX = 0.2, 6.0
"""A fifth of a pixel is what a mask can say at best; beyond the most nothing is known."""


OPINION_SHARE = 1.0
"""Of the SD of ln(area) between outlines that may be right, what enters the error."""

LOOKED_AT_PX = 40.0
"""A lesion of a larger radius is reduced to it: how clear its border is shows as well, in a
fraction of the time, and a large photo is judged as the small ones that `CLOSED_SD` was set on."""


def thinned(
    pixels: NDArray[np.uint8], outline: BoolArray, ignore: BoolArray
) -> tuple[NDArray[np.uint8], BoolArray, BoolArray]:
    """Reduce what is seen of a large lesion to a radius of `LOOKED_AT_PX`."""
    factor = LOOKED_AT_PX / float(np.sqrt((np.count_nonzero(outline) + 1) / np.pi))
    if factor >= 1:
        return pixels, outline, ignore
    size = tuple(max(1, round(length * factor)) for length in outline.shape[::-1])
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    own, hidden = (
        np.asarray(cv2.resize(mask.view(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)) > 127
        for mask in (outline, ignore)
    )
    return small, own, hidden


def border_sd_px(
    pixels: NDArray[np.uint8], outline: BoolArray, ignore: BoolArray, *, sore: bool
) -> float:
    """SD of the position of a whole border, in px at working size.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo: the lesion and the skin around it.
    outline, ignore : bool arrays (rows, columns)
        The lesion, and what is neither lesion nor skin.
    sore : bool
        It was outlined as an open sore.
    """
    if sore:
        return SORE_SD_PX
    look = look_at_border(pixels, outline, ignore)
    sd = CLOSED_SD * look.unevenness**UNEVENNESS_POWER * look.contrast**CONTRAST_POWER
    return float(np.clip(sd, LEAST_SD_PX, MOST_SD_PX))


def widened_sd_px(sd_px: float, outline: BoolArray, log_sd: float) -> float:
    """SD of a border that makes room for an SD of ln(area) between several outlines.

    Parameters
    ----------
    sd_px : float
        SD of this border.
    outline : bool array
        Not empty.
    log_sd : float

    Returns
    -------
    float
        As `cctrack.measure` reads it: ln(1 + SD * border / area) is the SD of ln(area).
    """
    lines, _ = cv2.findContours(outline.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    per_px = sum(cv2.arcLength(line, True) for line in lines) / float(outline.sum())
    own = np.log1p(sd_px * per_px)
    return float(np.expm1(np.hypot(own, OPINION_SHARE * log_sd)) / max(per_px, 1e-6))
