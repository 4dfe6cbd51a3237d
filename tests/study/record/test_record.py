"""What a reader says is kept, with who, when, why, and what held before."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from cctrack.errors import StudyError
from cctrack.model import Modality, Site, Visit
from cctrack.study.record import (
    Kind,
    Statement,
    image_subject,
    open_record,
    site_subject,
    visit_subject,
)

SCALE = Statement(Kind.SCALE, image_subject("060f105fb4bd"), "R1", {"mm_per_px": 0.1}, "ruler")


def test_a_statement_is_read_back_with_all_that_was_said(record, now):
    said = record.append(SCALE, now)
    found = record.latest(Kind.SCALE, SCALE.subject)
    assert found == said
    assert (found.reader, found.after, found.why) == ("R1", {"mm_per_px": 0.1}, "ruler")
    assert (found.seq, found.when, found.before) == (1, now, None)


def test_the_last_word_holds_and_the_first_is_kept(record, now):
    record.append(SCALE, now)
    second = Statement(Kind.SCALE, SCALE.subject, "R2", {"mm_per_px": 0.12})
    record.append(second, now + timedelta(days=1))
    assert record.latest(Kind.SCALE, SCALE.subject).before == {"mm_per_px": 0.1}
    assert record.latest_of(Kind.SCALE)[SCALE.subject].reader == "R2"
    assert [entry.reader for entry in record.history(Kind.SCALE)] == ["R1", "R2"]
    assert len(record.history(subject="image/other")) == 0


def test_what_is_taken_back_holds_no_more_but_stays_in_the_history(record, now):
    record.append(SCALE, now)
    record.append(Statement(Kind.SCALE, SCALE.subject, "R1", {}, "wrong image"), now)
    assert record.latest(Kind.SCALE, SCALE.subject) is None
    assert record.latest_of(Kind.SCALE) == {}
    assert len(record.history()) == 2


def test_what_is_said_again_unchanged_is_written_once_where_asked(record, now):
    assert len(record.append_changed([SCALE, SCALE], now)) == 1
    assert record.append_changed([SCALE], now) == ()
    assert len(record.append_all([SCALE, SCALE], now)) == 2


@pytest.mark.parametrize("why", ["Fuß – größer", "a\0b", "half \ud800", "'; DROP TABLE entries"])
def test_any_text_of_a_reader_is_kept(record, now, why):
    record.append(Statement(Kind.STROKES, "image/x", why, {"text": why}, why), now)
    assert record.latest(Kind.STROKES, "image/x").after == {"text": why}
    assert record.verify().ok


def test_masks_are_kept_by_their_content(record):
    mask = bytes(range(256)) * 1000
    name = record.put(mask)
    assert record.put(mask) == name
    assert record.get(name) == mask
    with pytest.raises(StudyError, match="missing"):
        record.get("0" * 64)


def test_numbers_come_back_to_the_last_bit(record, now):
    values = {"all": [0.1 + 0.2, 1e-320, 2**53 + 1, -0.0]}
    record.append(Statement(Kind.MEASURED, "visit/x", "cctrack", values), now)
    assert repr(record.latest(Kind.MEASURED, "visit/x").after) == repr(values)


def test_a_number_that_is_none_is_not_written(record, now):
    with pytest.raises(ValueError, match="JSON compliant"):
        record.append(Statement(Kind.SCALE, "image/x", "R1", {"mm": float("nan")}), now)
    with pytest.raises(ValueError, match="time zone"):
        record.append(SCALE, datetime(2024, 1, 1))
    assert record.history() == []


def test_several_statements_are_written_together_or_not_at_all(record, now):
    bad = Statement(Kind.SCALE, "image/y", "R1", {"mm": float("inf")})
    with pytest.raises(ValueError, match="JSON"):
        record.append_all([SCALE, bad], now)
    assert record.history() == []


def test_a_record_is_found_again_after_it_was_closed(tmp_path, url, now):
    with open_record(tmp_path, url) as record:
        record.append(SCALE, now)
    with open_record(tmp_path, url) as record:
        assert record.latest(Kind.SCALE, SCALE.subject).after == {"mm_per_px": 0.1}
        assert record.verify().ok


def test_only_the_owner_reads_the_key_and_its_anchor(tmp_path, record, now):
    record.append(SCALE, now)
    for name in ("key", "anchor"):
        assert (tmp_path / "record" / name).stat().st_mode & 0o077 == 0


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cctrack.study.record import Kind, Statement, open_record
root, url, name = sys.argv[1:]
with open_record(Path(root), url or None) as record:
    for number in range(10):
        said = {"number": number}
        record.append(Statement(Kind.READING, f"image/{name}", name, said), datetime.now(UTC))
"""


def test_readers_who_write_at_once_lose_nothing(tmp_path, url):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), url or "", f"R{number}"])
        for number in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    with open_record(tmp_path, url) as record:
        entries = record.history()
        assert [entry.seq for entry in entries] == list(range(1, 41))
        for writer in range(4):
            own = [entry.after["number"] for entry in entries if entry.reader == f"R{writer}"]
            assert own == list(range(10))
        assert record.verify().ok


def test_a_record_of_version_1_is_brought_up_to_date(tmp_path, url, now):
    with open_record(tmp_path, url) as record:
        record.append(SCALE, now)
        with record._engine.begin() as connection:
            connection.execute(text("DROP INDEX entries_by_subject"))
            connection.execute(text("UPDATE cctrack_record SET version = 1"))
    with open_record(tmp_path, url) as record:
        names = [index["name"] for index in inspect(record._engine).get_indexes("entries")]
        assert "entries_by_subject" in names
        assert record.latest(Kind.SCALE, SCALE.subject).after == {"mm_per_px": 0.1}
        assert record.verify().ok


def test_a_record_of_a_newer_cctrack_is_left_alone(tmp_path, url):
    with open_record(tmp_path, url) as record, record._engine.begin() as connection:
        connection.execute(text("UPDATE cctrack_record SET version = 99"))
    with pytest.raises(StudyError, match="version 99"), open_record(tmp_path, url):
        pass


def test_another_studys_key_is_noticed(tmp_path, url):
    with open_record(tmp_path, url):
        pass
    (tmp_path / "record" / "key").write_text("00" * 32 + "\n", encoding="ascii")
    with pytest.raises(StudyError, match="not the key"), open_record(tmp_path, url):
        pass


def test_a_lost_key_is_never_replaced_by_a_new_one(tmp_path):
    with open_record(tmp_path):
        pass
    (tmp_path / "record" / "key").unlink()
    with pytest.raises(StudyError, match="key is missing"), open_record(tmp_path):
        pass


@pytest.mark.parametrize("url", ["mysql://user@host/x", "no address", "postgresql"])
def test_what_is_no_postgresql_is_refused_in_one_line(tmp_path, url):
    with pytest.raises(StudyError, match="PostgreSQL database"), open_record(tmp_path, url):
        pass


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path):
    url = "postgresql+psycopg://reader:hunter2@127.0.0.1:1/study"
    with pytest.raises(StudyError, match="postgresql") as caught, open_record(tmp_path, url):
        pass
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_subjects_hold_no_path_and_no_separator_of_their_own():
    visit = Visit(
        "P/1", Site("hand"), datetime(2024, 1, 1, tzinfo=UTC).date(), Modality.XRAY, "J.jpg"
    )
    assert "J.jpg" not in visit_subject(visit)
    assert site_subject("P/1", visit.site, "xray") == "site/P%2F1/hand/xray"
    assert site_subject("P", "1/hand", "xray") != site_subject("P/1", "hand", "xray")
