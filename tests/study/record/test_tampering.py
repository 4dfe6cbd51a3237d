"""A record that was changed by anything but cctrack does not pass for whole."""

from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import text

from cctrack.errors import StudyError
from cctrack.io import hash_bytes
from cctrack.study.record import Kind, Statement, open_record

ENTRIES = 12
COLUMNS = ("time", "kind", "subject", "reader", "before", "after", "why", "previous", "hash")


@pytest.fixture
def filled(record, now):
    for number in range(ENTRIES):
        after = {"number": number, "blobs": {"mask": record.put(bytes([number]) * 100)}}
        record.append(Statement(Kind.OUTLINE, f"image/{number % 3}", "R1", after, "seen"), now)
    assert record.verify().ok
    return record


def change(connection, random: Random) -> tuple[str, int | None]:
    """Do one thing that cctrack never does; say what, and which entry it is first seen at."""
    seq = random.randint(1, ENTRIES)
    return random.choice((edit, delete, swap, truncate, forge, change_data, delete_data))(
        connection, random, seq
    )


def edit(connection, random: Random, seq: int) -> tuple[str, int]:
    column = random.choice(COLUMNS)
    value = random.choice(["", "x", "0" * 64, '{"number":99}'])
    if connection.scalar(text(f"SELECT {column} FROM entries WHERE seq = {seq}")) == value:
        value += " "
    statement = text(f"UPDATE entries SET {column} = :value WHERE seq = {seq}")
    connection.execute(statement, {"value": value})
    return f"edit {column}", seq


def delete(connection, _random: Random, seq: int) -> tuple[str, int]:
    connection.execute(text(f"DELETE FROM entries WHERE seq = {seq}"))
    return "delete", seq


def swap(connection, _random: Random, seq: int) -> tuple[str, int]:
    other = seq % ENTRIES + 1
    for source, target in ((seq, 1000), (other, seq), (1000, other)):
        connection.execute(text(f"UPDATE entries SET seq = {target} WHERE seq = {source}"))
    return "swap", min(seq, other)


def truncate(connection, _random: Random, seq: int) -> tuple[str, int]:
    connection.execute(text(f"DELETE FROM entries WHERE seq >= {seq}"))
    return "truncate", seq


def forge(connection, _random: Random, _seq: int) -> tuple[str, int]:
    copy = "time, kind, subject, reader, before, after, why, hash, hash"
    source = f"SELECT {ENTRIES + 1}, {copy} FROM entries WHERE seq = {ENTRIES}"
    connection.execute(text(f"INSERT INTO entries {source}"))
    return "forge", ENTRIES + 1


def change_data(connection, _random: Random, seq: int) -> tuple[str, None]:
    statement = text("UPDATE blobs SET data = :new WHERE sha256 = :sha")
    connection.execute(statement, {"new": b"x", "sha": hash_bytes(bytes([seq - 1]) * 100)})
    return "change data", None


def delete_data(connection, _random: Random, seq: int) -> tuple[str, None]:
    statement = text("DELETE FROM blobs WHERE sha256 = :sha")
    connection.execute(statement, {"sha": hash_bytes(bytes([seq - 1]) * 100)})
    return "delete data", None


def test_a_thousand_edits_deletions_reorders_and_truncations_are_detected(filled):
    random = Random(1)
    for _ in range(1000):
        with filled._engine.connect() as connection:
            transaction = connection.begin()
            what, entry = change(connection, random)
            found = filled.verify_within(connection)
            transaction.rollback()
        assert not found.ok, what
        assert entry is None or found.entry == entry, what
    assert filled.verify().ok


def test_an_empty_database_in_the_place_of_a_full_one_is_detected(tmp_path, now):
    with open_record(tmp_path) as record:
        record.append(Statement(Kind.OUTLINE, "image/1", "R1", {"a": 1}), now)
    for file in (tmp_path / "record").glob("cctrack.db*"):
        file.unlink()
    with open_record(tmp_path) as record:
        assert record.verify().problem == "the record ends at entry 0, it had 1: it was cut short"


def test_a_changed_entry_is_never_believed(filled):
    with filled._engine.begin() as connection:
        connection.execute(text("UPDATE entries SET after = '{\"number\": 99}' WHERE seq = 12"))
    with pytest.raises(StudyError, match="entry 12"):
        filled.latest(Kind.OUTLINE, "image/2")
    with pytest.raises(StudyError, match="entry 12"):
        filled.latest_of(Kind.OUTLINE)


def test_a_changed_mask_is_never_believed(filled):
    name = filled.put(b"mask")
    with filled._engine.begin() as connection:
        connection.execute(
            text("UPDATE blobs SET data = :new WHERE sha256 = :sha"), {"new": b"other", "sha": name}
        )
    with pytest.raises(StudyError, match="were changed"):
        filled.get(name)


def test_a_reader_can_still_speak_when_the_record_was_cut_and_the_cut_stays_visible(filled, now):
    with filled._engine.begin() as connection:
        connection.execute(text("DELETE FROM entries WHERE seq > 10"))
    filled.append_all([Statement(Kind.SCALE, "image/1", "R1", {"mm_per_px": 0.1})] * 5, now)
    assert filled.latest(Kind.SCALE, "image/1").after == {"mm_per_px": 0.1}
    assert not filled.verify().ok


def test_a_changed_anchor_is_detected(filled, tmp_path):
    anchor = tmp_path / "record" / "anchor"
    anchor.write_text(anchor.read_text().replace('"count": 12', '"count": 10'), encoding="ascii")
    assert filled.verify().problem == "the anchor beside the record's key was changed"


def test_a_lost_anchor_is_made_again_and_that_is_written_down(filled, tmp_path, now):
    (tmp_path / "record" / "anchor").unlink()
    assert not filled.verify().ok
    filled.append(Statement(Kind.SCALE, "image/1", "R1", {"mm_per_px": 0.1}), now)
    assert filled.verify().ok
    assert [entry.after for entry in filled.history(Kind.ANCHOR)] == [{"entries": ENTRIES}]


def test_a_crash_between_a_statement_and_its_anchor_is_no_tampering(filled, tmp_path, now):
    before = (tmp_path / "record" / "anchor").read_bytes()
    filled.append(Statement(Kind.SCALE, "image/1", "R1", {"mm_per_px": 0.1}), now)
    (tmp_path / "record" / "anchor").write_bytes(before)
    assert filled.verify().ok
    filled.append(Statement(Kind.SCALE, "image/1", "R1", {"mm_per_px": 0.2}), datetime.now(UTC))
    assert filled.verify().ok
