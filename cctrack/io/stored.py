"""From stored values to the modality's own values: rescale, LUT, padding."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_modality_lut

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import integer, number, text
from cctrack.io.shield import shielded
from cctrack.model import Because


def rescaled(dataset: Dataset, stored: NDArray[np.generic]) -> NDArray[np.float64 | np.int32]:
    """Apply the modality LUT or the rescale of this very slice; identity when it has neither.

    Whole numbers stay whole (int32), others become float64.

    Raises
    ------
    UnreadableImage
        If the LUT is broken or the slope is 0.
    """
    if dataset.get("ModalityLUTSequence"):
        mapped = shielded(
            lambda: apply_modality_lut(stored, dataset),
            Because.UNREADABLE_PIXELS,
            "a broken modality LUT",
        )
        return np.asarray(mapped, dtype=np.float64)
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope == 0:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "a rescale slope of 0")
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if stored.dtype.itemsize <= 2 and _small_whole(slope) and _small_whole(intercept):
        # Nearly every CT: exact in 32 bits, and three times as fast as in floating point.
        return stored.astype(np.int32) * np.int32(slope) + np.int32(intercept)
    return stored.astype(np.float64) * slope + intercept


def _small_whole(value: float) -> bool:
    return value.is_integer() and abs(value) < 1 << 14


def padding_mask(dataset: Dataset, stored: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    """Where the file holds no data, by PixelPaddingValue and its RangeLimit; None if nowhere."""
    if not text(dataset, "PixelPaddingValue"):
        return None
    low = _as_stored(dataset, integer(dataset, "PixelPaddingValue"))
    high = low
    if text(dataset, "PixelPaddingRangeLimit"):
        high = _as_stored(dataset, integer(dataset, "PixelPaddingRangeLimit"))
    values = np.asarray(stored, dtype=np.int32)
    mask: NDArray[np.bool_] = (values >= min(low, high)) & (values <= max(low, high))
    return mask if mask.any() else None


def _as_stored(dataset: Dataset, value: int) -> int:
    """Undo a wrong sign: many files write a padding of -2000 as the unsigned 63536."""
    signed = integer(dataset, "PixelRepresentation") == 1
    bits = integer(dataset, "BitsAllocated") or 16
    if signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    if not signed and value < 0:
        return value + (1 << bits)
    return value
