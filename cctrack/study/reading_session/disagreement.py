"""Where two readers differ by more than is tolerated, and what a third one decides."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from cctrack.errors import StudyError
from cctrack.study.reading_session.plan import Task
from cctrack.study.reading_session.readings import ReadingRow

TOLERANCE = 0.25
"""Two sizes that differ by more than a quarter: what counts as change between two visits
(criteria ``calcinosis-25``) must not lie between two readers of one image."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two readings of one thing that are too far apart.

    Attributes
    ----------
    first, second : ReadingRow
    """

    first: ReadingRow
    second: ReadingRow

    @property
    def thing(self) -> str:
        """What was read."""
        return self.first.thing


def disagreements(
    rows: Iterable[ReadingRow], *, tolerance: float = TOLERANCE
) -> tuple[Disagreement, ...]:
    """Find pairs of readers who differ on something; each reader's first turn counts.

    Parameters
    ----------
    rows : iterable of ReadingRow
    tolerance : float
        Sizes whose ratio lies within 1 + tolerance either way agree.

    Raises
    ------
    ValueError
        If the tolerance is negative.
    """
    if not tolerance >= 0:
        raise ValueError(f"a tolerance of 0 or more is needed, got {tolerance}")
    of_thing: dict[str, list[ReadingRow]] = defaultdict(list)
    for row in first_turns(rows):
        of_thing[row.thing].append(row)
    return tuple(
        Disagreement(one, other)
        for read in of_thing.values()
        for one, other in combinations(read, 2)
        if _differ(one, other, tolerance)
    )


def first_turns(rows: Iterable[ReadingRow]) -> tuple[ReadingRow, ...]:
    """Return each reader's first look at each thing; of several sessions the first counts."""
    first: dict[tuple[str, str], ReadingRow] = {}
    for row in sorted(rows, key=lambda item: item.when):
        if row.turn == 1:
            first.setdefault((row.reader, row.thing), row)
    return tuple(first.values())


def _differ(one: ReadingRow, other: ReadingRow, tolerance: float) -> bool:
    if one.task == Task.VERDICT:
        return one.verdict != other.verdict
    if one.value is None or other.value is None:
        return False
    if one.unit != other.unit or 0 in (one.value, other.value):
        return (one.unit, one.value) != (other.unit, other.value)
    return abs(math.log(other.value / one.value)) > math.log1p(tolerance) + 1e-12


def things_to_settle(found: Iterable[Disagreement], adjudicator: str) -> frozenset[str]:
    """Say what a third reader has to decide, for `ReadingOptions.settle`.

    Raises
    ------
    StudyError
        If nobody differs, or the adjudicator is one of those who do.
    """
    listed = list(found)
    if not listed:
        raise StudyError("there is nothing to settle: no two readers differ beyond the tolerance")
    if any(adjudicator in (item.first.reader, item.second.reader) for item in listed):
        raise StudyError("an adjudicator must be somebody else than the readers who differ")
    return frozenset(item.thing for item in listed)
