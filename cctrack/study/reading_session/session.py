"""Sessions in the record: a plan is written down before its first item is seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cctrack.errors import StudyError
from cctrack.study.reading_session.plan import ReadingItem, ReadingPlan, Task
from cctrack.study.record import Kind, Record, Statement


def start_reading(record: Record, plan: ReadingPlan, now: datetime) -> None:
    """Write a plan into the record; raises as `Record.append`."""
    items = [
        {"visits": list(item.visits), "swapped": item.swapped, "turn": item.turn}
        for item in plan.items
    ]
    after: dict[str, object] = {
        "task": str(plan.task),
        "blinded": plan.blinded,
        "seed": plan.seed,
        "items": items,
        "settles": plan.settles,
    }
    if not plan.blinded:
        after["names"] = [item.name for item in plan.items]
    statement = Statement(Kind.READING, session_subject(plan.session), plan.reader, after)
    record.append(statement, now)


def open_reading(record: Record, session: str) -> ReadingPlan:
    """Take up a session that was started.

    Raises
    ------
    StudyError
        If the record knows no such session.
    """
    entry = record.latest(Kind.READING, session_subject(session))
    if entry is None:
        raise StudyError(f"the record knows no session {session}")
    return _plan_of(session, entry.reader, entry.after)


def sessions_of(record: Record) -> dict[str, ReadingPlan]:
    """Return all sessions of a record by their names."""
    found = record.latest_of(Kind.READING)
    return {
        session: _plan_of(session, entry.reader, entry.after)
        for subject, entry in found.items()
        if "/" not in (session := subject.removeprefix("session/"))
    }


def _plan_of(session: str, reader: str, said: Mapping[str, Any]) -> ReadingPlan:
    names = said.get("names") or [f"item {number}" for number in range(1, len(said["items"]) + 1)]
    items = tuple(
        ReadingItem(number, names[number - 1], tuple(one["visits"]), one["swapped"], one["turn"])
        for number, one in enumerate(said["items"], start=1)
    )
    task, blinded, seed = Task(said["task"]), said["blinded"], said["seed"]
    return ReadingPlan(session, reader, task, blinded, seed, items, said["settles"])


def session_subject(session: str, number: int | None = None) -> str:
    """Name a session, or one of its items, in the record."""
    return f"session/{session}" if number is None else f"session/{session}/{number}"
