"""Read an outline from DICOM, whatever kind of file holds it."""

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_values import text
from cctrack.io.exchange.read_seg import read_seg
from cctrack.io.exchange.rtstruct import read_rtstruct
from cctrack.io.shield import shielded
from cctrack.model import Because, Image, LabelArray

SEG_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation and Label Map Segmentation Storage."""


def read_dicom_outline(data: bytes, image: Image) -> LabelArray:
    """Read a SEG or RTSTRUCT drawn on an image.

    Parameters
    ----------
    data : bytes
        A whole file.
    image : Image

    Returns
    -------
    uint16 array, shape of the image

    Raises
    ------
    UnreadableImage
        If it is neither, is damaged, or does not belong to the image.
    """
    return shielded(
        lambda: _read(parse(data), image), Because.UNREADABLE_PIXELS, "the mask cannot be read"
    )


def _read(dataset: Dataset, image: Image) -> LabelArray:
    kind = text(dataset, "SOPClassUID")
    if kind in SEG_CLASSES:
        return read_seg(dataset, image)
    if kind == RTStructureSetStorage:
        return read_rtstruct(dataset, image)
    raise UnreadableImage(Because.MASK, "a DICOM mask is a SEG or an RTSTRUCT")
