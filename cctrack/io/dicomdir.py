"""Read a DICOMDIR, the index of a disc: which files it names, and which series they belong to.

Files are found by looking at all of them, because an index can be stale. It tells one thing that
the files cannot: what ought to be there (`cctrack.io.disc`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    MediaStorageDirectoryStorage,
    MRImageStorage,
)

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_values import integer, raw, text, texts
from cctrack.io.found import Member
from cctrack.io.shield import shielded
from cctrack.model import Because

MAX_RECORDS = 200_000
"""Four times the files that an archive may hold: patients, studies and series come on top."""

MAX_PARTS = 16
"""Folders on the way to a file; the standard allows 8 (PS3.10 8.5)."""

MAX_PART_LETTERS = 64
"""Letters of a folder or file; the standard allows 8, writers that ignore it stay below this."""

_FIRST = "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity"
_NEXT = "OffsetOfTheNextDirectoryRecord"
_LOWER = "OffsetOfReferencedLowerLevelDirectoryEntity"
_SLICES = frozenset(
    {
        CTImageStorage,
        EnhancedCTImageStorage,
        EnhancedMRImageStorage,
        LegacyConvertedEnhancedCTImageStorage,
        LegacyConvertedEnhancedMRImageStorage,
        MRImageStorage,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that an index names.

    Attributes
    ----------
    path : tuple of str
        Folders and file, relative to the index.
    sop_uid, series_uid : str
        Empty when the index does not say.
    is_image : bool
        Whether it is an image, and not a report or a presentation state.
    is_slice : bool
        Whether it is a slice of a CT or MR.
    """

    path: tuple[str, ...]
    sop_uid: str = ""
    series_uid: str = ""
    is_image: bool = True
    is_slice: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """A DICOMDIR.

    Attributes
    ----------
    member : Member
    entries : tuple of Entry
        Empty when it is damaged: what it says cannot be trusted then.
    damage : str
        What is wrong with it; empty for a sound one.
    """

    member: Member
    entries: tuple[Entry, ...] = ()
    damage: str = ""


def is_index(dataset: Dataset) -> bool:
    """Whether a file is a DICOMDIR, whatever its name."""
    meta = getattr(dataset, "file_meta", None) or Dataset()
    classes = text(meta, "MediaStorageSOPClassUID"), text(dataset, "SOPClassUID")
    return MediaStorageDirectoryStorage in classes or "DirectoryRecordSequence" in dataset


def read_index(dataset: Dataset, member: Member) -> Index:
    """Take the named files out of a DICOMDIR; a broken one is returned as damaged, never raised."""
    try:
        entries = shielded(
            lambda: tuple(_entries(dataset)), Because.NOT_AN_IMAGE, "records that make no sense"
        )
    except UnreadableImage as error:
        return Index(member, damage=error.detail)
    return Index(member, entries)


def _entries(dataset: Dataset) -> Iterator[Entry]:
    records = raw(dataset, "DirectoryRecordSequence")
    if not isinstance(records, Sequence):
        raise _damage("no directory records")
    if len(records) > MAX_RECORDS:
        raise _damage(f"{len(records)} records, at most {MAX_RECORDS}")
    for record, series_uid in _reached(records, integer(dataset, _FIRST)):
        if texts(record, "ReferencedFileID"):
            yield _entry(record, series_uid)


def _reached(records: Sequence[Dataset], first: int) -> Iterator[tuple[Dataset, str]]:
    """Follow the offsets: records in use, each with the series that it is below."""
    at = {int(getattr(record, "seq_item_tell", 0)): record for record in records}
    left = [(first, "")]
    while left:
        offset, series_uid = left.pop()
        if offset == 0:
            continue
        record = at.pop(offset, None)
        if record is None:
            raise _damage("record offsets that lead in circles or to nowhere")
        left.append((integer(record, _NEXT), series_uid))
        if raw(record, "RecordInUseFlag") == 0:
            continue
        if text(record, "DirectoryRecordType").upper() == "SERIES":
            series_uid = text(record, "SeriesInstanceUID")
        left.append((integer(record, _LOWER), series_uid))
        yield record, series_uid


def _entry(record: Dataset, series_uid: str) -> Entry:
    sop_class = text(record, "ReferencedSOPClassUIDInFile")
    return Entry(
        path=_path(texts(record, "ReferencedFileID")),
        sop_uid=text(record, "ReferencedSOPInstanceUIDInFile"),
        series_uid=series_uid,
        is_image=text(record, "DirectoryRecordType").upper() == "IMAGE",
        is_slice=sop_class in _SLICES,
    )


def _path(values: Sequence[str]) -> tuple[str, ...]:
    """Folders and file of a Referenced File ID; some writers put it into one value with slashes."""
    joined = "/".join(values).replace("\\", "/")
    parts = tuple(part for part in joined.split("/") if part not in ("", "."))
    if ".." in parts or not parts or any(":" in part for part in parts):
        raise _damage("it names files outside its own folder")
    if len(parts) > MAX_PARTS or max(map(len, parts)) > MAX_PART_LETTERS:
        raise _damage("file names that no disc can hold")
    return parts


def _damage(detail: str) -> UnreadableImage:
    return UnreadableImage(Because.NOT_AN_IMAGE, detail)
