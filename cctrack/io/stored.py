"""From stored values to the modality's own values: rescale, LUT, padding."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_values import integer, number, text
from cctrack.io.shield import shielded
from cctrack.model import Because

Rescaled = NDArray[np.float64 | np.int16 | np.int32]
"""Values after the rescale: whole numbers stay whole."""

_INT16 = np.iinfo(np.int16)


def rescaled(dataset: Dataset, stored: NDArray[np.generic]) -> Rescaled:
    """Apply the modality LUT or the rescale of this very slice; identity when it has neither.

    Whole numbers stay whole (int16 where they fit, else int32), others become float64.

    Raises
    ------
    UnreadableImage
        If the LUT is broken or the slope is 0.
    """
    if dataset.get("ModalityLUTSequence"):
        return shielded(
            lambda: _looked_up(dataset, stored), Because.UNREADABLE_PIXELS, "a broken modality LUT"
        )
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope == 0:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "a rescale slope of 0")
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if stored.dtype.itemsize <= 2 and _small_whole(slope) and _small_whole(intercept):
        # Nearly every CT: exact in 16 or 32 bits, and many times as fast as in floating point.
        return _in_whole_numbers(stored, int(slope), int(intercept))
    return stored.astype(np.float64) * slope + intercept


def _in_whole_numbers(
    stored: NDArray[np.generic], slope: int, intercept: int
) -> NDArray[np.int16 | np.int32]:
    ends = [int(end) * slope + intercept for end in (stored.min(), stored.max())]
    # Steps on the way may overflow 16 bits; they wrap round, and the result is right if it fits.
    fits = all(_INT16.min <= end <= _INT16.max for end in ends)
    dtype = np.dtype(np.int16 if fits else np.int32)
    values = stored.astype(dtype)
    if slope != 1:
        values *= dtype.type(slope)
    values += dtype.type(intercept)
    return values


def _looked_up(dataset: Dataset, stored: NDArray[np.generic]) -> Rescaled:
    """Map values by the modality LUT; those below its first or above its last entry take that.

    pydicom's own function takes a first value of -1024, written as 64512, for 64512, and overflows
    where values and first value lie far apart.
    """
    item = dataset.ModalityLUTSequence[0]
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    table = lut_entries(item.LUTData, count or 1 << 16, little=_is_little_endian(dataset))
    if not 0 < bits <= 16 or table.max(initial=0) >= 1 << bits:
        raise ValueError("entries wider than the descriptor says")
    place = np.asarray(stored, dtype=np.int32) - _as_stored(dataset, first)
    return table[np.clip(place, 0, len(table) - 1)]


def lut_entries(data: object, count: int, *, little: bool = True) -> NDArray[np.int32]:
    """Entries of a lookup table, whether they were parsed to numbers, or are 8 or 16 bit wide.

    Raises
    ------
    ValueError
        If there are not as many as the descriptor says.
    """
    if isinstance(data, bytes):
        wide = len(data) >= 2 * count
        table = np.frombuffer(data, ("<u2" if little else ">u2") if wide else np.uint8)[:count]
    else:
        table = np.atleast_1d(np.asarray(data))
    if len(table) != count:
        raise ValueError("entries are missing")
    return table.astype(np.int32)


def _is_little_endian(dataset: Dataset) -> bool:
    return text(dataset.file_meta, "TransferSyntaxUID") != ExplicitVRBigEndian


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
