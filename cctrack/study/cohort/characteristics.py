"""Who the patients are: counts of each level, medians of numbers, and what nobody wrote down."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cctrack.compare.counts import spread
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.study.folder import StudyFolder
from cctrack.study.rows import number

MOST_LEVELS = 12
"""A column of text with more different values is no list of kinds but notes: only counted."""

COLUMNS = (
    Column("characteristic", meaning="column of participants.csv or treatments.csv"),
    Column("level", meaning="one of its values; empty for numbers and notes"),
    Column("count", Kind.COUNT, "patients with that value, or with a number"),
    Column("of", Kind.COUNT, "patients; for dose_mg and cycles lines of treatments.csv"),
    Column("percent", Kind.NUMBER, "count of of, %"),
    Column("median", Kind.NUMBER, "of numbers, in the unit of the column"),
    Column("lowest", Kind.NUMBER, "smallest of them"),
    Column("highest", Kind.NUMBER, "largest of them"),
    Column("missing", Kind.COUNT, "patients without a value"),
)

Row = Mapping[str, object]


def characteristics(study: StudyFolder) -> Sheet:
    """Describe the patients by every column of participants.csv, and by their treatments."""
    by_patient = {row["patient"]: row for row in study.participants}
    patients = tuple(dict.fromkeys((*study.patients, *by_patient)))
    rows: list[Row] = []
    for name in _columns(study.participants):
        told = [by_patient.get(patient, {}).get(name, "") for patient in patients]
        rows += _described(name, told)
    for name in ("drug", "class"):
        rows += _treatments(study, name, patients)
    for name in ("dose_mg", "cycles"):
        told = [row.get(name, "") for row in study.treatments if row.get(name)]
        if told:
            rows += _described(name, told)
    return Sheet("characteristics", COLUMNS, rows)


def _columns(rows: Sequence[Mapping[str, str]]) -> list[str]:
    return [name for name in (rows[0] if rows else ()) if name != "patient"]


def _described(name: str, told: Sequence[str]) -> Iterator[Row]:
    known = [value for value in told if value]
    missing = len(told) - len(known)
    numbers = [_number(value) for value in known]
    if known and None not in numbers:
        found = spread(value for value in numbers if value is not None)
        yield {
            **_row(name, "", found.count, len(told), missing),
            "median": found.median,
            "lowest": found.lowest,
            "highest": found.highest,
        }
        return
    levels = Counter(known)
    if len(levels) > MOST_LEVELS or not levels:
        yield _row(name, "", len(known), len(told), missing)
        return
    for level, count in sorted(levels.items()):
        yield _row(name, level, count, len(told), missing)


def _treatments(study: StudyFolder, name: str, patients: Sequence[str]) -> Iterator[Row]:
    given = {(row["patient"], row.get(name, "")) for row in study.treatments}
    treated = {patient for patient, what in given if what}
    missing = sum(patient not in treated for patient in patients)
    for level in sorted({what for _, what in given} - {""}):
        count = sum((patient, level) in given for patient in patients)
        yield _row(name, level, count, len(patients), missing)


def _row(name: str, level: str, count: int, of: int, missing: int) -> Row:
    percent = number(100.0 * count / of) if of else None
    told = {"characteristic": name, "level": level, "count": count}
    return {**told, "of": of, "percent": percent, "missing": missing}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
