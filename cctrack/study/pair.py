"""Compare two measured visits of one site: align, match, classify."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np

from cctrack.align.landmarks import LandmarkPairs
from cctrack.align.warp import warp_labels
from cctrack.compare import (
    About,
    Comparability,
    Sizes,
    classify_groups,
    combine,
    groups_between,
    not_evaluable,
)
from cctrack.model import (
    Alignment,
    Change,
    Criteria,
    Event,
    Finding,
    Flag,
    LabelArray,
    LesionGroup,
    Lineage,
    Measurement,
    Photo,
    Quantity,
    ReaderLink,
    Reference,
    Thresholds,
    Unit,
)
from cctrack.study.aligned import AlignedPair, align_visits
from cctrack.study.alone import looking_beside
from cctrack.study.doubt import (
    alike_on_bone,
    doubting_borders,
    doubting_shapes,
    leaving_out_redrawn,
    trusting_scales,
)
from cctrack.study.magnified import at_one_size
from cctrack.study.pattern import told_by_pattern
from cctrack.study.pipeline import Measured
from cctrack.study.second_look import Seen, look_at
from cctrack.study.tracing import named, named_patches, trace_visits
from cctrack.study.visibility import with_visibility

NO_LINEAGE = Lineage()
"""Nothing was followed."""


@dataclass(frozen=True, slots=True, eq=False)
class PairResult:
    """Two visits compared.

    Attributes
    ----------
    changes : tuple of Change
        The total first.
    alignment : Alignment or None
        Also a rejected one, so that it can be shown.
    groups : tuple of LesionGroup
        By the ids that lesions keep over time.
    comparability : Comparability
    quantity : Quantity
        What the verdict rests on.
    lineage : Lineage
        Of the two visits alone, where only two were given.
    compared : pair of Measured or None
        The two visits as they were compared, with what a second look found.
    """

    changes: tuple[Change, ...]
    alignment: Alignment | None
    groups: tuple[LesionGroup, ...]
    comparability: Comparability
    quantity: Quantity
    lineage: Lineage = NO_LINEAGE
    compared: tuple[Measured, Measured] | None = None

    @property
    def total(self) -> Change:
        """The verdict of the pair."""
        return self.changes[0]

    @property
    def comparable(self) -> str:
        """Whether the two images may be compared: ``yes``, ``caution`` or ``no``."""
        if not self.total.comparable:
            return "no"
        return "caution" if self.comparability.text or self.comparability.log_sd else "yes"

    @classmethod
    def refused(
        cls,
        reason: str,
        *,
        reference: Reference = Reference.BASELINE,
        aligned: AlignedPair | None = None,
    ) -> "PairResult":
        """Make the result of a pair that cannot be judged."""
        total = not_evaluable("total", reason, reference=reference)
        if aligned is None:
            return cls((total,), None, (), Comparability(), Quantity.AREA)
        quantity = aligned.thresholds.quantity
        return cls((total,), aligned.alignment, (), aligned.comparability, quantity)


def compare_visits(
    before: Measured,
    after: Measured,
    criteria: Criteria,
    *,
    landmarks: LandmarkPairs | None = None,
    links: Sequence[ReaderLink] = (),
) -> PairResult:
    """Compare two measured images of one site.

    Parameters
    ----------
    before, after : Measured
        The earlier and the later visit.
    criteria : Criteria
    landmarks : pairs of ((row, column), (row, column)) or None
        Matching points in px; they replace the automatic alignment.
    links : sequence of ReaderLink
        What a reader said about the lesions of visits 0 and 1.

    Raises
    ------
    NotComparable
        If the images are of different kinds, or the criteria have no rule for this kind.
    """
    aligned = align_visits(before, after, criteria, landmarks)
    return compare_aligned(before, after, aligned, links=links)


def compare_aligned(
    before: Measured, after: Measured, aligned: AlignedPair, *, links: Sequence[ReaderLink] = ()
) -> PairResult:
    """Compare two measured images that were aligned, whoever did it.

    Parameters
    ----------
    before, after : Measured
        The earlier and the later visit.
    aligned : AlignedPair
    links : sequence of ReaderLink
        What a reader said about the lesions of visits 0 and 1.
    """
    if aligned.alignment is None or aligned.obstacle:
        return PairResult.refused(aligned.obstacle, aligned=aligned)
    routes = {(0, 1): aligned.alignment}
    alone = trace_visits((before, after), routes, links)
    seen = Seen((before, after), routes, alone)
    again = look_at(before, 0, seen), look_at(after, 1, seen)
    lineage = trace_visits(again, routes, links)
    aligned = replace(aligned, alignment=named_patches(aligned.alignment, 0, lineage))
    compared = named(again[0], 0, lineage), named(again[1], 1, lineage)
    told = with_warnings(aligned, lineage, 1)
    result = judge_pair(told, compared, groups_between(lineage, 0, 1))
    return replace(result, lineage=lineage, compared=compared)


def with_warnings(aligned: AlignedPair, lineage: Lineage, visit: int) -> AlignedPair:
    """Tell with a pair which of the reader's links could not be followed."""
    texts = tuple(warning.text for warning in lineage.warnings if warning.visit == visit)
    comparability = combine(aligned.comparability, Comparability(texts))
    return replace(aligned, comparability=comparability)


def judge_pair(
    aligned: AlignedPair,
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    **against: Unpack[About],
) -> PairResult:
    """Judge the change between two visits whose lesions are known.

    Parameters
    ----------
    aligned : AlignedPair
        Without an obstacle.
    visits : pair of Measured
        The earlier and the later visit, outlines under the lesions' ids.
    groups : sequence of LesionGroup
        By the same ids.
    **against
        ``reference`` and ``gate_z`` as in `classify`.
    """
    reference = against.get("reference", Reference.BASELINE)
    if aligned.alignment is None or aligned.obstacle:
        return PairResult.refused(aligned.obstacle, reference=reference, aligned=aligned)
    seen = with_visibility(groups, visits, aligned.alignment)
    sizes = alike_on_bone(at_one_size(_sizes(*visits, aligned), aligned.alignment), visits, seen)
    if visits[1].outline.labels.ndim == 2:
        sizes = trusting_scales(sizes, visits, aligned.alignment)
        photos = isinstance(visits[1].image, Photo)
        sizes = doubting_borders(sizes, seen) if photos else sizes
        sizes = sizes[0], doubting_shapes(sizes[1], visits, seen, aligned.alignment)
        if photos:
            told = told_by_pattern(sizes, visits, seen, aligned.alignment)
            rest = [group for group in seen if group not in told.groups]
            seen = tuple(_unparted(group) if group in told.groups else group for group in seen)
            sizes = leaving_out_redrawn(told.sizes, visits, rest, aligned.alignment)
            sizes = looking_beside(sizes, visits, seen, aligned.alignment)
    made = aligned.comparability
    about: About = {**against, "extra_log_sd": made.log_sd, "alike": made.alike}
    changes = classify_groups(seen, *sizes, aligned.thresholds, **about)
    quantity = aligned.thresholds.quantity
    return PairResult(changes, aligned.alignment, seen, aligned.comparability, quantity)


def _unparted(group: LesionGroup) -> LesionGroup:
    """Call one lesion what two photos show alike, though one of them outlines it in parts."""
    parted = group.event in (Event.MERGED, Event.SPLIT)
    return replace(group, event=Event.PERSISTED) if parted else group


def _sizes(before: Measured, after: Measured, aligned: AlignedPair) -> tuple[Sizes, Sizes]:
    """Collect the lesions of both visits, in mm or, where one has no scale, relative."""
    thresholds, alignment = aligned.thresholds, aligned.alignment
    if alignment is None or (before.image.scale is not None and after.image.scale is not None):
        earlier, later = (_pick(item.findings, thresholds) for item in (before, after))
    else:
        warped = warp_labels(before.outline.labels, alignment, after.image.shape)
        earlier = _relative(before, warped, thresholds.quantity)
        later = _relative(after, after.outline.labels, thresholds.quantity)
    remade = aligned.comparability.remade
    return (
        _counted_sizes(before, earlier, remade=remade),
        _counted_sizes(after, later, remade=remade),
    )


def _counted_sizes(measured: Measured, sizes: Mapping[int, Measurement], *, remade: bool) -> Sizes:
    counted = set(measured.outline.counted())
    lesions = {label: value for label, value in sizes.items() if label in counted}
    doubt = measured.outline.doubt
    # What one of two scans alone shows is no change where they were made differently; a reader's
    # word is.
    carried = frozenset(
        lesion
        for lesion in measured.outline.lesions
        if Flag.CARRIED in measured.outline.flags_of(lesion)
    )
    return Sizes(lesions, sizes[0], 1.0 if remade and doubt else doubt, carried)


def _pick(findings: tuple[Finding, ...], thresholds: Thresholds) -> dict[int, Measurement]:
    """Pick what a verdict rests on, by lesion; 0 is the total."""
    return {
        finding.lesion: finding.measurement
        for finding in findings
        if finding.measurement.quantity is thresholds.quantity
        and thresholds.method in ("", finding.measurement.method)
    }


def _relative(measured: Measured, labels: LabelArray, quantity: Quantity) -> dict[int, Measurement]:
    """Measure on the follow-up's grid: the ratio is valid although no mm is known."""
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    total = float(sizes[list(measured.outline.counted())].sum()) if len(sizes) > 1 else 0.0
    own = {
        finding.lesion: finding.measurement
        for finding in measured.findings
        if finding.measurement.quantity is quantity
    }
    return {
        label: replace(own[label], value=float(value), unit=Unit.RELATIVE, log_sd_shared=0.0)
        for label, value in ((0, total), *((int(n), sizes[n]) for n in np.flatnonzero(sizes)))
        if label in own
    }
