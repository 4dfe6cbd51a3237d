"""Open the database of a record: SQLite in the study's folder, or PostgreSQL by its address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from cctrack.errors import StudyError

DATABASE_FILE = "cctrack.db"

BUSY_S = 60.0
"""How long one program waits for another's statement to be written."""

WRITES = "cctrack_writes"
"""Execution option of a connection that will write."""

POSTGRESQL = "postgresql"

DURABLE = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
"""What is acknowledged survives a kill and a power cut (https://sqlite.org/wal.html)."""


def open_database(folder: Path, url: str | None) -> Engine:
    """Connect to a record's database; nothing is read yet.

    Parameters
    ----------
    folder : Path
        Where a SQLite database lies.
    url : str or None
        Of a PostgreSQL database; None for SQLite.

    Raises
    ------
    StudyError
        If the address is none, or names a database that records are not kept in.
    """
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        engine = create_engine(URL.create("sqlite", database=str(folder / DATABASE_FILE)))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(_postgresql(url), hide_parameters=True)
    except ModuleNotFoundError:
        raise StudyError(
            "a record in PostgreSQL needs psycopg; install the extra postgres"
        ) from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read what stands in the database at one moment.

    Raises
    ------
    StudyError
        If the database cannot be used.
    """
    with _named(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write as the only one: others wait until all of it is written, or nothing of it.

    Raises
    ------
    StudyError
        If the database cannot be used.
    """
    with _named(engine), engine.connect() as connection:
        chosen = connection.execution_options(**{WRITES: True})
        with chosen.begin():
            if engine.dialect.name == POSTGRESQL:
                chosen.execute(text("SELECT pg_advisory_xact_lock(hashtext('cctrack record'))"))
            yield chosen


@contextmanager
def _named(engine: Engine) -> Iterator[None]:
    """Say in our words what is wrong: the database's own may hold a user or a machine."""
    try:
        yield
    except DatabaseError as error:
        # SQLite names its errors without a word of the user's: SQLITE_FULL, SQLITE_IOERR_WRITE.
        kind = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
        needed = "a disk that can be written to and has room left, and an undamaged file"
        if engine.dialect.name == POSTGRESQL:
            needed = "a running server, and a user and password that it accepts"
        raise StudyError(
            f"the record's {engine.dialect.name} database cannot be used (found {kind}, "
            f"needed {needed})"
        ) from None


def _postgresql(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        backend = ""
    if backend != POSTGRESQL:
        raise StudyError(
            'study.toml: record must be "sqlite" or the address of a PostgreSQL database, '
            "postgresql+psycopg://user@server/name"
        )
    return parsed.set(drivername="postgresql+psycopg")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun below: Python's module would begin them too late for a lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={round(1000 * BUSY_S)}")
    for pragma in DURABLE:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
