"""Judge every lesion group of two visits, and the total of what both visits show."""

from collections.abc import Mapping, Sequence
from enum import Enum

from cctrack.compare.classify import REMOVED, classify, not_evaluable
from cctrack.compare.totals import add_up, nothing_like
from cctrack.model import Change, Event, LesionGroup, Measurement, Thresholds

Lesions = Mapping[int, Measurement]
"""One quantity of the lesions of one image, by label value."""


class Counted(Enum):
    """Whether the lesions of a group may be added up."""

    BOTH = "at both visits"
    PARTLY = "some of them, or at one visit only"
    NEITHER = "at neither visit"


UNCOUNTED = REMOVED | {Event.NOT_IMAGED}
"""Events whose lesions are left out of the totals of both visits."""


def classify_groups(
    groups: Sequence[LesionGroup],
    lesions: tuple[Lesions, Lesions],
    nothing: tuple[Measurement, Measurement],
    thresholds: Thresholds,
    *,
    extra_log_sd: float = 0.0,
) -> tuple[Change, ...]:
    """Judge the total and each lesion group.

    Lesions that were cut out, came out, lie outside one of the images or are counted at one visit
    only are left out of the totals of both visits: what one image hides must not become a change.
    A merged or split group is judged by its sums.

    Parameters
    ----------
    groups : sequence of LesionGroup
        From `match_lesions`.
    lesions : pair of mappings of int to Measurement
        At baseline and at follow-up, of one quantity, unit and method each; lesions that must not
        be counted (over bone) are simply absent.
    nothing : pair of Measurement
        The 0 of each visit with its detection limit: what stands where nothing was found.
    thresholds : Thresholds
    extra_log_sd : float
        As in `classify`.

    Returns
    -------
    tuple of Change
        The total first.
    """
    counted = [
        group
        for group in groups
        if group.event not in UNCOUNTED and _counted(group, lesions) is Counted.BOTH
    ]
    before, after = (_sum(_labels(counted, side), lesions[side], nothing[side]) for side in (0, 1))
    total = classify(before, after, thresholds, extra_log_sd=extra_log_sd)
    singles = (
        _classify_group(group, lesions, nothing, thresholds, extra_log_sd) for group in groups
    )
    return (total, *(change for change in singles if change is not None))


def _classify_group(
    group: LesionGroup,
    lesions: tuple[Lesions, Lesions],
    nothing: tuple[Measurement, Measurement],
    thresholds: Thresholds,
    extra_log_sd: float,
) -> Change | None:
    counted = _counted(group, lesions)
    if counted is Counted.NEITHER:
        return None
    before = _sum(group.baseline, lesions[0], nothing[0])
    after = _sum(group.followup, lesions[1], nothing[1])
    if counted is Counted.PARTLY or group.event is Event.NOT_IMAGED:
        return not_evaluable(
            group.name,
            _why_left_out(group),
            event=group.event,
            before=before if group.baseline else None,
            after=after if group.followup else None,
        )
    return classify(
        before,
        after,
        thresholds,
        lesion=group.name,
        event=group.event,
        extra_log_sd=extra_log_sd,
    )


def _counted(group: LesionGroup, lesions: tuple[Lesions, Lesions]) -> Counted:
    present = [label in lesions[0] for label in group.baseline]
    present += [label in lesions[1] for label in group.followup]
    if all(present):
        return Counted.BOTH
    return Counted.PARTLY if any(present) else Counted.NEITHER


def _why_left_out(group: LesionGroup) -> str:
    if group.event is Event.NOT_IMAGED:
        return f"{group.name} lies outside the image at one visit, so it cannot be compared."
    return f"{group.name} cannot be counted at one visit, so it is left out at both."


def _labels(groups: Sequence[LesionGroup], side: int) -> tuple[int, ...]:
    return tuple(label for group in groups for label in (group.baseline, group.followup)[side])


def _sum(labels: Sequence[int], lesions: Lesions, nothing: Measurement) -> Measurement:
    found = [lesions[label] for label in labels if label in lesions]
    return add_up(found) if found else nothing_like(nothing)
