"""Write tables for other programs: CSV, Parquet for R and Python, one XLSX workbook of sheets."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from cctrack.errors import CctrackError
from cctrack.io.tables import cell, write_bytes, write_table

LARGEST_SHEET = 1_048_575
"""Rows below the header that Excel reads of a sheet (1,048,576 with it)."""

LONGEST_CELL = 32_767
"""Characters that Excel reads of a cell."""

LONGEST_NAME = 31
"""Characters in the name of a sheet."""

FIRST_SHEET = "Read me"

_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0, and so a workbook, cannot hold."""


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it means.

    Attributes
    ----------
    name : str
    kind : Kind
    meaning : str
        One line, with the unit.
    """

    name: str
    kind: Kind = Kind.TEXT
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One tidy table.

    Attributes
    ----------
    name : str
        Also the name of its file.
    columns : tuple of Column
    rows : sequence of mapping
        By column name; text is turned into what the column holds, empty text and None into a
        missing value.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, object]] = field(default=())

    def cells(self) -> list[list[object]]:
        """Return the rows as typed values; see `typed`."""
        return [[typed(row.get(item.name), item) for item in self.columns] for row in self.rows]


def typed(value: object, column: Column) -> str | float | int | date | None:
    """Turn a cell into what its column holds.

    Raises
    ------
    CctrackError
        If it cannot be: a number that is not one is never passed on as text.
    """
    if value is None or value == "":
        return None
    try:
        return _parsed(str(value), column.kind)
    except ValueError:
        raise CctrackError(f"the column {column.name} holds no {column.kind} in a row") from None


def _parsed(text: str, kind: Kind) -> str | float | int | date:
    match kind:
        case Kind.NUMBER:
            return _finite(float(text))
        case Kind.COUNT:
            return int(text)
        case Kind.DATE:
            return date.fromisoformat(text)
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value


def write_csv_sheet(path: Path, sheet: Sheet) -> None:
    """Write a sheet as CSV; formulas are neutralised as in `write_table`.

    Raises
    ------
    CctrackError
        If a cell does not hold what its column says.
    OSError
        As `write_bytes`.
    """
    # Also names of columns can come from a table that somebody wrote.
    names = [str(cell(item.name)) for item in sheet.columns]
    write_table(path, names, (dict(zip(names, row, strict=True)) for row in sheet.cells()))


def write_parquet(path: Path, sheet: Sheet, *, notice: str) -> None:
    """Write a sheet as Parquet, with units and meanings in the metadata of its fields.

    Text is not changed: a Parquet file runs nothing.

    Raises
    ------
    CctrackError
        If pyarrow is not installed, or a cell does not hold what its column says.
    OSError
        As `write_bytes`.
    """
    arrow = _installed("pyarrow", "Parquet")
    parquet = import_module("pyarrow.parquet")
    kinds = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.float64(),
        Kind.COUNT: arrow.int64(),
        Kind.DATE: arrow.date32(),
    }
    fields = [
        arrow.field(item.name, kinds[item.kind], metadata={"meaning": item.meaning})
        for item in sheet.columns
    ]
    schema = arrow.schema(fields, metadata={"notice": notice})
    rows = sheet.cells()
    columns = [[row[at] for row in rows] for at in range(len(fields))]
    stream = arrow.BufferOutputStream()
    parquet.write_table(arrow.table(columns, schema=schema), stream)
    write_bytes(path, stream.getvalue().to_pybytes())


def write_workbook(path: Path, sheets: Sequence[Sheet], *, notice: str) -> None:
    """Write sheets as one XLSX workbook, the first of which says what the others hold.

    Parameters
    ----------
    path : Path
    sheets : sequence of Sheet
    notice : str
        First line of the first sheet.

    Raises
    ------
    CctrackError
        If openpyxl is not installed, a sheet is too long, or a cell does not hold what its
        column says.
    OSError
        As `write_bytes`.
    """
    openpyxl = _installed("openpyxl", "XLSX")
    book = openpyxl.Workbook(write_only=True)
    _append(book.create_sheet(FIRST_SHEET), _contents(sheets, notice))
    for sheet in sheets:
        if len(sheet.rows) > LARGEST_SHEET:
            raise CctrackError(
                f"{sheet.name} has {len(sheet.rows)} rows, a workbook holds {LARGEST_SHEET}; "
                "use csv or parquet"
            )
        _append(
            book.create_sheet(sheet.name[:LONGEST_NAME]),
            [[item.name for item in sheet.columns], *sheet.cells()],
        )
    with TemporaryDirectory() as folder:
        written = Path(folder) / "book.xlsx"
        book.save(written)
        write_bytes(path, written.read_bytes())


def _contents(sheets: Sequence[Sheet], notice: str) -> list[list[object]]:
    rows: list[list[object]] = [[notice], [], ["sheet", "column", "holds", "meaning"]]
    for sheet in sheets:
        rows += [[sheet.name, item.name, item.kind, item.meaning] for item in sheet.columns]
    return rows


def _append(page: Any, rows: Sequence[Sequence[object]]) -> None:
    from openpyxl.cell import WriteOnlyCell

    for row in rows:
        page.append([_cell(WriteOnlyCell(page), value) for value in row])


def _cell(blank: Any, value: object) -> Any:
    if isinstance(value, (float, int, date)):
        blank.value = value
        return blank
    text = _UNWRITABLE.sub("", str(cell(value)))[:LONGEST_CELL]
    blank.value = text
    if text:
        # Else what begins with an equals sign would be stored as a formula.
        blank.data_type = "s"
    return blank


def _installed(name: str, what: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise CctrackError(f"writing {what} needs {name}; install the extra research") from None
