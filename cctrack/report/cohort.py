"""Outcomes by group (such as treatment class) with counts and exact intervals."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cctrack.model import Outcome
from cctrack.model.share import exact_interval


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a group had an outcome.

    Attributes
    ----------
    count, of : int
    interval : (float, float)
        Exact (Clopper-Pearson) 95 % interval of the share, 0–1.
    """

    count: int
    of: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """The outcomes of one group.

    Attributes
    ----------
    name : str
        Such as a treatment class.
    evaluable, not_evaluable : int
    regression, stable, progression : Share
        Of those that could be evaluated.
    """

    name: str
    evaluable: int
    not_evaluable: int
    regression: Share
    stable: Share
    progression: Share


def group_outcomes(outcomes: Iterable[tuple[str, Outcome]]) -> tuple[GroupOutcome, ...]:
    """Count outcomes by group.

    Parameters
    ----------
    outcomes : iterable of (group, Outcome)
        One for each patient and group; a patient may be in several groups.

    Returns
    -------
    tuple of GroupOutcome
        Sorted by name.
    """
    counts: dict[str, Counter[Outcome]] = {}
    for name, outcome in outcomes:
        counts.setdefault(name, Counter())[outcome] += 1
    return tuple(_group(name, counts[name]) for name in sorted(counts))


def _group(name: str, counts: Counter[Outcome]) -> GroupOutcome:
    missing = counts[Outcome.NOT_EVALUABLE]
    evaluable = counts.total() - missing

    regression, stable, progression = (
        Share(counts[outcome], evaluable, exact_interval(counts[outcome], evaluable))
        for outcome in (Outcome.REGRESSION, Outcome.STABLE, Outcome.PROGRESSION)
    )
    return GroupOutcome(name, evaluable, missing, regression, stable, progression)
