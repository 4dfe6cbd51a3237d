"""Look again where a neighbouring visit shows a deposit and this one does not.

An automatic outline misses deposits. Looked at alone, a visit at which one was missed seems to have
healed, and the next to have relapsed. So a place where another visit shows a deposit is looked at
once more, and there less is enough to be taken for one: visits are compared alike. What is found
so is flagged, counts in comparisons only, and leaves the measurement of the image alone as it was.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.align.warp import warp_labels
from cctrack.errors import UnreadableImage
from cctrack.model import (
    Alignment,
    Ct,
    Flag,
    LabelArray,
    Lineage,
    Method,
    Outline,
    Photo,
    Radiograph,
)
from cctrack.segment.ct import outline_ct
from cctrack.segment.radiograph import outline_radiograph
from cctrack.study.agreed import agree_on_shapes
from cctrack.study.carried import carry_unchanged
from cctrack.study.pipeline import Measured
from cctrack.study.routes import Routes, find_route
from cctrack.study.seen_again import outline_seen_again, with_outline, without_marks

MOST_OVERLAP = 0.2
"""What shares more of itself with lesions that are outlined already is one of them."""

LEAST_OVERLAP = 0.3
"""Share of itself with which a find lies where it was expected; it may be three times as large."""

MOST_LEFT = 0.65
"""A lesion of which less is left than this share of what another visit shows may have fallen apart
with one part of it missed."""

ROUND_LEFT = 0.3
"""Rim around what is left of it, in its radii, where no other part is looked for."""

BoolArray = NDArray[np.bool_]


def look_again(
    visits: Sequence[Measured | None], routes: Routes, lineage: Lineage
) -> tuple[Measured | None, ...]:
    """Look at every visit again for what its neighbours show.

    Parameters
    ----------
    visits : sequence of Measured or None
        Oldest first, as measured alone; None where a visit could not be measured.
    routes : Routes
    lineage : Lineage
        Of these visits.
    """
    seen = Seen(visits, routes, lineage)
    return tuple(visit and look_at(visit, number, seen) for number, visit in enumerate(visits))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is known of a site's visits before any is looked at again.

    Attributes
    ----------
    visits : sequence of Measured or None
        Oldest first, as measured alone.
    routes : Routes
    lineage : Lineage
    """

    visits: Sequence[Measured | None]
    routes: Routes
    lineage: Lineage


def look_at(visit: Measured, number: int, seen: Seen) -> Measured:
    """Add to one visit what its neighbours show and it is found to show on a second look.

    Parameters
    ----------
    visit : Measured
    number : int
        Of the visit.
    seen : Seen

    Returns
    -------
    Measured
        Lesions keep their label values; those found on the second look have new ones and the flag
        ``second_look``. What a reader outlined is left as it is.
    """
    if visit.outline.method is not Method.AUTOMATIC or visit.said:
        return visit
    lacks = [
        lack for other in _neighbours(seen.visits, number) if (lack := _lack(seen, other, number))
    ]
    if isinstance(visit.image, Photo):
        return reduce(_looked_at_photo, lacks, visit)
    expected = np.zeros(visit.image.shape, dtype=bool)
    for lack in lacks:
        expected |= _places(lack, visit) > 0
    return _looked_at(visit, expected) if expected.any() else visit


def _neighbours(visits: Sequence[Measured | None], number: int) -> Iterator[int]:
    """Yield the nearest earlier and later visits that were measured."""
    for step in (range(number - 1, -1, -1), range(number + 1, len(visits))):
        found = next((other for other in step if visits[other] is not None), None)
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True, eq=False)
class _Lack:
    """What another visit shows and this one does not.

    Attributes
    ----------
    other : Measured
        The other visit.
    way : Alignment
        From the other visit to this one.
    missing : uint16 array, shape of the other image
        Lesions that this visit lacks.
    smaller : mapping of int to tuple of int
        Labels of other lesions there, and what this visit shows of each.
    earlier : bool
        Whether the other visit is.
    """

    other: Measured
    way: Alignment
    missing: LabelArray
    smaller: Mapping[int, tuple[int, ...]]
    earlier: bool


def _lack(seen: Seen, start: int, end: int) -> _Lack | None:
    """Collect what one visit shows and another lacks; None where no way leads there."""
    one, other = seen.visits[start], seen.visits[end]
    if one is None or other is None:
        raise AssertionError("both visits are measured here")
    way = find_route(seen.routes, start, end, (one.image.shape, other.image.shape))
    if way is None:
        return None
    here: dict[int, list[int]] = {}
    for label, lesion in seen.lineage.of_visit(end).items():
        here.setdefault(lesion, []).append(label)
    shown = seen.lineage.of_visit(start)
    missing = [label for label, lesion in shown.items() if lesion not in here]
    chosen = np.where(np.isin(one.outline.labels, missing), one.outline.labels, 0)
    known = {label: tuple(here[lesion]) for label, lesion in shown.items() if lesion in here}
    return _Lack(one, way, chosen.astype(np.uint16), known, start < end)


def _places(lack: _Lack, visit: Measured) -> LabelArray:
    """Draw on a visit's grid the other one's lesions that it does not show."""
    if not lack.missing.any():
        return np.zeros(visit.image.shape, dtype=np.uint16)
    return warp_labels(lack.missing, lack.way, visit.image.shape)


def _lost_parts(lack: _Lack, visit: Measured) -> LabelArray:
    """Draw what is left of lesions that seem to have shrunk: a part of one may have been missed."""
    laid = warp_labels(lack.other.outline.labels, lack.way, visit.image.shape)
    labels = visit.outline.labels
    parts = np.zeros_like(laid)
    for label, own in lack.smaller.items():
        whole, left = laid == label, np.isin(labels, own)
        if whole.any() and left.sum() < MOST_LEFT * whole.sum():
            reach = round(ROUND_LEFT * math.sqrt(left.sum() / math.pi))
            near = ndimage.binary_dilation(left, iterations=max(1, reach))
            parts[whole & ~near & (labels == 0)] = label
    return parts


def _looked_at_photo(visit: Measured, lack: _Lack) -> Measured:
    """Outline on a photo what the other one shows and looks the same here."""
    same = {label: own[0] for label, own in lack.smaller.items() if len(own) == 1}
    visit = agree_on_shapes(visit, lack.other, lack.way, same)
    if lack.earlier:
        visit = without_marks(visit, lack.other, same)
    lost = _lost_parts(lack, visit)
    places = np.where(lost > 0, lost, _places(lack, visit))
    if places.any():
        again = outline_seen_again(visit, lack.other, places)
        visit = _added(visit, again, places > 0)
    return carry_unchanged(visit, lack.other, lack.way, lack.missing)


def _looked_at(visit: Measured, expected: BoolArray) -> Measured:
    """Outline a visit once more, and add what is new and lies where it was expected."""
    try:
        again = _outline(visit, expected)
    except UnreadableImage:
        return visit
    return _added(visit, again, expected)


def _added(visit: Measured, again: Outline, expected: BoolArray) -> Measured:
    """Add to a visit what a second outline shows where a lesion was expected and none was."""
    outline = _with_new(visit.outline, again, expected)
    if outline is visit.outline:
        return visit
    return with_outline(visit, outline)


def _outline(visit: Measured, expected: BoolArray) -> Outline:
    match visit.image:
        case Radiograph() as film:
            return outline_radiograph(film, expected=expected)
        case Ct() as scan:
            return outline_ct(scan, expected=expected)
        case _:
            return visit.outline


def _with_new(outline: Outline, again: Outline, expected: BoolArray) -> Outline:
    """Add the lesions of a second outline that lie where one was expected and none was."""
    labels = outline.labels
    sizes, there, taken = (
        np.bincount(again.labels[where].ravel(), minlength=int(again.labels.max(initial=0)) + 1)
        for where in (np.s_[...], expected, labels > 0)
    )
    new = [
        lesion
        for lesion in again.lesions
        if there[lesion] >= LEAST_OVERLAP * sizes[lesion]
        and taken[lesion] <= MOST_OVERLAP * sizes[lesion]
    ]
    if not new:
        return outline
    first = int(labels.max(initial=0)) + 1
    numbers = {lesion: first + place for place, lesion in enumerate(new)}
    table = np.zeros(len(sizes), np.uint16)
    table[new] = [numbers[lesion] for lesion in new]
    flags = {numbers[old]: again.flags_of(old) | {Flag.SECOND_LOOK} for old in new}
    borders = {numbers[old]: again.border_sd_of(old) for old in new}
    depths = {numbers[old]: mm for old, mm in again.lesion_depth_mm.items() if old in numbers}
    return replace(
        outline,
        labels=np.where(labels > 0, labels, table[again.labels]),
        lesion_flags={**outline.lesion_flags, **flags},
        lesion_border_sd_px={**outline.lesion_border_sd_px, **borders},
        lesion_depth_mm={**outline.lesion_depth_mm, **depths},
    )
