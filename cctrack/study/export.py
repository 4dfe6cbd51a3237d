"""Hand a study's tables to R, Python or a spreadsheet: typed, described, unblinded."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from cctrack import __version__
from cctrack.errors import StudyError
from cctrack.io import (
    Sheet,
    write_csv_sheet,
    write_parquet,
    write_table,
    write_text,
    write_workbook,
)
from cctrack.model.notice import RESEARCH_ONLY
from cctrack.study.cohort import cohort_tables
from cctrack.study.export_columns import columns_of, written_by_hand
from cctrack.study.folder import StudyFolder, open_study
from cctrack.study.pseudonyms import KEY_FILE
from cctrack.study.reading_session import reading_agreement, readings_of, readings_sheet
from cctrack.study.record import Kind, Record, Statement, open_record
from cctrack.study.running import (
    Clock,
    load_study_criteria,
    record_home,
    utc_now,
)

NOTICE = f"{RESEARCH_ONLY}."

RESULTS = ("measurements", "changes", "patients", "refused")
"""Tables that a run writes."""

Row = Mapping[str, str]


class Format(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
        A folder, or the workbook.
    rows : mapping of str to int
        Rows of each table.
    """

    path: Path
    rows: Mapping[str, int]


def export_study(
    root: Path, out: Path, fmt: Format, *, results: Path | None = None, clock: Clock = utc_now
) -> Exported:
    """Write the tables of a study and its readings.

    Parameters
    ----------
    root : Path
        The study folder.
    out : Path
        Folder; for a workbook also the name of the file.
    fmt : Format
    results : Path or None
        Result folder of the last run; None for the study's own.
    clock : callable
        Returns the time, for the record.

    Raises
    ------
    StudyError
        If the study was not run yet, its tables cannot be understood, or the export would be
        written over them.
    CctrackError
        If a library that the format needs is not installed.
    OSError
        If the export cannot be written.
    """
    study = open_study(root)
    results = results or root / "results"
    own = [out / name for name in ("visits.csv", "provenance.json")]
    if any(path.exists() for path in own):
        raise StudyError("the export would be written over a study's own tables; choose a folder")
    with _record(study, record_home(root, results)) as record:
        sheets = study_sheets(study, results, record)
        path = _write(out, fmt, sheets, f"{study.settings.title}. {_notice()}")
        counted = {sheet.name: len(sheet.rows) for sheet in sheets}
        if record is not None:
            after = {"format": str(fmt), "rows": counted, "version": __version__}
            record.append(Statement(Kind.EXPORT, "study", "cctrack", after), clock())
    return Exported(path, counted)


def study_sheets(study: StudyFolder, results: Path, record: Record | None) -> tuple[Sheet, ...]:
    """Collect the tables of a study.

    Parameters
    ----------
    study : StudyFolder
        Patients under the pseudonyms that the results show.
    results : Path
        Result folder of the last run.
    record : Record or None
        With the readings; None where there is no record.

    Raises
    ------
    StudyError
        If the study was not run yet, or its tables cannot be understood.
    """
    tables = {name: _read(results / f"{name}.csv") for name in RESULTS}
    first = _first_visits(study)
    sheets = [_sheet(name, table, first) for name, table in tables.items()]
    criteria = load_study_criteria(study)
    sheets += cohort_tables(study, tables["patients"].rows, tables["changes"].rows, criteria)
    if record is not None:
        rows = readings_of(record, study)
        sheets += [readings_sheet(rows, record), reading_agreement(rows)]
    by_hand = {
        "participants": study.participants,
        "treatments": study.treatments,
        "questionnaires": study.questionnaires,
    }
    sheets += [_by_hand(name, rows) for name, rows in by_hand.items() if rows]
    return tuple(sheets)


def _notice() -> str:
    return f"{NOTICE} Written by cctrack {__version__}."


@contextmanager
def _record(study: StudyFolder, home: Path) -> Iterator[Record | None]:
    """Open the record that a study has; none is made for an export."""
    if not (home / KEY_FILE).exists():
        yield None
        return
    with open_record(home, study.settings.record) as record:
        yield record


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of results as text."""

    columns: tuple[str, ...]
    rows: list[dict[str, str]]


def _read(path: Path) -> _Table:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            return _Table(tuple(reader.fieldnames or ()), list(reader))
    except FileNotFoundError:
        raise StudyError(
            f"{path.name} is missing in the results; cctrack study run makes it"
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise StudyError(
            f"{path.name} in the results cannot be read; run the study again"
        ) from None


def _sheet(name: str, table: _Table, first: Mapping[str, date]) -> Sheet:
    days = dict.fromkeys(_DAYS[column] for column in table.columns if column in _DAYS)
    rows = [{**row, **_days(row, first.get(row.get("patient", "")))} for row in table.rows]
    return Sheet(name, columns_of((*table.columns, *days)), rows)


def _by_hand(name: str, rows: Sequence[Row]) -> Sheet:
    listed = [dict(row) for row in rows]
    return Sheet(name, written_by_hand(listed[0], listed), listed)


def _first_visits(study: StudyFolder) -> dict[str, date]:
    first: dict[str, date] = {}
    for visit in study.visits:
        known = first.get(visit.patient, visit.acquired)
        first[visit.patient] = min(known, visit.acquired)
    return first


_DAYS = {
    "acquired": "days",
    "followup_date": "days",
    "last_date": "days",
    "baseline_date": "baseline_days",
}
"""Dates, and the columns that tell them as days since the patient's first visit."""


def _days(row: Row, first: date | None) -> Row:
    told = {days: row[name] for name, days in _DAYS.items() if name in row}
    if first is None:
        return dict.fromkeys(told, "")
    return {
        days: str((date.fromisoformat(text) - first).days) if text else ""
        for days, text in told.items()
    }


def _write(out: Path, fmt: Format, sheets: Sequence[Sheet], notice: str) -> Path:
    if fmt is Format.XLSX:
        path = out if out.suffix == ".xlsx" else out / "study.xlsx"
        write_workbook(path, sheets, notice=notice)
        return path
    for sheet in sheets:
        if fmt is Format.PARQUET:
            write_parquet(out / f"{sheet.name}.parquet", sheet, notice=notice)
        else:
            write_csv_sheet(out / f"{sheet.name}.csv", sheet)
    write_text(out / "README.txt", f"{notice}\n")
    write_table(out / "columns.csv", ("table", "column", "holds", "meaning"), _described(sheets))
    return out


def _described(sheets: Sequence[Sheet]) -> Iterator[Mapping[str, object]]:
    for sheet in sheets:
        for item in sheet.columns:
            told = {"table": sheet.name, "column": item.name}
            yield {**told, "holds": item.kind, "meaning": item.meaning}
