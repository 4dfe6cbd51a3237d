"""From the reduced photo, at which lesions are sought, back to full size."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import margin_px
from cctrack.segment.photo.skin import BoolArray

Box = tuple[slice, slice]


def full_size(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Enlarge a mask of all of the working image to the photo's rows and columns."""
    # Bytes of 0 and 255 take a quarter of the memory that single precision takes.
    large = cv2.resize(mask.astype(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.uint8) > 127


def reduced(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Reduce a mask to fewer rows and columns; what touches a pixel covers it."""
    small = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) > 0


def enlarge(rough: BoolArray, factor: float, shape: tuple[int, ...]) -> tuple[Box, BoolArray]:
    """Bring a region of the working image to full size: its box with some skin, and its mask there.

    Parameters
    ----------
    rough : bool array, not empty
    factor : float
        Reduced size / full size.
    shape : (int, int)
        Rows and columns of the photo.
    """
    margin = margin_px(float(rough.sum()) / factor**2)
    places = np.argwhere(rough)
    low = np.floor(places.min(axis=0) / factor).astype(int) - margin
    high = np.ceil((places.max(axis=0) + 1) / factor).astype(int) + margin
    box = (
        slice(max(int(low[0]), 0), min(int(high[0]), shape[0])),
        slice(max(int(low[1]), 0), min(int(high[1]), shape[1])),
    )
    # Pixel centres of the full photo in the working image, as `cv2.resize` places them.
    step = rough.shape[1] / shape[1], rough.shape[0] / shape[0]
    matrix = np.array(
        [
            [step[0], 0, (box[1].start + 0.5) * step[0] - 0.5],
            [0, step[1], (box[0].start + 0.5) * step[1] - 0.5],
        ]
    )
    size = (box[1].stop - box[1].start, box[0].stop - box[0].start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    soft = cv2.warpAffine(
        rough.astype(np.float32), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return box, np.asarray(soft, np.float32) > 0.5


def widened(box: Box, margin: int, shape: tuple[int, ...]) -> Box:
    """Make a box wider on all sides, as far as the photo goes."""
    rows, columns = (
        slice(max(part.start - margin, 0), min(part.stop + margin, length))
        for part, length in zip(box, shape, strict=True)
    )
    return rows, columns
