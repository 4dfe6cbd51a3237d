"""A study that is run again measures what changed, and nothing else."""

import shutil
from datetime import UTC, datetime

import pytest
from cohorts import RESULTS, bytes_of, draw_photo, rows_of, write_photo_study

from cctrack.cli.main import main
from cctrack.errors import StudyError
from cctrack.study.record import Kind, Statement, image_subject, open_record
from cctrack.study.run import RunOptions, StudyResult, run_study


def run(root, out=None) -> StudyResult:
    return run_study(root, out or root / "results", RunOptions())


def done(result: StudyResult) -> tuple[int, int]:
    return result.measured, result.compared


def image_of(root, patient: str) -> str:
    rows = rows_of(root / "results" / "measurements.csv")
    return next(row["image_id"] for row in rows if row["patient"] == patient)


def say(root, kind: Kind, subject: str, after, why: str = "") -> None:
    with open_record(root) as record:
        record.append(Statement(kind, subject, "R1", after, why), datetime.now(UTC))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = write_photo_study(tmp_path_factory.mktemp("finished"), 3, visits=1)
    assert done(run(root)) == (3, 3)
    return root


@pytest.fixture
def study(finished, tmp_path):
    """Copy a study that was run, record and all."""
    return shutil.copytree(finished, tmp_path / "study")


def test_nothing_changed_nothing_measured_and_not_one_file_written(study):
    run(study)
    written = {path: path.stat().st_mtime_ns for path in (study / "results").rglob("*")}
    result = run(study)
    assert done(result) == (0, 0)
    assert result.taken == 3
    assert {path: path.stat().st_mtime_ns for path in (study / "results").rglob("*")} == written


def test_a_file_that_was_only_touched_is_not_measured_again(study):
    for path in (study / "images").glob("*"):
        path.touch()
    assert done(run(study)) == (0, 0)


def test_one_new_image_is_measured_alone(study):
    draw_photo(study / "images" / "1-0.png", 777)
    assert done(run(study)) == (1, 1)


def test_other_criteria_measure_nothing_and_compare_everything(study):
    text = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text('criteria = "who"\n' + text, encoding="utf-8")
    assert done(run(study)) == (0, 3)


def test_other_sizes_measure_everything(study):
    (study / "study.toml").write_text("[scale]\nmarker_mm = 30\n", encoding="utf-8")
    assert run(study).measured == 3


def test_a_readers_word_measures_its_image_alone(study):
    say(study, Kind.SCALE, image_subject(image_of(study, "P1")), {"mm_per_px": 0.25})
    assert done(run(study)) == (1, 1)
    rows = rows_of(study / "results" / "measurements.csv")
    assert {row["scale_source"] for row in rows if row["patient"] == "P1"} == {"given"}
    assert {row["scale_source"] for row in rows if row["patient"] != "P1"} == {""}


def test_what_is_taken_back_leaves_everything_as_it_was(study):
    before = bytes_of(study / "results")
    image = image_subject(image_of(study, "P1"))
    say(study, Kind.SCALE, image, {"mm_per_px": 0.25})
    run(study)
    say(study, Kind.SCALE, image, {}, "the wrong image")
    run(study)
    assert bytes_of(study / "results") == before


def test_another_version_of_cctrack_measures_everything(study, monkeypatch):
    monkeypatch.setattr("cctrack.study.measure_step.program_id", lambda: "9.9.9")
    assert run(study).measured == 3


def test_deleted_results_come_back_byte_by_byte_without_measuring(study):
    before = bytes_of(study / "results")
    assert set(RESULTS) <= set(before)
    shutil.rmtree(study / "results")
    assert done(run(study)) == (0, 0)
    assert bytes_of(study / "results") == before


def test_a_changed_table_is_put_right_and_what_is_no_longer_wanted_goes(study):
    before = bytes_of(study / "results")
    (study / "results" / "patients.csv").write_text("P1,cured\n", encoding="utf-8")
    (study / "results" / "masks" / "notes.txt").write_text("mine", encoding="utf-8")
    run(study)
    assert bytes_of(study / "results") == before | {"masks/notes.txt": b"mine"}
    draw_photo(study / "images" / "1-0.png", 777)
    run(study)
    assert len(list((study / "results" / "masks").glob("*.png"))) == 3


def test_results_elsewhere_leave_the_study_as_it_was(tmp_path):
    root = write_photo_study(tmp_path / "study", 1, visits=1)
    before = bytes_of(root)
    run(root, tmp_path / "out")
    assert bytes_of(root) == before
    assert not (root / "record").exists()
    assert (tmp_path / "out" / "record" / "cctrack.db").exists()
    assert done(run(root, tmp_path / "out")) == (0, 0)


def test_a_visit_that_cannot_be_read_is_asked_for_again_and_a_broken_one_is_not(study):
    with (study / "visits.csv").open("a", encoding="utf-8") as table:
        table.write("P8,arm,2020-03-01,photo,images/lost.png\n")
        table.write("P9,arm,2020-03-01,photo,images/broken.png\n")
    (study / "images" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    result = run(study)
    assert result.measured == 2
    assert [str(item.because) for item in result.refused] == ["not_found", "unreadable_pixels"]
    draw_photo(study / "images" / "lost.png", 5)
    result = run(study)
    assert (result.measured, len(result.refused)) == (1, 1)


def test_a_damaged_record_stops_the_run_and_status_says_where(study, capsys):
    with open_record(study) as record, record._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE entries SET after = '{}' WHERE seq = 2")
    with pytest.raises(StudyError, match="entry 2 is not as it was written"):
        run(study)
    assert main(["study", "status", str(study)]) == 1
    assert "entry 2 is not as it was written" in capsys.readouterr().out


def test_status_counts_what_is_due_and_what_readers_said(study, capsys):
    draw_photo(study / "images" / "1-0.png", 777)
    say(study, Kind.SCALE, image_subject("0123456789ab"), {"mm_per_px": 0.25})
    assert main(["study", "status", str(study)]) == 0
    printed = capsys.readouterr().out
    assert "3: 2 measured, 0 refused, 1 to do" in printed
    assert "R1: 1 scale" in printed
    assert "1 images that readers spoke of are at no visit" in printed
    assert "verified" in printed


def test_status_of_a_study_that_was_never_run_writes_nothing(tmp_path, capsys):
    root = write_photo_study(tmp_path, 1, visits=1)
    assert main(["study", "status", str(root), "--json"]) == 0
    assert '"due": 1' in capsys.readouterr().out
    assert not (root / "record").exists()


def test_the_run_says_what_it_did(study, capsys):
    draw_photo(study / "images" / "1-0.png", 777)
    main(["study", "run", str(study), "--jobs", "1"])
    printed = capsys.readouterr().out
    assert "1 visit measured, 2 taken from the record, 1 site compared, 0 refused" in printed


def test_provenance_names_bytes_and_parameters_of_every_image(study):
    text = (study / "results" / "provenance.json").read_text(encoding="utf-8")
    for row in rows_of(study / "results" / "sources.csv"):
        assert row["image_id"] in text
    assert '"numpy"' in text
    assert "calcinosis-25" in text


def test_patients_are_shown_under_pseudonyms_where_the_study_asks_for_it(tmp_path):
    root = write_photo_study(tmp_path, 1, visits=2)
    table = root / "visits.csv"
    table.write_text(table.read_text().replace("P0,", "Erika Mustermann,"), encoding="utf-8")
    (root / "study.toml").write_text("pseudonyms = true\n[scale]\nmarker_mm = 20\n")
    (root / "images" / "0-1.png").write_bytes(b"broken")
    run(root)
    run(root)
    found = {*bytes_of(root / "results").values(), *bytes_of(root / "record").values()}
    database = (root / "record" / "cctrack.db").read_bytes()
    assert all(b"Mustermann" not in data for data in (*found, database))
    names = {row["patient"] for row in rows_of(root / "results" / "measurements.csv")}
    assert len(names) == 1
    (refused,) = rows_of(root / "results" / "refused.csv")
    assert refused["source"] == f"{names.pop()} arm 2021-03-01 photo"
