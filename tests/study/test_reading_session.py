"""A blinded reader learns nothing, what is read is never lost, and differing readers are found."""

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from PIL import Image

from cctrack.errors import StudyError
from cctrack.model import Modality, Provenance
from cctrack.study.folder import open_study
from cctrack.study.reading_session import (
    ReadingOptions,
    Said,
    Task,
    disagreements,
    items_read,
    open_reading,
    plan_reading,
    read_item,
    reading_agreement,
    readings_of,
    readings_sheet,
    record_reading,
    sessions_of,
    start_reading,
    things_to_settle,
)
from cctrack.study.reading_session.results import record_results
from cctrack.study.record import Kind, open_record

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAYS = ("2014-03-03", "2016-03-03", "2018-03-03")
BLIND = ReadingOptions("R1")


@pytest.fixture
def study(tmp_path):
    """Give a study of four patients, three photos of each."""
    rows = ["patient,site,acquired,modality,path"]
    for patient in range(1, 5):
        for number, day in enumerate(DAYS):
            name = f"secret-{patient}-{number}.png"
            pixels = np.full((12, 12, 3), (180, 140, 10 * patient + number), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name)
            rows.append(f"P{patient},hand,{day},photo,{name}")
    (tmp_path / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return open_study(tmp_path)


@pytest.fixture
def record(study):
    with open_record(study.root) as opened:
        yield opened


def plan(study, options=BLIND, seed=7, now=NOW):
    return plan_reading(study, options, seed=seed, now=now)


def read_all(record, study, options, value_of, *, seed=7, now=NOW):
    """Start a session and read every item of it."""
    session = plan(study, options, seed, now)
    start_reading(record, session, now)
    for item in session.items:
        said = value_of(session, item)
        record_reading(record, session, item.number, said, now + timedelta(minutes=item.number))
    return session


def test_what_a_blinded_reader_is_shown_holds_no_identity_date_or_order(study):
    session = plan(study)
    shown = json.dumps(session.shown()) + repr(session)
    for told in (
        "P1",
        "hand",
        "secret",
        "2014",
        "visit",
        *(v for i in session.items for v in i.visits),
    ):
        assert told not in shown
    assert [item.name for item in session.items][:2] == ["item 1", "item 2"]


def test_an_image_comes_to_a_blinded_reader_without_date_or_source(study):
    for image in read_item(study, plan(study), 3):
        assert image.acquired is None
        assert image.provenance == Provenance()


def test_names_of_sessions_and_files_of_two_readers_say_nothing_of_what_comes_when(study):
    orders = {tuple(item.visits for item in plan(study, seed=seed).items) for seed in range(8)}
    assert len(orders) == 8


def test_the_same_seed_gives_the_same_order(study):
    assert plan(study) == plan(study)


def test_every_image_is_read_once_and_a_share_of_them_twice(study):
    items = plan(study, ReadingOptions("R1", repeats=0.25)).items
    once = [item.visits for item in items if item.turn == 1]
    again = [item for item in items if item.turn == 2]
    assert len(set(once)) == len(once) == 12
    assert len(again) == 3
    for item in again:
        (first,) = [other for other in items if other.visits == item.visits and other.turn == 1]
        assert item.number > first.number + 1


def test_of_two_visits_either_comes_first_and_a_verdict_is_turned_back(study, record):
    options = ReadingOptions("R1", Task.VERDICT, repeats=0.0)
    session = read_all(
        record,
        study,
        options,
        lambda _plan, item: Said("progression" if item.number % 2 else "stable"),
    )
    assert {item.swapped for item in session.items} == {True, False}
    rows = {row.item: row for row in readings_of(record, study)}
    for item in session.items:
        turned = "regression" if item.swapped else "progression"
        assert rows[item.number].verdict == (turned if item.number % 2 else "stable")
        assert rows[item.number].baseline_date == date(2014, 3, 3)


def test_a_session_is_taken_up_where_it_was_left(study, record):
    session = plan(study)
    start_reading(record, session, NOW)
    record_reading(record, session, 4, Said(value=12.5, unit="mm2"), NOW)
    again = open_reading(record, session.session)
    assert again == session
    assert items_read(record, again) == {4}
    assert sessions_of(record) == {session.session: session}


def test_a_reading_that_is_changed_keeps_what_was_said_before(study, record):
    session = plan(study)
    start_reading(record, session, NOW)
    for value in (10.0, 11.0):
        record_reading(record, session, 1, Said(value=value, unit="mm2"), NOW)
    (row,) = readings_of(record, study)
    assert row.value == 11.0
    entry = record.latest(Kind.READING, f"session/{session.session}/1")
    assert entry.before["value"] == 10.0


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (Task.OUTLINE, Said("stable")),
        (Task.OUTLINE, Said()),
        (Task.OUTLINE, Said(value=-1.0, unit="mm2")),
        (Task.OUTLINE, Said(value=1.0)),
        (Task.OUTLINE, Said(value=float("nan"), unit="mm2")),
        (Task.VERDICT, Said("better")),
        (Task.VERDICT, Said(value=1.0, unit="mm2")),
    ],
)
def test_a_reading_that_does_not_fit_its_task_is_refused(study, record, task, said):
    session = plan(study, ReadingOptions("R1", task))
    start_reading(record, session, NOW)
    with pytest.raises(StudyError):
        record_reading(record, session, 1, said, NOW)


def test_an_item_that_is_not_there_cannot_be_read(study, record):
    session = plan(study)
    with pytest.raises(StudyError, match="items 1 to 14, not 15"):
        record_reading(record, session, 15, Said(value=1.0, unit="mm2"), NOW)
    with pytest.raises(StudyError, match="knows no session"):
        open_reading(record, "0badc0de")


def test_a_reader_who_is_not_blinded_sees_names_in_order(study):
    session = plan(study, ReadingOptions("R1", blinded=False))
    assert session.items[0].name == "P1, hand, photo, 2014-03-03"
    assert len(session.items) == 12
    assert read_item(study, session, 1)[0].provenance.sha256


def test_nothing_to_read_and_nobody_to_read_it_are_said(study):
    with pytest.raises(StudyError, match="nothing to read"):
        plan(study, ReadingOptions("R1", modality=Modality.CT))
    with pytest.raises(StudyError, match="name of its reader"):
        plan(study, ReadingOptions(" "))


def size_of(item):
    """Give every patient's deposits a size that grows with the patient's number."""
    patient = int(item.visits[0].split("/")[1].removeprefix("P"))
    return 100.0 * patient


def test_only_readers_who_differ_by_more_than_the_tolerance_disagree(study, record):
    none = {"repeats": 0.0}
    read_all(
        record,
        study,
        ReadingOptions("R1", **none),
        lambda _p, i: Said(value=size_of(i), unit="mm2"),
    )
    read_all(
        record,
        study,
        ReadingOptions("R2", **none),
        lambda _p, i: Said(value=size_of(i) * (1.5 if "/P3/" in i.visits[0] else 1.2), unit="mm2"),
        seed=8,
    )
    rows = readings_of(record, study)
    found = disagreements(rows)
    assert {item.first.patient for item in found} == {"P3"}
    assert len(found) == 3
    assert len(disagreements(rows, tolerance=0.1)) == 12
    assert disagreements(rows, tolerance=0.5) == ()


def test_a_third_reader_settles_only_what_two_differ_on(study, record):
    verdict = {"task": Task.VERDICT, "repeats": 0.0}
    read_all(record, study, ReadingOptions("R1", **verdict), lambda _p, _i: Said("stable"))
    read_all(
        record,
        study,
        ReadingOptions("R2", **verdict),
        lambda _p, item: Said("stable" if "/P1/" not in item.visits[0] else "not_evaluable"),
        seed=9,
    )
    found = disagreements(readings_of(record, study))
    with pytest.raises(StudyError, match="somebody else"):
        things_to_settle(found, "R2")
    options = ReadingOptions("R3", Task.VERDICT, settle=things_to_settle(found, "R3"))
    session = read_all(record, study, options, lambda _p, _i: Said("progression"), seed=3)
    assert len(session.items) == 2
    decided = {
        (row["patient"], row["adjudicated"], row["adjudicator"])
        for row in readings_sheet(readings_of(record, study), record).rows
        if row.get("adjudicated")
    }
    assert decided == {
        ("P1", "regression" if item.swapped else "progression", "R3") for item in session.items
    }
    assert len(readings_of(record, study)) == 16  # What the first two said stays.


def test_readers_who_agree_have_nothing_to_settle():
    with pytest.raises(StudyError, match="nothing to settle"):
        things_to_settle([], "R3")


def statistics(sheet, **cells):
    return {
        row["statistic"]: row
        for row in sheet.rows
        if all(row[key] == value for key, value in cells.items())
    }


def test_agreement_between_readers_and_within_one_is_computed(study, record):
    rng = np.random.default_rng(5)
    for reader, bias, seed in (("R1", 1.0, 7), ("R2", 1.1, 8), ("R3", 1.0, 9)):
        read_all(
            record,
            study,
            ReadingOptions(reader, repeats=0.5),
            lambda _p, i, bias=bias: Said(
                value=float(size_of(i) * bias * np.exp(rng.normal(0, 0.01))), unit="mm2"
            ),
            seed=seed,
        )
    sheet = reading_agreement(readings_of(record, study))
    between = statistics(sheet, kind="between", reader="R1", other="R2")
    assert between["ratio"]["value"] == pytest.approx(1.1, rel=0.01)
    assert between["ratio"]["lower95"] < 1.1 < between["ratio"]["upper95"]
    assert 0.9 < between["icc_2_1"]["value"] < 1.0
    assert between["icc_2_1"]["pairs"] == 12
    within = statistics(sheet, kind="within", reader="R1")
    assert within["ratio"]["value"] == pytest.approx(1.0, abs=0.02)
    assert within["ratio"]["pairs"] == 6
    assert statistics(sheet, kind="all")["icc_2_1"]["value"] > 0.9


def test_what_cannot_enter_an_agreement_is_counted(study, record):
    for reader, seed in (("R1", 7), ("R2", 8)):
        read_all(
            record,
            study,
            ReadingOptions(reader, Task.VERDICT, repeats=0.0),
            lambda _p, i: Said("stable" if "/P1/" in i.visits[0] else "not_evaluable"),
            seed=seed,
        )
    kappa = statistics(reading_agreement(readings_of(record, study)), kind="between")["kappa"]
    assert (kappa["pairs"], kappa["left_out"]) == (8, 6)
    assert "same" in kappa["note"] or "statsmodels" in kappa["note"]


def test_results_written_elsewhere_are_taken_whole_or_not_at_all(study, record, tmp_path):
    session = plan(study)
    start_reading(record, session, NOW)
    results = tmp_path / "results.csv"
    results.write_text("item,value,unit\nitem 2,12.5,mm2\n3,,\n4,x,mm2\n", encoding="utf-8")
    with pytest.raises(StudyError, match="line 4: value is no number"):
        record_results(record, session, results, NOW)
    assert items_read(record, session) == frozenset()
    results.write_text("item,value,unit\nitem 2,12.5,mm2\n3,,\n", encoding="utf-8")
    assert record_results(record, session, results, NOW) == 1
    assert items_read(record, session) == {2}


def test_the_record_shows_a_session_that_was_meddled_with(study, record):
    start_reading(record, plan(study), NOW)
    assert record.verify().ok
    with sqlite3.connect(study.root / "record" / "cctrack.db") as database:
        database.execute("UPDATE entries SET after = replace(after, '\"seed\":7', '\"seed\":8')")
    assert not record.verify().ok
