"""Compare two simulated visits as any others, and hold verdict, events and alignment to truth."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cctrack.compare import load_criteria
from cctrack.model import (
    Alignment,
    Confidence,
    Criteria,
    Event,
    LesionGroup,
    Modality,
    Outcome,
    Quality,
    Thresholds,
)
from cctrack.study.draw_sample import true_outcome
from cctrack.study.pair import PairResult, compare_visits
from cctrack.study.pipeline import AUTOMATIC, Measured, measure_image
from cctrack.study.validate.drawing import draw_two
from cctrack.study.validate.scenario import Group, Scenario, plan_for, reversed_groups, true_groups
from cctrack.study.validate.single import QUANTITY, owners_of
from cctrack.study.validate.truth import Truth
from cctrack.study.validate.visible import counted_alike, is_mostly_hidden

CRITERIA = "calcinosis-25"
"""The rule that verdicts are judged by."""


@dataclass(frozen=True, slots=True)
class PairTask:
    """Two visits to be judged."""

    modality: Modality
    seed: int
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class EventCount:
    """How one kind of event was told in a pair: how often it happened, was called, and rightly."""

    event: Event
    happened: int
    called: int
    right: int


@dataclass(frozen=True, slots=True)
class PairCase:
    """What came out of one pair.

    Attributes
    ----------
    modality : Modality
    seed : int
    scenario : Scenario
    true_ratio : float
        Of the totals.
    ratio : float
        As measured; nan where it was not.
    log_sd : float
        Stated error of ln(ratio).
    true_outcome, outcome : Outcome
        Truth is not evaluable where one photo hides most of what the other one shows.
    confidence : Confidence
    quality : Quality or None
        Of the alignment; None where there was none.
    off_mm : float
        Median distance from the true place of points that both visits show; nan without alignment.
    events : tuple of EventCount
    """

    modality: Modality
    seed: int
    scenario: Scenario
    true_ratio: float
    ratio: float
    log_sd: float
    true_outcome: Outcome
    outcome: Outcome
    confidence: Confidence
    quality: Quality | None
    off_mm: float
    events: tuple[EventCount, ...] = ()


def judge_pair_of(task: PairTask) -> PairCase:
    """Draw, measure, compare and judge one pair."""
    before, after, plan = draw_two(task.modality, task.seed, partial(plan_for, task.scenario))
    before, after = counted_alike(before, after, plan)
    happened = true_groups(plan, before.counted, after.counted)
    if task.scenario is Scenario.MERGED:
        before, after, happened = after, before, reversed_groups(happened)
    criteria = load_criteria(CRITERIA)
    measured = measure_image(before.image, AUTOMATIC), measure_image(after.image, AUTOMATIC)
    result = compare_visits(*measured, criteria)
    total = result.total
    outlined = result.compared or measured
    return PairCase(
        modality=task.modality,
        seed=task.seed,
        scenario=task.scenario,
        true_ratio=after.total / before.total if before.total else math.nan,
        ratio=_ratio(result),
        log_sd=total.log_sd,
        true_outcome=_true_outcome(before, after, _rule(criteria, task.modality)),
        outcome=total.outcome,
        confidence=total.confidence,
        quality=result.alignment.quality if result.alignment else None,
        off_mm=_off_mm(result.alignment, before, after, outlined[0]),
        events=_events(
            happened,
            _found_groups(result.groups, outlined, (before, after)),
        ),
    )


def _ratio(result: PairResult) -> float:
    before, after = result.total.before, result.total.after
    if before is None or after is None or not before.value:
        return math.nan
    return after.value / before.value


def _rule(criteria: Criteria, modality: Modality) -> Thresholds:
    rule = criteria.of(QUANTITY[modality][0])
    if rule is None:
        raise AssertionError("the default criteria judge areas and volumes")
    return rule


def _true_outcome(before: Truth, after: Truth, rule: Thresholds) -> Outcome:
    if is_mostly_hidden(before) or is_mostly_hidden(after):
        return Outcome.NOT_EVALUABLE
    return _outcome(before.total, after.total, rule)


def _outcome(before: float, after: float, rule: Thresholds) -> Outcome:
    if not before:
        return Outcome.PROGRESSION if after else Outcome.STABLE
    return true_outcome(before, after, rule)


def _off_mm(alignment: Alignment | None, before: Truth, after: Truth, measured: Measured) -> float:
    """Measure how far points land from their true places, deposits by their own patches."""
    if alignment is None:
        return math.nan
    shared = [key for key in before.points_px if key in after.points_px]
    owners = owners_of(measured.outline, before.labels)
    outline_of = {f"L{one}": label for label, own in owners.items() for one in own}
    distances = []
    for key in shared:
        place = alignment.transform(before.points_px[key][None], lesion=outline_of.get(key, 0))
        ends = after.to_mm(np.vstack([place, after.points_px[key][None]]))
        distances.append(float(np.linalg.norm(ends[0] - ends[1])))
    return float(np.median(distances)) if distances else math.nan


def _found_groups(
    groups: Iterable[LesionGroup], outlined: Iterable[Measured], truths: Iterable[Truth]
) -> list[Group]:
    """Say of every group that was found which true deposits it consists of.

    Groups of deposits that do not count (over bone, deep) are left out; false finds are not.
    """
    visits = [
        (owners_of(item.outline, truth.labels), truth.counted)
        for item, truth in zip(outlined, truths, strict=True)
    ]
    found = []
    for group in groups:
        sides = [
            (frozenset[int]().union(*(owners[label] for label in labels)), counted)
            for labels, (owners, counted) in zip(
                (group.baseline, group.followup), visits, strict=True
            )
        ]
        before, after = (own & counted for own, counted in sides)
        if before or after or not any(own for own, _ in sides):
            found.append((before, after, group.event))
    return found


def _events(true: Iterable[Group], found: Iterable[Group]) -> tuple[EventCount, ...]:
    happened, called = list(true), list(found)
    right = set(happened) & set(called)
    return tuple(
        EventCount(
            event,
            sum(group[2] is event for group in happened),
            sum(group[2] is event for group in called),
            sum(group[2] is event for group in right),
        )
        for event in Event
        if any(group[2] is event for group in (*happened, *called))
    )
