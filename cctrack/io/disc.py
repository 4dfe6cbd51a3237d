"""Compare what the indexes of discs name with the files that are there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cctrack.io.dicom_header import Header
from cctrack.io.dicomdir import Entry, Index
from cctrack.io.found import Member
from cctrack.io.sources import printable_name
from cctrack.model import Because, Refused

_VERSION = re.compile(r";\d+$")
"""ISO 9660 adds a version to each file name; some copies keep it."""


@dataclass(frozen=True, slots=True)
class DiscReport:
    """What indexes add to what was found.

    Attributes
    ----------
    refused : tuple of Refused
        The indexes themselves, and what they name and nobody gave.
    short : mapping of str to str
        SeriesInstanceUID of series of which slices are missing, and in words how many.
    """

    refused: tuple[Refused, ...]
    short: Mapping[str, str]


def check_indexes(
    indexes: Sequence[Index], members: Iterable[Member], headers: Iterable[Header]
) -> DiscReport:
    """Look for everything that indexes name.

    A file is there when it lies where the index says, in any spelling that discs and copying
    programs make of it, or when any file at all holds the named SOP Instance UID.

    Parameters
    ----------
    indexes : sequence of Index
    members : iterable of Member
        All files of the batch.
    headers : iterable of Header
        All DICOM files of the batch that could be read, refused ones too.
    """
    if not indexes:
        return DiscReport((), {})
    batch = _Batch(members, headers)
    refused: list[Refused] = []
    short: dict[str, str] = {}
    told: set[str] = set()
    for index in indexes:
        lacks = [lack for lack in _lacks(index, batch) if lack.missing]
        refused.append(_row(index, lacks))
        for lack in lacks:
            short.update(lack.short())
            refused += lack.refused(told)
    return DiscReport(tuple(refused), short)


def named_files(
    indexes: Sequence[Index], members: Iterable[Member], headers: Iterable[Header]
) -> Iterator[Member]:
    """Yield files on disk that indexes name and that were not given: the index alone was.

    Only below the index's own folder, and in the index's spelling or in small letters.
    """
    on_disk = [index for index in indexes if not index.member.entries]
    given = {_plain(_address(member)) for member in members} if on_disk else set()
    known = {header.sop_uid for header in headers} - {""}
    for index in on_disk:
        for entry in index.entries:
            target = _target(index, entry)
            if target not in given and entry.sop_uid not in known:
                given.add(target)
                yield from _on_disk(index, entry)


def _on_disk(index: Index, entry: Entry) -> Iterator[Member]:
    folder = index.member.path.parent
    for parts in (entry.path, tuple(part.lower() for part in entry.path)):
        path = folder.joinpath(*parts)
        try:
            size = path.stat().st_size
            # A link must not lead out of the disc.
            inside = path.is_file() and path.resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError):
            # Not there, or a name that this file system cannot hold.
            continue
        if inside:
            name = _folder(index.member.name) + printable_name("/".join(parts))
            yield Member(name, path, (), size)
            return


class _Batch:
    """Files and headers, ready to be looked up."""

    def __init__(self, members: Iterable[Member], headers: Iterable[Header]) -> None:
        self.files = {_plain(_address(member)) for member in members}
        self.by_address: dict[str, Header] = {}
        self.by_uid: dict[str, Header] = {}
        self.series: dict[str, set[str]] = defaultdict(set)
        for header in headers:
            self.by_address[_plain(_address(header.member))] = header
            self.by_uid[header.sop_uid] = header
            self.series[header.series_uid].add(header.sop_uid or header.member.name)

    def header_of(self, index: Index, entry: Entry, named: frozenset[str]) -> Header | None:
        """Find the file of an entry; a file in its place that another entry names is not it."""
        if entry.sop_uid and entry.sop_uid in self.by_uid:
            return self.by_uid[entry.sop_uid]
        header = self.by_address.get(_target(index, entry))
        return None if header is None or header.sop_uid in named else header

    def renamed(self, entries: Sequence[Entry], series_uids: Iterable[str]) -> bool:
        """Whether a series is there under other instance UIDs, as some anonymisers leave it."""
        there = sum(len(self.series.get(uid, ())) for uid in series_uids)
        return there >= len(entries) and not any(entry.sop_uid in self.by_uid for entry in entries)


@dataclass(frozen=True, slots=True)
class _Lack:
    """What one series of an index lacks.

    ``gone`` are the missing files that are nowhere; the others lie there but are no DICOM.
    """

    index: Index
    entries: Sequence[Entry]
    missing: Sequence[Entry]
    gone: Sequence[Entry]
    series_uids: frozenset[str]

    def short(self) -> Mapping[str, str]:
        """Say for each series that lost slices how many; a lost report makes no series short."""
        slices = sum(entry.is_slice for entry in self.entries)
        there = slices - sum(entry.is_slice for entry in self.missing)
        if there == slices:
            return {}
        detail = f"the DICOMDIR names {slices} images of this series, {there} are here"
        return dict.fromkeys(self.series_uids, detail)

    def refused(self, told: set[str]) -> Iterator[Refused]:
        """Yield one line for a series of which nothing is there, else one for each file.

        ``told`` remembers them, so that an index that was given twice tells it once.
        """
        fresh = [entry for entry in self.gone if _target(self.index, entry) not in told]
        told.update(_target(self.index, entry) for entry in fresh)
        names = tuple(_name(self.index, entry) for entry in fresh)
        if len(names) > 1 and len(names) == len(self.entries):
            detail = f"a series of {len(names)} files that the DICOMDIR names is not here"
            yield Refused(names[0], Because.NOT_FOUND, detail, names)
            return
        for name in names:
            yield Refused(name, Because.NOT_FOUND, "the DICOMDIR names it and it is not here")


def _lacks(index: Index, batch: _Batch) -> Iterator[_Lack]:
    named = frozenset(entry.sop_uid for entry in index.entries) - {""}
    series: dict[str, list[Entry]] = defaultdict(list)
    for entry in index.entries:
        series[entry.series_uid or "/".join(entry.path)].append(entry)
    for entries in series.values():
        headers = [batch.header_of(index, entry, named) for entry in entries]
        uids = {header.series_uid for header in headers if header} | {entries[0].series_uid}
        missing = [entry for entry, header in zip(entries, headers, strict=True) if header is None]
        if batch.renamed(entries, uids - {""}):
            missing = []
        gone = [entry for entry in missing if _target(index, entry) not in batch.files]
        yield _Lack(index, entries, missing, gone, frozenset(uids - {""}))


def _row(index: Index, lacking: Iterable[_Lack]) -> Refused:
    """Account for the index itself: it is a file that was given, and no image."""
    if index.damage:
        detail = f"a damaged DICOMDIR index, not used: {index.damage}"
    else:
        images = sum(entry.is_image for entry in index.entries)
        missing = sum(entry.is_image for lack in lacking for entry in lack.missing)
        detail = f"a DICOMDIR index: {images} image{'s' * (images != 1)}, {missing} missing"
    return Refused(index.member.name, Because.NOT_AN_IMAGE, detail)


def _address(member: Member) -> str:
    """Where a file lies; in an archive the archive, the way in and the name."""
    path = member.path.as_posix()
    return f"{path}{member.entries[:-1]}{member.name}" if member.entries else path


def _target(index: Index, entry: Entry) -> str:
    """Where a named file should lie, in the spelling of `_plain`."""
    return _plain(_folder(_address(index.member)) + "/".join(entry.path))


def _name(index: Index, entry: Entry) -> str:
    return _folder(index.member.name) + printable_name("/".join(entry.path))


def _folder(address: str) -> str:
    """Everything up to the file's own name, with the separator."""
    address = address.replace("\\", "/")
    return address[: max(address.rfind("/"), address.rfind("!")) + 1]


def _plain(address: str) -> str:
    """Fold what discs and copying programs change: case, version, extension, separator."""
    folded = _VERSION.sub("", address.replace("\\", "/").casefold())
    return folded.removesuffix(".dcm").removesuffix(".")
