"""From an image's header and name to a line of visits.csv; what is only guessed says so.

Only words of the lists below, dates and numbers leave a file's name: it can hold a person's.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath

from cctrack.io import Found, patient_key
from cctrack.model import Modality

_ENGLISH = """
    abdomen ankle arm axilla back buttock calf cheek chest ear elbow face finger foot forearm hand
    head hip knee leg neck pelvis scalp shoulder thigh thumb toe wrist
"""
_OTHERS = """
    hands:hand fingers:finger feet:foot knees:knee elbows:elbow unterarm:forearm oberarm:arm
    ellbogen:elbow ellenbogen:elbow knie:knee oberschenkel:thigh unterschenkel:leg bein:leg
    fuss:foot fuß:foot rücken:back ruecken:back schulter:shoulder hüfte:hip huefte:hip daumen:thumb
    zehe:toe becken:pelvis
"""
SITES = {
    **{word: word for word in _ENGLISH.split()},
    **dict(pair.split(":") for pair in _OTHERS.split()),
}
"""Words in file names, English and German, and the site they speak of."""

SIDES = {"left": "left", "right": "right", "links": "left", "rechts": "right"}

DICOM_SIDES = {"L": "left", "R": "right"}

EARLIEST = 1995
"""A date in a file's name that lies before digital cameras is more likely one of birth."""

_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_WORD = re.compile(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+")
_STEPS = re.compile(r"[/!]")


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of an image.

    Attributes
    ----------
    found : Found
    patient : str
        What tells patients apart; not a name that may be written anywhere. Empty when not known.
    site, laterality, view : str
    acquired : date or None
    modality : Modality or None
    guessed : frozenset of str
        Columns of visits.csv that did not come from the header.
    """

    found: Found
    patient: str
    site: str
    laterality: str
    acquired: date | None
    modality: Modality | None
    view: str = ""
    guessed: frozenset[str] = frozenset()

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns that somebody has to fill in."""
        told = {
            "patient": self.patient,
            "site": self.site,
            "acquired": self.acquired,
            "modality": self.modality,
        }
        return tuple(name for name, value in told.items() if not value)


def guess_lines(
    found: Sequence[Found], paths: Collection[Path], *, patient_folders: bool
) -> tuple[Line, ...]:
    """Say of each image whose it is, of which site, when and how it was taken.

    A picture, which names no patient, is taken for that of the only patient whose DICOM images lie
    in the same folder directly below what was given, if no such folder holds two patients.

    Parameters
    ----------
    found : sequence of Found
    paths : collection of Path
        What was searched through.
    patient_folders : bool
        Every folder directly below a path holds one patient, and its name says which.
    """
    folders = [_folder(item, paths) for item in found]
    owners = _owners(zip(folders, found, strict=True), sure=patient_folders)
    lines = []
    for item, folder in zip(found, folders, strict=True):
        line = _line(item)
        if not line.patient and patient_folders and folder:
            line = replace(line, patient=owners.get(folder, "") or patient_key(folder, ""))
        elif not line.patient and folder in owners:
            line = replace(line, patient=owners[folder], guessed=line.guessed | {"patient"})
        lines.append(line)
    return tuple(lines)


def with_views(lines: Sequence[Line], used: Collection[tuple[str, ...]]) -> tuple[Line, ...]:
    """Tell apart several images of one site on one day, by view, kernel or number.

    Parameters
    ----------
    lines : sequence of Line
    used : collection of (patient, site, laterality, modality, date, view)
        What the study has already; the patient as in ``lines``.
    """
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if not line.missing:
            groups[_site_of(line)].append(number)
    named = list(lines)
    for site, numbers in groups.items():
        here = [other for other in used if other[:4] == site]
        days = [(*site, str(lines[number].acquired)) for number in numbers]
        taken = [other[:5] for other in here]
        if len(set(days + taken)) == len(days + taken) and not any(other[5] for other in here):
            continue
        views = {(other[4], other[5]) for other in here}
        for number in numbers:
            named[number] = _named(lines[number], views)
            views.add((str(named[number].acquired), named[number].view))
    return tuple(named)


def _named(line: Line, views: Collection[tuple[str, str]]) -> Line:
    """Give an image a view that no other of its site and day has."""
    made = line.found.technique
    thick = f"{made.thickness_mm:.3g} mm" if made.thickness_mm else ""
    of_scan = f"{made.kernel} {thick}".strip()
    name = made.view if line.modality is Modality.XRAY else of_scan
    wanted = [name] if name else []
    numbered = (f"{name} image {number}".strip() for number in range(1, len(views) + 2))
    day = str(line.acquired)
    free = next(view for view in [*wanted, *numbered] if (day, view) not in views)
    return replace(line, view=free, guessed=line.guessed | {"view"})


def _site_of(line: Line) -> tuple[str, ...]:
    return line.patient, line.site, line.laterality, str(line.modality)


def _line(found: Found) -> Line:
    made, name = found.technique, _steps(found)
    site = made.body_part.lower()
    side = DICOM_SIDES.get(made.laterality, "")
    told = Line(found, found.patient_key, site, side, found.acquired, found.modality)
    guesses = {
        "site": site or _only_word(name, SITES),
        "laterality": side or _only_word(name, SIDES),
        "acquired": found.acquired or _date_in(name),
    }
    changed = {key: value for key, value in guesses.items() if value and not getattr(told, key)}
    return replace(told, guessed=frozenset(changed), **changed)  # type: ignore[arg-type]


def _only_word(steps: Sequence[str], words: dict[str, str]) -> str:
    """Find what the deepest folder or file name that speaks of it says; nothing if it says two."""
    for step in reversed(steps):
        said = {words[word.lower()] for word in _WORD.findall(step) if word.lower() in words}
        if said:
            return said.pop() if len(said) == 1 else ""
    return ""


def _date_in(steps: Sequence[str]) -> date | None:
    """Date in the name of the file, or of its folder when that is nothing but a date."""
    if not steps:
        return None
    folder = steps[-2] if len(steps) > 1 and _ISO.fullmatch(steps[-2]) else ""
    for step in filter(None, (steps[-1], folder)):
        days = {_day(*match.groups()) for match in _ISO.finditer(step)} - {None}
        if days:
            return days.pop() if len(days) == 1 else None
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= EARLIEST else None


def _steps(found: Found) -> tuple[str, ...]:
    """Folders and name of an image, without endings; of a series only its folders count."""
    names = [_STEPS.split(member.name) for member in found.members[:1]]
    steps = [PurePosixPath(step).stem if step else "" for step in names[0]]
    return tuple(steps[:-1] if len(found.members) > 1 else steps)


def _folder(found: Found, paths: Collection[Path]) -> str:
    """Folder directly below what was given, or the archive there; empty without one."""
    member = found.members[0]
    steps = _STEPS.split(member.name)
    inside = steps[1:] if member.path in paths else steps
    return inside[0] if len(inside) > 1 else ""


def _owners(placed: Iterable[tuple[str, Found]], *, sure: bool) -> dict[str, str]:
    """Return the only patient of each folder.

    When some folder holds several, folders do not stand for patients, unless that is ``sure``.
    """
    patients: dict[str, set[str]] = defaultdict(set)
    for folder, found in placed:
        if found.patient_key:
            patients[folder].add(found.patient_key)
    several = any(len(keys) > 1 for folder, keys in patients.items() if folder)
    if several and not sure:
        return {}
    return {
        folder: next(iter(keys)) for folder, keys in patients.items() if folder and len(keys) == 1
    }
