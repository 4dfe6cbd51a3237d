"""What is handed to R, Python or a spreadsheet keeps its types and runs nothing."""

import zipfile
from datetime import date

import pytest

from cctrack.errors import CctrackError
from cctrack.io.sheets import (
    Column,
    Kind,
    Sheet,
    write_csv_sheet,
    write_parquet,
    write_workbook,
)

NOTICE = "Research use only"
COLUMNS = (
    Column("patient", Kind.TEXT, "pseudonym"),
    Column("area", Kind.NUMBER, "mm2"),
    Column("lesions", Kind.COUNT, "how many"),
    Column("day", Kind.DATE, "of the image"),
)
ROWS = (
    {"patient": "P1", "area": "2.5", "lesions": "3", "day": "2020-02-29"},
    {"patient": "=1+1", "area": -0.1, "lesions": None, "day": date(2021, 1, 1)},
    {"patient": "", "area": "", "lesions": "", "day": ""},
)
SHEET = Sheet("areas", COLUMNS, ROWS)


def test_parquet_keeps_types_units_and_what_is_missing(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tmp_path / "areas.parquet", SHEET, notice=NOTICE)
    table = parquet.read_table(tmp_path / "areas.parquet")
    assert [str(field.type) for field in table.schema] == [
        "string",
        "double",
        "int64",
        "date32[day]",
    ]
    assert table.to_pydict() == {
        "patient": ["P1", "=1+1", None],
        "area": [2.5, -0.1, None],
        "lesions": [3, None, None],
        "day": [date(2020, 2, 29), date(2021, 1, 1), None],
    }
    assert table.schema.metadata[b"notice"] == NOTICE.encode()
    assert table.schema.field("area").metadata[b"meaning"] == b"mm2"


def test_a_table_without_rows_still_has_its_columns(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet(tmp_path / "areas.parquet", Sheet("areas", COLUMNS), notice=NOTICE)
    assert parquet.read_table(tmp_path / "areas.parquet").num_rows == 0


def test_a_workbook_says_first_what_it_must_not_be_used_for(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    write_workbook(tmp_path / "study.xlsx", [SHEET], notice=NOTICE)
    book = openpyxl.load_workbook(tmp_path / "study.xlsx")
    assert book.sheetnames == ["Read me", "areas"]
    assert book["Read me"]["A1"].value == NOTICE
    assert [cell.value for cell in book["areas"][2]][:3] == ["P1", 2.5, 3]


@pytest.mark.parametrize("payload", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "=cmd|' /C c'!A0"])
def test_a_workbook_holds_no_live_formula(tmp_path, payload):
    openpyxl = pytest.importorskip("openpyxl")
    sheet = Sheet("areas", COLUMNS, ({"patient": payload},))
    write_workbook(tmp_path / "study.xlsx", [sheet], notice=payload)
    with zipfile.ZipFile(tmp_path / "study.xlsx") as book:
        pages = [book.read(name) for name in book.namelist() if "worksheets" in name]
    assert not any(b"<f>" in page or b"<f " in page for page in pages)
    cell = openpyxl.load_workbook(tmp_path / "study.xlsx")["areas"]["A2"]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")


def test_what_xml_cannot_hold_does_not_lose_the_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    sheet = Sheet("areas", COLUMNS, ({"patient": "a\x00b\x1b\ud800c"},))
    write_workbook(tmp_path / "study.xlsx", [sheet], notice=NOTICE)
    assert openpyxl.load_workbook(tmp_path / "study.xlsx")["areas"]["A2"].value == "abc"


def test_csv_has_the_same_cells(tmp_path):
    write_csv_sheet(tmp_path / "areas.csv", SHEET)
    assert (tmp_path / "areas.csv").read_text(encoding="utf-8").splitlines() == [
        "patient,area,lesions,day",
        "P1,2.5,3,2020-02-29",
        "'=1+1,-0.1,,2021-01-01",
        ",,,",
    ]


def test_the_name_of_a_column_is_no_live_formula_either(tmp_path):
    write_csv_sheet(tmp_path / "a.csv", Sheet("a", (Column("=1+1"),), ({"=1+1": "x"},)))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines() == ["'=1+1", "x"]


@pytest.mark.parametrize(
    ("column", "value"), [("area", "wide"), ("area", "nan"), ("lesions", "2.5"), ("day", "May")]
)
def test_a_cell_that_is_no_number_is_not_passed_on_as_one(tmp_path, column, value):
    with pytest.raises(CctrackError, match=f"the column {column} holds no"):
        write_csv_sheet(tmp_path / "areas.csv", Sheet("areas", COLUMNS, ({column: value},)))
