"""Look at single files, headers only: a picture, a DICOM file, an archive, or a refusal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader, unpack
from cctrack.io.classify import SLICES, kind_of
from cctrack.io.dicom_file import parse_header, parse_partial_header, pick_header
from cctrack.io.dicom_header import Header, read_header
from cctrack.io.dicomdir import Index, is_index, read_index
from cctrack.io.enhanced import expand, is_enhanced
from cctrack.io.found import Found, Kind, Member, Packing, Technique
from cctrack.io.photo import read_picture_header
from cctrack.io.shield import shielded
from cctrack.io.sniff import FileType, file_type, is_mask_name, other_archive
from cctrack.io.technique import read_technique
from cctrack.io.transfer import is_incomplete
from cctrack.model import Because, Modality, Refused

START_BYTES = 32 << 10
"""32 KiB tell what a file is, and hold the whole header of most DICOM files."""

HEADER_BYTES = 1 << 18
"""256 KiB hold the header of nearly every image; unpacking more only to list it takes time."""

_REFUSED_TYPES = {
    FileType.EMPTY: (Because.EMPTY, "0 bytes"),
    FileType.ENCRYPTED: (Because.ENCRYPTED, "an encrypted DICOM file"),
    FileType.NIFTI: (Because.NOT_AN_IMAGE, "NIfTI or gzip holds no acquisition; DICOM is needed"),
    FileType.OTHER: (Because.NOT_AN_IMAGE, "neither DICOM nor a picture"),
}

_PICTURE_PACKING = {
    "JPEG": Packing.LOSSY,
    "MPO": Packing.LOSSY,
    "HEIF": Packing.LOSSY,
    "PNG": Packing.LOSSLESS,
}
"""Of the formats that are always packed in one way; TIFF and WebP can be either."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One DICOM file that was looked at.

    Attributes
    ----------
    header : Header
        Of the file as a whole.
    frames : tuple of Header
        What it adds to images: one header, or one for each frame; empty when it is refused.
    kind : Kind or None
        How it is decoded; None when it is refused.
    refused : (Because, str) or None
        Why nothing can be measured on it.
    index : Index or None
        What it names, when it is a DICOMDIR.
    """

    header: Header
    frames: tuple[Header, ...] = ()
    kind: Kind | None = None
    refused: tuple[Because, str] | None = None
    index: Index | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """An archive that was opened: its members, not yet looked at, and what must not be opened."""

    items: tuple[Member | Refused, ...]


Seen = Found | Refused | Sighting | Contents


def examine(members: Sequence[Member]) -> tuple[Seen, ...]:
    """Look at some files, best those of one archive, which is then opened once.

    Never raises for bad input; importable by name, so that a worker process can do it.
    """
    with MemberReader() as reader:
        return tuple(_examined(member, reader) for member in members)


def _examined(member: Member, reader: MemberReader) -> Seen:
    try:
        if is_incomplete(member):
            detail = "part of a transfer that did not end; run it again"
            raise UnreadableImage(Because.INCOMPLETE_TRANSFER, detail)
        head = reader.head(member, START_BYTES)
        kind = file_type(head)
        if kind is FileType.ARCHIVE:
            return _contents(member, reader)
        if kind is FileType.OTHER and other_archive(head):
            detail = f"{other_archive(head)} archives are not read; unpack it, or use zip"
            raise UnreadableImage(Because.UNSUPPORTED_FORMAT, detail)
        _require_image_type(kind, member)
        if kind is FileType.PICTURE:
            return shielded(
                lambda: _picture(member, reader), Because.CRASHED, "looking at it failed"
            )
        return _sighting(_dicom_header(member, reader, head), member)
    except UnreadableImage as error:
        return Refused(member.name, Because(error.because), error.detail)


def _require_image_type(kind: FileType, member: Member) -> None:
    if kind is not FileType.EMPTY and is_mask_name(member.name):
        raise UnreadableImage(Because.MASK, "a mask is never measured as an image")
    if kind in _REFUSED_TYPES:
        raise UnreadableImage(*_REFUSED_TYPES[kind])


def _contents(member: Member, reader: MemberReader) -> Contents | Refused:
    items = tuple(
        item if isinstance(item, Member) else Refused(*item) for item in unpack(member, reader)
    )
    return Contents(items) if items else Refused(member.name, Because.EMPTY, "an empty archive")


def _picture(member: Member, reader: MemberReader) -> Found:
    with reader.open(member) as file:
        header = read_picture_header(file)
    colour = "grey" if header.grey else "colour"
    return Found(
        modality=None if header.grey else Modality.PHOTO,
        source=member.name,
        kind=Kind.PICTURE,
        members=(member,),
        rows=header.rows,
        columns=header.columns,
        acquired=header.acquired,
        description=f"{header.file_format} {colour}",
        technique=Technique(compression=_PICTURE_PACKING.get(header.file_format)),
    )


def _dicom_header(member: Member, reader: MemberReader, head: bytes) -> Dataset:
    picked = pick_header(head)
    if picked is not None:
        return picked
    if member.entries and member.size > HEADER_BYTES:
        dataset = parse_partial_header(reader.head(member, HEADER_BYTES))
        if dataset is not None:
            return dataset
    with reader.open(member) as file:
        return parse_header(file)


def _sighting(dataset: Dataset, member: Member) -> Sighting:
    header = shielded(
        lambda: _with_technique(read_header(dataset, member), dataset),
        Because.NOT_AN_IMAGE,
        "no readable DICOM header",
    )
    if is_index(dataset):
        return Sighting(header, index=read_index(dataset, member))
    try:
        kind = kind_of(header)
        many = header.frames > 1 or is_enhanced(dataset)
        frames = tuple(_frames(dataset, member)) if many else (header,)
    except UnreadableImage as error:
        return Sighting(header, refused=(Because(error.because), error.detail))
    return Sighting(header, frames, kind)


def _frames(dataset: Dataset, member: Member) -> Iterator[Header]:
    described = shielded(
        lambda: [_with_technique(header, frame) for frame, header in expand(dataset, member)],
        Because.INCONSISTENT_SERIES,
        "frames that are not described",
    )
    return iter(described)


def _with_technique(header: Header, dataset: Dataset) -> Header:
    is_slice = header.modality in SLICES
    return replace(header, technique=read_technique(dataset, is_slice=is_slice))
