"""Outline one lesion in several ways: what it could be, before one of them is chosen.

A place is cut out of its surroundings at every level of whiteness and restlessness, and by its own
colour; each region is then outlined as a closed deposit and as an open sore. All of it is done at
working size, where a trial costs a hundredth of a second.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import filled, margin_px, refine_border
from cctrack.segment.photo.full import Box, widened
from cctrack.segment.photo.judge import Judged, odds_of
from cctrack.segment.photo.skin import BoolArray, Float32Array, SkinView
from cctrack.segment.photo.sore import outline_sore, sore_around

LEVELS = (0.25, 0.37, 0.5, 0.63)
"""Shares of the way from the skin's colour to that of the place at which a region is cut out."""

SMOOTHING_PX = 1.0

HALF_PX = 2
"""Half side of the square at working size whose median is the colour of a place."""

REACH_PX = 160
"""Regions of one colour end within so many px: 25 mm in a usual close-up."""

SMALLEST_PX = 12

ALIKE, MOST_ROUGH = 0.93, 9
"""Regions that share so much are one; and how many of those that differ are outlined."""

SAME = 0.985
"""Outlines that share so much are one."""

NO_BLOB = -9.0
"""Stands for the log-odds of what the trees did not judge."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One possible outline of a lesion, at working size.

    Attributes
    ----------
    box : pair of slices
        Of the working image, with some skin around the lesion.
    mask : bool array
        Of the box.
    sore : bool
        It was traced as an open sore.
    odds : float
        Log-odds of a deposit of the blob it began with; `NO_BLOB` where it was none.
    """

    box: Box
    mask: BoolArray
    sore: bool = False
    odds: float = NO_BLOB


def trials_at(view: SkinView, judged: Sequence[Judged], place: tuple[int, int]) -> list[Trial]:
    """Outline what lies at a (row, column) of the working image in all ways that differ.

    Parameters
    ----------
    view : SkinView
    judged : sequence of Judged
        All blobs of the photo.
    place : (int, int)
    """
    tried: list[Trial] = []
    for rough in _roughs(view, judged, place):
        pixels, part = view.pixels[rough.box], rough.mask
        hidden = ~view.skin[rough.box] & ~part
        ways = [(refine_border(pixels, part, hidden), False)]
        ways.append((outline_sore(pixels, part, hidden, traces=1), True))
        around = sore_around(pixels, part, hidden)
        if around is not None:
            ways.append((outline_sore(pixels, around, hidden, traces=1), True))
        tried += [Trial(rough.box, mask, sore, rough.odds) for mask, sore in ways if mask.any()]
    return distinct(tried, SAME)


def blob_trial(item: Judged, shape: tuple[int, ...]) -> Trial:
    """Show a blob as it was cut out."""
    corner, mask = item.candidate.corner, item.candidate.mask
    own = tuple(slice(first, first + size) for first, size in zip(corner, mask.shape, strict=True))
    return _with_skin(Trial((own[0], own[1]), mask, item.sore, item.odds), shape)


def shown_trial(region: BoolArray, shape: tuple[int, ...]) -> Trial:
    """Show a region of the whole working image, not empty."""
    return _with_skin(_cropped(region, (slice(0, shape[0]), slice(0, shape[1]))), shape)


def distinct(tried: Iterable[Trial], share: float) -> list[Trial]:
    """Drop trials that share so much (Dice) with an earlier one."""
    kept: list[Trial] = []
    for item in tried:
        if all(shared(item, other) < share for other in kept):
            kept.append(item)
    return kept


def shared(one: Trial, other: Trial) -> float:
    """Dice of two trials."""
    low = [max(a.start, b.start) for a, b in zip(one.box, other.box, strict=True)]
    high = [min(a.stop, b.stop) for a, b in zip(one.box, other.box, strict=True)]
    if high[0] <= low[0] or high[1] <= low[1]:
        return 0.0
    rows, columns = slice(low[0], high[0]), slice(low[1], high[1])
    parts = [item.mask[inside((rows, columns), item.box)] for item in (one, other)]
    return float(2 * (parts[0] & parts[1]).sum() / (one.mask.sum() + other.mask.sum()))


def inside(part: Box, box: Box) -> Box:
    """Place a part of the working image within a box of it."""
    rows, columns = (
        slice(own.start - whole.start, own.stop - whole.start)
        for own, whole in zip(part, box, strict=True)
    )
    return rows, columns


def moved(item: Trial, box: Box) -> BoolArray:
    """Mask of a trial in another box, which holds its own."""
    mask = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), dtype=bool)
    mask[inside(item.box, box)] = item.mask
    return mask


def deepest(item: Trial) -> tuple[int, int]:
    """Place (row, column) of the working image that lies deepest in a trial."""
    depth = cv2.distanceTransform(np.pad(item.mask, 1).astype(np.uint8), cv2.DIST_L2, 5)
    row, column = np.unravel_index(int(np.asarray(depth).argmax()), np.shape(depth))
    return int(row) - 1 + item.box[0].start, int(column) - 1 + item.box[1].start


def _roughs(view: SkinView, judged: Sequence[Judged], place: tuple[int, int]) -> list[Trial]:
    """Regions that hold a place: blobs, the likeliest first, then those of its own colour."""
    shape = view.skin.shape
    here = sorted((item for item in judged if item.holds(place)), key=odds_of, reverse=True)
    blobs = (blob_trial(item, shape) for item in here)
    kept = distinct((*blobs, *_of_one_colour(view, place)), ALIKE)
    return kept[:MOST_ROUGH]


def _of_one_colour(view: SkinView, place: tuple[int, int]) -> list[Trial]:
    middle = tuple(slice(at, at + 1) for at in place)
    box = widened((middle[0], middle[1]), REACH_PX, view.skin.shape)
    flat = np.asarray(cv2.GaussianBlur(view.flat[box], (0, 0), SMOOTHING_PX), np.float32)
    row, column = place[0] - box[0].start, place[1] - box[1].start
    rows = slice(max(row - HALF_PX, 0), row + HALF_PX + 1)
    near = flat[rows, max(column - HALF_PX, 0) : column + HALF_PX + 1]
    own = np.median(near.reshape(-1, 3), axis=0)
    towards: Float32Array = np.asarray(flat @ own / (own @ own + 1e-6), np.float32)
    found = []
    for level in LEVELS:
        region = _connected((towards > level) & view.field[box], (row, column))
        rim = np.concatenate([region[0], region[-1], region[:, 0], region[:, -1]])
        if region.sum() >= SMALLEST_PX and not rim.any():
            found.append(_with_skin(_cropped(region, box), view.skin.shape))
    return found


def _connected(mask: BoolArray, place: tuple[int, int]) -> BoolArray:
    """Fill the part of a mask that holds a place."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    whole = np.asarray(opened, np.uint8)
    whole[place] = 1
    _, parts = cv2.connectedComponents(whole, connectivity=4)
    return filled(np.asarray(parts) == parts[place])


def _cropped(region: BoolArray, box: Box) -> Trial:
    ends = [np.flatnonzero(region.any(axis=axis))[[0, -1]].tolist() for axis in (1, 0)]
    part = slice(ends[0][0], ends[0][1] + 1), slice(ends[1][0], ends[1][1] + 1)
    rows, columns = (
        slice(own.start + whole.start, own.stop + whole.start)
        for own, whole in zip(part, box, strict=True)
    )
    return Trial((rows, columns), region[part])


def _with_skin(item: Trial, shape: tuple[int, ...]) -> Trial:
    box = widened(item.box, margin_px(float(item.mask.sum())), shape)
    return Trial(box, moved(item, box), item.sore, item.odds)
