"""Follow one site over its visits: measure each, compare each with the first and the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from cctrack.compare import classify_series, not_evaluable
from cctrack.errors import CctrackError, UnreadableImage
from cctrack.io import read_one
from cctrack.model import (
    Because,
    Change,
    Criteria,
    Measurement,
    Modality,
    Reference,
    Refused,
    Site,
    Visit,
)
from cctrack.study.pair import PairResult, compare_visits
from cctrack.study.pipeline import Measured, MeasureOptions, measure_image, relabelled
from cctrack.study.workers import processor_limit

READ_LIMIT_S = 300.0
"""Processor time in s that reading a visit may take; a CT of 1,500 slices takes a tenth of it."""


@dataclass(frozen=True, slots=True)
class SiteVisits:
    """One site of one patient in one modality, oldest visit first."""

    patient: str
    site: Site
    modality: Modality
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class VisitResult:
    """One visit: measured, or why not."""

    visit: Visit
    measured: Measured | None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPair:
    """Two visits of a site and what came of comparing them."""

    before: VisitResult
    after: VisitResult
    reference: Reference
    result: PairResult


@dataclass(frozen=True, slots=True, eq=False)
class SiteResult:
    """A site followed over all its visits.

    Attributes
    ----------
    pairs : tuple of ComparedPair
        Each later visit against the first, and against the one before where that is another.
    verdict : Change
        On the total of the last visit.
    """

    site: SiteVisits
    visits: tuple[VisitResult, ...]
    pairs: tuple[ComparedPair, ...]
    verdict: Change

    @property
    def against_baseline(self) -> Change | None:
        """The last visit's total against the first's; None with one visit."""
        first = [pair for pair in self.pairs if pair.reference is Reference.BASELINE]
        return first[-1].result.total if first else None


def group_sites(visits: Sequence[Visit]) -> tuple[SiteVisits, ...]:
    """Sort visits into sites, in the order of their first appearance."""
    keys = dict.fromkeys((visit.patient, visit.site, visit.modality) for visit in visits)
    return tuple(
        SiteVisits(
            *key,
            tuple(
                sorted(
                    (v for v in visits if (v.patient, v.site, v.modality) == key),
                    key=lambda v: v.acquired,
                )
            ),
        )
        for key in keys
    )


NOBODY_LOST: Mapping[str, Refused] = MappingProxyType({})
"""No visit of a site is known to be unreadable before it is read."""


def follow_site(
    root: Path,
    site: SiteVisits,
    criteria: Criteria,
    options: MeasureOptions,
    lost: Mapping[str, Refused] = NOBODY_LOST,
) -> SiteResult:
    """Measure every visit of a site and compare them.

    Parameters
    ----------
    root : Path
        Folder that the visits' paths are relative to.
    site : SiteVisits
    criteria : Criteria
    options : MeasureOptions
    lost : mapping of path to Refused
        Visits that an earlier worker did not survive; they are not opened again.

    Returns
    -------
    SiteResult
        A visit that could not be read or measured makes its pairs not evaluable.
    """
    visits = [
        VisitResult(visit, None, lost[visit.path])
        if visit.path in lost
        else measure_visit(root, visit, options)
        for visit in site.visits
    ]
    pairs: list[ComparedPair] = []
    for number in range(1, len(visits)):
        result = _compare(visits[0], visits[number], Reference.BASELINE, criteria)
        visits[number] = _with_stable_ids(visits[number], result)
        pairs.append(ComparedPair(visits[0], visits[number], Reference.BASELINE, result))
    for before, after in list(pairwise(visits))[1:]:
        result = _compare(before, after, Reference.PRIOR, criteria)
        pairs.append(ComparedPair(before, after, Reference.PRIOR, result))
    return SiteResult(site, tuple(visits), tuple(pairs), _verdict(pairs, criteria))


def _with_stable_ids(after: VisitResult, result: PairResult) -> VisitResult:
    """Give the later visit's lesions the ids of the baseline's lesions that they are."""
    if after.measured is None or not result.ids:
        return after
    return replace(after, measured=relabelled(after.measured, result.ids))


def measure_visit(root: Path, visit: Visit, options: MeasureOptions) -> VisitResult:
    """Read and measure one visit; whatever is wrong with it becomes a refusal."""
    if not visit.path:
        return VisitResult(visit, None)
    try:
        with processor_limit(READ_LIMIT_S):
            image = read_one(root / visit.path, modality=visit.modality)
        if image.modality is not visit.modality:
            found = f"visits.csv says {visit.modality}, the file is a {image.modality}"
            raise UnreadableImage(Because.AMBIGUOUS_MODALITY, found)
        return VisitResult(visit, measure_image(image, options))
    except UnreadableImage as error:
        because, detail = Because(error.because), error.detail
    except CctrackError as error:
        because, detail = Because.NOT_OUTLINED, str(error)
    return VisitResult(visit, None, Refused(visit.path, because, detail))


def _compare(
    before: VisitResult, after: VisitResult, reference: Reference, criteria: Criteria
) -> PairResult:
    result = _compare_measured(before, after, criteria)
    changes = tuple(replace(change, reference=reference) for change in result.changes)
    return replace(result, changes=changes)


def _compare_measured(before: VisitResult, after: VisitResult, criteria: Criteria) -> PairResult:
    for which, item in (("earlier", before), ("later", after)):
        if item.measured is None:
            why = item.refused.detail if item.refused else item.visit.status.replace("_", " ")
            return PairResult.refused(f"The {which} visit could not be measured: {why}.")
    if before.measured is None or after.measured is None:
        raise AssertionError("both visits are measured here")
    try:
        return compare_visits(before.measured, after.measured, criteria, status=after.visit.status)
    except CctrackError as error:
        return PairResult.refused(f"The two visits cannot be compared: {error}.")


def _verdict(pairs: Sequence[ComparedPair], criteria: Criteria) -> Change:
    """Judge the last visit: against the first, and against the nadir where the rule says so."""
    against_first = [pair for pair in pairs if pair.reference is Reference.BASELINE]
    if not against_first:
        return not_evaluable("total", "Only one visit: there is nothing to compare it with.")
    last = against_first[-1].result
    thresholds = criteria.of(last.quantity)
    totals = [pair.result.total for pair in against_first]
    if len(totals) == 1 or thresholds is None or not all(_whole(change) for change in totals):
        return last.total
    series: list[Measurement | None] = [totals[0].before, *(change.after for change in totals)]
    measured = [item for item in series if item is not None]
    return classify_series(measured, thresholds).verdict


def _whole(change: Change) -> bool:
    return change.comparable and change.before is not None and change.after is not None
