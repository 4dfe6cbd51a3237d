"""Add images to a study: what is known becomes a line of visits.csv, the rest is left to fill in.

Nothing in an export is changed or copied, and no line that somebody wrote is touched.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.io import Found, Lost, Member, combine_hashes, hash_members, scan
from cctrack.model import Because, Refused
from cctrack.study.folder import VISIT_COLUMNS
from cctrack.study.guess import Line, guess_lines, with_views
from cctrack.study.identity import image_id
from cctrack.study.locking import locked
from cctrack.study.pseudonyms import KEY_FILE, pseudonym, require_distinct, study_key
from cctrack.study.sources import PREFIX, SOURCES, add_names, known_path, write_source
from cctrack.study.visit_table import VisitTable
from cctrack.study.workers import Workers

SAID = "said "
"""Begins what tells a patient apart whom the user names by a pseudonym."""

OWN_FOLDERS = ("record", "results")
"""Folders of a study that hold pictures of ours and no images."""

_OURS = "a picture in the study's own record or results"

HASH_LIMIT_S = 600.0
"""Wall time for reading the files of one image; a CT of 1,500 slices takes seconds."""


@dataclass(frozen=True, slots=True)
class AddOptions:
    """How patients are named.

    Attributes
    ----------
    pseudonyms : mapping of str to str
        Given ones, by what tells patients apart; see `cctrack.study.given`.
    patient_folders : bool
        Every folder directly below a path holds one patient.
    patient, site : str
        Pseudonym and site of images that do not tell; empty where they are not all alike.
    jobs : int
        Worker processes; 0 works in this one.
    progress : callable
        Called with the images read so far, and all that were found.
    """

    pseudonyms: Mapping[str, str] = field(default_factory=dict)
    patient_folders: bool = False
    patient: str = ""
    site: str = ""
    jobs: int = 0
    progress: Callable[[int, int], None] = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the images that were found.

    Attributes
    ----------
    rows : tuple of mapping
        Lines added to visits.csv.
    sources : tuple of str
        File or folder of each, which may hold a name: for the eyes of who adds them only.
    known : int
        Images that the study had already.
    refused : tuple of Refused
    """

    rows: tuple[Mapping[str, str], ...]
    sources: tuple[str, ...]
    known: int
    refused: tuple[Refused, ...]

    @property
    def unfinished(self) -> int:
        """How many of the added lines somebody has to complete."""
        return sum(any(not row[name] for name in VISIT_COLUMNS) for row in self.rows)


def add_images(root: Path, paths: Sequence[Path], options: AddOptions) -> Added:
    """Add a line to visits.csv for every image that is new to the study by its content.

    Parameters
    ----------
    root : Path
        A study folder, perhaps without any visit.
    paths : sequence of Path
        Exports: files, folders, archives.
    options : AddOptions

    Raises
    ------
    StudyError
        If the folder is no study, its key is missing, or two patients would share a pseudonym.
    """
    if not (root / "visits.csv").is_file():
        raise StudyError("visits.csv is missing; cctrack study new makes a study")
    if (root / SOURCES).exists() and not (root / KEY_FILE).exists():
        raise StudyError(
            f"{KEY_FILE.as_posix()} is missing: patients could not be recognised; put it back"
        )
    with Workers(options.jobs) as workers:
        outcomes = list(scan(paths, workers.run))
        found = [item for item in outcomes if isinstance(item, Found)]
        ours = [item for item in found if _is_ours(root, item)]
        images = [item for item in found if item not in ours]
        judged = []
        for item in _named(images, workers):
            judged.append(item)
            options.progress(len(judged), len(images))
    refused = [item for item in (*outcomes, *judged) if isinstance(item, Refused)]
    refused += [Refused(item.source, Because.NOT_AN_IMAGE, _OURS) for item in ours]
    refused.sort(key=lambda item: item.source)
    names = {item.found: item.name for item in judged if isinstance(item, _Named)}
    batch = _Batch(root, study_key(root), options, names)
    lines = tuple(
        _said(line, options)
        for line in guess_lines(list(names), paths, patient_folders=options.patient_folders)
    )
    with locked(root / "record" / ".visits.lock"):
        rows, sources = _append(batch, lines)
    return Added(rows, sources, len(lines) - len(rows), tuple(refused))


@dataclass(frozen=True, slots=True)
class _Named:
    """An image and its id, which is that of its content."""

    found: Found
    name: str


def _named(found: Sequence[Found], workers: Workers) -> Iterator[_Named | Refused]:
    """Read every image's bytes and name it by them."""
    parts = Counter(item.members for item in found)
    members = [item.members for item in found]
    hashed = workers.run(hash_members, members, lambda _members: HASH_LIMIT_S)
    for item, digests in zip(found, hashed, strict=True):
        several = item.member_names if len(item.members) > 1 else ()
        refuse = partial(Refused, item.source, members=several)
        if isinstance(digests, Lost):
            yield refuse(because=digests.because, detail=digests.detail)
        elif not all(digests):
            yield refuse(because=Because.UNREADABLE_PIXELS, detail="it could not be read")
        elif parts[item.members] > 1:
            detail = f"{parts[item.members]} images in one file; a line of visits.csv needs one"
            yield refuse(because=Because.INCONSISTENT_SERIES, detail=detail)
        else:
            of_member = dict(zip(item.members, digests, strict=True))
            digest = combine_hashes(of_member[member] for member, _ in item.slices())
            yield _Named(item, image_id(digest))


def _said(line: Line, options: AddOptions) -> Line:
    """Fill in what the user says of all images, where an image does not tell or only hints."""
    unsure = line.guessed
    if options.patient and (not line.patient or "patient" in unsure):
        line = replace(line, patient=SAID + options.patient, guessed=line.guessed - {"patient"})
    if options.site and (not line.site or "site" in unsure):
        line = replace(line, site=options.site, guessed=line.guessed - {"site"})
    return line


class _Batch:
    """Images that are added together, and what is needed to write their lines."""

    def __init__(
        self, root: Path, key: bytes, options: AddOptions, names: Mapping[Found, str]
    ) -> None:
        self.root = root
        self.names = names
        self._home = _plain(root)
        self._key = key
        self._given = options.pseudonyms
        self._images_in = Counter(
            place for found in names for place in _places_of(found.members, self._home)
        )

    def patients(self, lines: Sequence[Line]) -> dict[str, str]:
        """Pseudonyms by what tells patients apart; raises StudyError if two would share one."""
        keys = {line.patient for line in lines if line.patient}
        said = {key: key.removeprefix(SAID) for key in keys if key.startswith(SAID)}
        made = {patient: pseudonym(self._key, patient) for patient in keys}
        require_distinct(made.values())
        return made | said | {key: name for key, name in self._given.items() if key in keys}

    def path(self, found: Found) -> str:
        """Say what ``path`` of visits.csv is to hold.

        That is the image's own path where it alone lies there, within the study; else a word.
        """
        place = _common(found.members)
        alone = place != self._home and self._images_in[place] == 1
        name = place.relative_to(self._home).as_posix() if alone else ""
        return name or PREFIX + self.names[found]


def _append(
    batch: _Batch, lines: Sequence[Line]
) -> tuple[tuple[Mapping[str, str], ...], tuple[str, ...]]:
    """Write lines and, apart from them, where their images lie; return both."""
    table = VisitTable.read(batch.root / "visits.csv")
    listed = {row.get("path", "") for row in table.rows}
    fresh = [line for line in lines if not _is_listed(batch, line.found, listed)]
    patients = batch.patients(lines)
    owners = {name: patient for patient, name in patients.items()}
    used = [_used(row, owners) for row in table.rows]
    viewed = sorted(with_views(fresh, used), key=lambda line: _order(line, patients))
    rows = tuple(_row(line, patients, batch.path(line.found)) for line in viewed)
    for line, row in zip(viewed, rows, strict=True):
        write_source(batch.root, batch.names[line.found], row["path"], line.found.members)
    sources = tuple(line.found.source for line in viewed)
    if rows:
        add_names(batch.root, [row["path"] for row in rows], sources)
        table.append(rows)
    return rows, sources


def _order(line: Line, patients: Mapping[str, str]) -> tuple[object, ...]:
    """Patient by patient, what nobody is known of last."""
    patient = patients.get(line.patient, "")
    site = (line.site, line.laterality, str(line.modality), line.view)
    return (not patient, patient, *site, line.acquired or date.max, line.found.source)


def _is_listed(batch: _Batch, found: Found, listed: set[str]) -> bool:
    """Whether visits.csv has an image already; where it lies now is then remembered."""
    name = batch.names[found]
    before = known_path(batch.root, name)
    if before and before in listed:
        write_source(batch.root, name, before, found.members)
        return True
    return batch.path(found) in listed


def _row(line: Line, patients: Mapping[str, str], path: str) -> Mapping[str, str]:
    note = f"fill in {', '.join(line.missing)}" if line.missing else ""
    if "view" in line.guessed:
        note = "several images of this site; call the same view alike at every visit"
    return {
        "patient": patients.get(line.patient, ""),
        "site": line.site,
        "acquired": line.acquired.isoformat() if line.acquired else "",
        "modality": str(line.modality or ""),
        "path": path,
        "laterality": line.laterality,
        "view": line.view,
        "status": "",
        "guessed": ";".join(sorted(line.guessed)),
        "note": note,
    }


def _used(row: Mapping[str, str], owners: Mapping[str, str]) -> tuple[str, ...]:
    """Patient, site, side, modality, day and view of a line that is there."""
    patient = owners.get(row.get("patient", ""), "")
    names = ("site", "laterality", "modality", "acquired", "view")
    return (patient, *(row.get(name, "").strip() for name in names))


def _is_ours(root: Path, found: Found) -> bool:
    place, home = _common(found.members), _plain(root)
    return any(place.is_relative_to(home / folder) for folder in OWN_FOLDERS)


def _common(members: Sequence[Member]) -> Path:
    """Return the file, archive or folder on disk that holds an image."""
    places = {_plain(member.path) for member in members}
    if len(places) == 1:
        return places.pop()
    return Path(os.path.commonpath([place.parent for place in places]))


def _places_of(members: Sequence[Member], home: Path) -> set[Path]:
    """Return the files and folders of a study that an image lies in."""
    files = {_plain(member.path) for member in members}
    places = files | {folder for file in files for folder in file.parents}
    return {place for place in places if place.is_relative_to(home)}


def _plain(path: Path) -> Path:
    # Not `resolve`, which asks the disk about every folder on the way, for every slice.
    return Path(os.path.normpath(path.absolute()))
