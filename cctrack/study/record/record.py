"""The record itself: append to it, ask it, verify it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select

from cctrack.errors import StudyError
from cctrack.io import hash_bytes
from cctrack.study.pseudonyms import KEY_FILE, key_name, study_key
from cctrack.study.record.chain import FIRST, Anchor, entry_hash, move_anchor, read_anchor
from cctrack.study.record.database import DATABASE_FILE, open_database, reading, writing
from cctrack.study.record.schema import BLOBS, ENTRIES, migrate
from cctrack.study.record.statement import (
    Entry,
    Kind,
    Statement,
    as_json,
    as_text,
    as_time,
    entry_of,
)
from cctrack.study.record.verify import AT_ONCE, Verified, holds, verify_data, verify_entries

PROGRAM = "cctrack"
"""Stands for the reader in what the program itself says."""

RECORD = "record"
"""Subject of what is said about the record itself."""


@contextmanager
def open_record(root: Path, url: str | None = None) -> Iterator["Record"]:
    """Open the record of a study; a new one is made where there is none.

    Parameters
    ----------
    root : Path
        The study's folder; key, anchor and, with SQLite, the database lie in its ``record``.
    url : str or None
        Of a PostgreSQL database that several readers share, as in study.toml; None or ``sqlite``
        for SQLite. A password that it does not hold is taken from where PostgreSQL's own programs
        take it (PGPASSWORD, PGPASSFILE).

    Raises
    ------
    StudyError
        If the database cannot be used, was written by a newer cctrack, or with another key.
    OSError
        If the folder cannot be written to.
    """
    folder = root / KEY_FILE.parent
    if not (root / KEY_FILE).exists() and (folder / DATABASE_FILE).exists():
        raise StudyError("record/key is missing; put the study's own key file back")
    engine = open_database(folder, None if url in (None, "", "sqlite") else url)
    try:
        record = Record(engine, folder, study_key(root))
        record.prepare()
        yield record
    finally:
        engine.dispose()


class Record:
    """An open record; made by `open_record`.

    Appending is safe from several threads, processes and, with PostgreSQL, machines at once.
    """

    def __init__(self, engine: Engine, folder: Path, key: bytes) -> None:
        self._engine = engine
        self._folder = folder
        self._key = key

    @property
    def key(self) -> bytes:
        """The study's key."""
        return self._key

    def prepare(self) -> None:
        """Make or migrate the tables; raises as `open_record`."""
        with writing(self._engine) as connection:
            migrate(connection, key_name(self._key))
            empty = _last(connection) is None
        if empty and not (self._folder / "anchor").exists():
            move_anchor(self._folder, self._key, Anchor(0, FIRST))

    def append(self, statement: Statement, now: datetime) -> Entry:
        """Write a statement; when this returns, it survives a crash.

        Raises
        ------
        StudyError
            If the database cannot be used.
        ValueError, TypeError
            If the statement is no JSON, or ``now`` has no time zone.
        """
        (entry,) = self.append_all([statement], now)
        return entry

    def append_all(self, statements: Sequence[Statement], now: datetime) -> tuple[Entry, ...]:
        """Write several statements, all of them or none; raises as `append`."""
        return self._append(statements, now, repeat=True)

    def append_changed(self, statements: Sequence[Statement], now: datetime) -> tuple[Entry, ...]:
        """Write those statements that say something else than what holds; raises as `append`."""
        return self._append(statements, now, repeat=False)

    def renew_anchor(self, now: datetime) -> None:
        """Make the anchor anew where it is missing and the chain holds; that is written down.

        It is missing on a machine that shares the record for the first time. Raises as `append`.
        """
        self._append([], now, repeat=True)

    def latest(self, kind: Kind, subject: str) -> Entry | None:
        """Return what was said last about a subject; None when nothing was, or it was taken back.

        Raises
        ------
        StudyError
            If the database cannot be used, or the entry is not as it was written.
        """
        with reading(self._engine) as connection:
            row = _latest(connection, kind, as_text(subject))
        entry = None if row is None else self._entry(row)
        return entry if entry and entry.after else None

    def latest_of(self, kind: Kind) -> dict[str, Entry]:
        """Return what was said last about every subject, by subject; raises as `latest`."""
        return {entry.subject: entry for entry in self.each_latest(kind)}

    def each_latest(self, kind: Kind) -> Iterator[Entry]:
        """Yield what was said last about every subject, one in memory at a time; see `latest`."""
        last = (
            select(func.max(ENTRIES.c.seq))
            .where(ENTRIES.c.kind == str(kind))
            .group_by(ENTRIES.c.subject)
        )
        query = select(ENTRIES).where(ENTRIES.c.seq.in_(last)).order_by(ENTRIES.c.seq)
        return (entry for entry in self._each(query) if entry.after)

    def history(self, kind: Kind | None = None, subject: str | None = None) -> list[Entry]:
        """Return all that was said, oldest first; raises as `latest`."""
        query = select(ENTRIES).order_by(ENTRIES.c.seq)
        if kind is not None:
            query = query.where(ENTRIES.c.kind == str(kind))
        if subject is not None:
            query = query.where(ENTRIES.c.subject == as_text(subject))
        return list(self._each(query))

    def put(self, data: bytes) -> str:
        """Keep data, such as a mask, and return the SHA-256 that they are found by.

        Statements name it under ``blobs``.

        Raises
        ------
        StudyError
            If the database cannot be used.
        """
        sha256 = hash_bytes(data)
        with writing(self._engine) as connection:
            known = connection.scalar(select(BLOBS.c.sha256).where(BLOBS.c.sha256 == sha256))
            if known is None:
                connection.execute(insert(BLOBS).values(sha256=sha256, data=data))
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return data that were kept.

        Raises
        ------
        StudyError
            If there are none of that hash, or they were changed.
        """
        with reading(self._engine) as connection:
            data = connection.scalar(select(BLOBS.c.data).where(BLOBS.c.sha256 == sha256))
        if data is None or hash_bytes(bytes(data)) != sha256:
            what = "are missing from" if data is None else "were changed in"
            raise StudyError(f"the data {sha256[:12]} {what} the record; put a copy of it back")
        return bytes(data)

    def verify(self, *, data: bool = True) -> Verified:
        """Check every entry, the anchor and, if asked for, all data kept beside the entries.

        Raises
        ------
        StudyError
            If the database cannot be used.
        """
        with reading(self._engine) as connection:
            return self.verify_within(connection, data=data)

    def verify_within(self, connection: Connection, *, data: bool = True) -> Verified:
        """Check what a connection sees; see `verify`."""
        entries = verify_entries(connection, self._folder, self._key)
        if not entries.ok or not data:
            return entries
        beside = verify_data(connection)
        return Verified(entries.entries, beside.problem, beside.entry)

    def _append(
        self, statements: Sequence[Statement], now: datetime, *, repeat: bool
    ) -> tuple[Entry, ...]:
        moved: Anchor | None = None
        with writing(self._engine) as connection:
            reanchor = self._reanchor(connection)
            intact = reanchor is not None
            listed = [*(reanchor or ()), *statements]
            entries = [
                entry
                for statement in listed
                if (entry := self._add(connection, statement, now, repeat=repeat)) is not None
            ]
            if entries and intact:
                moved = Anchor(entries[-1].seq, entries[-1].hash)
        if moved is not None:
            move_anchor(self._folder, self._key, moved)
        return tuple(entry for entry in entries if entry.kind is not Kind.ANCHOR)

    def _reanchor(self, connection: Connection) -> list[Statement] | None:
        """Say, where the anchor is missing, that a new one is made; None if the chain is broken.

        What a reader says is taken into a broken record too: only its anchor is then left where it
        is, so that the break stays visible.
        """
        try:
            anchor = read_anchor(self._folder, self._key)
        except ValueError:
            return None
        if anchor is not None:
            return [] if holds(connection, anchor) else None
        found = verify_entries(connection, self._folder, self._key)
        if found.entry is not None:
            return None
        after = {"entries": found.entries}
        why = "The anchor was missing beside the key; the chain holds."
        return [Statement(Kind.ANCHOR, RECORD, PROGRAM, after, why)] if found.entries else []

    def _add(
        self, connection: Connection, statement: Statement, now: datetime, *, repeat: bool
    ) -> Entry | None:
        last = _last(connection)
        subject, after = as_text(statement.subject), as_json(statement.after)
        known = _latest(connection, statement.kind, subject)
        if known is not None and known.after == after and not repeat:
            return None
        cells = {
            "seq": last.seq + 1 if last is not None else 1,
            "time": as_time(now),
            "kind": str(statement.kind),
            "subject": subject,
            "reader": as_text(statement.reader),
            "before": known.after if known is not None else None,
            "after": after,
            "why": as_text(statement.why),
            "previous": last.hash if last is not None else FIRST,
        }
        cells["hash"] = entry_hash(self._key, list(cells.values()))
        connection.execute(insert(ENTRIES).values(**cells))
        return entry_of(cells)

    def _each(self, query: Select[Any]) -> Iterator[Entry]:
        with reading(self._engine) as connection:
            for row in connection.execute(query.execution_options(yield_per=AT_ONCE)):
                yield self._entry(row)

    def _entry(self, row: Any) -> Entry:
        cells: list[Any] = list(row)
        if entry_hash(self._key, cells[:-1]) != row.hash:
            raise StudyError(
                f"entry {row.seq} of the record is not as it was written; put a copy of the "
                "record folder back (cctrack study status says more)"
            )
        return entry_of(row._mapping)


def _last(connection: Connection) -> Any:
    query = select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
    return connection.execute(query).first()


def _latest(connection: Connection, kind: Kind, subject: str) -> Any:
    query = select(ENTRIES).where(ENTRIES.c.kind == str(kind), ENTRIES.c.subject == subject)
    return connection.execute(query.order_by(ENTRIES.c.seq.desc()).limit(1)).first()
