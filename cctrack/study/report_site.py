"""What the report will show of one site, kept in ``results/report``: one file for each site."""

import json
from pathlib import Path

from cctrack.io import write_text
from cctrack.model import (
    Criteria,
    Flag,
    LesionGroup,
    Measurement,
    Modality,
    Quality,
    Quantity,
    Reference,
    Scale,
)
from cctrack.report.site_content import (
    AlignmentContent,
    LesionHistory,
    LesionRow,
    PairContent,
    SiteContent,
    Size,
    View,
    VisitContent,
)
from cctrack.report.stored import from_json, to_json
from cctrack.report.views import draw_thumbnail, draw_views
from cctrack.report.words import SCALES, day
from cctrack.study.aligned import DEFAULT_METHOD
from cctrack.study.follow import ComparedPair, SiteResult, SiteVisits, VisitResult
from cctrack.study.identity import row_id

FOLDER = "report"
"""Where a result folder keeps what its report is made of."""

THUMBNAIL_PX = 200
"""Enough to see where a lesion lies."""

Basis = tuple[Quantity, str]
"""What a verdict rests on: the quantity, and the method or nothing."""


def site_file(out: Path, site: SiteVisits) -> Path:
    """Return the file that keeps a site's content, named by an id of our own."""
    return out / FOLDER / f"{row_id(site.patient, str(site.site), site.modality)}.json"


def write_site(out: Path, result: SiteResult, criteria: Criteria) -> None:
    """Draw a site's pictures and keep them with what the report says of it."""
    content = to_json(site_content(result, criteria))
    write_text(site_file(out, result.site), json.dumps(content, ensure_ascii=False) + "\n")


def read_site(path: Path) -> SiteContent:
    """Read what `write_site` kept.

    Raises
    ------
    ValueError
        If it is damaged or of another version.
    OSError
        If it cannot be read.
    """
    return from_json(SiteContent, json.loads(path.read_text(encoding="utf-8")))


def site_content(result: SiteResult, criteria: Criteria) -> SiteContent:
    """Collect what a report says of a site and draw its pictures."""
    site = result.site
    basis = _basis(site.modality, criteria)
    shown = _last_since_first(result)
    return SiteContent(
        patient=site.patient,
        site=str(site.site),
        modality=site.modality,
        quantity=basis[0],
        verdict=LesionRow.of(result.verdict),
        visits=tuple(_visit(visit, basis, small=len(site.visits) > 2) for visit in result.visits),
        pairs=tuple(_pair(result, pair, with_views=pair is shown) for pair in result.pairs),
        histories=_histories(result, basis),
    )


def _last_since_first(result: SiteResult) -> ComparedPair | None:
    listed = [pair for pair in result.pairs if pair.reference is Reference.BASELINE]
    return listed[-1] if listed else None


def _basis(modality: Modality, criteria: Criteria) -> Basis:
    volume = modality in (Modality.CT, Modality.MR)
    for quantity in (Quantity.VOLUME if volume else Quantity.AREA, Quantity.MAX_DIAMETER):
        rule = criteria.of(quantity)
        if rule is not None:
            return quantity, str(rule.method or DEFAULT_METHOD.get(modality, ""))
    return Quantity.VOLUME if volume else Quantity.AREA, ""


def _visit(result: VisitResult, basis: Basis, *, small: bool) -> VisitContent:
    visit, measured = result.visit, result.compared
    if measured is None:
        status = visit.status.replace("_", " ")
        why = result.refused.detail if result.refused else status
        return VisitContent(visit.acquired, missing=why or "not imaged")
    text = f"{visit.modality} of {day(visit.acquired)}"
    picture = (
        draw_thumbnail(measured.image, measured.outline, THUMBNAIL_PX, text) if small else None
    )
    sizes = _sizes(result, basis)
    return VisitContent(
        acquired=visit.acquired,
        image_id=measured.image_id,
        total=_size(sizes[0]) if 0 in sizes else None,
        lesions=len(measured.outline.lesions),
        flags=measured.flags,
        scale=_scale_in_words(measured.image.scale),
        thumbnail=picture,
    )


def _sizes(result: VisitResult, basis: Basis) -> dict[int, Measurement]:
    """Pick what a verdict rests on, by lesion; 0 is the total."""
    findings = result.compared.findings if result.compared else ()
    return {
        finding.lesion: finding.measurement
        for finding in findings
        if finding.measurement.quantity is basis[0]
        and basis[1] in ("", str(finding.measurement.method))
    }


def _size(found: Measurement) -> Size:
    low, high = found.interval
    return Size(found.value, low, high, found.unit, found.method)


def _histories(result: SiteResult, basis: Basis) -> tuple[LesionHistory, ...]:
    sizes = [_sizes(visit, basis) for visit in result.visits]
    lesions = sorted({lesion for known in sizes for lesion in known if lesion})
    return tuple(
        LesionHistory(
            lesion,
            tuple(known[lesion].value if lesion in known else None for known in sizes),
        )
        for lesion in lesions
    )


def _pair(result: SiteResult, pair: ComparedPair, *, with_views: bool) -> PairContent:
    found = pair.result
    return PairContent(
        before=result.visits.index(pair.before),
        after=result.visits.index(pair.after),
        reference=pair.reference,
        total=LesionRow.of(found.total),
        lesions=_lesions(pair) if with_views else (),
        alignment=_alignment(pair),
        comparability=found.comparability.text,
        views=_views(pair) if with_views else (),
    )


def _lesions(pair: ComparedPair) -> tuple[LesionRow, ...]:
    groups = {group.name: group for group in pair.result.groups}
    return tuple(
        LesionRow.of(
            change,
            lesion=(groups[change.lesion].baseline or groups[change.lesion].followup)[0],
            flags=_lesion_flags(pair, groups[change.lesion]),
        )
        for change in pair.result.changes[1:]
    )


def _lesion_flags(pair: ComparedPair, group: LesionGroup) -> frozenset[Flag]:
    return frozenset[Flag]().union(
        *(
            visit.compared.outline.flags_of(lesion)
            for visit, lesions in ((pair.before, group.baseline), (pair.after, group.followup))
            if visit.compared
            for lesion in lesions
        )
    )


def _alignment(pair: ComparedPair) -> AlignmentContent | None:
    if pair.before.compared is None or pair.after.compared is None:
        return None
    found = pair.result.alignment
    if found is None:
        return AlignmentContent(Quality.FAILED, reason=pair.result.total.reason)
    return AlignmentContent(
        quality=found.quality,
        model=str(found.model),
        residual_mm=found.residual_mm,
        residual_px=found.residual_px,
        coverage=found.coverage,
        reason=found.reason,
    )


def _views(pair: ComparedPair) -> tuple[View, ...]:
    before, after = pair.before.compared, pair.after.compared
    if before is None or after is None:
        return ()
    return draw_views(
        (before.image, after.image),
        (before.outline, after.outline),
        pair.result.alignment,
        (day(pair.before.visit.acquired), day(pair.after.visit.acquired)),
    )


def _scale_in_words(scale: Scale | None) -> str:
    if scale is None:
        return ""
    return f"{SCALES[scale.source]}, {scale.mean_mm[-1]:.3g} mm per pixel"
