"""What the surface of a deposit is, by its colours: closed, open, crusted.

On 58 simulated photos (seeds 300-371, deposits of 10 mm² and more, on which the limits were set)
colours alone called 69 % of the sores open and 1 % of the closed deposits; what was outlined as a
sore is called open too. A sore that is all chalk looks closed. Photos of type VI are the least
sure: a crust is hardly darker than that skin.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Flag
from cctrack.segment.photo.sides import signed_distance
from cctrack.segment.photo.skin import BoolArray, to_lab

DARK_SHARE = 0.05
"""Share of the lesion whose lightness is judged: crusts dry along the rim first."""

OPEN_DARKER, CRUST_DARKER = -0.1, -0.2
"""Lightness (CIE L*) over that of the skin beside, less 1, below which the darkest part is wound
bed, and crust."""

RED_SHARE, OPEN_REDDER = 0.8, 9.0
"""Redness (CIE a*) over the skin's that a fifth of a sore exceeds."""

LEAST_INSIDE_PX, LEAST_RING_PX = 5, 10


def surface_flags(
    pixels: NDArray[np.uint8], outline: BoolArray, ignore: BoolArray, *, sore: bool
) -> frozenset[Flag]:
    """Flag ``ulcerated`` and ``crusted``; neither: closed.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo: the lesion and the skin around it.
    outline, ignore : bool arrays (rows, columns)
        The lesion, and what is neither lesion nor skin.
    sore : bool
        It was outlined as an open sore.
    """
    flags = {Flag.ULCERATED} if sore else set()
    depth = signed_distance(outline)
    radius = float(np.sqrt(outline.sum() / np.pi))
    inside = depth > min(2.0, 0.3 * radius)
    ring = (depth < -3) & (depth > -0.5 * radius - 6) & ~ignore
    if inside.sum() < LEAST_INSIDE_PX or ring.sum() < LEAST_RING_PX:
        return frozenset(flags)
    lab = to_lab(np.asarray(cv2.medianBlur(np.ascontiguousarray(pixels), 3), np.uint8))
    skin = np.median(lab[ring], axis=0)
    darker = float(np.quantile(lab[inside, 0], DARK_SHARE) / max(float(skin[0]), 1.0)) - 1
    redder = float(np.quantile(lab[inside, 1], RED_SHARE) - skin[1])
    if darker < OPEN_DARKER or redder > OPEN_REDDER:
        flags.add(Flag.ULCERATED)
    if darker < CRUST_DARKER:
        flags.add(Flag.CRUSTED)
    return frozenset(flags)
