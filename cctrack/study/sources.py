"""Where the images of a study lie when they were left where they are.

An export's folders and file names can hold a patient's name, and one zip can hold many images. So
``path`` in visits.csv is then a word of ours, ``source:3f2a…``, and
``record/sources/3f2a….json`` (0600) lists the files. Nothing is copied: an image that was moved is
found again by adding it again.
"""

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cctrack.errors import StudyError, UnreadableImage
from cctrack.io import Member, read_members, read_one
from cctrack.io.tables import cell, write_bytes
from cctrack.model import Because, Image, Modality

PREFIX = "source:"
"""How a path in visits.csv begins that stands for files elsewhere."""

SOURCES = Path("record") / "sources"
"""Folder of the lists, relative to the study; readable by its owner only."""


def read_visit_image(root: Path, path: str, modality: Modality) -> Image:
    """Read the image of a line of visits.csv.

    Parameters
    ----------
    root : Path
        The study folder.
    path : str
        As in visits.csv.
    modality : Modality

    Raises
    ------
    UnreadableImage
        As `cctrack.io.read_one`.
    """
    if not path.startswith(PREFIX):
        return read_one(root / path, modality=modality)
    return read_members(visit_members(root, path), modality=modality)


def visit_files(root: Path, path: str) -> tuple[Path, ...]:
    """List the files on disk that a line of visits.csv rests on; those that are gone too."""
    if path.startswith(PREFIX):
        return tuple(dict.fromkeys(member.path for member in visit_members(root, path)))
    given = root / path
    return tuple(sorted(given.rglob("*"))) if given.is_dir() else (given,)


def visit_members(root: Path, path: str) -> tuple[Member, ...]:
    """Files that a path like ``source:3f2a…`` stands for.

    Raises
    ------
    UnreadableImage
        If the study has no list of that name, or it cannot be understood.
    """
    try:
        said = json.loads(_list_of(root, path.removeprefix(PREFIX)).read_text(encoding="utf-8"))
        folder = _folder(root, said)
        # A number for a name: the real one could be a person's, and end in a message.
        return tuple(
            Member(str(number), folder / name, tuple(entries), size)
            for number, (name, entries, size) in enumerate(said["files"], start=1)
        )
    except (OSError, ValueError, KeyError, TypeError):
        detail = "the study's list of its files is missing or damaged; add the image again"
        raise UnreadableImage(Because.NOT_FOUND, detail) from None


def write_source(root: Path, name: str, path: str, members: Sequence[Member]) -> None:
    """Remember where an image lies; what was known of one of that name is replaced.

    Parameters
    ----------
    root : Path
    name : str
        From the image's content.
    path : str
        As in visits.csv.
    members : sequence of Member
    """
    where = [member.path.resolve() for member in members]
    folder = Path(os.path.commonpath([path.parent for path in where]))
    said = {
        "path": path,
        "folder": str(folder),
        "from_study": _relative(folder, root),
        "files": [
            [path.relative_to(folder).as_posix(), list(member.entries), member.size]
            for path, member in zip(where, members, strict=True)
        ],
    }
    place = _list_of(root, name)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_bytes(place, json.dumps(said).encode("ascii"), private=True)


def add_names(root: Path, paths: Sequence[str], sources: Sequence[str]) -> None:
    """Write down, for its owner only, which file each path in visits.csv stands for.

    Nobody could fill in a line otherwise; ``record/sources.csv`` is never read by cctrack.
    """
    place = root / SOURCES.with_suffix(".csv")
    text = place.read_text(encoding="utf-8") if place.exists() else "path,source\n"
    stream = io.StringIO()
    rows = ([cell(path), cell(source)] for path, source in zip(paths, sources, strict=True))
    csv.writer(stream, lineterminator="\n").writerows(rows)
    write_bytes(place, f"{text}{stream.getvalue()}".encode(), private=True)


def known_path(root: Path, name: str) -> str:
    """Path in visits.csv under which an image was added before; empty when it was not."""
    try:
        return str(json.loads(_list_of(root, name).read_text(encoding="ascii"))["path"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _list_of(root: Path, name: str) -> Path:
    if not name.isalnum():
        raise StudyError(f"{PREFIX} must be followed by letters and digits in visits.csv")
    return root / SOURCES / f"{name}.json"


def _folder(root: Path, said: dict[str, str]) -> Path:
    """Where the files lie now: beside the study, when both were moved, else where they were."""
    beside = root / said["from_study"]
    return beside if said["from_study"] and beside.is_dir() else Path(said["folder"])


def _relative(folder: Path, root: Path) -> str:
    try:
        return os.path.relpath(folder, root.resolve())
    except ValueError:  # Another drive.
        return ""
