"""What readers said in their sessions, and of what they said it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from cctrack.errors import StudyError
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind as Holds
from cctrack.model import Outcome, Visit
from cctrack.study.folder import StudyFolder
from cctrack.study.reading_session.plan import (
    ReadingItem,
    ReadingPlan,
    Task,
    thing_of,
    visit_of,
)
from cctrack.study.reading_session.session import session_subject, sessions_of
from cctrack.study.record import Entry, Kind, Record, Statement

TURNED = {
    str(Outcome.REGRESSION): str(Outcome.PROGRESSION),
    str(Outcome.PROGRESSION): str(Outcome.REGRESSION),
}
"""What a verdict means when the later visit was shown first."""

VERDICTS = tuple(map(str, Outcome))


@dataclass(frozen=True, slots=True)
class Said:
    """A reading.

    Attributes
    ----------
    verdict : str
        Change from the first image shown to the second: ``regression``, ``stable``,
        ``progression`` or ``not_evaluable``; empty where an outline was asked for.
    value : float or None
        Size of what was outlined.
    unit : str
        ``mm2``, ``mm3`` or ``px``.
    blobs : mapping of str to str
        Hashes of data that were kept with `Record.put`, such as a ``mask``.
    note : str
    """

    verdict: str = ""
    value: float | None = None
    unit: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A reading and what it is of; a row of readings.csv.

    Attributes
    ----------
    session, reader, task : str
    blinded : str
        ``yes`` or ``no``.
    item, turn : int
    patient, site, modality : str
    acquired : date
        Of the image, or of the later visit.
    baseline_date : date or None
        Of the earlier visit; None for an outline.
    value : float or None
    unit, verdict, note : str
    when : str
        Time of the statement, ISO 8601, UTC.
    thing : str
        What was read, the same for all readers.
    """

    session: str
    reader: str
    task: str
    blinded: str
    item: int
    turn: int
    patient: str
    site: str
    modality: str
    acquired: date
    baseline_date: date | None
    value: float | None
    unit: str
    verdict: str
    note: str
    when: str
    thing: str


def record_reading(
    record: Record, plan: ReadingPlan, number: int, said: Said, now: datetime
) -> Entry:
    """Write what a reader said of an item; saying it again replaces it, and both are kept.

    Raises
    ------
    StudyError
        If the session has no such item, or the reading does not fit its task.
    """
    item = plan.item(number)
    _require_fitting(plan.task, said)
    told = {"verdict": said.verdict, "value": said.value, "unit": said.unit, "note": said.note}
    after = {**told, "blobs": dict(said.blobs)} if said.blobs else told
    subject = session_subject(plan.session, number)
    statements = [Statement(Kind.READING, subject, plan.reader, after)]
    if plan.settles:
        decided = {**after, "verdict": _meant(item, said.verdict)}
        thing, why = thing_of(plan.task, item.visits), f"session {plan.session}"
        statements.append(Statement(Kind.ADJUDICATION, thing, plan.reader, decided, why))
    return record.append_all(statements, now)[0]


def _meant(item: ReadingItem, verdict: str) -> str:
    """Turn a verdict on the images as they were shown into one from the earlier to the later."""
    return TURNED.get(verdict, verdict) if item.swapped else verdict


def _require_fitting(task: Task, said: Said) -> None:
    if task is Task.VERDICT and said.verdict not in VERDICTS:
        raise StudyError(f"a verdict must be one of {', '.join(VERDICTS)}")
    if task is Task.OUTLINE and (said.verdict or (said.value is None and not said.blobs)):
        raise StudyError("an outline needs a size or a mask, and no verdict")
    if said.value is not None and not (0 <= said.value < float("inf") and said.unit):
        raise StudyError("a size must be 0 or more, and needs its unit")


def items_read(record: Record, plan: ReadingPlan) -> frozenset[int]:
    """Numbers of the items that were read already: a session can be taken up where it was left."""
    said = record.latest_of(Kind.READING)
    return frozenset(
        item.number for item in plan.items if session_subject(plan.session, item.number) in said
    )


def readings_of(record: Record, study: StudyFolder) -> tuple[ReadingRow, ...]:
    """Say of every reading what it was of: sessions are unblinded here and nowhere else.

    Raises
    ------
    StudyError
        If visits.csv has changed so that a visit is gone.
    """
    said = record.latest_of(Kind.READING)
    rows = []
    for plan in sessions_of(record).values():
        if plan.settles:
            continue  # What was decided stands beside what was read.
        for item in plan.items:
            entry = said.get(session_subject(plan.session, item.number))
            if entry is not None:
                rows.append(_row(plan, item, entry, study))
    return tuple(rows)


def _row(plan: ReadingPlan, item: ReadingItem, entry: Entry, study: StudyFolder) -> ReadingRow:
    visits: list[Visit] = sorted(
        (visit_of(study, subject) for subject in item.visits), key=lambda visit: visit.acquired
    )
    earlier, later = visits[0], visits[-1]
    return ReadingRow(
        session=plan.session,
        reader=plan.reader,
        task=str(plan.task),
        blinded="yes" if plan.blinded else "no",
        item=item.number,
        turn=item.turn,
        patient=later.patient,
        site=str(later.site),
        modality=str(later.modality),
        acquired=later.acquired,
        baseline_date=earlier.acquired if len(visits) == 2 else None,
        value=entry.after["value"],
        unit=str(entry.after["unit"]),
        verdict=_meant(item, str(entry.after["verdict"])),
        note=str(entry.after["note"]),
        when=entry.when.isoformat(timespec="seconds"),
        thing=thing_of(plan.task, item.visits),
    )


COLUMNS = (
    Column("session", meaning="name of the session"),
    Column("reader"),
    Column("task", meaning="outline or verdict"),
    Column("blinded", meaning="yes or no"),
    Column("item", Holds.COUNT, "place in the session"),
    Column("turn", Holds.COUNT, "1, or 2 where the reader had seen it before"),
    Column("patient", meaning="pseudonym"),
    Column("site"),
    Column("modality", meaning="photo, xray, ct or mr"),
    Column("baseline_date", Holds.DATE, "of the earlier visit; empty for an outline"),
    Column("acquired", Holds.DATE, "of the image, or of the later visit"),
    Column("value", Holds.NUMBER, "size of what was outlined"),
    Column("unit", meaning="mm2, mm3 or px"),
    Column("verdict", meaning="change from the earlier to the later visit"),
    Column("adjudicated", meaning="what holds after adjudication: a verdict or a size"),
    Column("adjudicator"),
    Column("note"),
    Column("when", meaning="UTC, ISO 8601"),
)
"""Columns of readings.csv."""


def readings_sheet(rows: Sequence[ReadingRow], record: Record) -> Sheet:
    """Write readings as a table, with what an adjudicator decided beside them."""
    decided = record.latest_of(Kind.ADJUDICATION)
    return Sheet("readings", COLUMNS, list(_cells(rows, decided)))


def _cells(
    rows: Sequence[ReadingRow], decided: Mapping[str, Entry]
) -> Iterator[Mapping[str, object]]:
    for row in rows:
        cells = {item.name: getattr(row, item.name, "") for item in COLUMNS}
        entry = decided.get(row.thing)
        if entry is not None:
            cells["adjudicated"] = entry.after["verdict"] or entry.after["value"]
            cells["adjudicator"] = entry.reader
        yield cells
