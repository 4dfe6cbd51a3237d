"""Compare two images given by their paths and write what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cctrack.align.landmarks import LandmarkPairs
from cctrack.compare import CHANGE_COLUMNS, load_criteria
from cctrack.compare.rows import Pair, change_row
from cctrack.errors import UnreadableImage
from cctrack.io import read_one, write_json, write_png, write_table
from cctrack.model import Criteria, Modality
from cctrack.report.figures import draw_overlay
from cctrack.study.alignment import alignment_record
from cctrack.study.batch import write_image_mask
from cctrack.study.identity import row_id
from cctrack.study.pair import PairResult, compare_visits
from cctrack.study.pipeline import AUTOMATIC, Measured, MeasureOptions, measure_image, relabelled
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row, measurement_rows, number


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How two images are compared.

    Attributes
    ----------
    measure : MeasureOptions
        Common to both; their masks are given apart.
    modality : Modality or None
    criteria : str
        Name or TOML file.
    baseline_mask, followup_mask : Path or None
    landmarks : pairs of points in px, or None
    """

    measure: MeasureOptions = AUTOMATIC
    modality: Modality | None = None
    criteria: str = "calcinosis-25"
    baseline_mask: Path | None = None
    followup_mask: Path | None = None
    landmarks: LandmarkPairs | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A compared pair and its rows of changes.csv."""

    pair: PairResult
    rows: tuple[Row, ...]


def compare_paths(baseline: Path, followup: Path, out: Path, options: CompareOptions) -> Comparison:
    """Compare two images and write measurements.csv, changes.csv, alignment.json and pictures.

    Raises
    ------
    UnreadableImage
        If either path is not exactly one image.
    NotComparable
        If the images are of different kinds.
    StudyError
        If the criteria are unknown.
    """
    criteria = load_criteria(options.criteria)
    before = _measure("baseline", baseline, options, options.baseline_mask)
    after = _measure("follow-up", followup, options, options.followup_mask)
    pair = compare_visits(before, after, criteria, landmarks=options.landmarks)
    after = relabelled(after, pair.ids)
    rows = tuple(change_rows(pair, _describe(before, after, criteria, pair)))
    _write(out, before, after, pair, rows)
    return Comparison(pair, rows)


def change_rows(result: PairResult, pair: Pair) -> list[Mapping[str, object]]:
    """Write the changes of one pair as rows of changes.csv, the total first."""
    dates = (pair.baseline_date, pair.followup_date)
    key = (pair.patient, pair.site, pair.modality, *dates, pair.criteria.name, result.quantity)
    rows = (
        change_row(
            change,
            pair,
            row_id=row_id(*key, change.reference, change.lesion),
            quantity=result.quantity,
        )
        for change in result.changes
    )
    return [_rounded(row) for row in rows]


def _rounded(row: Mapping[str, object]) -> Mapping[str, object]:
    return {key: number(value) if isinstance(value, float) else value for key, value in row.items()}


def _measure(which: str, path: Path, options: CompareOptions, mask: Path | None) -> Measured:
    try:
        image = read_one(path, modality=options.modality)
        return measure_image(image, replace(options.measure, mask=mask or options.measure.mask))
    except UnreadableImage as error:
        raise UnreadableImage(error.because, f"{which}: {error.detail}") from None


def _describe(before: Measured, after: Measured, criteria: Criteria, pair: PairResult) -> Pair:
    return Pair(
        patient="",
        site="",
        modality=before.image.modality,
        baseline_date=before.image.acquired,
        followup_date=after.image.acquired,
        criteria=criteria,
        comparability=pair.comparability.text,
    )


def _write(
    out: Path, before: Measured, after: Measured, pair: PairResult, rows: tuple[Row, ...]
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    measured = [row for item in (before, after) for row in measurement_rows(item)]
    write_table(out / "measurements.csv", MEASUREMENT_COLUMNS, measured)
    write_table(out / "changes.csv", CHANGE_COLUMNS, rows)
    write_json(out / "alignment.json", alignment_record(pair, before.image_id, after.image_id))
    for item in (before, after):
        write_image_mask(out, item)
        picture = draw_overlay(item.image, item.outline)
        write_png(out / "overlays" / f"{item.image_id}.overlay.png", picture)
