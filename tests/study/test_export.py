"""What researchers analyse elsewhere has types and units, and holds every row of the results."""

import csv
from datetime import UTC, date, datetime

import pytest

from cctrack.cli.main import main
from cctrack.compare import CHANGE_COLUMNS, PATIENT_COLUMNS
from cctrack.errors import StudyError
from cctrack.io import write_table
from cctrack.model import Modality
from cctrack.study.export import NOTICE, Format, export_study
from cctrack.study.folder import open_study
from cctrack.study.reading_session import (
    ReadingOptions,
    Said,
    plan_reading,
    record_reading,
    start_reading,
)
from cctrack.study.record import Kind, open_record
from cctrack.study.rows import MEASUREMENT_COLUMNS

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)

MEASURED = {
    "row_id": "r1",
    "image_id": "i1",
    "patient": "P1",
    "site": "hand",
    "modality": "photo",
    "acquired": "2016-03-03",
    "lesion": "total",
    "quantity": "area",
    "value": 61.5,
    "unit": "mm2",
    "method": "automatic",
    "files": 1,
}
CHANGED = {
    "row_id": "c1",
    "patient": "P1",
    "site": "hand",
    "modality": "photo",
    "baseline_date": "2014-03-03",
    "followup_date": "2016-03-03",
    "reference": "baseline",
    "lesion": "total",
    "quantity": "area",
    "method": "automatic",
    "baseline": 100.0,
    "followup": 61.5,
    "unit": "mm2",
    "change_percent": -38.5,
    "lower95": -45.0,
    "upper95": -30.0,
    "log_sd": 0.05,
    "outcome": "regression",
    "confidence": "definite",
    "criteria": "calcinosis-25",
    "comparable": "yes",
    "reason": "=It shrank.",
}
PATIENT = {
    "patient": "P1",
    "modality": "photo",
    "baseline_date": "2014-03-03",
    "last_date": "2016-03-03",
    "months": 24.0,
    "change_percent": -38.5,
    "outcome": "regression",
    "subjective": "better",
    "sites_evaluable": "1 of 1",
    "reason": "It shrank.",
}


@pytest.fixture
def study(tmp_path):
    """Give a study as a run leaves it."""
    root = tmp_path / "study"
    root.mkdir()
    lines = ["patient,site,acquired,modality,path"]
    lines += [f"P1,hand,{day},photo,{day}.png" for day in ("2014-03-03", "2016-03-03")]
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    people = "patient,sex,code,remark\nP1,female,007,=1+1\n"
    (root / "participants.csv").write_text(people, encoding="utf-8")
    write_table(root / "results" / "measurements.csv", MEASUREMENT_COLUMNS, [MEASURED])
    write_table(root / "results" / "changes.csv", CHANGE_COLUMNS, [CHANGED])
    write_table(root / "results" / "patients.csv", PATIENT_COLUMNS, [PATIENT])
    write_table(root / "results" / "refused.csv", ("source", "because", "detail"), [])
    return root


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_table_has_its_columns_described(study, tmp_path):
    exported = export_study(study, tmp_path / "out", Format.CSV)
    written = {path.stem for path in (tmp_path / "out").glob("*.csv")} - {"columns"}
    assert written == set(exported.rows)
    assert {"measurements", "changes", "patients", "refused", "responses"} <= written
    columns = read(tmp_path / "out" / "columns.csv")
    for name in written:
        header = (tmp_path / "out" / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        assert header.split(",") == [row["column"] for row in columns if row["table"] == name]
    assert (tmp_path / "out" / "README.txt").read_text(encoding="utf-8").count(NOTICE) == 1
    results = {"measurements", "changes", "patients", "refused"}
    nameless = {row["column"] for row in columns if row["table"] in results and not row["meaning"]}
    assert nameless == set()


def test_days_since_the_first_visit_stand_next_to_dates(study, tmp_path):
    export_study(study, tmp_path / "out", Format.CSV)
    (measured,) = read(tmp_path / "out" / "measurements.csv")
    assert (measured["acquired"], measured["days"]) == ("2016-03-03", "731")
    (changed,) = read(tmp_path / "out" / "changes.csv")
    assert (changed["baseline_days"], changed["days"]) == ("0", "731")


def test_parquet_has_numbers_and_dates(study, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    export_study(study, tmp_path / "out", Format.PARQUET)
    (row,) = parquet.read_table(tmp_path / "out" / "measurements.parquet").to_pylist()
    assert (row["value"], row["acquired"], row["files"]) == (61.5, date(2016, 3, 3), 1)
    assert row["flags"] is None
    (person,) = parquet.read_table(tmp_path / "out" / "participants.parquet").to_pylist()
    assert person["code"] == "007"
    table = parquet.read_table(tmp_path / "out" / "refused.parquet")
    assert table.column_names == ["source", "because", "detail"]


def test_a_workbook_begins_with_the_notice_and_runs_nothing(study, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    export_study(study, tmp_path / "study.xlsx", Format.XLSX)
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    assert NOTICE in book.worksheets[0]["A1"].value
    assert all(
        cell.data_type != "f" for page in book.worksheets for row in page.rows for cell in row
    )


def test_an_export_unblinds_readings_and_stands_in_the_record(study, tmp_path):
    opened = open_study(study)
    with open_record(study) as record:
        for reader, seed, size in (("R1", 1, 100.0), ("R2", 2, 110.0)):
            options = ReadingOptions(reader, repeats=0.0, modality=Modality.PHOTO)
            plan = plan_reading(opened, options, seed=seed, now=NOW)
            start_reading(record, plan, NOW)
            for item in plan.items:
                record_reading(record, plan, item.number, Said(value=size, unit="mm2"), NOW)
    export_study(study, tmp_path / "out", Format.CSV, clock=lambda: NOW)
    readings = read(tmp_path / "out" / "readings.csv")
    assert {(row["reader"], row["acquired"], row["value"]) for row in readings} == {
        (reader, day, size)
        for reader, size in (("R1", "100.0"), ("R2", "110.0"))
        for day in ("2014-03-03", "2016-03-03")
    }
    agreement = read(tmp_path / "out" / "agreement_of_readers.csv")
    assert {row["statistic"] for row in agreement} >= {"icc_2_1", "ratio"}
    with open_record(study) as record:
        (entry,) = record.history(Kind.EXPORT)
    assert entry.after["rows"]["readings"] == 4


def test_a_study_that_was_not_run_cannot_be_exported(study, tmp_path):
    (study / "results" / "changes.csv").unlink()
    with pytest.raises(StudyError, match=r"changes\.csv is missing.*study run makes it"):
        export_study(study, tmp_path / "out", Format.CSV)


@pytest.mark.parametrize("place", ["", "results"])
def test_an_export_never_goes_over_the_tables_of_a_study(study, place):
    (study / "results" / "provenance.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="written over a study's own tables"):
        export_study(study, study / place, Format.CSV)
    assert "007" in (study / "participants.csv").read_text(encoding="utf-8")


def test_an_export_makes_no_record_where_there_is_none(study, tmp_path):
    export_study(study, tmp_path / "out", Format.CSV)
    assert not (study / "record").exists()


def test_the_command_says_how_many_rows_it_wrote(study, tmp_path, capsys):
    assert main(["study", "export", str(study), "--out", str(tmp_path / "out")]) == 0
    assert "measurements" in capsys.readouterr().out
