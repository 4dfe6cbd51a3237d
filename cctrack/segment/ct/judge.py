"""Look at everything as bright as calcium, and name each what it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cctrack.model import Ct
from cctrack.segment.ct.attached import Attached, find_attached
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.candidates import Bool, Candidate, list_candidates
from cctrack.segment.ct.chain import find_chained
from cctrack.segment.ct.classify import Kind, Verdict, classify
from cctrack.segment.ct.components import find_components
from cctrack.segment.ct.likely import load_judges

HELD_ON = (Kind.VESSEL, Kind.CUT, Kind.DEEP)
"""Kinds that may be bone after all: thick slices or an image's edge can hide its marrow ..."""

LEAST_BONE_MM3 = 1_000.0
"""... but not in what is so small, as the pieces of a calcified artery are."""

LEAST_CHANCE = 0.75
"""Less likely parts of a bone stay bone, and a reader may click on them. Parts of real bone reached
0.70 when trees were asked that had not been taught by it."""

LEAST_BRIDGE_CHANCE = 0.5
"""The same for what lies between two bones. Parts of real limbs reached 0.26 when trees were asked
that had not been taught by them (0.42 with fewer simulated scans)."""

LEAST_EXPECTED_CHANCE = 0.05
"""The same where another visit shows a deposit: of what one shows, the next shows 95 % again."""

NEAR_VOXELS = 3
"""What the other CT shows is counted so far around a candidate."""

SAME_PLACE = 0.4
"""Dice from which a candidate and what the other CT shows are one thing; half of it may be gone, or
the alignment a voxel off."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A candidate and what it is taken for."""

    candidate: Candidate
    verdict: Verdict


def judge_all(
    ct: Ct,
    body: Body,
    threshold_hu: float,
    roi: Bool | None = None,
    expected: Bool | None = None,
) -> Iterator[Judged]:
    """Name every candidate of a CT.

    Parameters
    ----------
    ct : Ct
    body : Body
    threshold_hu : float
        The calcium threshold.
    roi : bool array (slices, rows, columns) or None
        Only deposits with most of their voxels in it are taken for such.
    expected : bool array (slices, rows, columns) or None
        Where another CT of the same site shows deposits: what lies there and is about as large is
        one, and so is a part of a bone that is less likely elsewhere.

    Yields
    ------
    Judged
        In a fixed order, deposits last: a bone's voxels hold those of deposits that touch it.
    """
    components = find_components(ct, body, threshold_hu)
    deposits: list[Judged] = []
    judges = load_judges()
    for candidate in list_candidates(components, ct):
        judged = _judge(candidate, ct, body, threshold_hu, expected)
        found = [judged]
        if may_hold(judged):
            held_on = find_attached(candidate, ct, body, threshold_hu, judges)
            found += [_judge_held(held, expected) for held in held_on]
        for item in found:
            if item.verdict.kind is Kind.DEPOSIT:
                deposits.append(item)
            else:
                yield item
    chained = find_chained([deposit.candidate for deposit in deposits], ct, body)
    for deposit, in_a_row in zip(deposits, chained, strict=True):
        kind = Kind.VESSEL if in_a_row else Kind.DEPOSIT
        if not _within(deposit.candidate, roi):
            kind = Kind.ELSEWHERE
        yield Judged(deposit.candidate, Verdict(kind, deposit.verdict.score))


def _judge(
    candidate: Candidate, ct: Ct, body: Body, threshold_hu: float, expected: Bool | None
) -> Judged:
    if _is_expected(candidate, expected):
        return Judged(candidate, Verdict(Kind.DEPOSIT, LEAST_EXPECTED_CHANCE))
    return Judged(candidate, classify(candidate, ct, body, threshold_hu))


def _judge_held(held: Attached, expected: Bool | None) -> Judged:
    """Judge a part of a bone, or of what may be bone."""
    least = LEAST_BRIDGE_CHANCE if held.bridge else LEAST_CHANCE
    if _is_expected(held.candidate, expected):
        least = LEAST_EXPECTED_CHANCE
    if held.chance >= least:
        return Judged(held.candidate, Verdict(Kind.DEPOSIT, held.chance))
    return Judged(held.candidate, Verdict(Kind.BONE, 1.0 - held.chance))


def may_hold(judged: Judged) -> bool:
    """Whether a deposit may hang on a candidate."""
    kind = judged.verdict.kind
    if kind is Kind.BONE:
        return True
    return kind in HELD_ON and judged.candidate.volume_mm3 >= LEAST_BONE_MM3


def _within(candidate: Candidate, roi: Bool | None) -> bool:
    return roi is None or bool(roi[candidate.box][candidate.region].mean() > 0.5)


def _is_expected(candidate: Candidate, expected: Bool | None) -> bool:
    """Whether a candidate lies where, and is about as large as, a deposit of another visit."""
    if expected is None:
        return False
    here = int(np.count_nonzero(expected[candidate.box][candidate.region]))
    if not here:
        return False
    wide = tuple(slice(max(0, s.start - NEAR_VOXELS), s.stop + NEAR_VOXELS) for s in candidate.box)
    sizes = int(np.count_nonzero(expected[wide])) + int(np.count_nonzero(candidate.region))
    return bool(2 * here > SAME_PLACE * sizes)
