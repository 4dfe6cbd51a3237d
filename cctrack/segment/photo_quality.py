"""Judge whether a photo is sharp and well exposed where it shows skin."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Flag

MOST_BLUR = 0.62
"""Share of the finest contrast that is missing (Crété 2007, SPIE 6492) above which the border of
a deposit cannot be placed to within 0.2 mm in a usual close-up; see `blur_of`."""

LEAST_SLOPE = 3.0
"""Grey values a px: where even the steepest skin is flatter, only rounding steps are left."""

BURNT = 250
"""Grey value at and above which a channel holds no more structure."""

MOST_BURNT = 0.03
"""Share of the skin that may be burnt out: highlights on moist skin come to 1 %."""

DARKEST, BRIGHTEST = 28.0, 235.0
"""Median grey value of skin outside of which the 8 bits no longer resolve skin from deposit."""

Pixels = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


def judge_quality(pixels: Pixels, skin: BoolArray) -> frozenset[Flag]:
    """Flag ``blur`` and ``exposure`` of a photo, judged on its skin.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    skin : bool array (rows, columns)
    """
    flags = set()
    if blur_of(pixels, skin) > MOST_BLUR:
        flags.add(Flag.BLUR)
    seen = pixels[skin]
    if not len(seen):
        return frozenset(flags)
    middle = float(np.median(seen.mean(axis=1)))
    burnt = float((seen >= BURNT).any(axis=1).mean())
    if burnt > MOST_BURNT or not DARKEST <= middle <= BRIGHTEST:
        flags.add(Flag.EXPOSURE)
    return frozenset(flags)


def blur_of(pixels: Pixels, skin: BoolArray) -> float:
    """Share of the strongest fine contrast that a further blur cannot remove, 0 sharp to 1.

    Crété's measure on the steepest hundredth of the skin's pixels: the sharper a photo, the more
    of its slopes a nine-pixel mean takes away.
    """
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
    blur = 0.0
    for axis in (0, 1):
        size = (9, 1) if axis else (1, 9)
        softer = np.asarray(cv2.blur(grey, size), np.float32)
        slopes = np.abs(np.diff(grey, axis=axis, prepend=grey[:1] if axis == 0 else grey[:, :1]))
        left = np.abs(
            np.diff(softer, axis=axis, prepend=softer[:1] if axis == 0 else softer[:, :1])
        )
        level = float(np.quantile(slopes[skin][::7], 0.99)) if skin.any() else 0.0
        if level < LEAST_SLOPE:
            return 1.0
        steep = skin & (slopes >= level)
        if steep.any():
            blur = max(blur, float(left[steep].sum() / max(slopes[steep].sum(), 1e-6)))
    return blur
