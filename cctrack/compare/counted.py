"""Which lesions of two visits may be added up."""

from collections.abc import Iterable, Sequence
from enum import Enum

from cctrack.compare.classify import REMOVED
from cctrack.compare.sizes import Sizes
from cctrack.model import Event, LesionGroup

UNCOUNTED = REMOVED | {Event.NOT_IMAGED}
"""Events whose lesions are left out of the totals of both visits."""


class Counted(Enum):
    """Whether the lesions of a group may be added up."""

    BOTH = "at both visits"
    PARTLY = "some of them, or at one visit only"
    NEITHER = "at neither visit"


def counted_as(group: LesionGroup, before: Sizes, after: Sizes) -> Counted:
    """Say at which visits all lesions of a group have a size that counts."""
    present = [label in before.lesions for label in group.baseline]
    present += [label in after.lesions for label in group.followup]
    if all(present):
        return Counted.BOTH
    return Counted.PARTLY if any(present) else Counted.NEITHER


def groups_counted(
    groups: Iterable[LesionGroup], before: Sizes, after: Sizes, how: Counted
) -> list[LesionGroup]:
    """Choose the groups that are counted in one way, of those that an event does not rule out."""
    possible = (group for group in groups if group.event not in UNCOUNTED)
    return [group for group in possible if counted_as(group, before, after) is how]


def labels_of(groups: Sequence[LesionGroup], side: int) -> tuple[int, ...]:
    """List the lesions of some groups at baseline (0) or follow-up (1)."""
    return tuple(label for group in groups for label in (group.baseline, group.followup)[side])


def involves(group: LesionGroup, lesions: frozenset[int]) -> bool:
    """Whether any of these lesions, of either visit, belongs to a group."""
    return not lesions.isdisjoint((*group.baseline, *group.followup))
