"""Measure an image again as the record says, and hold a row of measurements.csv against it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.errors import StudyError
from cctrack.io import Lost
from cctrack.model import Visit
from cctrack.study.coded import decode
from cctrack.study.folder import open_study
from cctrack.study.follow import SiteVisits, group_sites
from cctrack.study.measure_step import VISIT_LIMIT_S, masks_of
from cctrack.study.measuring import VisitTask, measure_visit, read_visit
from cctrack.study.packed import unpack
from cctrack.study.pipeline import relabelled
from cctrack.study.program import program_id
from cctrack.study.record import Entry, Kind, image_subject, site_subject, visit_subject
from cctrack.study.record.statement import BLOBS
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row, measurement_rows
from cctrack.study.running import Running, open_running, record_home
from cctrack.study.site import LABELS, MEASUREMENTS
from cctrack.study.told import Told
from cctrack.study.workers import Workers

HASH_SHOWN = 12
"""Digits of a hash in a message: enough to tell two files apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Reproduced:
    """A row as it was recorded and as it was measured again.

    Attributes
    ----------
    recorded, again : row
    recorded_by, measured_by : str
        Versions of cctrack.
    """

    recorded: Row
    again: Row
    recorded_by: str
    measured_by: str

    @property
    def differing(self) -> tuple[str, ...]:
        """Columns that are not the same to the last bit."""
        return tuple(
            name for name in MEASUREMENT_COLUMNS if self.recorded.get(name) != self.again.get(name)
        )

    @property
    def identical(self) -> bool:
        """Whether every column is the same to the last bit."""
        return not self.differing


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Where the record has a row."""

    entry: Entry
    visit: Visit
    row: Row
    labels: Mapping[int, int]


def reproduce_rows(root: Path, out: Path, row_ids: Sequence[str]) -> list[Reproduced]:
    """Measure the images of rows again, with the parameters and readers' words of then.

    Parameters
    ----------
    root : Path
        The study folder.
    out : Path
        Its results; see `record_home`.
    row_ids : sequence of str
        As in measurements.csv.

    Raises
    ------
    StudyError
        If the record has no such row, an image is gone or was changed, or it can no longer be
        measured.
    """
    study = open_study(root)
    with open_running(study, record_home(root, out)) as running, Workers(1) as workers:
        rows = _find(running, row_ids)
        made: dict[int, Mapping[str, Row]] = {}
        found = []
        for row_id in row_ids:
            recorded = rows[row_id]
            measured = _measured_then(running, recorded)
            if measured.seq not in made:
                task = _task(running, recorded, measured)
                made[measured.seq] = _measure_again(workers, task, measured.after["image"])
            again = made[measured.seq].get(row_id, {})
            by = str(measured.after["program"])
            found.append(Reproduced(recorded.row, again, by, program_id()))
    return found


def _find(running: Running, row_ids: Sequence[str]) -> dict[str, _Recorded]:
    """Find rows: as they hold, else as they were found by an earlier run."""
    sites = {_subject(site): site for site in group_sites(running.study.visits)}
    wanted = set(row_ids)
    found: dict[str, _Recorded] = {}
    for entry in reversed(running.record.history(Kind.COMPARED)):
        if entry.subject in sites and not wanted <= found.keys():
            for row in _rows_of(running, entry, sites[entry.subject]):
                if row.row["row_id"] in wanted:
                    found.setdefault(str(row.row["row_id"]), row)
    for row_id in row_ids:
        if row_id not in found:
            raise StudyError(
                f"the record has no row {row_id!r}; needed a row_id of measurements.csv"
            )
    return found


def _rows_of(running: Running, entry: Entry, site: SiteVisits) -> Iterator[_Recorded]:
    blobs = entry.after[BLOBS]
    labels = _table(running, blobs[LABELS])
    for item in _table(running, blobs[MEASUREMENTS]):
        number = item["visit"]
        if number < len(site.visits):
            yield _Recorded(entry, site.visits[number], item["row"], dict(labels[number]))


def _subject(site: SiteVisits) -> str:
    return site_subject(site.patient, site.site, site.modality)


def _table(running: Running, sha256: str) -> list[Any]:
    rows: list[Any] = json.loads(running.record.get(sha256))
    return rows


def _measured_then(running: Running, recorded: _Recorded) -> Entry:
    """Return the measurement that a row was made from: the last one before it of that image."""
    entries = running.record.history(Kind.MEASURED, visit_subject(recorded.visit))
    earlier = [entry for entry in entries if entry.seq < recorded.entry.seq]
    for entry in reversed(earlier):
        if str(entry.after.get("image", "")).startswith(str(recorded.row["image_id"])):
            return entry
    raise StudyError(f"the record does not say how row {recorded.row['row_id']!r} was measured")


@dataclass(frozen=True, slots=True)
class _RowTask:
    """What a worker needs to make the rows of a visit again."""

    task: VisitTask
    labels: Mapping[int, int]


def _task(running: Running, recorded: _Recorded, measured: Entry) -> _RowTask:
    """Ask for the same as then: sizes and readers' words stand beside the measurement."""
    then = json.loads(running.record.get(measured.after[BLOBS]["state"]))
    sizes = decode(PhotoScaleOptions, then["sizes"])
    image = str(recorded.row["image_id"])
    about = {**then["said"], **_outline_then(running, image, measured)}
    told = Told({image: about})
    masks = masks_of(running.record, told)
    task = VisitTask(running.study.root, recorded.visit, sizes, told, masks)
    return _RowTask(task, recorded.labels)


def _outline_then(running: Running, image: str, measured: Entry) -> dict[str, Any]:
    said = running.record.history(Kind.OUTLINE, image_subject(image))
    earlier = [entry.after for entry in said if entry.seq < measured.seq]
    return {"outline": earlier[-1]} if earlier and earlier[-1] else {}


def _measure_again(workers: Workers, task: _RowTask, needed: str) -> dict[str, Row]:
    ((_, outcome),) = workers.run_each(_rows, [task], lambda _task: VISIT_LIMIT_S)
    if isinstance(outcome, Lost):
        raise StudyError(f"the image could not be measured again: {outcome.detail}")
    sha256, why, rows = outcome
    if why and not sha256:
        raise StudyError(
            f"the image of this row cannot be read ({why}); needed the one with the content "
            f"{needed[:HASH_SHOWN]}"
        )
    if sha256 != needed:
        raise StudyError(
            "the image of this row was changed: found the content "
            f"{sha256[:HASH_SHOWN]}, needed {needed[:HASH_SHOWN]}"
        )
    if why:
        raise StudyError(f"the image could not be measured again: {why}")
    return {row["row_id"]: row for row in json.loads(rows)}


def _rows(asked: _RowTask) -> tuple[str, str, bytes]:
    """Measure; return the hash of the image, why there are no rows, and the rows as JSON."""
    task = asked.task
    found = measure_visit(task)
    if found.packed is None:
        why = found.refused.detail if found.refused else ""
        return found.sha256, why, b"[]"
    measured = unpack(read_visit(task.root, task.visit), found.packed)
    rows = measurement_rows(relabelled(measured, asked.labels), task.visit)
    again = [{**row, "source": ""} for row in rows]
    return found.sha256, "", json.dumps(again, default=str).encode("ascii")
