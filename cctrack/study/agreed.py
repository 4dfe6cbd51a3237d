"""Choose the outlines of a lesion on two photos that are of one shape.

A deposit keeps about its shape when it grows or shrinks. Where its two automatic outlines are
unlike, one of them has run out or lacks a part. So the place is outlined once more on both photos,
as the other one shows it, and of the four pairs of outlines that with the likest shapes stands.
Shapes are compared at one size: what is chosen says nothing of how large it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.warp import warp_labels
from cctrack.compare import UNLIKE_SHAPES, unlikeness
from cctrack.model import Alignment, Flag, LabelArray, Method, Outline, Photo
from cctrack.study.pipeline import Measured
from cctrack.study.routes import way_back
from cctrack.study.seen_again import outline_seen_again, with_outline

CLEARLY = 0.03
"""1 - Dice by which another pair of outlines must be more alike to take the first one's place: half
of what two good outlines may differ by."""

SAME_THING = 0.5
"""Share of the smaller of two outlines of one lesion on one photo that must lie on the other."""

LEAST_PX = 150
"""Smaller outlines have no shape to speak of."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Two visits, the one that is looked at first, and their lesions that are unlike.

    Attributes
    ----------
    visits : pair of Measured
    ways : pair of Alignment
        From the first to the second visit, and back.
    unlike : mapping of int to int
        Label at the first visit to that at the second.
    """

    visits: tuple[Measured, Measured]
    ways: tuple[Alignment, Alignment]
    unlike: Mapping[int, int]


def agree_on_shapes(
    visit: Measured, other: Measured, way: Alignment, same: Mapping[int, int]
) -> Measured:
    """Draw lesions of a visit otherwise where another photo bears out another outline.

    Parameters
    ----------
    visit, other : Measured
        Of photos that were outlined automatically; others are left as they are.
    way : Alignment
        From the other visit's photo to this one.
    same : mapping of int to int
        The other visit's lesions and what shows each of them here.
    """
    automatic = all(item.outline.method is Method.AUTOMATIC for item in (visit, other))
    if not automatic or not isinstance(visit.image, Photo) or not isinstance(other.image, Photo):
        return visit
    laid = warp_labels(other.outline.labels, way, visit.image.shape)
    labels = visit.outline.labels
    unlike = {
        own: theirs for theirs, own in same.items() if _are_unlike(laid == theirs, labels == own)
    }
    if not unlike:
        return visit
    ways = way_back(way, (other.image.shape, visit.image.shape)), way
    return _redrawn(_Sides((visit, other), ways, unlike), laid)


def _are_unlike(laid: BoolArray, own: BoolArray) -> bool:
    if min(np.count_nonzero(laid), np.count_nonzero(own)) < LEAST_PX:
        return False
    return unlikeness(laid, own) > UNLIKE_SHAPES


def _redrawn(sides: _Sides, laid: LabelArray) -> Measured:
    """Outline unlike lesions anew at both visits and keep what is most alike."""
    visit, other = sides.visits
    here, anew = _anew(visit, other, sides.ways[1], {b: a for a, b in sides.unlike.items()})
    if not here.any():
        return visit
    there, _ = _anew(other, visit, sides.ways[0], sides.unlike)
    there_laid = warp_labels(there, sides.ways[1], visit.image.shape)
    outline = visit.outline
    for own, theirs in sides.unlike.items():
        mine = outline.labels == own, here == own
        yours = laid == theirs, there_laid == theirs
        if mine[1].any() and _is_better(mine, yours):
            outline = _with_other(outline, own, anew, here == own)
    if outline is visit.outline:
        return visit
    return with_outline(visit, outline)


def _anew(
    visit: Measured, other: Measured, way: Alignment, same: Mapping[int, int]
) -> tuple[LabelArray, Outline]:
    """Outline some lesions of a visit as another one shows them; labels are this visit's own."""
    laid = warp_labels(other.outline.labels, way, visit.image.shape)
    places = np.where(np.isin(laid, list(same)), laid, 0).astype(np.uint16)
    own = visit.outline.labels
    without = np.where(np.isin(own, list(same.values())), 0, own).astype(np.uint16)
    bare = replace(visit, outline=replace(visit.outline, labels=without))
    found = outline_seen_again(bare, other, places)
    labels = np.zeros_like(own)
    for theirs, label in same.items():
        parts = np.unique(found.labels[(places == theirs) & (found.labels > 0)])
        if len(parts) == 1 and _is_same_thing(found.labels == parts[0], own == label):
            labels[found.labels == parts[0]] = label
    return labels, found


def _is_same_thing(one: BoolArray, other: BoolArray) -> bool:
    smaller = min(np.count_nonzero(one), np.count_nonzero(other))
    return bool(np.count_nonzero(one & other) >= SAME_THING * smaller)


def _is_better(mine: Sequence[BoolArray], yours: Sequence[BoolArray]) -> bool:
    """Whether of four pairs of outlines the one most alike has the second of mine, clearly."""
    found = {
        (one, two): unlikeness(yours[two], mine[one])
        for one in (0, 1)
        for two in (0, 1)
        if yours[two].any()
    }
    best = min(found, key=lambda pair: found[pair])
    least_mine = min(value for (one, _), value in found.items() if one == 0)
    return best[0] == 1 and found[best] < least_mine - CLEARLY


def _with_other(outline: Outline, own: int, anew: Outline, mask: BoolArray) -> Outline:
    """Put another outline in the place of a lesion's own."""
    number = int(anew.labels[mask][0])
    kept = np.where(outline.labels == own, 0, outline.labels)
    labels = np.where(mask & (kept == 0), own, kept).astype(np.uint16)
    flags = {**outline.lesion_flags, own: anew.flags_of(number) | {Flag.SECOND_LOOK}}
    borders = {**outline.lesion_border_sd_px, own: anew.border_sd_of(number)}
    return replace(outline, labels=labels, lesion_flags=flags, lesion_border_sd_px=borders)
