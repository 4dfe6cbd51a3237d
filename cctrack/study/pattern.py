"""Let the pattern of a lesion on two photos say how much it has grown.

Two outlines say how large a lesion is at each visit; what it shows says how much it has grown in
between, and mostly better. Both are weighed by their errors: each size moves by its share of what
they differ by. Where one visit has no outline, the pattern gives its size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cctrack.align.photo import Growth, compare_growth
from cctrack.compare import Sizes
from cctrack.model import (
    Alignment,
    LesionGroup,
    Measurement,
    Method,
    Photo,
    Quality,
)
from cctrack.study.pipeline import Measured

CONTRADICTED = 2.0
"""Multiple of the joint error from which outlines and pattern contradict each other: then one of
the outlines is wrong by more than it says, and errs by as much as they differ."""


@dataclass(frozen=True, slots=True)
class Told:
    """Sizes at two visits after the pattern was asked.

    Attributes
    ----------
    sizes : pair of Sizes
    groups : tuple of LesionGroup
        Of which the pattern told how much they have grown.
    """

    sizes: tuple[Sizes, Sizes]
    groups: tuple[LesionGroup, ...] = ()


def told_by_pattern(
    sizes: tuple[Sizes, Sizes],
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    alignment: Alignment,
) -> Told:
    """Bring the sizes of lesions at two visits to what their patterns say of their growth.

    Only lesions that are one at both visits, on well aligned photos that were outlined
    automatically: a reader's outline is the reader's.

    Parameters
    ----------
    sizes : pair of Sizes
        By what the outlines say.
    visits : pair of Measured
    groups : sequence of LesionGroup
    alignment : Alignment
    """
    images = visits[0].image, visits[1].image
    if not (isinstance(images[0], Photo) and isinstance(images[1], Photo)):
        return Told(sizes)
    methods = {visit.outline.method for visit in visits}
    if alignment.quality is not Quality.GOOD or Method.READER in methods:
        return Told(sizes)
    told = []
    for group in groups:
        if len(group.baseline) != 1 or len(group.followup) != 1:
            continue
        place = visits[0].outline.labels == group.baseline[0]
        growth = compare_growth((images[0], images[1]), alignment, place) if place.any() else None
        if growth is not None and (found := _joined(sizes, group, growth)) is not None:
            sizes = found
            told.append(group)
    return Told(sizes, tuple(told))


def _joined(
    sizes: tuple[Sizes, Sizes], group: LesionGroup, growth: Growth
) -> tuple[Sizes, Sizes] | None:
    """Bring the sizes of one lesion to a growth; None where neither visit has one."""
    label = group.baseline[0], group.followup[0]
    before, after = (own.lesions.get(one) for own, one in zip(sizes, label, strict=True))
    if before is not None and after is not None:
        pair = _weighed(before, after, growth)
    elif before is not None:
        known = _as_repeated(before)
        pair = known, _moved(known, growth.log_ratio, growth.log_sd)
    elif after is not None:
        known = _as_repeated(after)
        pair = _moved(known, -growth.log_ratio, growth.log_sd), known
    else:
        return None
    found = _with(sizes[0], label[0], pair[0]), _with(sizes[1], label[1], pair[1])
    return found if before is not None and after is not None else _in_doubt(found, group)


def _weighed(
    before: Measurement, after: Measurement, growth: Growth
) -> tuple[Measurement, Measurement]:
    """Weigh two sizes and the growth between them by their variances (least squares)."""
    off = growth.log_ratio - math.log(after.value / before.value)
    own = [before.log_sd_own**2, after.log_sd_own**2]
    joint = own[0] + own[1] + growth.log_sd**2
    if off**2 > CONTRADICTED**2 * joint:
        own = [max(one, off**2 / 2) for one in own]
        joint = own[0] + own[1] + growth.log_sd**2
    left = growth.log_sd**2 / joint
    return (
        _moved(before, -off * own[0] / joint, math.sqrt(own[0] * left)),
        _moved(after, off * own[1] / joint, math.sqrt(own[1] * left)),
    )


def _as_repeated(known: Measurement) -> Measurement:
    """Let all of a border's error be repeated at the visit whose size is made from it."""
    common = math.hypot(known.log_sd_common, known.log_sd_own)
    return replace(known, log_sd_own=0.0, log_sd_common=common)


def _moved(size: Measurement, by: float, log_sd: float) -> Measurement:
    return replace(size, value=size.value * math.exp(by), log_sd_own=log_sd)


def _with(sizes: Sizes, label: int, size: Measurement) -> Sizes:
    return replace(
        sizes,
        lesions={**sizes.lesions, label: size},
        carried=sizes.carried - {label},
        parts=sizes.parts - {label},
    )


def _in_doubt(sizes: tuple[Sizes, Sizes], group: LesionGroup) -> tuple[Sizes, Sizes]:
    """Let no verdict turn on a lesion that one visit alone outlines: it may be no deposit."""
    return sizes[0], replace(sizes[1], parts=sizes[1].parts | {*group.followup})
