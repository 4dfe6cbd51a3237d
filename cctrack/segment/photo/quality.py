"""Judge whether a photo is sharp and well exposed where it shows skin, and where lesions shine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Flag, LabelArray

MOST_BLUR = 0.62
"""Share of the finest contrast that is missing (Crété 2007, SPIE 6492) above which the border of
a deposit cannot be placed to within 0.2 mm in a usual close-up; see `blur_of`."""

LEAST_SLOPE = 3.0
"""Grey values a px: where even the steepest skin is flatter, only rounding steps are left."""

BURNT = 250
"""Grey value at and above which a channel holds no more structure."""

MOST_BURNT = 0.03
"""Share of the skin of which two channels may be burnt out: highlights on moist skin are 1 %."""

MOST_RED_BURNT = 0.3
"""The same of one channel, which is red on skin: in half of 28 real wound photos, lit by a flash,
it is burnt out on 3 to 22 % of the skin, while green and blue still show every border."""

MOST_BURNT_LESION = 0.10
"""Share of a lesion and its surroundings of which two channels may be burnt out."""

DARKEST, BRIGHTEST = 28.0, 235.0
"""Median grey value of skin outside of which the 8 bits no longer resolve skin from deposit."""

SAMPLED_PX = 200_000
"""So many pixels judge the exposure of a photo as well as all of them."""

TILE_PX, TILES = 256, 5
"""Side of the tiles on which blur is judged, and how many are laid along each axis of a large
photo: slopes need full resolution, but not all of the photo."""

GLARE = 238
"""Darkest channel of light that is reflected and not scattered: it has the lamp's colour. Chalk is
yellow: its blue stays below 225 in well exposed simulated photos."""

BESIDE = 0.15
"""Width of the skin looked at round a lesion, as a share of the root of its area."""

LOOKED_AT_PX = 80
"""Of a lesion twice so wide every second pixel says how it is lit."""

MOST_GLARE = 0.10
"""Share of a lesion, or of its border, that may shine before its outline may follow the light."""

Pixels = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
Box = tuple[slice, slice]


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
    step = max(1, int(np.sqrt(skin.size / SAMPLED_PX)))
    seen = pixels[::step, ::step][skin[::step, ::step]]
    if not len(seen):
        return frozenset(flags)
    middle = float(np.median(seen.mean(axis=1)))
    channels = (seen >= BURNT).sum(axis=1)
    burnt = (channels >= 2).mean() > MOST_BURNT or (channels >= 1).mean() > MOST_RED_BURNT
    if burnt or not DARKEST <= middle <= BRIGHTEST:
        flags.add(Flag.EXPOSURE)
    return frozenset(flags)


def lesion_flags(
    pixels: Pixels, labels: LabelArray, boxes: Sequence[Box]
) -> dict[int, frozenset[Flag]]:
    """Flag lesions cut by the border, under reflected light, or in too much or too little light.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    labels : uint16 array (rows, columns)
    boxes : sequence of pairs of slices
        One for each lesion from 1 on, which holds all of it.
    """
    flags: dict[int, frozenset[Flag]] = {}
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    cut = set(np.unique(rim).tolist())
    for lesion, box in enumerate(boxes, start=1):
        own = set()
        if lesion in cut:
            own.add(Flag.NEAR_BORDER)
        region = labels[box] == lesion
        step = max(1, int(np.sqrt(np.count_nonzero(region)) / LOOKED_AT_PX))
        seen, region = pixels[box][::step, ::step], region[::step, ::step]
        if region.any() and shines(seen, region):
            own.add(Flag.GLARE)
        if region.any() and badly_exposed(seen, region):
            own.add(Flag.EXPOSURE)
        if own:
            flags[lesion] = frozenset(own)
    return flags


def badly_exposed(pixels: Pixels, lesion: BoolArray) -> bool:
    """Whether a lesion and the skin at its border are burnt out or lost in the dark.

    The rest of the photo may be well exposed: a pale wound in flash light is not.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo that holds the lesion.
    lesion : bool array (rows, columns)
    """
    reach = max(1, round(BESIDE * float(np.sqrt(lesion.sum()))))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    site = pixels[np.asarray(cv2.dilate(lesion.astype(np.uint8), kernel)) > 0]
    burnt = float(((site >= BURNT).sum(axis=1) >= 2).mean())
    return burnt > MOST_BURNT_LESION or float(np.median(site.mean(axis=1))) < DARKEST


def shines(pixels: Pixels, lesion: BoolArray) -> bool:
    """Whether reflected light lies over a lesion or its border.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo that holds the lesion.
    lesion : bool array (rows, columns)
    """
    bright = pixels.min(axis=2) >= GLARE
    kernel = np.ones((3, 3), np.uint8)
    wide = np.asarray(cv2.dilate(lesion.astype(np.uint8), kernel)) > 0
    narrow = np.asarray(cv2.erode(lesion.astype(np.uint8), kernel)) > 0
    rim = wide & ~narrow
    return bool(max(bright[lesion].mean(), bright[rim].mean()) > MOST_GLARE)


def blur_of(pixels: Pixels, skin: BoolArray) -> float:
    """Share of the strongest fine contrast that a further blur cannot remove, 0 sharp to 1.

    Crété's measure on the steepest hundredth of the skin's pixels: the sharper a photo, the more
    of its slopes a nine-pixel mean takes away.
    """
    grey, covered = _tiled(pixels, skin)
    if not covered.any():
        return 0.0
    blur = 0.0
    for axis in (0, 1):
        softer = np.asarray(cv2.blur(grey, (9, 1) if axis else (1, 9)), np.float32)
        slopes, left = (_slopes(plane, axis) for plane in (grey, softer))
        level = float(np.quantile(slopes[covered][::7], 0.99))
        if level < LEAST_SLOPE:
            return 1.0
        steep = covered & (slopes >= level)
        blur = max(blur, float(left[steep].sum() / max(slopes[steep].sum(), 1e-6)))
    return blur


def _slopes(grey: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    slopes = np.zeros_like(grey)
    after, before = (np.s_[1:], np.s_[:-1]) if axis == 0 else (np.s_[:, 1:], np.s_[:, :-1])
    slopes[after] = cv2.absdiff(grey[after], grey[before])
    return slopes


def _tiled(pixels: Pixels, skin: BoolArray) -> tuple[NDArray[np.float32], BoolArray]:
    """Light and skin of evenly spread tiles side by side, or of all of a small photo.

    Pixels at the rim of a tile are left out: across it there is no slope.
    """
    rows, columns = skin.shape
    if min(rows, columns) <= TILE_PX * TILES:
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
        return grey, skin
    tops, lefts = (np.linspace(0, size - TILE_PX, TILES).astype(int) for size in skin.shape)
    places = [np.s_[top : top + TILE_PX, left : left + TILE_PX] for top in tops for left in lefts]
    grey = np.vstack([cv2.cvtColor(pixels[place], cv2.COLOR_RGB2GRAY) for place in places])
    inner = np.zeros((TILE_PX, TILE_PX), dtype=bool)
    inner[5:-5, 5:-5] = True
    covered = np.vstack([skin[place] & inner for place in places])
    return grey.astype(np.float32), covered
