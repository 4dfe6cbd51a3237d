"""Read a CT series in Hounsfield units."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.io.dicom_header import number, text
from cctrack.io.found import Found
from cctrack.io.stored import padding_mask, rescaled
from cctrack.io.volume import AIR_HU, Stack, decoded_slices, series_provenance
from cctrack.model import Acquisition, Ct

_INT16 = np.iinfo(np.int16)


def read_ct(found: Found) -> Ct:
    """Decode a CT: HU by each slice's own rescale, padding marked, geometry from positions.

    Raises
    ------
    UnreadableImage
        If a slice cannot be decoded, or two claim one position with different pixels.
    """
    stack = Stack(found, np.int16)
    digests: list[str] = []
    first = Dataset()
    for dataset, header, stored in decoded_slices(found, digests):
        outside = padding_mask(dataset, stored)
        stack.add(dataset, header, _hounsfield(dataset, stored, outside), outside)
        first = first or dataset
    geometry = stack.geometry()
    return Ct(
        hu=stack.values.astype(np.int16, copy=False),
        affine=geometry.affine,
        scale=geometry.scale,
        acquisition=acquisition_of(first),
        padding=stack.padding,
        acquired=found.acquired,
        flags=geometry.flags | stack.flags,
        provenance=series_provenance(found, digests),
    )


def _hounsfield(
    dataset: Dataset, stored: NDArray[np.generic], outside: NDArray[np.bool_] | None
) -> NDArray[np.int16]:
    values = rescaled(dataset, stored)
    whole = values if values.dtype.kind == "i" else np.rint(values)
    hu = np.clip(whole, _INT16.min, _INT16.max).astype(np.int16)
    if outside is not None:
        hu[outside] = AIR_HU
    return hu


def acquisition_of(dataset: Dataset) -> Acquisition:
    """How the first slice was made; what the file does not say stays None or empty."""
    kvp = number(dataset, "KVP")
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
