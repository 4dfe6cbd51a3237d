"""Everything one site contributes to a study's results, small enough to leave its process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.compare import not_evaluable
from cctrack.compare.rows import Pair
from cctrack.io import write_png
from cctrack.model import Alignment, Change, Criteria, Flag, Quantity, Refused
from cctrack.report.content import LesionRow, PairContent, Picture
from cctrack.report.figures import draw_overlay, draw_pair
from cctrack.study.alignment import alignment_record
from cctrack.study.batch import write_image_mask
from cctrack.study.compare import change_rows
from cctrack.study.follow import ComparedPair, SiteResult, SiteVisits, VisitResult, follow_site
from cctrack.study.lineage_record import lineage_record
from cctrack.study.pipeline import MeasureOptions
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
    shown : PairContent or None
        The first and the last visit side by side, for the report.
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
    shown: PairContent | None = None

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
        shown=_show(result),
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


def _show(result: SiteResult) -> PairContent | None:
    """Lay the first and the last visit side by side."""
    if len(result.visits) < 2:
        return None
    first, last = result.visits[0], result.visits[-1]
    pair = next(item.result for item in result.pairs if item.after is last)
    groups = {group.name: group for group in pair.groups}
    lesions = tuple(
        LesionRow.of(
            change,
            lesion=(groups[change.lesion].baseline or groups[change.lesion].followup)[0],
            flags=_lesion_flags(result, groups[change.lesion].baseline),
        )
        for change in pair.changes[1:]
    )
    return PairContent(
        site=str(result.site.site),
        modality=result.site.modality,
        baseline_date=first.visit.acquired,
        followup_date=last.visit.acquired,
        total=LesionRow.of(result.verdict),
        lesions=lesions,
        pictures=_pictures(first, last, pair.alignment),
        flags=frozenset[Flag]().union(*(v.measured.flags for v in (first, last) if v.measured)),
        comparability=pair.comparability.text,
        scale=_scale_in_words(last),
    )


def _lesion_flags(result: SiteResult, lesions: tuple[int, ...]) -> frozenset[Flag]:
    first = result.visits[0].measured
    if first is None:
        return frozenset()
    return frozenset[Flag]().union(*(first.outline.flags_of(lesion) for lesion in lesions))


def _pictures(
    first: VisitResult, last: VisitResult, alignment: Alignment | None
) -> tuple[Picture, ...]:
    shown = [visit for visit in (first, last) if visit.measured]
    measured = [visit.measured for visit in shown if visit.measured]
    drawn = [draw_overlay(item.image, item.outline) for item in measured[:1]]
    if len(measured) == 2:
        images = measured[0].image, measured[1].image
        outlines = measured[0].outline, measured[1].outline
        drawn = list(draw_pair(images, outlines, alignment))
    return tuple(_picture(visit, pixels) for visit, pixels in zip(shown, drawn, strict=True))


def _picture(visit: VisitResult, pixels: NDArray[np.uint8]) -> Picture:
    day = visit.visit.acquired
    return Picture(
        pixels=pixels,
        caption=f"{day.day} {day:%B %Y}",
        description=f"{visit.visit.modality} of the {visit.visit.site} with outlined deposits",
    )


def _scale_in_words(visit: VisitResult) -> str:
    if visit.measured is None or visit.measured.image.scale is None:
        return "No scale: only relative change is given."
    scale = visit.measured.image.scale
    words = str(scale.source).replace("_", " ")
    return f"Scale from {words}, {scale.mean_mm[-1]:.3g} mm per pixel."
