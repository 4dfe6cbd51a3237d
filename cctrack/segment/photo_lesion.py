"""Outline one lesion of a photo at full size, closed or open, from where it roughly is."""

import numpy as np
from numpy.typing import NDArray

from cctrack.segment.photo_border import refine_border
from cctrack.segment.photo_full import Box, widened
from cctrack.segment.photo_skin import BoolArray
from cctrack.segment.photo_sore import outline_sore, sore_around


def outline_lesion(
    pixels: NDArray[np.uint8], rough: tuple[Box, BoolArray], ignore: BoolArray, *, sore: bool
) -> tuple[Box, BoolArray, bool]:
    """Outline a lesion; chalk with crust beside it is outlined with the sore that it lies in.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        The photo.
    rough : (pair of slices, bool array)
        Part of the photo, with some skin around the lesion, and where in it the lesion roughly is.
    ignore : bool array (rows, columns)
        Other lesions, scale objects, background: neither lesion nor skin.
    sore : bool
        It looks like an open sore.

    Returns
    -------
    (pair of slices, bool array, bool)
        Part of the photo, the lesion in it, and whether it was outlined as an open sore.
    """
    near, part = rough
    if sore:
        return near, outline_sore(pixels[near], part, ignore[near]), True
    closed = refine_border(pixels[near], part, ignore[near])
    if not closed.any():
        return near, closed, False
    box = widened(near, int(np.sqrt(closed.sum() / np.pi)), ignore.shape)
    whole = np.zeros(ignore[box].shape, dtype=bool)
    top, left = near[0].start - box[0].start, near[1].start - box[1].start
    whole[top : top + closed.shape[0], left : left + closed.shape[1]] = closed
    around = sore_around(pixels[box], whole, ignore[box])
    if around is None:
        return box, whole, False
    return box, outline_sore(pixels[box], around, ignore[box]), True
