"""Compare two images given by their paths and write what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.align.landmarks import LandmarkPairs
from cctrack.compare import CHANGE_COLUMNS, load_criteria
from cctrack.compare.rows import Pair, change_row
from cctrack.errors import CctrackError, NotComparable, UnreadableImage
from cctrack.io import Lost, read_one, write_json, write_png, write_table
from cctrack.model import Because, Criteria, Modality, Refused
from cctrack.report.figures import draw_overlay
from cctrack.report.pen import with_notice
from cctrack.report.sheet import draw_sheet
from cctrack.report.words import day
from cctrack.study.alignment import alignment_record
from cctrack.study.batch import write_image_mask, write_said
from cctrack.study.identity import row_id
from cctrack.study.lineage_record import lineage_record
from cctrack.study.links import WrittenLink, pair_links
from cctrack.study.measuring import READ_LIMIT_S
from cctrack.study.pair import PairResult, compare_visits
from cctrack.study.pipeline import AUTOMATIC, Measured, MeasureOptions, measure_image
from cctrack.study.reader import ReaderFile, keys_of
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row, measurement_rows, number, source_of
from cctrack.study.tracing import named
from cctrack.study.workers import Workers, processor_limit

SIDE_LIMIT_S = 1800.0
"""Wall time in s that one of the two images may take to be read and measured."""


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How two images are compared.

    Attributes
    ----------
    measure : MeasureOptions
        Common to both; their masks and strokes may be given apart.
    modality : Modality or None
    criteria : str
        Name or TOML file.
    baseline_mask, followup_mask : Path or None
    baseline_strokes, followup_strokes : ReaderFile or None
    landmarks : pairs of points in px, or None
    links : tuple of WrittenLink
        What a reader said about the lesions of the two visits.
    jobs : int
        Worker processes; 0 works in this one, without protection against a decoder that dies.
    """

    measure: MeasureOptions = AUTOMATIC
    modality: Modality | None = None
    criteria: str = "calcinosis-25"
    baseline_mask: Path | None = None
    followup_mask: Path | None = None
    baseline_strokes: ReaderFile | None = None
    followup_strokes: ReaderFile | None = None
    landmarks: LandmarkPairs | None = None
    links: tuple[WrittenLink, ...] = ()
    jobs: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A compared pair and its rows of changes.csv."""

    pair: PairResult
    rows: tuple[Row, ...]


def compare_paths(baseline: Path, followup: Path, out: Path, options: CompareOptions) -> Comparison:
    """Compare two images and write tables, alignment.json, lineage.json and pictures.

    Raises
    ------
    UnreadableImage
        If either path is not exactly one image.
    NotComparable
        If the images are of different kinds, or only one is measured on a finger's surface.
    StudyError
        If the criteria are unknown.
    CctrackError
        If a reader's file names another image than these two.
    """
    criteria = load_criteria(options.criteria)
    common = options.measure.reader.checked([baseline.name, followup.name])
    options = replace(options, measure=replace(options.measure, reader=common))
    before, after = _measure_both(baseline, followup, options)
    _require_agreement(before, after, options)
    said = pair_links(options.links)
    pair = compare_visits(before, after, criteria, landmarks=options.landmarks, links=said)
    before, after = named(before, 0, pair.lineage), named(after, 1, pair.lineage)
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


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    path: Path
    mask: Path | None
    strokes: ReaderFile | None


def _measure_both(
    baseline: Path, followup: Path, options: CompareOptions
) -> tuple[Measured, Measured]:
    sides = [
        _Side("baseline", baseline, options.baseline_mask, options.baseline_strokes),
        _Side("follow-up", followup, options.followup_mask, options.followup_strokes),
    ]
    with Workers(min(options.jobs, len(sides))) as workers:
        outcomes = list(workers.run(partial(_measure, options), sides, lambda _side: SIDE_LIMIT_S))
    before, after = (_measured(*pair) for pair in zip(sides, outcomes, strict=True))
    return before, after


def _measure(options: CompareOptions, side: _Side) -> Measured | Refused:
    try:
        with processor_limit(READ_LIMIT_S):
            image = read_one(side.path, modality=options.modality)
        mask = side.mask or options.measure.mask
        common = options.measure.reader
        reader = replace(common, strokes=side.strokes or common.strokes)
        return measure_image(image, replace(options.measure, mask=mask, reader=reader))
    except UnreadableImage as error:
        return Refused(side.name, Because(error.because), error.detail)
    except CctrackError as error:
        return Refused(side.name, Because.NOT_OUTLINED, str(error))


def _measured(side: _Side, outcome: Measured | Refused | Lost) -> Measured:
    if isinstance(outcome, Measured):
        return outcome
    raise UnreadableImage(outcome.because, f"{side.name}: {outcome.detail}")


def _require_agreement(before: Measured, after: Measured, options: CompareOptions) -> None:
    """Refuse what a reader said about another image, or about one where it is needed for both."""
    known = {*keys_of(before.image), *keys_of(after.image)}
    strokes = ((options.baseline_strokes, before), (options.followup_strokes, after))
    others = [key for _, key in options.measure.reader.unmatched(known)]
    for file, side in strokes:
        others += [] if file is None else file.unmatched(keys_of(side.image))
    if others:
        raise CctrackError(
            f"a reader's file names {len(others)} other images than the two compared; "
            "needed their image ids or file names"
        )
    if ("finger" in before.said) is not ("finger" in after.said):
        raise NotComparable(
            "one visit is measured on the finger's round surface and the other as flat skin; "
            "needed the finger of both"
        )


def _describe(before: Measured, after: Measured, criteria: Criteria, pair: PairResult) -> Pair:
    return Pair(
        patient="",
        site="",
        modality=before.image.modality,
        baseline_date=before.image.acquired,
        followup_date=after.image.acquired,
        criteria=criteria,
        comparability=pair.comparability.text,
        scale_sources=(source_of(before.image.scale), source_of(after.image.scale)),
        comparable=pair.comparable,
    )


def _write(
    out: Path, before: Measured, after: Measured, pair: PairResult, rows: tuple[Row, ...]
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    measured = [row for item in (before, after) for row in measurement_rows(item)]
    write_table(out / "measurements.csv", MEASUREMENT_COLUMNS, measured)
    write_table(out / "changes.csv", CHANGE_COLUMNS, rows)
    write_json(out / "alignment.json", alignment_record(pair, before.image_id, after.image_id))
    images = (before.image_id, after.image_id)
    write_json(out / "lineage.json", lineage_record(pair.lineage, images))
    for item in (before, after):
        write_image_mask(out, item)
        write_said(out, item)
    for item in pair.compared or (before, after):
        picture = draw_overlay(item.image, item.outline)
        write_png(out / "overlays" / f"{item.image_id}.overlay.png", with_notice(picture))
    write_png(out / "overlays" / f"{'-'.join(images)}.pair.png", _sheet(before, after, pair))


def _sheet(before: Measured, after: Measured, pair: PairResult) -> NDArray[np.uint8]:
    """Draw both visits in one picture that shows how well they were aligned, if they were."""
    first, second = pair.compared or (before, after)
    captions = f"Earlier, {day(before.image.acquired)}", f"Later, {day(after.image.acquired)}"
    outlines = first.outline, second.outline
    return draw_sheet((first.image, second.image), outlines, pair.alignment, captions)
