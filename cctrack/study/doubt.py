"""What an automatic outline of one visit cannot tell: lesions that count less, or not at all."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.align.photo import compare_places
from cctrack.align.warp import warp_labels
from cctrack.compare import Sizes, has_jumped, parted_log_sd, shape_log_sd, skin_log_sd
from cctrack.model import (
    Alignment,
    Flag,
    FloatArray,
    LabelArray,
    LesionGroup,
    Measurement,
    Method,
    Photo,
    Quality,
)
from cctrack.study.pipeline import Measured

BoolArray = NDArray[np.bool_]

REDRAWN = 0.2
"""Change of ln(area) from which a photo is asked whether it shows any: 22 %, near the smallest cut
of any criteria."""

SAME_PATTERN = 0.92
"""Correlation from which a place looks the same although it was outlined otherwise. In simulated
pairs (seeds 6400-6457) it was 0.93 to 0.98 for six of seven lesions from 19 mm² on that had not
changed and whose outlines differed by more than 20 %, 0.77 to 0.88 for seven that had grown by half
and 0.52 to 0.76 for six that had halved; smaller ones cannot be told so surely."""


def alike_on_bone(
    sizes: tuple[Sizes, Sizes], visits: tuple[Measured, Measured], groups: Sequence[LesionGroup]
) -> tuple[Sizes, Sizes]:
    """Do not count lesions that were cut from bone at one of the visits only.

    How much was cut away is unknown: a stone that grows into bone would seem to shrink. Where it is
    larger it keeps its size, so that it can be told how much is left out of the totals.
    """
    kept = [dict(item.lesions) for item in sizes]
    for group in groups:
        sides = group.baseline, group.followup
        cut = [_cut(visit, side) for visit, side in zip(visits, sides, strict=True)]
        if all(sides) and any(cut) and not all(cut):
            sums = [item.sum(labels).value for item, labels in zip(sizes, sides, strict=True)]
            smaller = int(sums[1] <= sums[0])
            for label in sides[smaller]:
                kept[smaller].pop(label, None)
    return replace(sizes[0], lesions=kept[0]), replace(sizes[1], lesions=kept[1])


def _cut(visit: Measured, labels: Sequence[int]) -> list[int]:
    return [label for label in labels if Flag.ON_BONE in visit.outline.flags_of(label)]


def doubting_shapes(
    later: Sizes,
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    alignment: Alignment,
) -> Sizes:
    """Widen the error of lesions whose two automatic outlines are unlike in shape.

    Those whose middle jumped are marked too: a part of them may have been missed.
    """
    before, after = (visit.outline for visit in visits)
    if Method.READER in (before.method, after.method):
        return later
    laid = warp_labels(before.labels, alignment, after.labels.shape)
    lesions = dict(later.lesions)
    parts: set[int] = set()
    for group in groups:
        earlier, there = np.isin(laid, group.baseline), np.isin(after.labels, group.followup)
        if not (group.followup and earlier.any()):
            continue
        extra = _shape_doubt(group, earlier, there)
        if len(group.followup) == len(group.baseline) == 1 and has_jumped(earlier, there):
            parts.update(group.followup)
        for label in lesions.keys() & set(group.followup):
            own = math.hypot(lesions[label].log_sd_own, extra)
            lesions[label] = replace(lesions[label], log_sd_own=own)
    return replace(later, lesions=lesions, parts=frozenset(parts))


def _shape_doubt(group: LesionGroup, earlier: BoolArray, later: BoolArray) -> float:
    """Say what the shapes of a group at both visits add to the SD of its change."""
    more = len(group.followup) - len(group.baseline)
    if more == 0:
        return shape_log_sd(earlier, later)
    return parted_log_sd(later, earlier) if more > 0 else parted_log_sd(earlier, later)


def leaving_out_redrawn(
    sizes: tuple[Sizes, Sizes],
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    alignment: Alignment,
) -> tuple[Sizes, Sizes]:
    """Do not count lesions that were outlined otherwise at two visits, but look the same.

    The photos contradict the change. Such a lesion counts as carried to the visit that outlined
    less of it.
    """
    images = visits[0].image, visits[1].image
    if not (isinstance(images[0], Photo) and isinstance(images[1], Photo)):
        return sizes
    if Method.READER in (visits[0].outline.method, visits[1].outline.method):
        return sizes
    found = [sizes[0], sizes[1]]
    for group in groups:
        side = _smaller_side(group, sizes)
        place = np.isin(visits[0].outline.labels, group.baseline)
        if side is None or not place.any():
            continue
        likeness = compare_places((images[0], images[1]), alignment, place)
        if likeness.correlation >= SAME_PATTERN and likeness.same_strength:
            labels = {*(group.baseline, group.followup)[side]}
            lesions = {key: item for key, item in found[side].lesions.items() if key not in labels}
            found[side] = replace(
                found[side], lesions=lesions, carried=found[side].carried | labels
            )
    return found[0], found[1]


def _smaller_side(group: LesionGroup, sizes: tuple[Sizes, Sizes]) -> int | None:
    """At which visit a lesion seems much smaller; None where it does at neither."""
    before, after = (
        sum(own.lesions[label].value for label in labels if label in own.lesions)
        for own, labels in zip(sizes, (group.baseline, group.followup), strict=True)
    )
    if not (before and after):
        return None
    grown = math.log(after / before)
    if abs(grown) < REDRAWN:
        return None
    return 0 if grown > 0 else 1


def doubting_borders(
    sizes: tuple[Sizes, Sizes], groups: Sequence[LesionGroup]
) -> tuple[Sizes, Sizes]:
    """Let of a border's repeated error only that cancel which both visits have.

    Where a border is clear on one photo and doubtful on the other, the doubt is no error that both
    repeat. The rest is that lesion's own at the visit that has more of it.
    """
    kept = [dict(item.lesions) for item in sizes]
    for group in groups:
        sides = [
            [label for label in labels if label in lesions]
            for labels, lesions in zip((group.baseline, group.followup), kept, strict=True)
        ]
        if not all(sides):
            continue
        repeated = min(
            max(lesions[label].log_sd_common for label in side)
            for side, lesions in zip(sides, kept, strict=True)
        )
        for side, lesions in zip(sides, kept, strict=True):
            lesions |= {label: _repeating(lesions[label], repeated) for label in side}
    return replace(sizes[0], lesions=kept[0]), replace(sizes[1], lesions=kept[1])


def _repeating(lesion: Measurement, log_sd: float) -> Measurement:
    """Count what a lesion's repeated error exceeds ``log_sd`` by as its own."""
    both = min(lesion.log_sd_common, log_sd)
    rest = math.sqrt(lesion.log_sd_common**2 - both**2)
    return replace(lesion, log_sd_own=math.hypot(lesion.log_sd_own, rest), log_sd_common=both)


def trusting_scales(
    sizes: tuple[Sizes, Sizes], visits: tuple[Measured, Measured], alignment: Alignment
) -> tuple[Sizes, Sizes]:
    """Let the skin around the lesions say how far two photos' scales may differ.

    Only of a good alignment, whose blocks of skin proved each other without the lesions.
    """
    images = visits[0].image, visits[1].image
    centres = _centres(visits[0].outline.labels, sizes[0].lesions)
    if alignment.quality is not Quality.GOOD or not len(centres):
        return sizes
    if not (isinstance(images[0], Photo) and isinstance(images[1], Photo)):
        return sizes
    if images[0].scale is None or images[1].scale is None:
        return sizes
    areas = np.array([item.value for item in sizes[0].lesions.values()])
    told = skin_log_sd((images[0], images[1]), alignment, centres, areas) / math.sqrt(2)
    return _shared_at_most(sizes[0], told), _shared_at_most(sizes[1], told)


def _centres(labels: LabelArray, lesions: Iterable[int]) -> FloatArray:
    found = ndimage.center_of_mass(labels > 0, labels, list(lesions))
    return np.array(found, dtype=np.float64).reshape(-1, labels.ndim)


def _shared_at_most(sizes: Sizes, log_sd: float) -> Sizes:
    lesions = {
        label: replace(item, log_sd_shared=min(item.log_sd_shared, log_sd))
        for label, item in sizes.lesions.items()
    }
    return replace(sizes, lesions=lesions)
