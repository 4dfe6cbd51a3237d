"""Tell skin from floors, walls and cloth by its colour."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2

SKIN_HUE_DEG = (-25.0, 85.0)
"""Hue of skin in CIE ab, wide enough for every skin type and white balance."""

LEAST_CHROMA = 9.0
"""Walls, floors, cloth and paper are greyer than this; so are few skins."""

LEAST_SKIN = 0.08
"""With less of the photo in the colour of skin the colours are odd and all of it is used."""

BoolArray = NDArray[np.bool_]


def skin_coloured(pixels: NDArray[np.uint8], known: BoolArray) -> BoolArray:
    """Places of skin's hue, with what lies among them; all that is known where there are none.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    known : bool array (rows, columns)
        What may be used at all.
    """
    lab = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB))[..., 1:].astype(np.float32) - 128
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), 2), np.float32)
    hue = np.rad2deg(np.arctan2(smooth[..., 1], smooth[..., 0]))
    chroma = np.hypot(smooth[..., 0], smooth[..., 1])
    coloured = (hue > SKIN_HUE_DEG[0]) & (hue < SKIN_HUE_DEG[1]) & (chroma > LEAST_CHROMA)
    opened = cv2.morphologyEx(coloured.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((21, 21), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(closed)
    large = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= LEAST_SKIN * coloured.size / 2
    large[0] = False
    skin: BoolArray = large[np.asarray(parts)] & known
    return skin if skin.mean() >= LEAST_SKIN else known
