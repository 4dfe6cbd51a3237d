"""Judge every lesion group of two visits, and the total of what both visits show."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

from cctrack.compare.classify import REMOVED, About, classify, not_evaluable
from cctrack.compare.counted import Counted, counted_as, groups_counted, involves, labels_of
from cctrack.compare.sizes import Sizes
from cctrack.compare.withheld import NOTHING_LEFT, believed, complete, diluted, held_back, shown
from cctrack.model import (
    Change,
    Confidence,
    Event,
    LesionGroup,
    Outcome,
    Reference,
    Thresholds,
)

SEEN_ON_ONE_SCAN = (
    "{} is seen on one of two differently made scans only; the other may not be able to show it."
)

LOOKS_THE_SAME = (
    "looks the same at both visits, but was not outlined alike: it is left out of both totals "
    "until a reader outlines it."
)
"""Said of a lesion by its name."""

LOOK_AT_BOTH = "It was outlined automatically at one visit only: look at both images."


def classify_groups(
    groups: Sequence[LesionGroup],
    before: Sizes,
    after: Sizes,
    thresholds: Thresholds,
    **about: Unpack[About],
) -> tuple[Change, ...]:
    """Judge the total and each lesion group.

    Lesions that were cut out, came out, lie outside one of the images or are counted at one visit
    only are left out of the totals of both visits: what one image hides must not become a change.
    A merged or split group is judged by its sums.

    Parameters
    ----------
    groups : sequence of LesionGroup
        From `match_lesions`.
    before, after : Sizes
        At baseline and at follow-up.
    thresholds : Thresholds
    **about
        ``reference``, ``extra_log_sd``, ``alike`` and ``gate_z`` as in `classify`, for the total
        and for every group.

    Returns
    -------
    tuple of Change
        The total first.
    """
    counted = groups_counted(groups, before, after, Counted.BOTH)
    sure = [group for group in counted if involves(group, before.sure | after.sure)]
    alone = [group for group in _unpaired(counted) if group not in sure]
    total = classify(
        before.sum(labels_of(counted, 0), alone=labels_of(alone, 0)),
        after.sum(labels_of(counted, 1), alone=labels_of(alone, 1)),
        thresholds,
        **about,
    )
    doubt = max(before.doubt, after.doubt)
    unsure = alone + [group for group in counted if involves(group, after.parts)]
    if doubt and unsure:
        paired = [group for group in counted if group not in unsure]
        without = classify(
            before.sum(labels_of(paired, 0)),
            after.sum(labels_of(paired, 1)),
            thresholds,
            **about,
        )
        total = believed(total, without, unsure, (before, after))
    if sure and total.outcome in (Outcome.PROGRESSION, Outcome.REGRESSION):
        total = _unconfirmed(total)
    total = diluted(total, groups, (before, after), thresholds, about)
    total = complete(total, groups, (before, after), thresholds)
    total = shown(total, groups, (before, after))
    if not counted and any(before.carried | after.carried):
        total = held_back(total, NOTHING_LEFT)
    singles = (_classify_group(group, before, after, thresholds, about) for group in groups)
    return (total, *(change for change in singles if change is not None))


def _classify_group(
    group: LesionGroup,
    before: Sizes,
    after: Sizes,
    thresholds: Thresholds,
    about: About,
) -> Change | None:
    counted = counted_as(group, before, after)
    if counted is Counted.NEITHER:
        return None
    earlier, later = before.sum(group.baseline), after.sum(group.followup)
    if counted is Counted.PARTLY or group.event is Event.NOT_IMAGED:
        return not_evaluable(
            group.name,
            _why_left_out(group, before.carried | after.carried),
            event=group.event,
            before=earlier if before.lesions.keys() & set(group.baseline) else None,
            after=later if after.lesions.keys() & set(group.followup) else None,
            reference=about.get("reference", Reference.BASELINE),
        )
    named: About = {**about, "lesion": group.name, "event": group.event}
    change = classify(earlier, later, thresholds, **named)
    doubt = max(before.doubt, after.doubt)
    if not doubt or (group.baseline and group.followup) or change.event in REMOVED:
        return change
    if doubt >= 1:
        return held_back(change, SEEN_ON_ONE_SCAN.format(group.name))
    return _unconfirmed(change)


def _unpaired(groups: Sequence[LesionGroup]) -> list[LesionGroup]:
    return [group for group in groups if not (group.baseline and group.followup)]


def _why_left_out(group: LesionGroup, carried: frozenset[int]) -> str:
    if involves(group, carried):
        return f"{group.name} {LOOKS_THE_SAME}"
    if group.event is Event.NOT_IMAGED:
        return f"{group.name} is not shown in full by one of the images, so it cannot be compared."
    return f"{group.name} cannot be counted at one visit, so it is left out at both."


def _unconfirmed(change: Change) -> Change:
    """Say of a lesion that was outlined at one visit only that a reader should look."""
    sure = change.confidence is Confidence.DEFINITE
    confidence = Confidence.PROBABLE if sure else change.confidence
    return replace(change, confidence=confidence, reason=f"{change.reason} {LOOK_AT_BOTH}")
