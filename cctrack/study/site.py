"""Everything one site contributes to a study's results, small enough to leave its process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cctrack.compare import not_evaluable
from cctrack.compare.rows import Pair
from cctrack.io import write_png
from cctrack.model import Change, Criteria, Quantity, Refused
from cctrack.report.figures import draw_overlay
from cctrack.study.alignment import alignment_record
from cctrack.study.batch import write_image_mask
from cctrack.study.compare import change_rows
from cctrack.study.follow import ComparedPair, SiteResult, SiteVisits, VisitResult, follow_site
from cctrack.study.lineage_record import lineage_record
from cctrack.study.pipeline import MeasureOptions
from cctrack.study.report_site import write_site
from cctrack.study.rows import Row, measurement_rows, source_of


@dataclass(frozen=True, slots=True)
class SiteTask:
    """What a worker needs to follow one site.

    ``lost`` holds the visits that an earlier worker did not survive, by their paths.
    """

    root: Path
    out: Path
    site: SiteVisits
    criteria: Criteria
    options: MeasureOptions
    lost: Mapping[str, Refused] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SiteOutcome:
    """What one site contributes.

    Attributes
    ----------
    site : SiteVisits
    verdict : Change
    quantity : Quantity
        What the verdict rests on.
    against_baseline : Change or None
        The last visit against the first; sites are summed by it.
    measurements, changes : tuple of rows
    alignments : tuple of records
    lineage : record or None
        Which lesion was seen when, and how that is known.
    sources : mapping of str to str
        Image id to path, kept apart from the results.
    refused : tuple of Refused
    """

    site: SiteVisits
    verdict: Change
    quantity: Quantity
    against_baseline: Change | None = None
    measurements: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()
    alignments: tuple[Mapping[str, object], ...] = ()
    lineage: Mapping[str, object] | None = None
    sources: Mapping[str, str] | None = None
    refused: tuple[Refused, ...] = ()

    @classmethod
    def lost(cls, task: SiteTask) -> "SiteOutcome":
        """Make the outcome of a site whose worker process died."""
        reason = "Reading or measuring this site ended the worker process."
        return cls(task.site, not_evaluable("total", reason), Quantity.AREA)


def run_site(task: SiteTask) -> SiteOutcome:
    """Follow one site, write its masks and pictures, return its rows."""
    result = follow_site(task.root, task.site, task.criteria, task.options, task.lost)
    for visit in result.visits:
        _write_pictures(task.out, visit)
    write_site(task.out, result, task.criteria)
    measured = [(visit.visit, visit.measured) for visit in result.visits if visit.measured]
    quantity = result.pairs[0].result.quantity if result.pairs else Quantity.AREA
    return SiteOutcome(
        site=task.site,
        verdict=result.verdict,
        quantity=quantity,
        against_baseline=result.against_baseline,
        measurements=tuple(
            {**row, "source": ""}
            for visit, item in measured
            for row in measurement_rows(item, visit)
        ),
        changes=tuple(
            row
            for pair in result.pairs
            for row in change_rows(pair.result, _describe(pair, task.criteria))
        ),
        alignments=tuple(_alignment(pair) for pair in result.pairs),
        lineage=_lineage(result),
        sources={item.image_id: visit.path for visit, item in measured},
        refused=tuple(visit.refused for visit in result.visits if visit.refused),
    )


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


def _alignment(pair: ComparedPair) -> Mapping[str, object]:
    before, after = (
        item.measured.image_id if item.measured else "" for item in (pair.before, pair.after)
    )
    return alignment_record(pair.result, before, after)


def _lineage(result: SiteResult) -> Mapping[str, object]:
    site = result.site
    named = {"patient": site.patient, "site": str(site.site), "modality": site.modality}
    days = [visit.acquired.isoformat() for visit in site.visits]
    return {**named, **lineage_record(result.lineage, days)}


def _write_pictures(out: Path, visit: VisitResult) -> None:
    if visit.measured is None:
        return
    write_image_mask(out, visit.measured)
    picture = draw_overlay(visit.measured.image, visit.measured.outline)
    write_png(out / "overlays" / f"{visit.measured.image_id}.overlay.png", picture)
