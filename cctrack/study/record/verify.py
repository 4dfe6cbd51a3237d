"""Whether a record is as cctrack wrote it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from cctrack.io import hash_bytes
from cctrack.study.record.chain import FIRST, Anchor, entry_hash, read_anchor
from cctrack.study.record.schema import BLOBS, ENTRIES
from cctrack.study.record.statement import BLOBS as BLOBS_KEY
from cctrack.study.record.statement import parsed

AT_ONCE = 500
"""Entries or data held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of checking a record.

    Attributes
    ----------
    entries : int
        How many there are.
    problem : str
        What is wrong, in words; empty when nothing is.
    entry : int or None
        The first entry that is not as it was written, or is missing; None when none is.
    """

    entries: int
    problem: str = ""
    entry: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the record is as it was written."""
        return not self.problem


def verify_entries(connection: Connection, folder: Path, key: bytes) -> Verified:
    """Follow the chain from its first entry to its anchor.

    Parameters
    ----------
    connection : Connection
    folder : Path
        Where the anchor lies.
    key : bytes
    """
    try:
        anchor = read_anchor(folder, key)
    except ValueError as error:
        return Verified(0, str(error))
    previous, count, head = FIRST, 0, FIRST if anchor is None or not anchor.count else ""
    query = select(ENTRIES).order_by(ENTRIES.c.seq)
    for row in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        problem = _problem(list(row), count + 1, previous, key)
        if problem:
            return Verified(count, problem, count + 1)
        previous, count = row.hash, count + 1
        if anchor is not None and count == anchor.count:
            head = previous
    return _against(anchor, count, head)


def holds(connection: Connection, anchor: Anchor) -> bool:
    """Whether the chain stands where its anchor is: one look, instead of following all of it."""
    if anchor.count == 0:
        return True
    found = connection.scalar(select(ENTRIES.c.hash).where(ENTRIES.c.seq == anchor.count))
    return found == anchor.head


def verify_data(connection: Connection) -> Verified:
    """Check the data kept beside the entries against their hashes."""
    known: set[str] = set()
    for row in connection.execute(select(BLOBS).execution_options(yield_per=1)):
        if hash_bytes(bytes(row.data)) != row.sha256:
            return Verified(0, f"the data {row.sha256[:12]} were changed")
        known.add(row.sha256)
    query = select(ENTRIES.c.seq, ENTRIES.c.after).order_by(ENTRIES.c.seq)
    for row in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        if not set(parsed(row.after).get(BLOBS_KEY, {}).values()) <= known:
            return Verified(0, f"data that entry {row.seq} names are missing", row.seq)
    return Verified(0)


def _problem(row: list[Any], place: int, previous: str, key: bytes) -> str:
    seq, said, found = row[0], row[:-1], row[-1]
    if seq != place:
        return f"entry {place} is missing"
    if said[-1] != previous or entry_hash(key, said) != found:
        return f"entry {place} is not as it was written"
    return ""


def _against(anchor: Anchor | None, count: int, head: str) -> Verified:
    if anchor is None:
        problem = "the anchor beside the record's key is missing" if count else ""
        return Verified(count, problem)
    if count < anchor.count:
        problem = f"the record ends at entry {count}, it had {anchor.count}: it was cut short"
        return Verified(count, problem, count + 1)
    if head != anchor.head:
        return Verified(count, f"entry {anchor.count} is not as it was written", anchor.count)
    return Verified(count)
