"""Find strokes in a photo and the rows they stand in at equal steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

DETECTION_PX = 2000
"""Longest side at which strokes are sought."""

MIN_TICKS = 12
"""Fewer equal steps than these also occur in hair and creases."""

MOST_STEP_ERROR = 0.10
"""Largest robust SD of the ticks about their comb, as a share of the step: strokes at random
places come to 0.25."""

LEAST_FILLED = 0.8
"""Share of the comb's places at which a tick was found, from the first to the last."""

MOST_TURN = np.deg2rad(8.0)
"""Ticks are parallel to within perspective and the error of a short stroke's direction."""

NEIGHBOURS = 6
"""A row is tried through each stroke and so many strokes near it."""

MOST_STROKES = 600
"""Hairy skin has thousands of strokes: the longest row is sought among the nearest to parallel
neighbours, a few hundred at most."""

SEEDS = 60
"""Lines are started from so many strokes: those with most parallel strokes near them."""

OFF_COMB = 0.25
"""A stroke further from the comb than this share of a step is a digit or a hair."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Short dark strokes of a photo, one row each.

    Attributes
    ----------
    centres_px : array (n, 2)
        (row, column) at full size.
    angles : array (n,)
        Direction in radians, modulo pi.
    lengths_px : array (n,)
    """

    centres_px: FloatArray
    angles: FloatArray
    lengths_px: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TickRow:
    """Ticks that stand on one line at equal steps.

    Attributes
    ----------
    origin_px, direction : array (2,)
        A point of the line and its unit vector, (row, column).
    numbers : int array (n,)
        Which tick each is, counted from the first.
    lengths_px : array (n,)
    fit : array (3,)
        Places along the line are (fit[0] + fit[1] k) / (1 + fit[2] k) px for tick k.
    step_error : float
        Robust SD about the comb, as a share of the step.
    """

    origin_px: FloatArray
    direction: FloatArray
    numbers: NDArray[np.int64]
    lengths_px: FloatArray
    fit: FloatArray
    step_error: float

    def places_px(self, numbers: FloatArray) -> FloatArray:
        """Points (n, 2) at ticks, whole or fractional numbers."""
        along = (self.fit[0] + self.fit[1] * numbers) / (1 + self.fit[2] * numbers)
        places: FloatArray = self.origin_px + along[:, None] * self.direction
        return places

    @property
    def step_px(self) -> float:
        """Step between neighbours in the middle of the row."""
        middle = float(self.numbers[-1]) / 2
        ends = self.places_px(np.array([middle - 0.5, middle + 0.5]))
        return float(np.linalg.norm(ends[1] - ends[0]))

    @property
    def filled(self) -> float:
        """Share of places with a tick between the first and the last."""
        return len(self.numbers) / float(self.numbers[-1] + 1)

    @property
    def corners_px(self) -> FloatArray:
        """Corners (4, 2) around all strokes of the row."""
        ends = self.places_px(np.array([-1.0, float(self.numbers[-1]) + 1]))
        across = np.array([-self.direction[1], self.direction[0]])
        half = 0.5 * float(np.median(self.lengths_px)) * across
        return np.array([ends[0] - half, ends[1] - half, ends[1] + half, ends[0] + half])


def find_tick_rows(pixels: NDArray[np.uint8]) -> list[TickRow]:
    """Find rows of equally spaced parallel strokes, the one with most ticks first.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    """
    rows = []
    for strokes in find_strokes(pixels):
        free = np.ones(len(strokes.angles), dtype=bool)
        for _ in range(3):
            members, line = _fullest_line(strokes, free)
            if len(members) < MIN_TICKS:
                break
            free[members] = False
            row = _comb(strokes, members, line)
            if row is not None:
                rows.append(row)
    return sorted(rows, key=lambda row: -len(row.numbers))


def find_strokes(pixels: NDArray[np.uint8]) -> list[Strokes]:
    """Find short, thin, straight dark strokes, fine and coarse ones apart."""
    factor = min(1.0, DETECTION_PX / max(pixels.shape[:2]))
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if factor < 1:
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.uint8)
    found = []
    for width in (7, 15):
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        dark = np.asarray(cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc), np.uint8)
        level = max(14.0, 0.35 * float(np.quantile(dark, 0.99)))
        _, parts, stats, _ = cv2.connectedComponentsWithStats((dark > level).astype(np.uint8))
        rows = _thin_parts(np.asarray(parts, np.int32), np.asarray(stats, np.int32))
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        centres = (table[:, :2] + 0.5) / factor - 0.5
        found.append(Strokes(centres, table[:, 2], table[:, 3] / factor))
    return found


def _thin_parts(parts: NDArray[np.int32], stats: NDArray[np.int32]) -> list[tuple[float, ...]]:
    """(row, column, angle, length) of the components that are straight strokes."""
    strokes: list[tuple[float, ...]] = []
    longest = 0.1 * max(parts.shape)
    for part in range(1, len(stats)):
        left, top, width, height, area = (int(value) for value in stats[part])
        if area < 6 or max(width, height) > longest or max(width, height) < 5:
            continue
        places = np.argwhere(parts[top : top + height, left : left + width] == part)
        centre = places.mean(axis=0)
        spread, axes = np.linalg.eigh(np.cov((places - centre).T) + np.eye(2) / 12)
        thick, length = np.sqrt(12 * spread)
        if length < 5 or thick > 0.5 * length:
            continue
        angle = float(np.arctan2(axes[1, 1], axes[0, 1])) % np.pi
        strokes.append((centre[0] + top, centre[1] + left, angle, float(length)))
    return strokes


Line = tuple[FloatArray, FloatArray]


def _fullest_line(strokes: Strokes, free: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Line]:
    """Find the line that has most parallel strokes across it, and their indices."""
    best: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    line = (np.zeros(2), np.array([0.0, 1.0]))
    for first in _crowded(strokes, free):
        parallel = free & (_turn(strokes.angles, strokes.angles[first]) < MOST_TURN)
        if parallel.sum() <= max(MIN_TICKS - 1, len(best)):
            continue
        offsets = strokes.centres_px - strokes.centres_px[first]
        distances = np.where(parallel, np.linalg.norm(offsets, axis=1), np.inf)
        for second in np.argsort(distances)[1 : NEIGHBOURS + 1]:
            if not np.isfinite(distances[second]):
                break
            direction = offsets[second] / max(distances[second], 1e-9)
            members = _on_line(strokes, parallel, int(first), direction)
            if len(members) > len(best):
                best, line = members, (strokes.centres_px[first], direction)
    return best, line


def _crowded(strokes: Strokes, free: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Strokes with most parallel strokes within five of their lengths, fullest first."""
    usable = np.flatnonzero(free)[:MOST_STROKES]
    if not len(usable):
        return usable
    places, angles = strokes.centres_px[usable], strokes.angles[usable]
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    turned = np.abs(angles[:, None] - angles[None])
    parallel = np.minimum(turned, np.pi - turned) < MOST_TURN
    company = (parallel & (apart < 5 * strokes.lengths_px[usable][:, None])).sum(axis=1)
    return usable[np.argsort(-company, kind="stable")[:SEEDS]]


def _on_line(
    strokes: Strokes, parallel: NDArray[np.bool_], first: int, direction: FloatArray
) -> NDArray[np.int64]:
    heading = float(np.arctan2(direction[1], direction[0]))
    if _turn(np.array([heading]), strokes.angles[first] + np.pi / 2)[0] > np.deg2rad(35):
        return np.zeros(0, dtype=np.int64)
    offsets = strokes.centres_px - strokes.centres_px[first]
    across = np.abs(offsets @ np.array([-direction[1], direction[0]]))
    return np.flatnonzero(parallel & (across < 0.6 * strokes.lengths_px[first]))


def _turn(angles: FloatArray, other: float) -> FloatArray:
    """Angle between undirected lines, 0 to pi/2."""
    difference = np.abs(angles - other) % np.pi
    turned: FloatArray = np.minimum(difference, np.pi - difference)
    return turned


def _comb(strokes: Strokes, members: NDArray[np.int64], line: Line) -> TickRow | None:
    """Take the strokes of a line for ticks; None when they stand at unequal steps."""
    along = (strokes.centres_px[members] - line[0]) @ line[1]
    order = np.argsort(along)
    along, lengths = along[order], strokes.lengths_px[members][order]
    best: TickRow | None = None
    for step in np.unique(np.round(np.quantile(np.diff(along), (0.3, 0.5, 0.7)), 2)):
        numbers = _number(along, float(step))
        if numbers is None:
            continue
        row = _fit(along, numbers, lengths, line)
        if row is not None and (best is None or len(row.numbers) > len(best.numbers)):
            best = row
    return best


def _number(along: FloatArray, step: float) -> NDArray[np.int64] | None:
    """Give each stroke its number, walking along the line; -1 to those off the comb."""
    if step < 2:
        return None
    numbers = np.full(len(along), -1, dtype=np.int64)
    numbers[0], last = 0, 0
    for index in range(1, len(along)):
        steps = (along[index] - along[last]) / step
        whole = round(steps)
        if whole < 1 or abs(steps - whole) > OFF_COMB or whole > 8:
            if whole > 8:
                return numbers
            continue
        numbers[index] = numbers[last] + whole
        # Steps grow and shrink slowly along a tilted ruler.
        step += 0.3 * ((along[index] - along[last]) / whole - step)
        last = index
    return numbers


def _fit(
    along: FloatArray, numbers: NDArray[np.int64], lengths: FloatArray, line: Line
) -> TickRow | None:
    keep = numbers >= 0
    for _ in range(3):
        if keep.sum() < MIN_TICKS:
            return None
        k, t = numbers[keep].astype(np.float64), along[keep]
        fit = np.linalg.lstsq(np.column_stack([np.ones(len(k)), k, -k * t]), t, rcond=None)[0]
        predicted = (fit[0] + fit[1] * numbers) / (1 + fit[2] * numbers)
        step = float((fit[1] - fit[0] * fit[2]) / (1 + fit[2] * k.mean()) ** 2)
        keep = (numbers >= 0) & (np.abs(along - predicted) < OFF_COMB * step)
    left = (along - predicted)[keep]
    error = 1.4826 * float(np.median(np.abs(left))) / step
    kept = numbers[keep]
    # Numbers count from the first tick kept, and the fit with them.
    shift = int(kept[0])
    scale = 1 + fit[2] * shift
    moved = np.array([(fit[0] + fit[1] * shift) / scale, fit[1] / scale, fit[2] / scale])
    row = TickRow(line[0], line[1], kept - shift, lengths[keep], moved, error)
    good = len(kept) >= MIN_TICKS and error < MOST_STEP_ERROR and row.filled >= LEAST_FILLED
    return row if good else None
