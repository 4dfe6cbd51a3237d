"""What happens to the deposits between two simulated visits, and the events that it makes."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import numpy as np

from cctrack.model import Event
from cctrack.phantom import photo, radiograph
from cctrack.phantom.change import ChangePlan

Group = tuple[frozenset[int], frozenset[int], Event]
"""Deposits before, deposits after, and what happened to them."""


class Scenario(StrEnum):
    """What happens between two visits."""

    UNCHANGED = "unchanged"
    PLUS_10 = "+10 %"
    MINUS_10 = "-10 %"
    PLUS_25 = "+25 %"
    PLUS_50 = "+50 %"
    MINUS_50 = "-50 %"
    NEW = "new"
    GONE = "gone"
    MERGED = "merged"
    SPLIT = "split"


FACTORS = {
    Scenario.PLUS_10: 1.1,
    Scenario.MINUS_10: 0.9,
    Scenario.PLUS_25: 1.25,
    Scenario.PLUS_50: 1.5,
    Scenario.MINUS_50: 0.5,
}
"""Factor on what is measured of every deposit: area on photos and films, volume on CT."""


BACKWARDS = {
    Event.SPLIT: Event.MERGED,
    Event.NEW: Event.RESOLVED,
    Event.RESOLVED: Event.NEW,
}
"""What an event is when time runs the other way."""

REMAINING_AREA, REMAINING_VOLUME = 0.5, 0.25
"""Share of a deposit that is left when its middle dissolves and it falls into two: both parts then
lie about where the whole one lay."""


def plan_for(scenario: Scenario, subject: Any, rng: np.random.Generator) -> ChangePlan:
    """Say from a subject what happens to its deposits.

    A subject without deposits is left unchanged. Two deposits that merge are the time-reverse of
    one that falls into two: the visits of `Scenario.MERGED` are to be swapped.
    """
    sizes = _sizes(subject)
    ids = sorted(sizes)
    if scenario in FACTORS:
        return ChangePlan(dict.fromkeys(ids, FACTORS[scenario] ** _power(subject)))
    if scenario is Scenario.NEW:
        return ChangePlan(new=1)
    if scenario is Scenario.GONE and ids:
        return ChangePlan({int(rng.choice(ids)): 0.0})
    if scenario in (Scenario.SPLIT, Scenario.MERGED) and ids:
        largest = max(ids, key=sizes.__getitem__)
        flat = isinstance(subject, photo.PhotoSubject)
        return ChangePlan({largest: REMAINING_AREA if flat else REMAINING_VOLUME}, split=(largest,))
    return ChangePlan()


def true_groups(plan: ChangePlan, before: Iterable[int], after: Iterable[int]) -> set[Group]:
    """Say what a plan did to every deposit that either visit shows.

    Parameters
    ----------
    plan : ChangePlan
    before, after : iterable of int
        Deposits of both visits.
    """
    was, now = set(before), set(after)
    groups: set[Group] = set()
    for parted in was.intersection(plan.split):
        groups.add((frozenset({parted}), frozenset({parted} | (now - was)), Event.SPLIT))
        now &= was
        was, now = was - {parted}, now - {parted}
    groups.update((frozenset({one}), frozenset({one}), Event.PERSISTED) for one in was & now)
    groups.update((frozenset({one}), frozenset(), Event.RESOLVED) for one in was - now)
    groups.update((frozenset(), frozenset({one}), Event.NEW) for one in now - was)
    return groups


def _power(subject: Any) -> float:
    """Power that turns the factor on what is measured into that on what a plan multiplies.

    A film shows the area of a deposit that grows alike in three dimensions, and plans its volume.
    """
    return 1.5 if isinstance(subject, radiograph.RadiographSubject) else 1.0


def _sizes(subject: Any) -> dict[int, float]:
    """Area in mm² or volume in mm³ of each deposit of a subject."""
    if isinstance(subject, photo.PhotoSubject):
        return {lesion.id: lesion.area_mm2 for lesion in subject.lesions}
    bare = (getattr(item, "deposit", item) for item in subject.deposits)
    return {item.id: item.volume_mm3 for item in bare}


def reversed_groups(groups: set[Group]) -> set[Group]:
    """Say what happened when time runs the other way."""
    return {(after, before, BACKWARDS.get(event, event)) for before, after, event in groups}
