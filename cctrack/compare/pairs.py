"""Judge every lesion group of two visits, and the total of what both visits show."""

from collections.abc import Mapping, Sequence

from cctrack.compare.classify import REMOVED, classify, not_evaluable
from cctrack.compare.totals import add_up, nothing_like
from cctrack.model import Change, Event, LesionGroup, Measurement, Thresholds

Lesions = Mapping[int, Measurement]
"""One quantity of the lesions of one image, by label value."""

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

    Lesions that were cut out, came out or lie outside one of the images are left out of the
    totals of both visits; a merged or split group is judged by its sums.

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
    counted = [group for group in groups if group.event not in UNCOUNTED]
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
    labels = (group.baseline, group.followup)
    if not any(label in lesions[side] for side in (0, 1) for label in labels[side]):
        return None
    before, after = (_sum(labels[side], lesions[side], nothing[side]) for side in (0, 1))
    if group.event is Event.NOT_IMAGED:
        reason = f"{group.name} lies outside the image at one visit, so it cannot be compared."
        known = before if group.baseline else after
        side = {"before": known} if group.baseline else {"after": known}
        return not_evaluable(group.name, reason, event=group.event, **side)  # type: ignore[arg-type]
    return classify(
        before,
        after,
        thresholds,
        lesion=group.name,
        event=group.event,
        extra_log_sd=extra_log_sd,
    )


def _labels(groups: Sequence[LesionGroup], side: int) -> tuple[int, ...]:
    return tuple(label for group in groups for label in (group.baseline, group.followup)[side])


def _sum(labels: Sequence[int], lesions: Lesions, nothing: Measurement) -> Measurement:
    found = [lesions[label] for label in labels if label in lesions]
    return add_up(found) if found else nothing_like(nothing)
