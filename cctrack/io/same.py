"""Fingerprints by which two files that claim to be one image can be told to be one image."""

import hashlib

from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_values import integer, numbers, texts
from cctrack.io.found import Member
from cctrack.io.pixels import decode_any
from cctrack.io.sources import hash_bytes

Fingerprint = tuple[object, ...]
"""Equal for equal images."""


def bytes_of(member: Member) -> Fingerprint:
    """Fingerprint of a file's bytes; of its own kind when they cannot be read."""
    try:
        with MemberReader() as reader:
            return (hash_bytes(reader.read(member)),)
    except UnreadableImage:
        return (member.name, member.entries)


def image_of(member: Member) -> Fingerprint:
    """Fingerprint of the pixels of a DICOM file and of what they mean, however they are packed.

    Raises
    ------
    UnreadableImage
        If a frame does not decode.
    """
    with MemberReader() as reader:
        dataset = parse(reader.read(member))
    digest = hashlib.sha256()
    for frame in range(max(1, integer(dataset, "NumberOfFrames"))):
        values = decode_any(dataset, frame)
        digest.update(repr(values.shape).encode("ascii"))
        for row in values:
            # One width for all: equal values may be stored in 8, 16 or 32 bits.
            digest.update(row.astype("<i8").tobytes())
    return (digest.hexdigest(), _meaning(dataset))


_MEANING = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "PhotometricInterpretation",
)
"""Equal pixels are one image only where these agree too."""


def _meaning(dataset: Dataset) -> Fingerprint:
    # As numbers where they are: an archive may rewrite 1 as 1.000000.
    values = (texts(dataset, tag) for tag in _MEANING)
    return tuple(numbers(value) or value for value in values)
