"""Follow one site over its visits: measure each, compare each with the first and the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from cctrack.errors import CctrackError, UnreadableImage
from cctrack.model import (
    Because,
    Change,
    Criteria,
    Lineage,
    Modality,
    Reference,
    Refused,
    Site,
    Visit,
)
from cctrack.study.links import WrittenLink, site_links
from cctrack.study.pair import NO_LINEAGE, PairResult
from cctrack.study.pipeline import Measured, MeasureOptions, measure_image
from cctrack.study.series import Series, compare_series
from cctrack.study.sources import read_visit_image
from cctrack.study.workers import processor_limit

READ_LIMIT_S = 300.0
"""Processor time in s that reading a visit may take; a CT of 1,500 slices takes a tenth of it."""


@dataclass(frozen=True, slots=True)
class SiteVisits:
    """One site of one patient in one modality.

    Attributes
    ----------
    patient : str
    site : Site
    modality : Modality
    visits : tuple of Visit
        Oldest first.
    links : tuple of WrittenLink
        What a reader said about its lesions.
    """

    patient: str
    site: Site
    modality: Modality
    visits: tuple[Visit, ...]
    links: tuple[WrittenLink, ...] = ()


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
        Each later visit against the first, and against the one before where that is another; the
        last also against the smallest so far, where the rule asks for it.
    verdict : Change
        On the total of the last visit.
    lineage : Lineage
        Which outline shows which lesion.
    """

    site: SiteVisits
    visits: tuple[VisitResult, ...]
    pairs: tuple[ComparedPair, ...]
    verdict: Change
    lineage: Lineage = NO_LINEAGE

    @property
    def against_baseline(self) -> Change | None:
        """The last visit's total against the first's; None with one visit."""
        first = [pair for pair in self.pairs if pair.reference is Reference.BASELINE]
        return first[-1].result.total if first else None


def group_sites(
    visits: Sequence[Visit], links: Sequence[WrittenLink] = ()
) -> tuple[SiteVisits, ...]:
    """Sort visits, and what readers said of them, into sites in the order of their appearance."""
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
            tuple(
                link
                for link in links
                if (link.patient, link.site, link.modality) == tuple(map(str, key))
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
    said, mistaken = site_links(site.links, site.visits)
    found = compare_series(
        Series(
            visits=tuple(visit.measured for visit in visits),
            absent={number: _why(visit) for number, visit in enumerate(visits)},
            statuses={number: visit.status for number, visit in enumerate(site.visits)},
            said=said,
            warnings=mistaken,
        ),
        criteria,
    )
    named = tuple(
        replace(visit, measured=measured)
        for visit, measured in zip(visits, found.visits, strict=True)
    )
    pairs = tuple(
        ComparedPair(named[pair.before], named[pair.after], pair.reference, pair.result)
        for pair in found.pairs
    )
    return SiteResult(site, named, pairs, found.verdict, found.lineage)


def _why(visit: VisitResult) -> str:
    """Why a visit was not measured."""
    return visit.refused.detail if visit.refused else visit.visit.status.replace("_", " ")


def measure_visit(root: Path, visit: Visit, options: MeasureOptions) -> VisitResult:
    """Read and measure one visit; whatever is wrong with it becomes a refusal."""
    if not visit.path:
        return VisitResult(visit, None)
    try:
        with processor_limit(READ_LIMIT_S):
            image = read_visit_image(root, visit.path, visit.modality)
        if image.modality is not visit.modality:
            found = f"visits.csv says {visit.modality}, the file is a {image.modality}"
            raise UnreadableImage(Because.AMBIGUOUS_MODALITY, found)
        return VisitResult(visit, measure_image(image, options))
    except UnreadableImage as error:
        because, detail = Because(error.because), error.detail
    except CctrackError as error:
        because, detail = Because.NOT_OUTLINED, str(error)
    return VisitResult(visit, None, Refused(visit.path, because, detail))
