"""How unlike two outlines of one lesion are, when their place and size are left aside."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BoolArray = NDArray[np.bool_]

UNLIKE_SHAPES = 0.06
"""Two good outlines of one lesion differ by so much: of the 12 lesions of 20 mm² and more in nine
simulated pairs of photos whose change was right to 6 %, the median was 0.02, one (0.064) above.
Of 57 unchanged deposits in eleven simulated pairs of films, 47 lay below 0.1; 44 of these changed
by less than 16 %, the ten others by 5 to 120 %."""

SD_PER_UNLIKENESS = 3.0
"""What more of it adds to the SD of ln(later / earlier): of the eight above 0.05 the error was up
to 5 times the unlikeness, 2.6 in the root of the mean square. On films it was 0.4 to 4.4 times."""

LEAST_JUMP = 0.35
"""Distance of the middles of two outlines, in radii of the larger, from which a part of one of them
is missing: the halves of a simulated lesion lie 0.5 to 0.8 from its middle, lesions that grew or
shrank by half stay within 0.2."""

FREE_OUTSIDE = 0.4
"""Share of the parts that may lie outside of the whole: the halves of a lesion that dissolves in
the middle retreat from each other, and an alignment is half a mm off."""

ROOM = 1.6
"""The later outline's box is widened by this, so that an earlier one of another shape fits in."""


def unlikeness(earlier: BoolArray, later: BoolArray) -> float:
    """Lay one outline on the other, centre on centre and at one size, and count what differs.

    Parameters
    ----------
    earlier, later : bool array (rows, columns)
        On one grid, neither empty.

    Returns
    -------
    float
        1 − Dice, 0–1.
    """
    places = np.argwhere(later)
    centre = places.mean(axis=0)
    reach = ROOM * np.abs(places - centre).max(axis=0) + 3.0
    low = np.maximum(np.floor(centre - reach).astype(int), 0)
    high = np.minimum(np.ceil(centre + reach).astype(int) + 1, later.shape)
    grid = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"))
    stretch = (np.count_nonzero(earlier) / len(places)) ** (1.0 / later.ndim)
    middle = np.argwhere(earlier).mean(axis=0)
    spread = (slice(None), *(None,) * later.ndim)
    source = (grid - centre[spread]) * stretch + middle[spread]
    laid = ndimage.map_coordinates(earlier.astype(np.float32), source, order=1) > 0.5
    there = later[tuple(map(slice, low, high))]
    return float(1.0 - 2.0 * np.count_nonzero(laid & there) / (laid.sum() + there.sum()))


def shape_log_sd(earlier: BoolArray, later: BoolArray) -> float:
    """Return what unlike shapes add to the SD of ln(later / earlier).

    A deposit that grows keeps about its shape; an outline that ran out into the redness around a
    sore, or cut off a faint part, does not. Which of the two it is the image alone cannot tell.

    Parameters
    ----------
    earlier, later : bool array (rows, columns)
        Two automatic outlines on one grid, neither empty.
    """
    return SD_PER_UNLIKENESS * max(0.0, unlikeness(earlier, later) - UNLIKE_SHAPES)


def has_jumped(earlier: BoolArray, later: BoolArray) -> bool:
    """Whether the middle of a lesion lies elsewhere: what shrinks or grows keeps about its place.

    Parameters
    ----------
    earlier, later : bool array (rows, columns)
        Two outlines on one grid, neither empty.
    """
    apart = np.argwhere(earlier).mean(axis=0) - np.argwhere(later).mean(axis=0)
    largest = max(np.count_nonzero(earlier), np.count_nonzero(later))
    return float(np.linalg.norm(apart)) > LEAST_JUMP * math.sqrt(largest / math.pi)


def parted_log_sd(parts: BoolArray, whole: BoolArray) -> float:
    """Return what is added to the SD of ln(later / earlier) of a lesion that merged or fell apart.

    Its shape is another by nature, so only this is asked: whether the parts lie where the whole
    does.

    Parameters
    ----------
    parts, whole : bool array (rows, columns)
        On one grid, neither empty; ``parts`` is the visit with more outlines.
    """
    outside = 1.0 - np.count_nonzero(parts & whole) / np.count_nonzero(parts)
    return SD_PER_UNLIKENESS * max(0.0, outside - FREE_OUTSIDE)
