"""A study folder: who was imaged when, how they were treated and what they said."""

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.errors import StudyError
from cctrack.model import Because, Modality, Refused, Site, Visit
from cctrack.study.links import WrittenLink, read_links
from cctrack.study.pseudonyms import pseudonym, study_key

Row = Mapping[str, str]

VISIT_COLUMNS = ("patient", "site", "acquired", "modality", "path")
"""Columns that visits.csv must have; laterality, view and status may follow."""

LINKS_FILE = Path("record") / "links.json"
"""Where a study keeps what its readers said about lesions of two visits; see `study.links`."""

STATUSES = ("", "excised", "extruded", "not_imaged")
"""What visits.csv may say about a site at a visit."""


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What study.toml says, with defaults for what it leaves out.

    Attributes
    ----------
    title : str
    criteria : str
        Name of a rule shipped with cctrack, or a TOML file relative to the study folder.
    time_unit : str
        ``days``, ``months`` or ``years``, for the report.
    readers : tuple of str
    record : str
        ``sqlite``, or the address of a PostgreSQL database that several readers share.
    notice : str
        Printed on top of the report, such as that all images are simulated.
    sizes : PhotoScaleOptions
        Things of known size in the photos, when they show other than cctrack's own sheets.
    pseudonyms : bool
        Show patients under keyed pseudonyms instead of as they stand in visits.csv.
    """

    title: str = "Study"
    criteria: str = "calcinosis-25"
    time_unit: str = "months"
    readers: tuple[str, ...] = ()
    notice: str = ""
    record: str = "sqlite"
    sizes: PhotoScaleOptions = NOTHING_GIVEN
    pseudonyms: bool = False


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A study as its files describe it.

    Attributes
    ----------
    root : Path
        Where ``visits.csv`` lies.
    settings : StudySettings
    visits : tuple of Visit
    participants, treatments, questionnaires : tuple of rows
    links : tuple of WrittenLink
    incomplete : tuple of Refused
        Lines of visits.csv that somebody has to complete, or tell apart from another line.
    """

    root: Path
    settings: StudySettings
    visits: tuple[Visit, ...]
    participants: tuple[Row, ...] = ()
    treatments: tuple[Row, ...] = ()
    questionnaires: tuple[Row, ...] = ()
    links: tuple[WrittenLink, ...] = ()
    incomplete: tuple[Refused, ...] = ()

    @property
    def patients(self) -> tuple[str, ...]:
        """Pseudonyms in the order of visits.csv."""
        return tuple(dict.fromkeys(visit.patient for visit in self.visits))


def open_study(root: Path) -> StudyFolder:
    """Read a study folder's tables; patients under pseudonyms where study.toml asks for it.

    Raises
    ------
    StudyError
        If the folder, a required table or column is missing, or a cell cannot be understood;
        the message names the file, the line and the column.
    """
    if not root.is_dir():
        raise StudyError(f"{root} is not a folder; a study is a folder with visits.csv")
    visits = _read_table(root / "visits.csv", required=VISIT_COLUMNS)
    if not visits:
        raise StudyError("visits.csv lists no visits")
    parsed = _without_repeats([_parse_visit(row, line) for line, row in enumerate(visits, start=2)])
    listed = tuple(item for item in parsed if isinstance(item, Visit))
    study = StudyFolder(
        root=root,
        settings=_read_settings(root / "study.toml"),
        visits=listed,
        participants=_optional_table(root / "participants.csv", ("patient",)),
        treatments=_optional_table(root / "treatments.csv", ("patient", "drug")),
        questionnaires=_optional_table(root / "questionnaires.csv", ("patient", "date", "answer")),
        links=_read_links(root / LINKS_FILE, listed),
        incomplete=tuple(item for item in parsed if isinstance(item, Refused)),
    )
    return under_pseudonyms(study, study_key(root)) if study.settings.pseudonyms else study


def under_pseudonyms(study: StudyFolder, key: bytes) -> StudyFolder:
    """Put keyed pseudonyms in the place of a study's own names for its patients."""

    def renamed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple({**row, "patient": pseudonym(key, row["patient"])} for row in rows)

    return replace(
        study,
        visits=tuple(
            replace(visit, patient=pseudonym(key, visit.patient)) for visit in study.visits
        ),
        links=tuple(replace(link, patient=pseudonym(key, link.patient)) for link in study.links),
        participants=renamed(study.participants),
        treatments=renamed(study.treatments),
        questionnaires=renamed(study.questionnaires),
    )


def _read_links(path: Path, visits: tuple[Visit, ...]) -> tuple[WrittenLink, ...]:
    """Read the readers' links; an entry about no site of the study is a mistake, not a rest."""
    links = read_links(path) if path.exists() else ()
    for entry in links:
        if not any(entry.speaks_of(visit) for visit in visits):
            raise StudyError(
                f"{path.name} entry {entry.number}: visits.csv has no such patient, site and "
                "modality"
            )
    return links


def subjective_answer(study: StudyFolder, patient: str) -> str:
    """Return what a patient said last (``better``, ``same``, ``worse``), empty if never asked."""
    answers = [row for row in study.questionnaires if row["patient"] == patient]
    return max(answers, key=lambda row: row["date"])["answer"] if answers else ""


def _read_settings(path: Path) -> StudySettings:
    if not path.exists():
        return StudySettings()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"study.toml is not valid TOML: {error}") from None
    scale = values.get("scale", {})
    return StudySettings(
        title=str(values.get("title", "Study")),
        criteria=str(values.get("criteria", "calcinosis-25")),
        time_unit=str(values.get("time_unit", "months")),
        readers=tuple(str(reader) for reader in values.get("readers", ())),
        notice=str(values.get("notice", "")),
        record=str(values.get("record", "sqlite")),
        sizes=PhotoScaleOptions(
            marker_mm=_positive(scale.get("marker_mm"), "scale.marker_mm"),
            ruler_mm_per_tick=_positive(scale.get("ruler_mm"), "scale.ruler_mm"),
            square_mm=_positive(scale.get("square_mm"), "scale.square_mm"),
            sticker_mm=_positive(scale.get("sticker_mm"), "scale.sticker_mm"),
        ),
        pseudonyms=_yes_or_no(values.get("pseudonyms", False), "pseudonyms"),
    )


def _yes_or_no(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise StudyError(f"study.toml: {name} must be true or false, found {value!r}")
    return value


def _positive(value: object, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise StudyError(f"study.toml: {name} must be a positive number, found {value!r}")
    return float(value)


def _optional_table(path: Path, required: tuple[str, ...]) -> tuple[Row, ...]:
    return _read_table(path, required=required) if path.exists() else ()


def _read_table(path: Path, *, required: tuple[str, ...]) -> tuple[Row, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(f"{path.name} is missing; a study needs it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path.name} could not be read as UTF-8 text: {error}") from None
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in required if name not in (reader.fieldnames or ())]
    if missing:
        raise StudyError(f"{path.name} lacks the column {', '.join(missing)}")
    return tuple(
        {key: (value or "").strip() for key, value in row.items() if key is not None}
        for row in reader
    )


def _without_repeats(parsed: Sequence[Visit | Refused]) -> list[Visit | Refused]:
    """Refuse a second image of one site, view and day: the two are no visits to be compared."""
    first: dict[tuple[object, ...], int] = {}
    kept: list[Visit | Refused] = []
    for line, item in enumerate(parsed, start=2):
        if isinstance(item, Visit) and item.path:
            key = (item.patient, item.site, item.modality, item.acquired)
            before = first.setdefault(key, line)
            if before != line:
                detail = f"the same site, view and day as line {before}; name their views"
                kept.append(Refused(f"visits.csv line {line}", Because.DUPLICATE, detail))
                continue
        kept.append(item)
    return kept


def _parse_visit(row: Row, line: int) -> Visit | Refused:
    where = f"visits.csv line {line}"
    empty = [name for name in VISIT_COLUMNS if not row[name]]
    if row.get("status"):
        empty = [name for name in empty if name != "path"]
    if empty and row.get("note"):
        detail = f"{', '.join(empty)} to fill in"
        return Refused(where, Because.INCOMPLETE_VISIT, detail)
    if empty:
        raise StudyError(f"{where}: {empty[0]} is empty")
    if row.get("status", "") not in STATUSES:
        raise StudyError(f"{where}: status {row['status']!r} is none of {', '.join(STATUSES[1:])}")
    try:
        acquired = date.fromisoformat(row["acquired"])
    except ValueError:
        found = row["acquired"]
        raise StudyError(f"{where}: acquired {found!r} is no ISO date (2024-03-31)") from None
    try:
        modality = Modality(row["modality"])
    except ValueError:
        known = ", ".join(Modality)
        raise StudyError(f"{where}: modality {row['modality']!r} is none of {known}") from None
    site = Site(row["site"], row.get("laterality", ""), row.get("view", ""))
    return Visit(row["patient"], site, acquired, modality, row["path"], row.get("status", ""))
