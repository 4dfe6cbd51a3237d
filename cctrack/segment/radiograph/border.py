"""Draw the border of each accepted region on the film's own grid."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.radiograph.regions import Regions

BORDER_ODDS = -0.7
"""Log-odds at which the border is drawn. Regions are cut at 0, which left borders 0.14 mm too far
inside on simulated films: the thin rim of a stone hardly darkens the film."""

REACH_PX = 3
"""How far, in working px, the border may lie outside the region it belongs to."""


def draw_labels(regions: Regions, kept: NDArray[np.int_], shape: tuple[int, int]) -> LabelArray:
    """Label the film: region ``kept[i]`` becomes lesion ``i + 1``.

    The border is where the odds, interpolated between working px, cross `BORDER_ODDS`.
    """
    numbers = np.zeros(regions.count + 1, np.uint16)
    numbers[kept] = np.arange(1, len(kept) + 1)
    coarse = numbers[regions.labels]
    around = ndimage.grey_dilation(coarse, 2 * REACH_PX + 1)
    spread = np.where(coarse > 0, coarse, around).astype(np.uint16)
    labels = cv2.resize(spread, shape[::-1], interpolation=cv2.INTER_NEAREST)
    odds = cv2.resize(regions.odds, shape[::-1], interpolation=cv2.INTER_LINEAR)
    drawn: LabelArray = np.where(odds > BORDER_ODDS, labels, 0).astype(np.uint16)
    return drawn
