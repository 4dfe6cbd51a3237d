"""What is written into a record and what is read from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a statement says something about."""

    SCALE = "scale"
    STROKES = "strokes"
    OUTLINE = "outline"
    FINGER = "finger"
    REVIEW = "review"
    LANDMARKS = "landmarks"
    ALIGNMENT = "alignment"
    LINK = "link"
    VERDICT = "verdict"
    WINDOW = "window"
    READING = "reading"
    ADJUDICATION = "adjudication"
    MEASURED = "measured"
    COMPARED = "compared"
    RUN = "run"
    EXPORT = "export"
    ANCHOR = "anchor"


BLOBS = "blobs"
"""Key of a statement under which it names the data kept beside it: a mapping of names to hashes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that a reader decided, or that cctrack found.

    Attributes
    ----------
    kind : Kind
    subject : str
        What it is about, made by a function of `cctrack.study.record.subjects`.
    reader : str
        Who says so; ``cctrack`` for what the program found.
    after : mapping
        What holds from now on, as JSON. Data beside it (`Record.put`) are named under ``blobs``.
        An empty mapping takes back what was said before.
    why : str
    """

    kind: Kind
    subject: str
    reader: str
    after: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement as it stands in the record.

    Attributes
    ----------
    seq : int
        Its place, from 1, without gaps.
    when : datetime
        In UTC.
    kind, subject, reader, after, why
        As in `Statement`.
    before : mapping or None
        What held before; None when nothing was said yet.
    previous, hash : str
        Keyed hash of the entry before and of this one with it: a chain.
    """

    seq: int
    when: datetime
    kind: Kind
    subject: str
    reader: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    why: str
    previous: str
    hash: str


def as_json(value: object) -> str:
    """Write a value as JSON, the same text for the same value.

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If it holds something that JSON has no word for.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parsed(text: str) -> dict[str, Any]:
    """Read back what `as_json` wrote of a mapping."""
    value: dict[str, Any] = json.loads(text)
    return value


def as_text(value: str) -> str:
    """Replace what a database cannot store in a text: NUL, and halves of surrogate pairs."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\ufffd")


def as_time(now: datetime) -> str:
    """Write a time as ISO 8601 in UTC.

    Raises
    ------
    ValueError
        If it does not say in which time zone it is.
    """
    if now.tzinfo is None:
        raise ValueError("a time in the record needs its time zone")
    return now.astimezone(UTC).isoformat(timespec="microseconds")


def entry_of(cells: Mapping[Any, Any]) -> Entry:
    """Make an entry of the columns that it has in the database."""
    return Entry(
        seq=cells["seq"],
        when=datetime.fromisoformat(cells["time"]),
        kind=Kind(cells["kind"]),
        subject=cells["subject"],
        reader=cells["reader"],
        before=None if cells["before"] is None else parsed(cells["before"]),
        after=parsed(cells["after"]),
        why=cells["why"],
        previous=cells["previous"],
        hash=cells["hash"],
    )
