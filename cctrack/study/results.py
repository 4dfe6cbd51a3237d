"""Write a study's results from its record: only files that are missing or would change."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cctrack.compare import CHANGE_COLUMNS, PATIENT_COLUMNS
from cctrack.io.tables import cell, write_bytes, write_pieces
from cctrack.model import Refused
from cctrack.study.compare_step import SiteState, files_of
from cctrack.study.inputs import Inputs
from cctrack.study.judge import AUTOMATIC_COLUMN, READER_COLUMNS, Decisions, JudgedPatient, decided
from cctrack.study.record import Record
from cctrack.study.refusals import REFUSED_COLUMNS, refused_rows
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row
from cctrack.study.site import ALIGNMENTS, CHANGES, LINEAGE, MEASUREMENTS
from cctrack.study.without_names import SOURCE_COLUMNS

PICTURES = ("masks", "overlays")
"""Folders of which files are removed that a former run wrote and this one would not."""

Pieces = Iterator[str]


@dataclass(frozen=True, slots=True)
class Results:
    """What is written.

    Attributes
    ----------
    record : Record
    inputs : Inputs
        Knows which files were written before.
    sites : sequence of SiteState
    patients : sequence of JudgedPatient
    decisions : Decisions
    refused : sequence of Refused
    """

    record: Record
    inputs: Inputs
    sites: Sequence[SiteState]
    patients: Sequence[JudgedPatient]
    decisions: Decisions
    refused: Sequence[Refused]

    def rows(self, table: str) -> Iterator[Mapping[str, Any]]:
        """Yield what every site contributes to a table, one site in memory at a time."""
        for state in self.sites:
            if table in state.blobs:
                yield from json.loads(self.record.get(state.blobs[table]))


def write_results(out: Path, results: Results, digest: str) -> None:
    """Write tables, masks and pictures.

    Parameters
    ----------
    out : Path
        Result folder.
    results : Results
    digest : str
        Hash of everything the tables depend on: one that was written with it is left as it is.

    Raises
    ------
    OSError
        If a file cannot be written; those written before it are whole.
    StudyError
        If the record cannot be used.
    """
    _remove_parts(out)
    for name, pieces in _tables(results).items():
        write_once(results.inputs, out / name, digest, pieces)
    sources = out / "sources.csv"
    if not results.inputs.holds(sources, digest):
        write_bytes(sources, "".join(_sources(results)).encode("utf-8"), private=True)
        results.inputs.remember(sources, digest)
    wanted = dict(item for state in results.sites for item in files_of(state.blobs))
    for place, sha256 in wanted.items():
        if not results.inputs.holds(out / place, sha256):
            write_bytes(out / place, results.record.get(sha256))
            results.inputs.remember(out / place, sha256)
    _remove_stale(out, results.inputs, wanted)


def write_once(
    inputs: Inputs, path: Path, digest: str, pieces: Callable[[], Iterable[str]]
) -> None:
    """Write a text unless the file is still as it was written for the same digest."""
    if not inputs.holds(path, digest):
        write_pieces(path, pieces())
        inputs.remember(path, digest)


def _tables(results: Results) -> dict[str, Callable[[], Pieces]]:
    changes = (*CHANGE_COLUMNS, *READER_COLUMNS)
    patients = (*PATIENT_COLUMNS, *READER_COLUMNS, AUTOMATIC_COLUMN)
    return {
        "measurements.csv": lambda: _table(MEASUREMENT_COLUMNS, _measurements(results)),
        "changes.csv": lambda: _table(changes, change_rows(results)),
        "patients.csv": lambda: _table(patients, (item.row for item in results.patients)),
        "refused.csv": lambda: _table(REFUSED_COLUMNS, refused_rows(results.refused)),
        "alignment.json": lambda: _list(results.rows(ALIGNMENTS)),
        "lineage.json": lambda: _list(results.rows(LINEAGE)),
    }


def _measurements(results: Results) -> Iterator[Row]:
    return (item["row"] for item in results.rows(MEASUREMENTS))


def change_rows(results: Results) -> Iterator[Row]:
    """Yield the rows of changes.csv."""
    for item in results.rows(CHANGES):
        yield decided(item["row"], item["images"], results.decisions)


def _sources(results: Results) -> Pieces:
    paths = {
        visit.image_id: visit.visit.path
        for state in results.sites
        for visit in state.visits
        if visit.image_id and visit.refused is None
    }
    rows = ({"image_id": key, "source": path} for key, path in paths.items())
    return _table(SOURCE_COLUMNS, rows)


def _table(columns: Sequence[str], rows: Iterable[Row]) -> Pieces:
    """Write a CSV line by line, as `cctrack.io.write_table` writes a whole one."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow([cell(row.get(column)) for column in columns])
    yield line.getvalue()


def _list(records: Iterable[object]) -> Pieces:
    """Write a JSON list item by item, as `cctrack.io.write_json` writes a whole one."""
    between = "[\n"
    for item in records:
        text = json.dumps(item, indent=2, ensure_ascii=False, allow_nan=False)
        yield between + "\n".join(f"  {line}" for line in text.split("\n"))
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _remove_parts(out: Path) -> None:
    """Remove what runs that were killed had begun to write."""
    for part in out.rglob(".*.part"):
        part.unlink(missing_ok=True)


def _remove_stale(out: Path, inputs: Inputs, wanted: Mapping[str, str]) -> None:
    for folder in PICTURES:
        for path in sorted((out / folder).glob("*")):
            if f"{folder}/{path.name}" not in wanted and inputs.wrote(path):
                path.unlink()
