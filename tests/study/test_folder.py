"""A study folder that is wrong says where, one that is right is read whole."""

from pathlib import Path

import pytest

from cctrack.cli.main import main
from cctrack.errors import StudyError
from cctrack.model import Because, Modality
from cctrack.study.folder import open_study, subjective_answer

VISITS = "patient,site,acquired,modality,path,laterality\n"


def write_study(root: Path, visits: str = "P1,forearm,2020-01-05,photo,a.jpg,left\n", **tables):
    (root / "visits.csv").write_text(VISITS + visits, encoding="utf-8")
    for name, text in tables.items():
        (root / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return root


def test_a_visit_is_read_with_its_site_and_date(tmp_path):
    study = open_study(write_study(tmp_path))
    (visit,) = study.visits
    assert (visit.patient, visit.modality) == ("P1", Modality.PHOTO)
    assert str(visit.site) == "left forearm"
    assert visit.acquired.year == 2020


def test_a_spreadsheet_byte_order_mark_does_not_hide_the_first_column(tmp_path):
    root = write_study(tmp_path)
    text = (root / "visits.csv").read_text(encoding="utf-8")
    (root / "visits.csv").write_text(text, encoding="utf-8-sig")
    assert open_study(root).patients == ("P1",)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("P1,forearm,5.1.2020,photo,a.jpg,\n", "line 2: acquired '5.1.2020' is no ISO date"),
        ("P1,forearm,2020-01-05,selfie,a.jpg,\n", "line 2: modality 'selfie' is none of"),
        (",forearm,2020-01-05,photo,a.jpg,\n", "line 2: patient is empty"),
        ("P1,forearm,2020-01-05,photo,,\n", "line 2: path is empty"),
        ("", "lists no visits"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path, line, complaint):
    with pytest.raises(StudyError, match=complaint):
        open_study(write_study(tmp_path, line))


def test_two_images_of_a_site_on_one_day_are_never_taken_for_two_visits(tmp_path):
    lines = "P1,forearm,2020-01-05,photo,a.jpg,left\nP1,forearm,2020-01-05,photo,b.jpg,left\n"
    study = open_study(write_study(tmp_path, lines + "P1,forearm,2020-01-05,photo,c.jpg,right\n"))
    assert [visit.path for visit in study.visits] == ["a.jpg", "c.jpg"]
    (second,) = study.incomplete
    assert second.because is Because.DUPLICATE
    assert second.detail == "the same site, view and day as line 2; name their views"


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "visits.csv").write_text("patient,site\nP1,hand\n", encoding="utf-8")
    with pytest.raises(StudyError, match="lacks the column acquired, modality, path"):
        open_study(tmp_path)


def test_a_folder_without_visits_is_no_study(tmp_path):
    with pytest.raises(StudyError, match=r"visits\.csv is missing"):
        open_study(tmp_path)


def test_a_negative_marker_size_is_refused(tmp_path):
    root = write_study(tmp_path, study_toml="[scale]\nmarker_mm = -20\n")
    with pytest.raises(StudyError, match="must be a positive number"):
        open_study(root)


def test_the_last_answer_counts(tmp_path):
    table = "patient,date,item,answer\nP1,2021-05-01,overall,worse\nP1,2020-05-01,overall,better\n"
    study = open_study(write_study(tmp_path, questionnaires_csv=table))
    assert subjective_answer(study, "P1") == "worse"
    assert subjective_answer(study, "P2") == ""


def test_the_status_counts_lines_that_have_to_be_completed(tmp_path, capsys):
    lines = "P1,forearm,2020-01-05,photo,a.jpg,left\nP1,forearm,2020-01-05,photo,b.jpg,left\n"
    assert main(["study", "status", str(write_study(tmp_path, lines))]) == 0
    printed = capsys.readouterr().out
    assert "1 of visits.csv have to be completed before they count" in printed
    assert "visits   1:" in printed
