"""Add lines to visits.csv and keep every cell that somebody wrote."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.io import write_text
from cctrack.io.tables import cell
from cctrack.study.folder import VISIT_COLUMNS

COLUMNS = (*VISIT_COLUMNS, "laterality", "view", "status", "guessed", "note")
"""Columns that an added line needs; ``guessed`` names the columns that no header tells."""


@dataclass(frozen=True, slots=True)
class VisitTable:
    """A visits.csv as it stands.

    Attributes
    ----------
    path : Path
    text : str
    columns : tuple of str
    rows : tuple of mapping
    """

    path: Path
    text: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> "VisitTable":
        """Read the table.

        Raises
        ------
        StudyError
            If it is no CSV in UTF-8, or lacks a column that every study needs.
        """
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise StudyError("visits.csv is no UTF-8 text; save it as such first") from None
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        header, *lines = [line for line in reader if line] or [[]]
        missing = [name for name in VISIT_COLUMNS if name not in header]
        if missing:
            raise StudyError(f"visits.csv lacks the column {', '.join(missing)}")
        rows = tuple(dict(zip(header, line, strict=False)) for line in lines)
        return cls(path, text, tuple(header), rows)

    def append(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Write lines below those that are there, and columns to their right where some lack.

        Raises
        ------
        OSError
            If the file cannot be written; it is then as before.
        """
        added = [name for name in COLUMNS if name not in self.columns]
        body = self._widened(added) if added else self.text
        columns = (*self.columns, *added)
        lines = _csv([cell(row.get(name, "")) for name in columns] for row in rows)
        end = "" if body.endswith("\n") else "\n"
        write_text(self.path, body + end + lines)

    def _widened(self, added: Sequence[str]) -> str:
        empty = ["" for _ in added]
        rows = [[*(row.get(name, "") for name in self.columns), *empty] for row in self.rows]
        return _csv([[*self.columns, *added], *rows])


def _csv(rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
