"""How well the border of a lesion on a photo is known, as its own image tells."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.sides import look_at_border
from cctrack.segment.photo.skin import BoolArray

CLOSED_SD, UNEVENNESS_POWER, CONTRAST_POWER, SIZE_POWER = 17.5, 2.4, -0.37, -0.3
"""SD of a closed deposit's border at working size: this times powers of its unevenness, of its
contrast and of its radius. The powers are about those that fit 197 closed deposits of 8 mm² and
more best (simulated photos, seeds 4000-4094, Student's t of 5 degrees); the factor is higher, so
that intervals hold 95 % of the areas instead of 90 %. What the border does wrong goes with its
unevenness: the rank correlation of SD and error is 0.6."""

SORE_SD_PX, SORE_RADIUS_PX, SORE_POWER = 0.9, 15.0, -0.4
"""SD of an open sore's border at working size, at a radius of so much, and the power of the radius:
the rim of a large sore is found on more rays. How its colours differ says nothing of it."""

LEAST_SD_PX, MOST_SD_PX = 0.2, 6.0
"""A fifth of a pixel is what a mask can say at best; beyond the most nothing is known."""


OPINION_SHARE = 0.75
"""Of the SD of ln(area) between outlines that may be right, what enters the error: the best fit
beside the border's own, on the same deposits."""

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
    return (small, own, hidden) if own.any() else (pixels, outline, ignore)


def border_sd_px(
    pixels: NDArray[np.uint8],
    outline: BoolArray,
    ignore: BoolArray,
    *,
    radius_px: float,
    sore: bool,
) -> float:
    """SD of the position of a whole border, in px at working size.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo: the lesion and the skin around it.
    outline, ignore : bool arrays (rows, columns)
        The lesion, and what is neither lesion nor skin.
    radius_px : float
        Root of its area over pi at working size, above 0; the picture may be of another size.
    sore : bool
        It was outlined as an open sore.
    """
    if sore:
        return float(SORE_SD_PX * (radius_px / SORE_RADIUS_PX) ** SORE_POWER)
    look = look_at_border(pixels, outline, ignore)
    sd = CLOSED_SD * look.unevenness**UNEVENNESS_POWER * look.contrast**CONTRAST_POWER
    sd *= radius_px**SIZE_POWER
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
