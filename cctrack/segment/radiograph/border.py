"""Draw the border of each accepted region on the film's own grid."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.radiograph.regions import Regions, surest

FAINT_BORDER, BORDER_PER_PEAK, SURE_BORDER = -1.4, 0.35, 0.2
"""Log-odds at a border: the first where the surest px of a region has 0, more by the second for
each of its log-odds, never above the third. A net or a faint plate is likely calcium as a whole
long before each of its px is; a stone's rim is as likely inside as outside."""

REACH_PX = 3
"""How far, in working px, the border may lie outside the region it belongs to."""


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Labels of which some borders were drawn anew on the film's own grid.

    Attributes
    ----------
    labels : uint16 array (rows, columns)
    border_sd_px : mapping of int to float
        How well the borders that were drawn anew are known.
    """

    labels: LabelArray
    border_sd_px: Mapping[int, float]


def draw_labels(regions: Regions, kept: NDArray[np.int_], shape: tuple[int, int]) -> LabelArray:
    """Label the film: region ``kept[i]`` becomes lesion ``i + 1``.

    The border is where the odds, interpolated between working px, cross `border_odds`.
    """
    numbers = np.zeros(regions.count + 1, np.uint16)
    numbers[kept] = np.arange(1, len(kept) + 1)
    coarse = numbers[regions.labels]
    around = ndimage.grey_dilation(coarse, 2 * REACH_PX + 1)
    spread = np.where(coarse > 0, coarse, around).astype(np.uint16)
    labels = cv2.resize(spread, shape[::-1], interpolation=cv2.INTER_NEAREST)
    odds = cv2.resize(regions.odds, shape[::-1], interpolation=cv2.INTER_LINEAR)
    levels = np.concatenate([[0.0], border_odds(regions, kept)]).astype(np.float32)
    drawn: LabelArray = np.where(odds > levels[labels], labels, 0).astype(np.uint16)
    return drawn


def border_odds(regions: Regions, kept: NDArray[np.int_]) -> NDArray[np.float64]:
    """Log-odds (kept,) at which the border of each region is drawn."""
    if not len(kept):
        return np.zeros(0)
    peaks = surest(regions.odds, regions.labels)[kept]
    levels: NDArray[np.float64] = FAINT_BORDER + BORDER_PER_PEAK * np.maximum(peaks, 0.0)
    return np.minimum(levels, SURE_BORDER)
