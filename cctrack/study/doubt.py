"""What an automatic outline of one visit cannot tell: lesions that count less, or not at all."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cctrack.align.warp import warp_labels
from cctrack.compare import Sizes, shape_log_sd
from cctrack.model import Alignment, Flag, LesionGroup, Method
from cctrack.study.pipeline import Measured


def alike_on_bone(
    sizes: tuple[Sizes, Sizes], visits: tuple[Measured, Measured], groups: Sequence[LesionGroup]
) -> tuple[Sizes, Sizes]:
    """Do not count lesions that were cut from bone at one of the visits only.

    How much was cut away is unknown: a stone that grows into bone would seem to shrink.
    """
    kept = [dict(item.lesions) for item in sizes]
    for group in groups:
        sides = group.baseline, group.followup
        cut = [_cut(visit, side) for visit, side in zip(visits, sides, strict=True)]
        if all(sides) and any(cut) and not all(cut):
            for lesions, labels in zip(kept, cut, strict=True):
                for label in labels:
                    lesions.pop(label, None)
    return replace(sizes[0], lesions=kept[0]), replace(sizes[1], lesions=kept[1])


def _cut(visit: Measured, labels: Sequence[int]) -> list[int]:
    return [label for label in labels if Flag.ON_BONE in visit.outline.flags_of(label)]


def doubting_shapes(
    later: Sizes,
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    alignment: Alignment,
) -> Sizes:
    """Widen the error of lesions whose two automatic outlines are unlike in shape."""
    before, after = (visit.outline for visit in visits)
    if Method.READER in (before.method, after.method):
        return later
    laid = warp_labels(before.labels, alignment, after.labels.shape)
    lesions = dict(later.lesions)
    for group in groups:
        earlier = np.isin(laid, group.baseline)
        if not (group.followup and earlier.any()):
            continue
        extra = shape_log_sd(earlier, np.isin(after.labels, group.followup))
        for label in lesions.keys() & set(group.followup):
            own = math.hypot(lesions[label].log_sd_own, extra)
            lesions[label] = replace(lesions[label], log_sd_own=own)
    return replace(later, lesions=lesions)
