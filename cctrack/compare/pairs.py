"""Judge every lesion group of two visits, and the total of what both visits show."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Unpack

from cctrack.compare.classify import REMOVED, About, classify, not_evaluable
from cctrack.compare.sizes import Sizes
from cctrack.model import (
    Change,
    Confidence,
    Event,
    LesionGroup,
    Measurement,
    Outcome,
    Reference,
    Thresholds,
)


class Counted(Enum):
    """Whether the lesions of a group may be added up."""

    BOTH = "at both visits"
    PARTLY = "some of them, or at one visit only"
    NEITHER = "at neither visit"


RESTS_ON_ONE_SCAN = (
    "The verdict would rest on deposits that only one of two differently made scans shows; the "
    "other may not be able to show them, so a reader must outline both."
)

SEEN_ON_ONE_SCAN = (
    "{} is seen on one of two differently made scans only; the other may not be able to show it."
)

TURNS_ON_ONE_VISIT = (
    "The verdict would turn on what was outlined automatically at one of the two visits only ({}): "
    "it may have come, gone or been missed, so a reader must look at both images and outline it "
    "or say that it is not there."
)
"""With and without it the verdict differs; a miss would be a false change. See decision 0009."""

TURNS_ON_CARRIED = (
    "The verdict would turn on the size of what was outlined automatically at one of the two "
    "visits only or otherwise, though it looks the same at both ({}): a reader must outline it."
)
"""Left out of both totals; counted as unchanged it would make another verdict."""

NOTHING_LEFT = (
    "Every lesion was outlined automatically at one of the two visits only or otherwise, though it "
    "looks the same at both: a reader must outline it."
)
"""All of them were left out; that is no image without deposits."""

TOO_MUCH_LEFT_OUT = (
    "{share:.0%} of what was outlined cannot be counted at one of the visits ({names}), enough to "
    "hide a change: a reader must outline it at both."
)
"""Were it gone, the total would have changed beyond the cut."""

LOOKS_THE_SAME = (
    "looks the same at both visits, but was not outlined alike: it is left out of both totals "
    "until a reader outlines it."
)
"""Said of a lesion by its name."""

LOOK_AT_BOTH = "It was outlined automatically at one visit only: look at both images."

UNCOUNTED = REMOVED | {Event.NOT_IMAGED}
"""Events whose lesions are left out of the totals of both visits."""


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
    counted = [
        group
        for group in groups
        if group.event not in UNCOUNTED and _counted(group, before, after) is Counted.BOTH
    ]
    total = classify(
        before.sum(_labels(counted, 0), alone=_labels(_unpaired(counted), 0)),
        after.sum(_labels(counted, 1), alone=_labels(_unpaired(counted), 1)),
        thresholds,
        **about,
    )
    doubt = max(before.doubt, after.doubt)
    unsure = [group for group in counted if _is_unsure(group, after)]
    if doubt and unsure:
        paired = [group for group in counted if group not in unsure]
        without = classify(
            before.sum(_labels(paired, 0)),
            after.sum(_labels(paired, 1)),
            thresholds,
            **about,
        )
        total = _believed(total, without, unsure, doubt)
    total = _diluted(total, groups, (before, after), thresholds, about)
    total = _complete(total, groups, (before, after), thresholds)
    if not counted and any(before.carried | after.carried):
        total = _held_back(total, NOTHING_LEFT)
    singles = (_classify_group(group, before, after, thresholds, about) for group in groups)
    return (total, *(change for change in singles if change is not None))


def _classify_group(
    group: LesionGroup,
    before: Sizes,
    after: Sizes,
    thresholds: Thresholds,
    about: About,
) -> Change | None:
    counted = _counted(group, before, after)
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
        return _held_back(change, SEEN_ON_ONE_SCAN.format(group.name))
    return _unconfirmed(change)


def _believed(
    total: Change, without: Change, unpaired: Sequence[LesionGroup], doubt: float
) -> Change:
    """Hold a verdict back that turns on lesions which were outlined at one visit only.

    Parameters
    ----------
    total, without : Change
        With and without those lesions.
    unpaired : sequence of LesionGroup
    doubt : float
        See `Sizes`.
    """
    if without.outcome is total.outcome or total.outcome is Outcome.NOT_EVALUABLE:
        return total
    if doubt >= 1:
        return _held_back(total, RESTS_ON_ONE_SCAN)
    if total.outcome is Outcome.STABLE and without.outcome is Outcome.NOT_EVALUABLE:
        return total
    names = ", ".join(group.name for group in unpaired)
    return _held_back(total, TURNS_ON_ONE_VISIT.format(names))


def _diluted(
    total: Change,
    groups: Sequence[LesionGroup],
    sizes: tuple[Sizes, Sizes],
    thresholds: Thresholds,
    about: About,
) -> Change:
    """Hold a change back that is none if what looks the same at both visits is the same.

    Such lesions are left out of both totals, so that their size must not turn a verdict.
    """
    before, after = sizes
    carried = before.carried | after.carried
    left = [group for group in groups if carried & {*group.baseline, *group.followup}]
    if not left or total.outcome not in (Outcome.PROGRESSION, Outcome.REGRESSION):
        return total
    filled = _filled(before, after, left, 0), _filled(after, before, left, 1)
    counted = [
        group
        for group in groups
        if group.event not in UNCOUNTED and _counted(group, *filled) is Counted.BOTH
    ]
    earlier, later = (own.sum(_labels(counted, side)) for side, own in enumerate(filled))
    if classify(earlier, later, thresholds, **about).outcome is total.outcome:
        return total
    names = ", ".join(group.name for group in left)
    return _held_back(total, TURNS_ON_CARRIED.format(names))


def _complete(
    total: Change,
    groups: Sequence[LesionGroup],
    sizes: tuple[Sizes, Sizes],
    thresholds: Thresholds,
) -> Change:
    """Hold a verdict back where what is left out of both totals could hide a change by itself."""
    carried = sizes[0].carried | sizes[1].carried
    left = [
        group
        for group in groups
        if group.event not in UNCOUNTED
        and _counted(group, *sizes) is Counted.PARTLY
        and not carried & {*group.baseline, *group.followup}
    ]
    if not left or total.before is None or total.after is None:
        return total
    shares = [
        _share_of(own.sum(_labels(left, side)), kept)
        for side, (own, kept) in enumerate(zip(sizes, (total.before, total.after), strict=True))
    ]
    if max(shares) <= 1.0 - thresholds.regression:
        return total
    names = ", ".join(group.name for group in left)
    return _held_back(total, TOO_MUCH_LEFT_OUT.format(share=max(shares), names=names))


def _share_of(left: Measurement, kept: Measurement) -> float:
    return left.value / (left.value + kept.value) if left.value else 0.0


def _filled(sizes: Sizes, other: Sizes, groups: Sequence[LesionGroup], side: int) -> Sizes:
    """Give lesions that were carried here the size that they have at the other visit."""
    lesions = dict(sizes.lesions)
    for group in groups:
        own, others = (group.baseline, group.followup)[:: -1 if side else 1]
        carried = sizes.carried.intersection(own)
        lesions |= {label: _share(other.sum(others), len(carried)) for label in carried}
    return replace(sizes, lesions=lesions)


def _share(whole: Measurement, count: int) -> Measurement:
    return replace(whole, value=whole.value / count)


def _unconfirmed(change: Change) -> Change:
    """Say of a lesion that was outlined at one visit only that a reader should look."""
    sure = change.confidence is Confidence.DEFINITE
    confidence = Confidence.PROBABLE if sure else change.confidence
    return replace(change, confidence=confidence, reason=f"{change.reason} {LOOK_AT_BOTH}")


def _held_back(change: Change, reason: str) -> Change:
    """Take the verdict back, but keep what was measured."""
    return replace(change, outcome=Outcome.NOT_EVALUABLE, confidence=Confidence.NONE, reason=reason)


def _unpaired(groups: Sequence[LesionGroup]) -> list[LesionGroup]:
    return [group for group in groups if not (group.baseline and group.followup)]


def _is_unsure(group: LesionGroup, after: Sizes) -> bool:
    """Whether one visit outlines a lesion alone, or a part of it that the other one lacks."""
    return not (group.baseline and group.followup) or bool(after.parts & {*group.followup})


def _labels(groups: Sequence[LesionGroup], side: int) -> tuple[int, ...]:
    return tuple(label for group in groups for label in (group.baseline, group.followup)[side])


def _counted(group: LesionGroup, before: Sizes, after: Sizes) -> Counted:
    present = [label in before.lesions for label in group.baseline]
    present += [label in after.lesions for label in group.followup]
    if all(present):
        return Counted.BOTH
    return Counted.PARTLY if any(present) else Counted.NEITHER


def _why_left_out(group: LesionGroup, carried: frozenset[int]) -> str:
    if carried & {*group.baseline, *group.followup}:
        return f"{group.name} {LOOKS_THE_SAME}"
    if group.event is Event.NOT_IMAGED:
        return f"{group.name} lies outside the image at one visit, so it cannot be compared."
    return f"{group.name} cannot be counted at one visit, so it is left out at both."
