"""Measure whatever is found under some paths and write the tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cctrack.errors import CctrackError, UnreadableImage
from cctrack.io import Found, Lost, load, scan, write_mask, write_png, write_table
from cctrack.model import Because, Modality, Refused
from cctrack.report.figures import draw_overlay
from cctrack.study.pipeline import AUTOMATIC, Measured, MeasureOptions, measure_image
from cctrack.study.refusals import REFUSED_COLUMNS, refused_rows
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row, measurement_rows
from cctrack.study.workers import Workers, processor_limit

Progress = Callable[[int, int], None]

DECODED_PX_PER_S = 4e6
"""Processor time allowed for decoding; JPEG 2000, the slowest, decodes about ten times as fast."""

MEASURED_PX_PER_S = 0.2e6
"""Wall time allowed for measuring, on a machine that has other things to do."""

STARTING_S = 15.0
"""Time allowed whatever the size."""


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How a batch is measured and what is written beside the tables.

    Attributes
    ----------
    measure : MeasureOptions
    modality : Modality or None
        What ambiguous images are; None refuses them.
    masks, overlays : bool
        Whether to write label images and pictures with outlines.
    jobs : int
        Worker processes; 0 works in this one, without protection against a decoder that dies.
    """

    measure: MeasureOptions = AUTOMATIC
    modality: Modality | None = None
    masks: bool = False
    overlays: bool = False
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one image: rows, or a refusal."""

    image_id: str = ""
    rows: tuple[Row, ...] = ()
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything measured and refused, in the order found."""

    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    images: int


def measure_paths(
    paths: Sequence[Path], out: Path, options: BatchOptions, progress: Progress
) -> BatchResult:
    """Measure every image under ``paths`` and write measurements.csv and refused.csv to ``out``.

    Every input file ends in exactly one of the two tables, or is counted as part of a series.
    """
    with Workers(options.jobs) as workers:
        outcomes = list(scan(paths, workers.run, modality=options.modality))
        found = [outcome for outcome in outcomes if isinstance(outcome, Found)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        out.mkdir(parents=True, exist_ok=True)
        rows: list[Row] = []
        seen: dict[str, str] = {}
        results = workers.run(partial(_measure_found, options, out), found, measure_limit_s)
        for done, (item, result) in enumerate(zip(found, results, strict=True), start=1):
            outcome = _without_repeats(item, result, seen)
            rows.extend(outcome.rows)
            if outcome.refused is not None:
                refused.append(outcome.refused)
            progress(done, len(found))
    refused.sort(key=lambda item: item.source)
    write_table(out / "measurements.csv", MEASUREMENT_COLUMNS, rows)
    write_table(out / "refused.csv", REFUSED_COLUMNS, refused_rows(refused))
    return BatchResult(tuple(rows), tuple(refused), len(seen))


def measure_found(found: Found, options: BatchOptions) -> Measured | Refused:
    """Read and measure one image; whatever is wrong with it becomes a refusal."""
    with processor_limit(decode_limit_s(found)):
        read = load(found, modality=options.modality)
    if isinstance(read, Refused):
        return read
    try:
        return measure_image(read.image, options.measure)
    except UnreadableImage as error:
        return _refuse(found, Because(error.because), error.detail)
    except CctrackError as error:
        return _refuse(found, Because.NOT_OUTLINED, str(error))


def decode_limit_s(found: Found) -> float:
    """Processor time in s that decoding an image may take before it counts as broken."""
    return STARTING_S + found.rows * found.columns * found.frames / DECODED_PX_PER_S


def measure_limit_s(found: Found) -> float:
    """Wall time in s that reading and measuring an image may take."""
    return 4 * STARTING_S + found.rows * found.columns * found.frames / MEASURED_PX_PER_S


def _measure_found(options: BatchOptions, out: Path, found: Found) -> ItemResult:
    measured = measure_found(found, options)
    if isinstance(measured, Refused):
        return ItemResult(refused=measured)
    if options.masks:
        write_image_mask(out, measured)
    if options.overlays:
        picture = draw_overlay(measured.image, measured.outline)
        write_png(out / "overlays" / f"{measured.image_id}.overlay.png", picture)
    return ItemResult(measured.image_id, tuple(measurement_rows(measured)))


def write_image_mask(out: Path, measured: Measured) -> None:
    """Write the label image of one measured image under ``out/masks``."""
    suffix = ".mask.nii.gz" if len(measured.image.shape) == 3 else ".mask.png"
    path = out / "masks" / f"{measured.image_id}{suffix}"
    write_mask(path, measured.outline.labels, measured.image)


def _without_repeats(found: Found, result: ItemResult | Lost, seen: dict[str, str]) -> ItemResult:
    if isinstance(result, Lost):
        return ItemResult(refused=_refuse(found, result.because, result.detail))
    if result.refused is not None:
        return result
    if result.image_id in seen:
        detail = f"the same content as {seen[result.image_id]}"
        return ItemResult(refused=_refuse(found, Because.DUPLICATE, detail))
    seen[result.image_id] = found.source
    return result


def _refuse(found: Found, because: Because, detail: str) -> Refused:
    members = found.member_names
    return Refused(found.source, because, detail, members if len(members) > 1 else ())
