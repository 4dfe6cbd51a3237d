"""Any row of measurements.csv can be made again, to the last bit."""

import shutil
from datetime import UTC, datetime

import pytest
from cohorts import draw_photo, rows_of, take_from_sample, write_photo_study

from cctrack.cli.main import main
from cctrack.errors import StudyError
from cctrack.study.record import Kind, Statement, image_subject, open_record
from cctrack.study.reproduce import reproduce_rows
from cctrack.study.run import RunOptions, run_study


@pytest.mark.slow
def test_every_row_of_photos_films_and_ct_is_made_again_to_the_last_bit(tmp_path):
    for patient, modality in (("P3", "photo"), ("P7", "xray"), ("P2", "ct")):
        take_from_sample(tmp_path, [patient], modality)
    out = tmp_path / "results"
    assert run_study(tmp_path, out, RunOptions(jobs=2)).measured == 6
    rows = rows_of(out / "measurements.csv")
    found = reproduce_rows(tmp_path, out, [row["row_id"] for row in rows])
    assert [item.differing for item in found if not item.identical] == []
    for row, item in zip(rows, found, strict=True):
        assert row["value"] == str(item.again["value"])
        assert row["upper95"] == str(item.again["upper95"])


@pytest.fixture
def study(tmp_path):
    write_photo_study(tmp_path, 1)
    run_study(tmp_path, tmp_path / "results", RunOptions())
    return tmp_path


def first_row(study) -> str:
    return rows_of(study / "results" / "measurements.csv")[0]["row_id"]


def test_a_row_says_so_when_its_image_was_changed(study):
    row = first_row(study)
    draw_photo(study / "images" / "0-0.png", 999)
    with pytest.raises(StudyError, match=r"was changed: found the content .* needed"):
        reproduce_rows(study, study / "results", [row])


def test_a_row_says_so_when_its_image_is_gone(study, capsys):
    row = first_row(study)
    (study / "images" / "0-0.png").unlink()
    assert main(["reproduce", str(study), row]) == 1
    message = capsys.readouterr().err
    assert "cannot be read" in message
    assert "needed the one with the content" in message


def test_a_row_that_never_was_is_refused(study, capsys):
    assert main(["reproduce", str(study), "0123456789ab"]) == 1
    assert "no row" in capsys.readouterr().err


def test_a_row_of_a_former_run_is_made_again_with_what_was_said_then(study):
    row = first_row(study)
    image = rows_of(study / "results" / "measurements.csv")[0]["image_id"]
    with open_record(study) as record:
        said = Statement(Kind.SCALE, image_subject(image), "R1", {"mm_per_px": 0.2}, "ruler")
        record.append(said, datetime.now(UTC))
    (study / "study.toml").write_text("[scale]\nmarker_mm = 30\n", encoding="utf-8")
    run_study(study, study / "results", RunOptions())
    now = rows_of(study / "results" / "measurements.csv")[0]
    assert now["row_id"] != row
    assert now["scale_source"] == "given"
    found = reproduce_rows(study, study / "results", [row, now["row_id"]])
    assert [item.identical for item in found] == [True, True]
    assert found[0].again["unit"] == "px"


def test_the_command_prints_the_row_and_that_it_is_the_same(study, capsys):
    row = first_row(study)
    assert main(["reproduce", str(study), row]) == 0
    printed = capsys.readouterr().out
    assert row in printed
    assert "identical to the record" in printed
    shutil.rmtree(study / "results")
    assert main(["reproduce", str(study), row, "--json"]) == 0
    assert '"identical": true' in capsys.readouterr().out
