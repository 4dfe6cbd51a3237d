"""Measure whatever is found under some paths and write the tables."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cctrack.errors import CctrackError, UnreadableImage
from cctrack.io import (
    Found,
    Lost,
    load,
    scan,
    write_json,
    write_mask,
    write_png,
    write_table,
)
from cctrack.io.exchange.person import Person
from cctrack.model import Because, Ct, Image, Modality, Refused
from cctrack.report.figures import draw_overlay
from cctrack.report.pen import with_notice
from cctrack.study.pipeline import AUTOMATIC, Measured, MeasureOptions, measure_image
from cctrack.study.reader import NOTHING_SAID, ReaderFiles, file_name, file_of, keys_of
from cctrack.study.refusals import REFUSED_COLUMNS, refused_rows
from cctrack.study.review import CANDIDATE_COLUMNS, candidate_rows
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row, measurement_rows
from cctrack.study.without_names import SOURCE_COLUMNS, without_names
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
    person : Person or None
        Under which name to write DICOM: SEG, SR, and photos as VL images; None writes none.
    pseudonymous : bool
        Whether the names of files stand in sources.csv alone, which only its owner can read.
    jobs : int
        Worker processes; 0 works in this one, without protection against a decoder that dies.
    scheduler : str
        Address of a Dask scheduler, whose workers then do the work; empty for this machine.
    """

    measure: MeasureOptions = AUTOMATIC
    modality: Modality | None = None
    masks: bool = False
    overlays: bool = False
    jobs: int = 0
    scheduler: str = ""
    person: Person | None = None
    pseudonymous: bool = False


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one image: rows, or a refusal; and the names it goes by.

    ``unwritten`` says why an image that was measured could not be written as DICOM.
    """

    image_id: str = ""
    rows: tuple[Row, ...] = ()
    refused: Refused | None = None
    keys: tuple[str, ...] = ()
    unwritten: Refused | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything measured and refused, in the order found; and what was not written as DICOM."""

    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    images: int
    unwritten: tuple[Refused, ...] = ()


def measure_paths(
    paths: Sequence[Path], out: Path, options: BatchOptions, progress: Progress
) -> BatchResult:
    """Measure every image under ``paths`` and write measurements.csv and refused.csv to ``out``.

    Every input file ends in exactly one of the two tables, or is counted as part of a series.

    Raises
    ------
    CctrackError
        If a reader's file about one image is given and there are several.
    """
    with Workers(options.jobs, options.scheduler) as workers:
        outcomes = list(scan(paths, workers.run, modality=options.modality))
        found = [outcome for outcome in outcomes if isinstance(outcome, Found)]
        options = _prepared(options, found)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        out.mkdir(parents=True, exist_ok=True)
        rows: list[Row] = []
        unwritten: list[Refused] = []
        seen: dict[str, str] = {}
        known: set[str] = set()
        results = workers.run(partial(_measure_found, options, out), found, measure_limit_s)
        for done, (item, result) in enumerate(zip(found, results, strict=True), start=1):
            known.update(_names(item, result))
            outcome = _without_repeats(item, result, seen)
            rows.extend(outcome.rows)
            if outcome.refused is not None:
                refused.append(outcome.refused)
            if outcome.unwritten is not None:
                unwritten.append(outcome.unwritten)
            progress(done, len(found))
    refused.extend(unmatched(options.measure.reader, known))
    refused.sort(key=lambda item: item.source)
    batch = BatchResult(tuple(rows), tuple(refused), len(seen), tuple(unwritten))
    return _written(out, batch, pseudonymous=options.pseudonymous)


def _written(out: Path, result: BatchResult, *, pseudonymous: bool) -> BatchResult:
    """Write the tables and return what they hold."""
    if pseudonymous:
        named = without_names(result.rows, (*result.refused, *result.unwritten))
        write_table(out / "sources.csv", SOURCE_COLUMNS, named.sources, private=True)
        count = len(result.refused)
        refused, unwritten = named.refused[:count], named.refused[count:]
        result = replace(result, rows=named.rows, refused=refused, unwritten=unwritten)
    write_table(out / "measurements.csv", MEASUREMENT_COLUMNS, result.rows)
    write_table(out / "refused.csv", REFUSED_COLUMNS, refused_rows(result.refused))
    return result


def unmatched(reader: ReaderFiles, known: Collection[str]) -> Iterator[Refused]:
    """Yield a refusal for every image that a reader's file names and that was not there."""
    for option, key in reader.unmatched(known):
        detail = f"the {option} file names it; found no such image, needed its id or file name"
        yield Refused(key, Because.NOT_FOUND, detail)


def _read(found: Found, options: BatchOptions) -> Image | Refused:
    with processor_limit(decode_limit_s(found)):
        read = load(found, modality=options.modality)
    return read if isinstance(read, Refused) else read.image


def _measure(found: Found, image: Image, options: BatchOptions) -> Measured | Refused:
    try:
        return measure_image(image, options.measure)
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


def _prepared(options: BatchOptions, found: Sequence[Found]) -> BatchOptions:
    """Tell what is measured which file names are there twice, and what will be written."""
    reader = options.measure.reader
    if reader is not NOTHING_SAID:
        reader = reader.checked(item.source for item in found)
    return replace(
        options, measure=replace(options.measure, reader=reader, candidates=options.masks)
    )


def _measure_found(options: BatchOptions, out: Path, found: Found) -> ItemResult:
    image = _read(found, options)
    if isinstance(image, Refused):
        return ItemResult(refused=image)
    measured = _measure(found, image, options)
    if isinstance(measured, Refused):
        return ItemResult(refused=measured, keys=keys_of(image))
    if options.masks:
        write_image_mask(out, measured)
        write_candidates(out, measured)
    if options.overlays:
        picture = draw_overlay(measured.image, measured.outline)
        write_png(out / "overlays" / f"{measured.image_id}.overlay.png", with_notice(picture))
    write_said(out, measured)
    unwritten = _write_dicom(out, found, measured, options.person) if options.person else None
    rows = tuple(measurement_rows(measured))
    return ItemResult(measured.image_id, rows, keys=keys_of(image), unwritten=unwritten)


def _write_dicom(out: Path, found: Found, measured: Measured, person: Person) -> Refused | None:
    # What writes DICOM takes half a second to import.
    from cctrack.study.exchange import write_exchange

    try:
        write_exchange(out, found, measured, person)
    except UnreadableImage as error:
        return _refuse(found, Because(error.because), f"no SEG and SR: {error.detail}")
    return None


def write_image_mask(out: Path, measured: Measured) -> None:
    """Write the label image of one measured image under ``out/masks``."""
    suffix = ".mask.nii.gz" if len(measured.image.shape) == 3 else ".mask.png"
    path = out / "masks" / f"{measured.image_id}{suffix}"
    write_mask(path, measured.outline.labels, measured.image)


def write_candidates(out: Path, measured: Measured) -> None:
    """Write a CT's candidates under ``out/candidates``: a label image, and a table of its numbers.

    They do not lie among the masks, where ``--mask`` would look.
    """
    if measured.candidates is None or not isinstance(measured.image, Ct):
        return
    stem = out / "candidates" / measured.image_id
    labels = measured.candidates.labels
    write_mask(stem.with_suffix(".candidates.nii.gz"), labels, measured.image)
    rows = candidate_rows(measured.candidates, measured.image)
    write_table(stem.with_suffix(".candidates.csv"), CANDIDATE_COLUMNS, rows)


def write_said(out: Path, measured: Measured) -> None:
    """Write what a reader said under ``out/reader``, so that it is never lost."""
    for option, said in measured.said.items():
        path = out / "reader" / f"{measured.image_id}.{option}.json"
        write_json(path, file_of(measured.image_id, said))


def _names(found: Found, result: ItemResult | Lost) -> set[str]:
    """All names that an image goes by in a reader's file, read or not."""
    keys = () if isinstance(result, Lost) else result.keys
    return {file_name(found.source), found.series_uid, *keys}


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
