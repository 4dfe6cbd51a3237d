"""The tables of a record, and how an older record is brought up to date."""

from collections.abc import Callable

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

from cctrack.errors import StudyError

METADATA = MetaData()

IDENTITY = Table(
    "cctrack_record",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("key_name", Text, nullable=False),
)
"""One row: which version the tables have, and which key the chain was made with."""

ENTRIES = Table(
    "entries",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
"""The statements, in the order in which they were made."""

BLOBS = Table(
    "blobs",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""Masks and other data, under the hash of their content."""


def migrate(connection: Connection, key_name: str) -> None:
    """Make the tables of a new record, or bring those of an older one up to date.

    Raises
    ------
    StudyError
        If the record was written by a newer cctrack, or its chain was made with another key.
    """
    version, known_key = _identity(connection)
    if version > len(MIGRATIONS):
        raise StudyError(
            f"the record has version {version}, this cctrack knows {len(MIGRATIONS)}; "
            "use the newer cctrack"
        )
    if known_key not in ("", key_name):
        raise StudyError(
            "record/key is not the key that this record was made with; put the study's own key "
            "file back (readers who share a record need a copy of it)"
        )
    for step in MIGRATIONS[version:]:
        step(connection)
    if version == 0:
        connection.execute(insert(IDENTITY).values(version=len(MIGRATIONS), key_name=key_name))
    elif version < len(MIGRATIONS):
        connection.execute(update(IDENTITY).values(version=len(MIGRATIONS)))


def _identity(connection: Connection) -> tuple[int, str]:
    if not inspect(connection).has_table(IDENTITY.name):
        return 0, ""
    row = connection.execute(select(IDENTITY)).first()
    return (row.version, row.key_name) if row is not None else (0, "")


def _create_tables(connection: Connection) -> None:
    METADATA.create_all(connection)


def _index_subjects(connection: Connection) -> None:
    """Find what was said last about a subject without reading the whole record."""
    statement = "CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (kind, subject, seq)"
    connection.execute(text(statement))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_create_tables, _index_subjects)
"""Step n leads from version n to n + 1. Steps are only ever added at the end."""
