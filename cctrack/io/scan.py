"""Find every image in files, folders and archives from headers, and refuse the rest by name."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from cctrack.io.dicom_batch import DicomBatch
from cctrack.io.examine import Contents, Seen, Sighting, examine
from cctrack.io.found import Found, Member
from cctrack.io.repeats import without_repeats
from cctrack.io.runner import Lost, Run, run_here
from cctrack.io.sources import printable_name
from cctrack.model import Because, Modality, Refused

CHUNK_FILES = 64
"""Files looked at together: enough to make the way to a worker short beside the work."""

CHUNK_MEMBERS = 2000
"""The same in an archive, whose directory has to be read, or which is unpacked, for each chunk."""


def scan(
    paths: Sequence[Path | Member], run: Run = run_here, *, modality: Modality | None = None
) -> Iterator[Found | Refused]:
    """Look through files, folders and zip archives, reading headers only.

    Refusals come as they are met, then pictures, then DICOM images: whether a picture was given
    twice, or a series is complete, is only known when everything was seen. Every file given ends
    in exactly one outcome, or is one of the members of one.

    Parameters
    ----------
    paths : sequence of Path or Member
        Folders are searched through, in the order of their names; a member is one file that an
        earlier scan has found.
    run : Run
        Where files are opened: here, or in workers that survive a file that kills them.
    modality : Modality or None
        With ``xray``, grey secondary captures that name no modality are films, not refused.

    Yields
    ------
    Found or Refused
    """
    batch = DicomBatch(captures_are_films=modality is Modality.XRAY)
    pictures: list[Found] = []
    items = (item for path in paths for item in _walk(path))
    given = _look(items, CHUNK_FILES, run)
    # Lazily: what indexes name is known once everything that was given has been seen.
    named = _look(batch.named_files(), CHUNK_FILES, run)
    for seen in chain(given, named):
        if isinstance(seen, Sighting):
            batch.add(seen)
        elif isinstance(seen, Member):
            batch.mention(seen)
        elif isinstance(seen, Found):
            pictures.append(seen)
        else:
            yield seen
    yield from without_repeats(pictures, run)
    yield from batch.outcomes(run)


def _look(
    items: Iterable[Member | Refused], chunk: int, run: Run
) -> Iterator[Member | Found | Refused | Sighting]:
    """Yield each file, then what was seen in it; archives are looked into in their turn."""
    listed = list(items)
    yield from (item for item in listed if isinstance(item, Refused))
    members = [item for item in listed if isinstance(item, Member)]
    yield from members
    chunks = [tuple(members[at : at + chunk]) for at in range(0, len(members), chunk)]
    for looked_at, outcome in zip(chunks, run(examine, chunks), strict=True):
        for seen in _one_by_one(looked_at, run) if isinstance(outcome, Lost) else outcome:
            if isinstance(seen, Contents):
                yield from _look(seen.items, CHUNK_MEMBERS, run)
            else:
                yield seen


def _one_by_one(members: Sequence[Member], run: Run) -> Iterator[Seen]:
    """Look again at files of which one cost a worker its life, to find out which."""
    alone = [(member,) for member in members]
    for (member,), outcome in zip(alone, run(examine, alone), strict=True):
        if isinstance(outcome, Lost):
            yield Refused(member.name, outcome.because, outcome.detail)
        else:
            yield from outcome


def _walk(path: Path | Member) -> Iterator[Member | Refused]:
    """Every file below a path, named relative to it."""
    if isinstance(path, Member):
        yield path
        return
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
        try:
            yield from _at(entry, root)
        except OSError as error:
            # A link that leads to itself, for one: what lies beside it is still read.
            detail = f"could not be opened: {error.strerror}"
            yield Refused(_name_in(entry, root), Because.UNREADABLE_PIXELS, detail)


def _at(entry: "os.DirEntry[str]", root: Path) -> Iterator[Member | Refused]:
    inside, name = Path(entry.path), _name_in(entry, root)
    if entry.is_dir(follow_symlinks=False):
        yield from _files_in(inside, root)
    elif entry.is_dir():
        # Following links to folders could lead in circles, or out of what was given.
        yield Refused(name, Because.NOT_AN_IMAGE, "a link to a folder is not followed")
    elif entry.is_file():
        yield _member(inside, name)
    else:
        yield Refused(name, Because.NOT_AN_IMAGE, "a broken link or a device")


def _name_in(entry: "os.DirEntry[str]", root: Path) -> str:
    return printable_name(Path(entry.path).relative_to(root).as_posix())


def _member(path: Path, name: str) -> Member:
    try:
        return Member(name, path, (), path.stat().st_size)
    except OSError:
        return Member(name, path)
