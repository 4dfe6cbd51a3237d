"""Draw the border of each accepted region on the film's own grid."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.radiograph.regions import EDGE_ODDS, Regions


def draw_labels(regions: Regions, kept: NDArray[np.int_], shape: tuple[int, int]) -> LabelArray:
    """Label the film: region ``kept[i]`` becomes lesion ``i + 1``.

    The border is where the odds, interpolated between working px, cross `EDGE_ODDS`.
    """
    numbers = np.zeros(regions.count + 1, np.uint16)
    numbers[kept] = np.arange(1, len(kept) + 1)
    coarse = numbers[regions.labels]
    # One px further out, so that the interpolated line always lies on its own label.
    spread = np.where(coarse > 0, coarse, ndimage.grey_dilation(coarse, 3)).astype(np.uint16)
    labels = cv2.resize(spread, shape[::-1], interpolation=cv2.INTER_NEAREST)
    odds = cv2.resize(regions.odds, shape[::-1], interpolation=cv2.INTER_LINEAR)
    drawn: LabelArray = np.where(odds > EDGE_ODDS, labels, 0).astype(np.uint16)
    return drawn
