"""Look at everything as bright as calcium, and name each what it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Ct
from cctrack.segment.ct.attached import find_attached
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.candidates import Candidate, list_candidates
from cctrack.segment.ct.chain import find_chained
from cctrack.segment.ct.classify import Kind, Verdict, classify
from cctrack.segment.ct.components import find_components
from cctrack.segment.ct.likely import load_judge

HELD_ON = (Kind.VESSEL, Kind.CUT, Kind.DEEP)
"""Kinds that may be bone after all: thick slices or an image's edge can hide its marrow ..."""

LEAST_BONE_MM3 = 1_000.0
"""... but not in what is so small, as the pieces of a calcified artery are."""

LEAST_CHANCE = 0.5
"""Less likely parts of a bone stay bone, and a reader may click on them."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A candidate and what it is taken for."""

    candidate: Candidate
    verdict: Verdict


def judge_all(
    ct: Ct, body: Body, threshold_hu: float, roi: NDArray[np.bool_] | None = None
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

    Yields
    ------
    Judged
        In a fixed order, deposits last: a bone's voxels hold those of deposits that touch it.
    """
    components = find_components(ct, body, threshold_hu)
    deposits: list[Judged] = []
    judge = load_judge()
    for candidate in list_candidates(components, ct):
        judged = Judged(candidate, classify(candidate, ct, body, threshold_hu))
        if judged.verdict.kind is Kind.DEPOSIT:
            deposits.append(judged)
        else:
            yield judged
        if may_hold(judged):
            for held in find_attached(candidate, ct, body, threshold_hu, judge):
                if held.chance >= LEAST_CHANCE:
                    deposits.append(Judged(held.candidate, Verdict(Kind.DEPOSIT, held.chance)))
                else:
                    yield Judged(held.candidate, Verdict(Kind.BONE, 1.0 - held.chance))
    chained = find_chained([deposit.candidate for deposit in deposits], ct, body)
    for deposit, in_a_row in zip(deposits, chained, strict=True):
        kind = Kind.VESSEL if in_a_row else Kind.DEPOSIT
        if not _within(deposit.candidate, roi):
            kind = Kind.ELSEWHERE
        yield Judged(deposit.candidate, Verdict(kind, deposit.verdict.score))


def may_hold(judged: Judged) -> bool:
    """Whether a deposit may hang on a candidate."""
    kind = judged.verdict.kind
    if kind is Kind.BONE:
        return True
    return kind in HELD_ON and judged.candidate.volume_mm3 >= LEAST_BONE_MM3


def _within(candidate: Candidate, roi: NDArray[np.bool_] | None) -> bool:
    return roi is None or bool(roi[candidate.box][candidate.region].mean() > 0.5)
