"""The latest of several visits: judged against baseline and against the smallest value so far."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

from cctrack.compare.case import CHANGE_Z
from cctrack.model import Change, Outcome


def nadir_gate(candidates: int) -> float:
    """Multiple of the error that a rise above the smallest of several visits must exceed.

    The smallest of several noisy values is low by selection; asking for the quantile of
    1 - p / candidates, with p the chance of it for one, keeps false progression of unchanged
    deposits where it is with one.
    """
    by_chance = 1.0 - NormalDist().cdf(CHANGE_Z)
    return NormalDist().inv_cdf(1.0 - by_chance / candidates)


def find_nadir(since_baseline: Sequence[Change]) -> int:
    """Return the number of the visit with the smallest total so far, 0 for baseline itself.

    What was imaged differs from visit to visit, so not totals are compared but each visit's change
    of what it shows of the baseline.

    Parameters
    ----------
    since_baseline : sequence of Change
        Totals of visits 1, 2, ... against baseline; what cannot be compared is passed over.
    """
    ratios = {0: 1.0}
    for number, change in enumerate(since_baseline, start=1):
        if change.percent is not None:
            ratios[number] = 1.0 + change.percent / 100.0
    return min(ratios, key=lambda number: ratios[number])


def join_verdicts(baseline: Change, nadir: Change) -> Change:
    """Make one verdict: progression from nadir wins, and the reason says both."""
    if nadir.outcome is not Outcome.PROGRESSION or baseline.outcome is Outcome.PROGRESSION:
        return baseline
    if baseline.outcome is not Outcome.REGRESSION:
        return nadir
    both = f"{nadir.reason.rstrip('.')}; against baseline it is still a regression: "
    return replace(nadir, reason=both + _lower_first(baseline.reason))


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
