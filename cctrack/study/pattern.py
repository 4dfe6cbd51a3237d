"""Let the pattern of a lesion on two photos say how much it has grown.

Two outlines say how large a lesion is at each visit; what it shows says how much it has grown in
between, and mostly better. Both are weighed by their errors: each size moves by its share of what
they differ by. Where one visit has no outline, the pattern gives its size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

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
from cctrack.study.routes import way_back

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
        Of which the pattern told how much they have grown. What it told of several outlines at one
        visit is one lesion that light or hair has cut: what falls apart shows another pattern.
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

    Only on well aligned photos that were outlined automatically: a reader's outline is the
    reader's. Several outlines at one visit are judged by their sum.

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
    shapes = images[0].shape, images[1].shape
    ways = alignment, way_back(alignment, shapes)
    told = []
    for group in groups:
        growth = _growth(group, visits, ways)
        if growth is None:
            continue
        single = len(group.baseline) == len(group.followup) == 1
        found = (_joined if single else _joined_sums)(sizes, group, growth)
        if found is not None:
            sizes = found
            told.append(group)
    return Told(sizes, tuple(told))


def _growth(
    group: LesionGroup, visits: tuple[Measured, Measured], ways: tuple[Alignment, Alignment]
) -> Growth | None:
    """Ask the pattern of a group, at the visit that outlines it in fewer parts, of its growth."""
    labels = group.baseline, group.followup
    if not all(labels):
        return None
    whole = int(len(labels[1]) < len(labels[0]))
    photos = visits[whole].image, visits[1 - whole].image
    place = np.isin(visits[whole].outline.labels, labels[whole])
    if not (isinstance(photos[0], Photo) and isinstance(photos[1], Photo)) or not place.any():
        return None
    growth = compare_growth((photos[0], photos[1]), ways[whole], place)
    if growth is None or not whole:
        return growth
    return Growth(-growth.log_ratio, growth.log_sd)


def _joined_sums(
    sizes: tuple[Sizes, Sizes], group: LesionGroup, growth: Growth
) -> tuple[Sizes, Sizes] | None:
    """Bring the sums of a group's outlines to a growth; None where one of them has no size."""
    labels = group.baseline, group.followup
    if any(own.lesions.keys().isdisjoint(side) for own, side in zip(sizes, labels, strict=True)):
        return None
    sums = sizes[0].sum(labels[0]), sizes[1].sum(labels[1])
    pair = _weighed(sums[0], sums[1], growth)
    found = [
        _shared_out(own, side, math.log(new.value / old.value), new.log_sd_own)
        for own, side, old, new in zip(sizes, labels, sums, pair, strict=True)
    ]
    return found[0], found[1]


def _shared_out(sizes: Sizes, labels: Sequence[int], by: float, log_sd: float) -> Sizes:
    """Move all of some lesions, so that their sum has the stated error of its own."""
    areas = np.array([sizes.lesions[one].value for one in labels if one in sizes.lesions])
    own = log_sd / float(np.sqrt(((areas / areas.sum()) ** 2).sum()))
    for label in labels:
        if label in sizes.lesions:
            sizes = _with(sizes, label, _moved(sizes.lesions[label], by, own))
    return sizes


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
