"""Tell whether two files that claim to be one image are one image."""

import numpy as np
from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_values import integer, numbers, texts
from cctrack.io.found import Member
from cctrack.io.pixels import decode_any


def require_decodable(member: Member) -> None:
    """Decode the first frame of a file; raises `UnreadableImage` when that fails."""
    with MemberReader() as reader:
        decode_any(parse(reader.read(member)))


def same_bytes(one: Member, other: Member) -> bool:
    """Whether two files hold the same bytes; False when one of them cannot be read."""
    if one.size != other.size:
        return False
    try:
        with MemberReader() as reader:
            return reader.read(one) == reader.read(other)
    except UnreadableImage:
        return False


def same_pixels(one: Member, other: Member) -> bool:
    """Whether two DICOM files decode to the same pixels of the same meaning."""
    try:
        with MemberReader() as reader:
            before, after = parse(reader.read(one)), parse(reader.read(other))
        frames = integer(before, "NumberOfFrames"), integer(after, "NumberOfFrames")
        if frames[0] != frames[1] or _meaning(before) != _meaning(after):
            return False
        return all(
            np.array_equal(decode_any(before, frame), decode_any(after, frame))
            for frame in range(max(1, frames[0]))
        )
    except UnreadableImage:
        return False


_MEANING = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "PhotometricInterpretation",
)
"""Equal pixels are one image only where these agree too."""


def _meaning(dataset: Dataset) -> tuple[tuple[object, ...], ...]:
    # As numbers where they are: an archive may rewrite 1 as 1.000000.
    values = (texts(dataset, tag) for tag in _MEANING)
    return tuple(numbers(value) or value for value in values)
