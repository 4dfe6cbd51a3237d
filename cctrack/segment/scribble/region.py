"""Complete a region from pixels that surely belong to it and pixels that surely do not."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.full import reduced
from cctrack.segment.photo.skin import BoolArray, to_lab
from cctrack.segment.scribble.classifier import features_of, train
from cctrack.segment.scribble.walk import spread

WORKING_PX = 220
"""Longest side at which pixels are classified: a lesion that fills half of it has a border known
to 1 % of its width, and all is done in a tenth of a second."""

SMOOTHING_PX = 0.7
"""SD at working size of the last smoothing, which rounds off the steps of the working pixels."""


def complete(
    pixels: NDArray[np.uint8], lesion: BoolArray, beside: BoolArray, hidden: BoolArray
) -> BoolArray:
    """Tell a lesion's pixels from others by those whose class is known.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo.
    lesion, beside : bool arrays (rows, columns)
        What is known; neither is empty.
    hidden : bool array (rows, columns)
        Neither lesion nor anything to learn from.

    Returns
    -------
    bool array (rows, columns)
    """
    shape = pixels.shape[:2]
    factor = min(1.0, WORKING_PX / max(shape))
    size = max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    covered = reduced(hidden, size[::-1])
    inside = reduced(lesion, size[::-1])
    outside = reduced(beside, size[::-1]) & ~inside
    lab = to_lab(small)
    features = features_of(lab)
    teaching = outside & ~covered if (outside & ~covered).any() else outside
    odds = train(features, inside, teaching).log_odds(features)
    likely = spread(lab, odds, inside, (outside | covered) & ~inside)
    large = cv2.resize(likely, shape[::-1], interpolation=cv2.INTER_CUBIC)
    smooth = np.asarray(cv2.GaussianBlur(large, (0, 0), SMOOTHING_PX / factor), np.float32)
    return (smooth > 0.5) & ~hidden
