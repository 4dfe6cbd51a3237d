"""Compare the measured visits of one site: each with the first and with the one before.

All visits are aligned first, then the lesions are followed through all of them, then every pair is
judged: what a later visit shows can join what two earlier ones show apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Unpack

from cctrack.align.landmarks import LandmarkPairs
from cctrack.compare import (
    About,
    find_nadir,
    groups_between,
    join_verdicts,
    nadir_gate,
    not_evaluable,
)
from cctrack.errors import CctrackError
from cctrack.model import (
    Alignment,
    Change,
    Criteria,
    Event,
    Lineage,
    LinkWarning,
    ReaderLink,
    Reference,
)
from cctrack.study.aligned import AlignedPair, align_visits, thresholds_for, with_comparability
from cctrack.study.by_hand import placed_by_hand
from cctrack.study.pair import PairResult, judge_pair, with_warnings
from cctrack.study.pipeline import Measured
from cctrack.study.routes import Routes, find_route
from cctrack.study.second_look import look_again
from cctrack.study.tracing import named, named_patches, trace_visits

REMOVALS = (Event.EXCISED, Event.EXTRUDED)
"""What is known of lesions also at a visit that was not imaged."""

REJECTED = "A reader says that the two visits were aligned wrongly: landmarks are needed."
"""Why two visits are not compared although an alignment passed its gate."""

Ends = tuple[int, int]
"""Numbers of an earlier and a later visit."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """How a reader aligned two visits.

    Attributes
    ----------
    landmarks : pairs of points in px, or None
        They replace the automatic alignment.
    matrix : tuple of rows, or None
        Where a reader moved the earlier image to, as `Alignment.matrix`.
    rejected : bool
        The reader says that the automatic alignment is wrong.
    """

    landmarks: LandmarkPairs | None = None
    matrix: tuple[tuple[float, ...], ...] | None = None
    rejected: bool = False


NOTHING_BY_HAND: Mapping[Ends, ByHand] = MappingProxyType({})
"""No reader aligned anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The visits of one site, oldest first.

    Attributes
    ----------
    visits : tuple of Measured or None
    absent : mapping of int to str
        Why a visit was not measured.
    statuses : mapping of int to str
        What the visits' list says: ``excised``, ``extruded``, ``not_imaged`` or empty.
    said : tuple of ReaderLink
    warnings : tuple of LinkWarning
        Readers' links that speak of no visit.
    by_hand : mapping of (earlier, later) to ByHand
    """

    visits: tuple[Measured | None, ...]
    absent: Mapping[int, str] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    said: tuple[ReaderLink, ...] = ()
    warnings: tuple[LinkWarning, ...] = ()
    by_hand: Mapping[Ends, ByHand] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedPair:
    """Two visits, by their numbers, and what came of comparing them."""

    before: int
    after: int
    reference: Reference
    result: PairResult


@dataclass(frozen=True, slots=True, eq=False)
class SeriesResult:
    """All visits compared.

    Attributes
    ----------
    visits : tuple of Measured or None
        As measured alone, outlines under the ids of the lesions that they show.
    compared : tuple of Measured or None
        The same with what a second look found; what the pairs were judged by.
    pairs : tuple of JudgedPair
    verdict : Change
        On the total of the last visit.
    lineage : Lineage
    """

    visits: tuple[Measured | None, ...]
    compared: tuple[Measured | None, ...]
    pairs: tuple[JudgedPair, ...]
    verdict: Change
    lineage: Lineage


def compare_series(series: Series, criteria: Criteria) -> SeriesResult:
    """Align, follow and judge all visits of a site.

    Parameters
    ----------
    series : Series
    criteria : Criteria

    Raises
    ------
    NotComparable
        If there are more outlines than lesion ids.
    """
    count = len(series.visits)
    to_first = [(0, number) for number in range(1, count)]
    to_prior = [(number - 1, number) for number in range(2, count)]
    aligned = {ends: _align(series, ends, criteria) for ends in (*to_first, *to_prior)}
    routes = {
        ends: pair.alignment
        for ends, pair in aligned.items()
        if isinstance(pair, AlignedPair) and pair.alignment is not None and not pair.obstacle
    }
    alone = trace_visits(series.visits, routes, series.said)
    compared = replace(series, visits=look_again(series.visits, routes, alone))
    lineage = trace_visits(compared.visits, routes, series.said)
    judge = _Judge(compared, _named(compared, lineage), _warned(lineage, series.warnings))
    pairs = [judge.pair(ends, aligned[ends], reference=Reference.BASELINE) for ends in to_first]
    pairs += [judge.pair(ends, aligned[ends], reference=Reference.PRIOR) for ends in to_prior]
    verdict, nadir = _verdict(judge, pairs[: len(to_first)], routes, criteria)
    return SeriesResult(
        _named(series, lineage), judge.visits, (*pairs, *nadir), verdict, judge.lineage
    )


def _align(series: Series, ends: Ends, criteria: Criteria) -> AlignedPair | str:
    """Align two visits, or say why they cannot be compared at all."""
    before, after = (series.visits[number] for number in ends)
    for which, number in zip(("earlier", "later"), ends, strict=True):
        if series.visits[number] is None:
            why = series.absent.get(number, "there is no image")
            return f"The {which} visit could not be measured: {why}."
    if before is None or after is None:
        raise AssertionError("both visits are measured here")
    try:
        return _align_as_told(before, after, criteria, series.by_hand.get(ends, ByHand()))
    except CctrackError as error:
        return f"The two visits cannot be compared: {error}."


def _align_as_told(
    before: Measured, after: Measured, criteria: Criteria, told: ByHand
) -> AlignedPair:
    if told.matrix is not None:
        thresholds = thresholds_for(before.image, after.image, criteria)
        return with_comparability(before, after, thresholds, placed_by_hand(told.matrix))
    aligned = align_visits(before, after, criteria, told.landmarks)
    if told.rejected and told.landmarks is None and not aligned.obstacle:
        return replace(aligned, obstacle=REJECTED)
    return aligned


def _named(series: Series, lineage: Lineage) -> tuple[Measured | None, ...]:
    return tuple(
        visit and named(visit, number, lineage) for number, visit in enumerate(series.visits)
    )


def _warned(lineage: Lineage, warnings: Sequence[LinkWarning]) -> Lineage:
    return Lineage(lineage.links, lineage.ids, lineage.uids, (*lineage.warnings, *warnings))


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """Judges pairs of visits whose lesions are known."""

    series: Series
    visits: tuple[Measured | None, ...]
    lineage: Lineage

    def pair(self, ends: Ends, aligned: AlignedPair | str, **against: Unpack[About]) -> JudgedPair:
        """Judge one pair of visits."""
        reference = against.get("reference", Reference.BASELINE)
        before, after = (self.visits[number] for number in ends)
        if isinstance(aligned, str) or before is None or after is None:
            result = PairResult.refused(str(aligned), reference=reference)
        else:
            told = with_warnings(_with_ids(aligned, ends[0], self.lineage), self.lineage, ends[1])
            groups = groups_between(self.lineage, *ends, self.statuses)
            result = judge_pair(told, (before, after), groups, **against)
        return JudgedPair(*ends, reference, result)

    @property
    def statuses(self) -> dict[int, str]:
        """The visits that tell what became of a lesion: those measured, and those of removals."""
        return {
            number: status
            for number, status in self.series.statuses.items()
            if self.visits[number] is not None or status in REMOVALS
        }


def _with_ids(aligned: AlignedPair, before: int, lineage: Lineage) -> AlignedPair:
    if aligned.alignment is None:
        return aligned
    patched = named_patches(aligned.alignment, before, lineage)
    return AlignedPair(aligned.thresholds, patched, aligned.comparability, aligned.obstacle)


def _verdict(
    judge: _Judge, against_first: Sequence[JudgedPair], routes: Routes, criteria: Criteria
) -> tuple[Change, tuple[JudgedPair, ...]]:
    """Judge the last visit: against the first, and against the nadir where the rule says so."""
    if not against_first:
        only = not_evaluable("total", "Only one visit: there is nothing to compare it with.")
        return only, ()
    *earlier, last = (pair.result.total for pair in against_first)
    lowest = find_nadir(earlier)
    if lowest == 0 or not last.comparable:
        return last, ()
    end = len(against_first)
    aligned = _bridge(judge, (lowest, end), routes, criteria)
    if aligned is None or aligned.thresholds.progression_reference is not Reference.NADIR:
        return last, ()
    gate = nadir_gate(len(against_first))
    nadir = judge.pair((lowest, end), aligned, reference=Reference.NADIR, gate_z=gate)
    return join_verdicts(last, nadir.result.total), (nadir,)


def _bridge(judge: _Judge, ends: Ends, routes: Routes, criteria: Criteria) -> AlignedPair | None:
    """Bring two visits onto one grid that were perhaps not aligned directly."""
    before, after = (judge.series.visits[number] for number in ends)
    if before is None or after is None:
        return None
    way: Alignment | None = find_route(routes, *ends, (before.image.shape, after.image.shape))
    if way is None:
        return None
    thresholds = thresholds_for(before.image, after.image, criteria)
    return with_comparability(before, after, thresholds, way)
