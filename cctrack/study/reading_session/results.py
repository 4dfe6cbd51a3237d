"""Readings that were written down elsewhere: a CSV file with one line for each item."""

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.study.reading_session.plan import ReadingPlan
from cctrack.study.reading_session.readings import Said, record_reading
from cctrack.study.record import Record


def record_results(record: Record, plan: ReadingPlan, path: Path, now: datetime) -> int:
    """Write the readings of a file into the record; all of them, or none if one is wrong.

    Parameters
    ----------
    record : Record
    plan : ReadingPlan
    path : Path
        CSV with the column ``item`` and, as the task asks, ``verdict`` or ``value`` and ``unit``;
        perhaps ``note``. Lines without a verdict and a value are items not read yet.
    now : datetime

    Returns
    -------
    int
        How many readings were written.

    Raises
    ------
    StudyError
        If the file cannot be understood, naming the line, or a reading does not fit.
    """
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        rows = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError):
        raise StudyError("the readings must be a CSV file in UTF-8") from None
    said = [
        (line, row, _said(row, line))
        for line, row in enumerate(rows, start=2)
        if row.get("verdict") or row.get("value")
    ]
    numbered = [(_item(row, line, plan), reading) for line, row, reading in said]
    for number, reading in numbered:
        record_reading(record, plan, number, reading, now)
    return len(numbered)


def _item(row: Mapping[str, str], line: int, plan: ReadingPlan) -> int:
    text = row.get("item", "").removeprefix("item").strip()
    if not text.isdecimal() or not 1 <= int(text) <= len(plan.items):
        raise StudyError(f"the readings, line {line}: item must be 1 to {len(plan.items)}")
    return int(text)


def _said(row: Mapping[str, str], line: int) -> Said:
    text = row.get("value", "")
    try:
        value = float(text) if text else None
    except ValueError:
        raise StudyError(f"the readings, line {line}: value is no number") from None
    return Said(row.get("verdict", ""), value, row.get("unit", ""), note=row.get("note", ""))
