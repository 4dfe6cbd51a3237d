"""Read a CT series in Hounsfield units."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.io.dicom_values import number, text, texts
from cctrack.io.found import Found
from cctrack.io.image_types import blended
from cctrack.io.plausible import EMPTY_BELOW_HU, Offset, require_possible
from cctrack.io.stored import Rescaled, padding_mask, rescaled
from cctrack.io.volume import AIR_HU, Stack, decoded_slices
from cctrack.model import Acquisition, Ct

_INT16 = np.iinfo(np.int16)

SOFT_HU = (-200, 100)
"""Padding of such a value cannot be told from tissue: it counts where it reaches the border of the
slice, and inside it does no harm, being far below every threshold for calcium."""


def read_ct(found: Found) -> Ct:
    """Decode a CT: HU by each slice's own rescale, padding marked, geometry from positions.

    Raises
    ------
    UnreadableImage
        If a slice cannot be decoded, or two claim one position with different pixels.
    """
    stack = Stack(found, np.int16)
    offset = Offset()
    first: Dataset | None = None
    for piece in decoded_slices(found, hounsfield):
        offset.add(piece.values, piece.outside)
        stack.add(piece)
        first = first or piece.dataset
    offset.require_none()
    geometry = stack.geometry()
    return Ct(
        hu=stack.values.astype(np.int16, copy=False),
        affine=geometry.affine,
        scale=geometry.scale,
        acquisition=acquisition_of(first or Dataset()),
        padding=stack.padding,
        acquired=found.acquired,
        flags=geometry.flags | stack.flags,
        provenance=stack.provenance,
    )


def hounsfield(
    dataset: Dataset, stored: NDArray[np.generic]
) -> tuple[NDArray[np.int16], NDArray[np.bool_] | None]:
    """Hounsfield units of one slice, and where it holds no data.

    Parameters
    ----------
    dataset : Dataset
    stored : int array (rows, columns)

    Returns
    -------
    hu : int16 array (rows, columns)
        `AIR_HU` where there are no data.
    outside : bool array (rows, columns) or None
        None when there are data everywhere.

    Raises
    ------
    UnreadableImage
        If the values cannot be HU.
    """
    values = rescaled(dataset, stored)
    outside = _true_padding(padding_mask(dataset, stored), values)
    require_possible(values, outside)
    if values.min() < EMPTY_BELOW_HU:
        empty = values < EMPTY_BELOW_HU
        outside = empty if outside is None else outside | empty
    hu = _in_16_bits(values)
    if outside is not None:
        hu[outside] = AIR_HU
    return hu, outside


def _in_16_bits(values: Rescaled) -> NDArray[np.int16]:
    if values.dtype != np.int16:
        whole = values if values.dtype.kind == "i" else np.rint(values)
        values = np.clip(whole, _INT16.min, _INT16.max)
    return values.astype(np.int16, copy=False)


def _true_padding(
    marked: NDArray[np.bool_] | None, values: NDArray[np.generic]
) -> NDArray[np.bool_] | None:
    """Leave out marked pixels that are as likely tissue of the same value."""
    if marked is None:
        return None
    padded = values[marked]
    if float(padded.min()) < SOFT_HU[0] or float(padded.max()) > SOFT_HU[1]:
        return marked
    from scipy import ndimage

    regions, _ = ndimage.label(marked)
    border = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    reaching = np.isin(regions, np.unique(border[border > 0]))
    return reaching if reaching.any() else None


def acquisition_of(dataset: Dataset) -> Acquisition:
    """How the first slice was made; what the file does not say stays None or empty."""
    kvp = number(dataset, "KVP")
    if blended(texts(dataset, "ImageType")):
        kvp = None
    return Acquisition(
        kvp=kvp if kvp is not None and kvp > 0 else None,
        kernel=text(dataset, "ConvolutionKernel"),
        slice_thickness_mm=number(dataset, "SliceThickness"),
        contrast=_has_contrast(dataset),
        manufacturer=text(dataset, "Manufacturer"),
        field_of_view_mm=number(dataset, "ReconstructionDiameter"),
    )


_NO_CONTRAST = frozenset({"", "NONE", "NO", "N", "0", "OFF"})
"""What scanners write into ContrastBolusAgent when none was given."""


def _has_contrast(dataset: Dataset) -> bool:
    agent = text(dataset, "ContrastBolusAgent").upper()
    return agent not in _NO_CONTRAST or bool(dataset.get("ContrastBolusAgentSequence"))
