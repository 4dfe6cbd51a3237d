"""Find every image in files, folders and archives from headers, and refuse the rest by name."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader, unpack
from cctrack.io.dicom_batch import DicomBatch
from cctrack.io.dicom_file import parse_header, parse_partial_header
from cctrack.io.found import Found, Kind, Member
from cctrack.io.photo import read_picture_header
from cctrack.io.shield import shielded
from cctrack.io.sniff import FileType, file_type, is_mask_name
from cctrack.io.sources import printable_name
from cctrack.model import Because, Modality, Refused

HEADER_BYTES = 1 << 18
"""256 KiB hold the header of nearly every image; unpacking more only to list it takes time."""

_REFUSED_TYPES = {
    FileType.EMPTY: (Because.EMPTY, "0 bytes"),
    FileType.HEIC: (Because.MISSING_DECODER, "HEIC is not read; export it as JPEG or PNG"),
    FileType.ENCRYPTED: (Because.ENCRYPTED, "an encrypted DICOM file"),
    FileType.NIFTI: (Because.NOT_AN_IMAGE, "NIfTI or gzip holds no acquisition; DICOM is needed"),
    FileType.OTHER: (Because.NOT_AN_IMAGE, "neither DICOM nor a picture"),
}


def scan(paths: Sequence[Path]) -> Iterator[Found | Refused]:
    """Look through files, folders and zip archives, reading headers only.

    Pictures and refusals come as they are met; DICOM images come last, since a series is only
    complete when everything was seen. Every file given ends in exactly one outcome, or is one
    of the members of one.

    Parameters
    ----------
    paths : sequence of Path
        Folders are searched through, in the order of their names.

    Yields
    ------
    Found or Refused
    """
    batch = DicomBatch()
    with MemberReader() as reader:
        for path in paths:
            for item in _walk(path):
                if isinstance(item, Refused):
                    yield item
                else:
                    yield from _examined(item, reader, batch)
    yield from batch.outcomes()


def _walk(path: Path) -> Iterator[Member | Refused]:
    """Every file below a path, named relative to it."""
    try:
        yield from _below(path)
    except OSError as error:
        detail = f"could not be opened: {error.strerror}"
        yield Refused(printable_name(path.name), Because.UNREADABLE_PIXELS, detail)


def _below(path: Path) -> Iterator[Member | Refused]:
    name = printable_name(path.name)
    if path.is_file():
        yield _member(path, name)
    elif path.is_dir():
        items = _files_in(path, path)
        first = next(items, None)
        if first is not None:
            yield first
            yield from items
        else:
            yield Refused(name, Because.EMPTY, "an empty folder")
    elif path.exists():
        yield Refused(name, Because.NOT_AN_IMAGE, "neither a file nor a folder")
    else:
        yield Refused(name, Because.NOT_FOUND, "no such file or folder")


def _files_in(folder: Path, root: Path) -> Iterator[Member | Refused]:
    name = printable_name(folder.relative_to(root).as_posix())
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refused(name, Because.UNREADABLE_PIXELS, f"could not be opened: {error.strerror}")
        return
    for entry in entries:
        inside = Path(entry.path)
        name = printable_name(inside.relative_to(root).as_posix())
        if entry.is_dir(follow_symlinks=False):
            yield from _files_in(inside, root)
        elif entry.is_dir():
            # Following links to folders could lead in circles, or out of what was given.
            yield Refused(name, Because.NOT_AN_IMAGE, "a link to a folder is not followed")
        elif entry.is_file():
            yield _member(inside, name)
        else:
            yield Refused(name, Because.NOT_AN_IMAGE, "a broken link or a device")


def _member(path: Path, name: str) -> Member:
    try:
        return Member(name, path, (), path.stat().st_size)
    except OSError:
        return Member(name, path)


def _examined(member: Member, reader: MemberReader, batch: DicomBatch) -> Iterator[Found | Refused]:
    """Outcome of one file; none yet for DICOM, which the batch keeps; many for an archive."""
    try:
        kind = file_type(reader.head(member))
        if kind is FileType.ARCHIVE:
            yield from _unpacked(member, reader, batch)
            return
        _require_image_type(kind, member)
        if kind is FileType.PICTURE:
            yield shielded(
                lambda: _picture(member, reader), Because.CRASHED, "looking at it failed"
            )
        else:
            batch.add(_dicom_header(member, reader), member)
    except UnreadableImage as error:
        yield Refused(member.name, Because(error.because), error.detail)


def _require_image_type(kind: FileType, member: Member) -> None:
    if kind is not FileType.EMPTY and is_mask_name(member.name):
        raise UnreadableImage(Because.MASK, "a mask is never measured as an image")
    if kind in _REFUSED_TYPES:
        raise UnreadableImage(*_REFUSED_TYPES[kind])


def _unpacked(member: Member, reader: MemberReader, batch: DicomBatch) -> Iterator[Found | Refused]:
    contents: Iterable[Member | tuple[str, Because, str]] = list(unpack(member, reader))
    if not contents:
        yield Refused(member.name, Because.EMPTY, "an empty archive")
    for item in contents:
        if isinstance(item, Member):
            yield from _examined(item, reader, batch)
        else:
            yield Refused(*item)


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
    )


def _dicom_header(member: Member, reader: MemberReader) -> Dataset:
    if member.entries and member.size > HEADER_BYTES:
        dataset = parse_partial_header(reader.head(member, HEADER_BYTES))
        if dataset is not None:
            return dataset
    with reader.open(member) as file:
        return parse_header(file)
