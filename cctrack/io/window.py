"""The grey values between which a radiograph's file asks to be shown; for display only."""

import numpy as np
from pydicom import Dataset

from cctrack.io.dicom_values import number, raw, text
from cctrack.io.stored import lut_entries

Window = tuple[float, float]


def display_window(dataset: Dataset) -> Window | None:
    """Lowest and highest grey value of the first window, in units after the modality LUT.

    Returns
    -------
    tuple of float or None
        None where the file asks for none, or for an empty one. Nothing is inverted here.
    """
    centre, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if centre is None or width is None:
        return _lut_window(dataset)
    function = text(dataset, "VOILUTFunction").upper()
    if function not in ("LINEAR_EXACT", "SIGMOID"):
        # PS3.3 C.11.2.1.2.1: the formula of LINEAR counts the grey levels themselves.
        centre, width = centre - 0.5, width - 1.0
    return (centre - width / 2, centre + width / 2) if width > 0 else None


def _lut_window(dataset: Dataset) -> Window | None:
    """Stretch in which a lookup table rises, or falls, from one end of its output to the other."""
    items = raw(dataset, "VOILUTSequence")
    try:
        item = items[0]  # type: ignore[index]
        count, first, _ = (int(value) for value in item.LUTDescriptor)
        table = lut_entries(item.LUTData, count or 1 << 16)
    except Exception:
        # Whatever is wrong with a table that only serves display: the image is shown without it.
        return None
    first = first - (1 << 16) if first >= 1 << 15 and _is_signed(dataset) else first
    changing = np.flatnonzero(np.diff(table))
    if not changing.size:
        return None
    return float(first + changing[0]), float(first + changing[-1] + 1)


def _is_signed(dataset: Dataset) -> bool:
    return text(dataset, "PixelRepresentation") == "1"
