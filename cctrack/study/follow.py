"""Follow one site over its visits: compare each with the first and with the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cctrack.model import Change, Criteria, Lineage, Modality, Reference, Refused, Site, Visit
from cctrack.study.links import WrittenLink, site_links
from cctrack.study.pair import NO_LINEAGE, PairResult
from cctrack.study.pipeline import Measured
from cctrack.study.series import NOTHING_BY_HAND, ByHand, Ends, Series, compare_series


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
    """One visit: measured, or why not.

    Attributes
    ----------
    visit : Visit
    measured : Measured or None
        The image alone.
    refused : Refused or None
    compared : Measured or None
        The same with what a second look found because other visits show it.
    """

    visit: Visit
    measured: Measured | None
    refused: Refused | None = None
    compared: Measured | None = None


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
    of_site: dict[tuple[str, Site, Modality], list[Visit]] = {}
    for visit in visits:
        of_site.setdefault((visit.patient, visit.site, visit.modality), []).append(visit)
    said: dict[tuple[str, str, str], list[WrittenLink]] = {}
    for link in links:
        said.setdefault((link.patient, link.site, link.modality), []).append(link)
    return tuple(
        SiteVisits(
            patient,
            site,
            modality,
            tuple(sorted(of_site[patient, site, modality], key=lambda visit: visit.acquired)),
            tuple(said.get((patient, str(site), str(modality)), ())),
        )
        for patient, site, modality in of_site
    )


def compare_site(
    site: SiteVisits,
    visits: Sequence[VisitResult],
    criteria: Criteria,
    by_hand: Mapping[Ends, ByHand] = NOTHING_BY_HAND,
) -> SiteResult:
    """Compare the measured visits of a site.

    Parameters
    ----------
    site : SiteVisits
    visits : sequence of VisitResult
        In the order of the site's.
    criteria : Criteria
    by_hand : mapping of (earlier, later) to ByHand
        How readers aligned visits, by their numbers.

    Returns
    -------
    SiteResult
        A visit that was not measured makes its pairs not evaluable.
    """
    said, mistaken = site_links(site.links, site.visits)
    found = compare_series(
        Series(
            visits=tuple(visit.measured for visit in visits),
            absent={number: _why(visit) for number, visit in enumerate(visits)},
            statuses={number: visit.status for number, visit in enumerate(site.visits)},
            said=said,
            warnings=mistaken,
            by_hand=by_hand,
        ),
        criteria,
    )
    named = tuple(
        replace(visit, measured=measured, compared=compared)
        for visit, measured, compared in zip(visits, found.visits, found.compared, strict=True)
    )
    pairs = tuple(
        ComparedPair(named[pair.before], named[pair.after], pair.reference, pair.result)
        for pair in found.pairs
    )
    return SiteResult(site, named, pairs, found.verdict, found.lineage)


def _why(visit: VisitResult) -> str:
    """Why a visit was not measured."""
    return visit.refused.detail if visit.refused else visit.visit.status.replace("_", " ")
