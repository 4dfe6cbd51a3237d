"""Compare one site's measured visits in a worker process, and collect all that it contributes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cctrack.compare import not_evaluable
from cctrack.compare.rows import Pair
from cctrack.errors import UnreadableImage
from cctrack.io import write_png
from cctrack.model import Because, Change, Criteria, Quantity, Refused, Visit
from cctrack.report.figures import draw_overlay
from cctrack.report.pen import with_notice
from cctrack.study.alignment import alignment_record
from cctrack.study.batch import write_image_mask
from cctrack.study.coded import decode, encode
from cctrack.study.compare import change_rows
from cctrack.study.follow import ComparedPair, SiteResult, SiteVisits, VisitResult, compare_site
from cctrack.study.lineage_record import lineage_record
from cctrack.study.measuring import read_visit
from cctrack.study.packed import Packed, unpack
from cctrack.study.report_site import write_site
from cctrack.study.rows import measurement_rows, source_of
from cctrack.study.series import ByHand, Ends

MEASUREMENTS = "measurements"
CHANGES = "changes"
ALIGNMENTS = "alignments"
LINEAGE = "lineage"
LABELS = "labels"

LOST = "Reading or comparing this site ended the worker process."


@dataclass(frozen=True, slots=True)
class SiteTask:
    """What a worker needs to compare the visits of one site.

    Attributes
    ----------
    root : Path
        The study folder.
    site : SiteVisits
    criteria : Criteria
    visits : tuple of Packed, Refused or None
        What measuring found at each visit; None where there is no image.
    by_hand : mapping of (earlier, later) to ByHand
    """

    root: Path
    site: SiteVisits
    criteria: Criteria
    visits: tuple[Packed | Refused | None, ...]
    by_hand: Mapping[Ends, ByHand] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SiteVerdict:
    """What is said of a site as a whole.

    Attributes
    ----------
    change : Change
        The verdict on the total of the last visit.
    quantity : Quantity
        What it rests on.
    against_baseline : Change or None
        The last visit against the first; sites are summed by it.
    images : tuple of str
        Ids of the two images that the verdict is between; empty where there are none.
    """

    change: Change
    quantity: Quantity
    against_baseline: Change | None = None
    images: tuple[str, ...] = ()

    @classmethod
    def of_lost(cls) -> "SiteVerdict":
        """Make the verdict on a site whose worker process died."""
        return cls(not_evaluable("total", LOST), Quantity.AREA)


@dataclass(frozen=True, slots=True, eq=False)
class SiteOutcome:
    """Everything one site contributes, small enough to leave its process.

    Attributes
    ----------
    verdict : SiteVerdict
    tables : mapping of str to bytes
        JSON lists of rows and records by the table that they belong to.
    files : mapping of str to bytes
        Masks, pictures and what the report shows, by their places in the result folder.
    refused : tuple of Refused
        Visits that were measured, but can no longer be read; the outcome is then not to be kept.
    """

    verdict: SiteVerdict
    tables: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()


def run_site(task: SiteTask) -> SiteOutcome:
    """Compare a site's visits; draw its pictures, and make its rows.

    Raises
    ------
    StudyError
        If what the record keeps of a visit cannot be read.
    """
    result = compare_task(task)
    unreadable = tuple(
        visit.refused
        for visit, found in zip(result.visits, task.visits, strict=True)
        if visit.refused is not None and isinstance(found, Packed)
    )
    return SiteOutcome(_verdict(result), _tables(task, result), _files(task, result), unreadable)


def compare_task(task: SiteTask) -> SiteResult:
    """Compare a site's visits; raises StudyError as `run_site`."""
    visits = [
        _visit_result(task.root, visit, found)
        for visit, found in zip(task.site.visits, task.visits, strict=True)
    ]
    return compare_site(task.site, visits, task.criteria, task.by_hand)


def verdict_json(verdict: SiteVerdict) -> dict[str, Any]:
    """Write a verdict as the record keeps it."""
    written: dict[str, Any] = encode(verdict)
    return written


def read_verdict(said: Mapping[str, Any]) -> SiteVerdict:
    """Read what `verdict_json` wrote; raises ValueError if it is damaged."""
    return decode(SiteVerdict, said)


def _visit_result(root: Path, visit: Visit, found: Packed | Refused | None) -> VisitResult:
    if found is None or isinstance(found, Refused):
        return VisitResult(visit, None, found)
    try:
        return VisitResult(visit, unpack(read_visit(root, visit), found))
    except UnreadableImage as error:
        refused = Refused(visit.path, Because(error.because), error.detail)
        return VisitResult(visit, None, refused)


def _verdict(result: SiteResult) -> SiteVerdict:
    judged = [
        pair
        for pair in result.pairs
        if pair.after is result.visits[-1] and pair.reference is result.verdict.reference
    ]
    images = () if not judged else _image_ids(judged[-1])
    quantity = result.pairs[0].result.quantity if result.pairs else Quantity.AREA
    return SiteVerdict(
        result.verdict, quantity, result.against_baseline, images if all(images) else ()
    )


def _image_ids(pair: ComparedPair) -> tuple[str, str]:
    before, after = (
        item.measured.image_id if item.measured else "" for item in (pair.before, pair.after)
    )
    return before, after


def _tables(task: SiteTask, result: SiteResult) -> dict[str, bytes]:
    rows = [
        {"visit": number, "row": {**row, "source": ""}}
        for number, visit in enumerate(result.visits)
        if visit.measured
        for row in measurement_rows(visit.measured, visit.visit)
    ]
    changes = [
        {"images": _image_ids(pair), "row": row}
        for pair in result.pairs
        for row in change_rows(pair.result, _describe(pair, task.criteria))
    ]
    alignments = [alignment_record(pair.result, *_image_ids(pair)) for pair in result.pairs]
    return {
        MEASUREMENTS: _json(rows),
        CHANGES: _json(changes),
        ALIGNMENTS: _json(alignments),
        LINEAGE: _json([_lineage(result)]),
        LABELS: _json(_labels(result)),
    }


def _json(rows: Sequence[object]) -> bytes:
    return json.dumps(rows, default=str).encode("ascii")


def _files(task: SiteTask, result: SiteResult) -> dict[str, bytes]:
    """Let the writers of files write, and take what they wrote: the results lie elsewhere."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for visit in result.visits:
            _write_pictures(folder, visit)
        write_site(folder, result, task.criteria)
        written = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in written}


def _describe(pair: ComparedPair, criteria: Criteria) -> Pair:
    visit = pair.after.visit
    return Pair(
        patient=visit.patient,
        site=str(visit.site),
        modality=visit.modality,
        baseline_date=pair.before.visit.acquired,
        followup_date=visit.acquired,
        criteria=criteria,
        comparability=pair.result.comparability.text,
        scale_sources=(_scale_source(pair.before), _scale_source(pair.after)),
        comparable=pair.result.comparable,
    )


def _scale_source(visit: VisitResult) -> str:
    return source_of(visit.measured.image.scale) if visit.measured else ""


def _lineage(result: SiteResult) -> Mapping[str, object]:
    site = result.site
    named = {"patient": site.patient, "site": str(site.site), "modality": site.modality}
    days = [visit.acquired.isoformat() for visit in site.visits]
    return {**named, **lineage_record(result.lineage, days)}


def _labels(result: SiteResult) -> list[list[list[int]]]:
    """List for each visit which outline, by its own number, shows which lesion."""
    return [
        [list(pair) for pair in sorted(result.lineage.of_visit(number).items())]
        for number in range(len(result.visits))
    ]


def _write_pictures(out: Path, visit: VisitResult) -> None:
    if visit.measured is None:
        return
    write_image_mask(out, visit.measured)
    picture = draw_overlay(visit.measured.image, visit.measured.outline)
    write_png(out / "overlays" / f"{visit.measured.image_id}.overlay.png", with_notice(picture))
