"""Make sure that bytes are a whole DICOM file, and say which instance it is."""

import re
from dataclasses import astuple, dataclass

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from cctrack.errors import NotGiven, UnreadableImage
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_values import text
from cctrack.io.shield import shielded
from cctrack.model import Because

MAX_INSTANCE_BYTES = 1 << 30
"""1 GiB, as for a file in an archive: far above any single image, below what memory holds."""

_UNDEFINED_LENGTH = 0xFFFFFFFF
_SEQUENCE_END = (b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xfe\xe0\xdd\0\0\0\0")
"""Sequence delimitation item, little and big endian."""

_SHORTEST_ELEMENT = 8
"""Fewer bytes behind the last element are padding: no element fits into them."""

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData", "PixelDataProviderURL")

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_UID = 64


@dataclass(frozen=True, slots=True)
class InstanceUids:
    """What names one instance."""

    study: str
    series: str
    instance: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A DICOM file that came whole."""

    uids: InstanceUids
    modality: str


def is_uid(value: object) -> bool:
    """Whether a value is a UID (PS3.5 9.1), lenient with leading zeros.

    Examples
    --------
    >>> is_uid("1.2.840.10008.1.2"), is_uid("../../1.2")
    (True, False)
    """
    return isinstance(value, str) and len(value) <= _LONGEST_UID and bool(_UID.fullmatch(value))


def shown_modality(value: object) -> str:
    """Return a modality code (PS3.3 C.7.3.1.1.1) as it may be printed, ``?`` when it is none."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Z]{2,16}", value) else "?"


def read_instance(data: bytes) -> Instance:
    """Parse a DICOM file and make sure that its end is there.

    Raises
    ------
    NotGiven
        If it is no DICOM, ends early, or its UIDs are none.
    """
    try:
        instance, whole = shielded(lambda: _read(data), Because.UNREADABLE_PIXELS, "")
    except UnreadableImage:
        raise NotGiven("what came is no readable DICOM file") from None
    if not whole:
        raise NotGiven("what came is no whole DICOM file")
    if not all(map(is_uid, astuple(instance.uids))):
        raise NotGiven("what came has no valid study, series and instance UID")
    return instance


def _read(data: bytes) -> tuple[Instance, bool]:
    dataset = parse(data)
    names = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    uids = InstanceUids(*(text(dataset, name) for name in names))
    whole = _ends(dataset, len(data), data[-_SHORTEST_ELEMENT:]) and _has_its_pixels(dataset)
    return Instance(uids, shown_modality(text(dataset, "Modality"))), whole


def _has_its_pixels(dataset: Dataset) -> bool:
    """Whether pixels are there if it is an image: a file can be cut between two elements."""
    if "Image" not in UID(text(dataset, "SOPClassUID")).name:
        return True
    return any(name in dataset for name in _PIXELS)


def _ends(dataset: Dataset, size: int, tail: bytes) -> bool:
    """Whether the last element reaches the end of the file.

    pydicom reads what is there: of an element that is cut it keeps the part, and where a
    sequence is cut it drops the sequence.
    """
    tags = list(dataset.keys())
    if not tags:
        return False
    last: object = dataset.get_item(tags[-1])
    if not isinstance(last, RawDataElement) or last.length == _UNDEFINED_LENGTH:
        return _deflated(dataset) or tail in _SEQUENCE_END
    if len(last.value or b"") < last.length:
        return False
    # Positions in a deflated file count from another start than its bytes.
    return _deflated(dataset) or size < last.value_tell + last.length + _SHORTEST_ELEMENT


def _deflated(dataset: Dataset) -> bool:
    syntax = dataset.file_meta.get("TransferSyntaxUID", "")
    return bool(syntax == DeflatedExplicitVRLittleEndian)
