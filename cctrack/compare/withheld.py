"""Take the verdict on a total back where it rests on what cannot be trusted."""

from collections.abc import Sequence
from dataclasses import replace

from cctrack.compare.classify import About, classify
from cctrack.compare.counted import Counted, groups_counted, involves, labels_of
from cctrack.compare.sizes import Sizes
from cctrack.model import Change, Confidence, Event, LesionGroup, Measurement, Outcome, Thresholds

RESTS_ON_ONE_SCAN = (
    "The verdict would rest on deposits that only one of two differently made scans shows; the "
    "other may not be able to show them, so a reader must outline both."
)

TURNS_ON_ONE_VISIT = (
    "The verdict would turn on what was outlined automatically at one of the two visits only ({}): "
    "it may have come, gone or been missed, so a reader must look at both images and outline it "
    "or say that it is not there."
)
"""With and without it the verdict differs; a miss would be a false change. See decision 0009."""

TURNS_ON_HIDDEN = (
    "The verdict would turn on what one of the two visits alone shows ({}); at the other one a "
    "scale, cloth or glare lies on its place, so that nobody can tell whether it was there."
)
"""No outline can mend it: the photo does not show the place."""

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


MOST_UNSEEN = 0.5
"""Share of what one visit shows from which a verdict on the rest says nothing of the whole."""

MOSTLY_UNSEEN = (
    "{share:.0%} of what was outlined is not shown in full by one of the images ({names}): what is "
    "left says too little of the whole."
)
"""Beyond the frame, or below a scale."""


def believed(
    total: Change, without: Change, unpaired: Sequence[LesionGroup], sizes: tuple[Sizes, Sizes]
) -> Change:
    """Hold a verdict back that turns on lesions which were outlined at one visit only.

    Parameters
    ----------
    total, without : Change
        With and without those lesions.
    unpaired : sequence of LesionGroup
    sizes : pair of Sizes
        At baseline and at follow-up.
    """
    if without.outcome is total.outcome or total.outcome is Outcome.NOT_EVALUABLE:
        return total
    if max(own.doubt for own in sizes) >= 1:
        return held_back(total, RESTS_ON_ONE_SCAN)
    if total.outcome is Outcome.STABLE and without.outcome is Outcome.NOT_EVALUABLE:
        return total
    names = ", ".join(group.name for group in unpaired)
    hidden = all(involves(group, sizes[0].hidden | sizes[1].hidden) for group in unpaired)
    return held_back(total, (TURNS_ON_HIDDEN if hidden else TURNS_ON_ONE_VISIT).format(names))


def diluted(
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
    left = [group for group in groups if involves(group, carried)]
    if not left or total.outcome not in (Outcome.PROGRESSION, Outcome.REGRESSION):
        return total
    filled = _filled(before, after, left, 0), _filled(after, before, left, 1)
    counted = groups_counted(groups, *filled, Counted.BOTH)
    earlier, later = (own.sum(labels_of(counted, side)) for side, own in enumerate(filled))
    if classify(earlier, later, thresholds, **about).outcome is total.outcome:
        return total
    names = ", ".join(group.name for group in left)
    return held_back(total, TURNS_ON_CARRIED.format(names))


def complete(
    total: Change,
    groups: Sequence[LesionGroup],
    sizes: tuple[Sizes, Sizes],
    thresholds: Thresholds,
) -> Change:
    """Hold a verdict back where what is left out of both totals could hide a change by itself.

    What looks the same at both visits too: a nodule that had halved was once taken for the same.
    """
    left = groups_counted(groups, *sizes, Counted.PARTLY)
    if not left or total.before is None or total.after is None:
        return total
    shares = [
        _share_of(own.sum(labels_of(left, side)), kept)
        for side, (own, kept) in enumerate(zip(sizes, (total.before, total.after), strict=True))
    ]
    if max(shares) <= 1.0 - thresholds.regression:
        return total
    names = ", ".join(group.name for group in left)
    return held_back(total, TOO_MUCH_LEFT_OUT.format(share=max(shares), names=names))


def shown(total: Change, groups: Sequence[LesionGroup], sizes: tuple[Sizes, Sizes]) -> Change:
    """Hold a verdict back where one of the images does not show most of what there is."""
    unseen = [group for group in groups if group.event is Event.NOT_IMAGED]
    if not unseen or total.before is None or total.after is None:
        return total
    shares = [
        _share_of(own.sum(labels_of(unseen, side)), kept)
        for side, (own, kept) in enumerate(zip(sizes, (total.before, total.after), strict=True))
    ]
    if max(shares) <= MOST_UNSEEN:
        return total
    names = ", ".join(group.name for group in unseen)
    return held_back(total, MOSTLY_UNSEEN.format(share=max(shares), names=names))


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


def held_back(change: Change, reason: str) -> Change:
    """Take the verdict back, but keep what was measured."""
    return replace(change, outcome=Outcome.NOT_EVALUABLE, confidence=Confidence.NONE, reason=reason)
