"""Judge the latest of several visits: against baseline, the prior visit and the nadir."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from cctrack.compare.case import CHANGE_Z, TOTAL
from cctrack.compare.classify import About, classify
from cctrack.model import Change, Measurement, Outcome, Reference, Thresholds


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """The latest visit against three references, and the one verdict.

    Attributes
    ----------
    baseline, prior, nadir : Change
        With two visits they coincide.
    verdict : Change
        Progression against the rule's own reference wins over regression from baseline.
    """

    baseline: Change
    prior: Change
    nadir: Change
    verdict: Change


def classify_series(
    visits: Sequence[Measurement],
    thresholds: Thresholds,
    *,
    lesion: str = TOTAL,
    extra_log_sd: float = 0.0,
) -> SeriesVerdict:
    """Judge the last of several visits.

    Parameters
    ----------
    visits : sequence of Measurement
        At least two, oldest first, all comparable with one another.
    thresholds : Thresholds
    lesion : str
    extra_log_sd : float
        As in `classify`, for every pair.

    Raises
    ------
    ValueError
        If there are fewer than two visits.
    """
    if len(visits) < 2:
        raise ValueError(f"a change needs two visits, got {len(visits)}")
    *earlier, last = visits

    lowest = min(earlier, key=lambda item: item.value)
    against: About = {"lesion": lesion, "extra_log_sd": extra_log_sd}
    against_prior: About = {**against, "reference": Reference.PRIOR}
    against_nadir: About = {
        **against,
        "reference": Reference.NADIR,
        "gate_z": nadir_gate(len(earlier)),
    }
    baseline = classify(earlier[0], last, thresholds, **against)
    prior = classify(earlier[-1], last, thresholds, **against_prior)
    nadir = classify(lowest, last, thresholds, **against_nadir)
    also = {Reference.PRIOR: prior, Reference.NADIR: nadir}.get(thresholds.progression_reference)
    return SeriesVerdict(baseline, prior, nadir, _joined(baseline, also))


def nadir_gate(candidates: int) -> float:
    """Multiple of the error that a rise above the smallest of several visits must exceed.

    The smallest of several noisy values is low by selection; asking for the quantile of
    1 - p / candidates, with p the chance of it for one, keeps false progression of unchanged
    deposits where it is with one.
    """
    by_chance = 1.0 - NormalDist().cdf(CHANGE_Z)
    return NormalDist().inv_cdf(1.0 - by_chance / candidates)


def _joined(baseline: Change, other: Change | None) -> Change:
    if other is None or other.outcome is not Outcome.PROGRESSION:
        return baseline
    if baseline.outcome is Outcome.PROGRESSION:
        return baseline
    if baseline.outcome is not Outcome.REGRESSION:
        return other
    both = f"{other.reason.rstrip('.')}; against baseline it is still a regression: "
    return replace(other, reason=both + _lower_first(baseline.reason))


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
