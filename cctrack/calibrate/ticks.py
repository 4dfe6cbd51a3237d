"""Find rows of strokes that stand at equal steps: the ticks of rulers."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.strokes import Strokes
from cctrack.calibrate.targets import PointTarget
from cctrack.model import FloatArray

LEAST_TICKS = 6
"""Fewer equal steps are never a ruler."""

MOST_STEP_ERROR = 0.08
"""Largest robust SD of the ticks about their comb, as a share of the step: strokes at random
places come to 0.25."""

TRIALS = 1000
"""Lines and steps that are tried in a photo: so many chances for hair to look like a ruler."""

MOST_CHANCE = 1e-2
"""Largest expected number of rows as regular as this one among random strokes
(a-contrario reasoning of Desolneux, Moisan and Morel 2000)."""

LEAST_FILLED = 0.8
"""Share of the comb's places at which a tick was found, from the first to the last."""

MOST_TURN = np.deg2rad(10.0)
"""Ticks are parallel to within perspective and the error of a short stroke's direction."""

NEIGHBOURS = 6
"""A row is tried through each stroke and so many strokes near it."""

MOST_STROKES = 800
"""Hairy skin has thousands of strokes: the longest row is sought among the nearest to parallel
neighbours, a few hundred at most."""

SEEDS = 60
"""Lines are started from so many strokes: those with most parallel strokes near them."""

ROWS = 4
"""Rows sought among strokes of one width: two edges of two arms."""

OFF_COMB = 0.2
"""A stroke further from the comb than this share of a step is a digit or a hair."""

TICK_FLOOR_PX = 0.2
"""Error of a tick's place that its neighbours share: the print, the shadow of the ruler."""


class Line(NamedTuple):
    """A point and a direction."""

    origin: FloatArray
    direction: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class TickRow:
    """Ticks that stand on one line at equal steps.

    Attributes
    ----------
    origin_px, direction : array (2,)
        A point of the line and its unit vector, (row, column).
    numbers : int array (n,)
        Which tick each is, counted from the first.
    ticks_px : array (n, 2)
        Middle of each as it was seen.
    angle : float
        Direction of the strokes in radians.
    lengths_px : array (n,)
    fit : array (3,)
        Places along the line are (fit[0] + fit[1] k) / (1 + fit[2] k) px for tick k.
    step_error : float
        Robust SD about the comb, as a share of the step.
    """

    origin_px: FloatArray
    direction: FloatArray
    numbers: NDArray[np.int64]
    ticks_px: FloatArray
    angle: float
    lengths_px: FloatArray
    fit: FloatArray
    step_error: float

    @property
    def along_px(self) -> FloatArray:
        """Where (n,) the ticks meet the line: longer ones reach out aslant when it is tilted."""
        return meet_px(self.ticks_px, self.angle, Line(self.origin_px, self.direction))

    def places_px(self, numbers: FloatArray) -> FloatArray:
        """Points (n, 2) at ticks, whole or fractional numbers."""
        along = (self.fit[0] + self.fit[1] * numbers) / (1 + self.fit[2] * numbers)
        places: FloatArray = self.origin_px + along[:, None] * self.direction
        return places

    @property
    def last(self) -> int:
        """Number of the last tick."""
        return int(self.numbers[-1])

    @property
    def step_px(self) -> float:
        """Step between neighbours in the middle of the row."""
        ends = self.places_px(np.array([self.last / 2 - 0.5, self.last / 2 + 0.5]))
        return float(np.linalg.norm(ends[1] - ends[0]))

    @property
    def filled(self) -> float:
        """Share of places with a tick between the first and the last."""
        return len(self.numbers) / (self.last + 1)

    @property
    def chance(self) -> float:
        """Expected number of rows as regular as this among random strokes."""
        within = float(np.clip(2 * 2.5 * self.step_error, 0.03, 1.0))
        return float(TRIALS * within ** (len(self.numbers) - 3))

    def target(self, mm_per_tick: float) -> PointTarget:
        """Its ticks as points of known distances."""
        own = np.column_stack([np.zeros(len(self.numbers)), mm_per_tick * self.numbers])
        noise = np.hypot(TICK_FLOOR_PX, self.step_error * self.step_px)
        # Only places along the row are known: across it every tick is put on the line.
        places = self.origin_px + self.along_px[:, None] * self.direction
        return PointTarget(places, own, np.full(len(own), noise))


def find_rows(strokes: Strokes) -> list[TickRow]:
    """Find rows of equally spaced parallel strokes, the surest first."""
    rows: list[TickRow] = []
    free = np.ones(len(strokes.angles), dtype=bool)
    for _ in range(ROWS):
        members, line = _fullest_line(strokes, free)
        if len(members) < LEAST_TICKS:
            break
        free[members] = False
        row = _comb(strokes, members, line)
        if row is not None and row.chance < MOST_CHANCE:
            rows.append(row)
    return sorted(rows, key=lambda row: row.chance)


def _fullest_line(strokes: Strokes, free: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Line]:
    """Find the line that has most parallel strokes across it, and their indices."""
    best: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    line = Line(np.zeros(2), np.array([0.0, 1.0]))
    for first in _crowded(strokes, free):
        parallel = free & (turn_between(strokes.angles, strokes.angles[first]) < MOST_TURN)
        if parallel.sum() <= max(LEAST_TICKS - 1, len(best)):
            continue
        offsets = strokes.centres_px - strokes.centres_px[first]
        distances = np.where(parallel, np.linalg.norm(offsets, axis=1), np.inf)
        for second in np.argsort(distances)[1 : NEIGHBOURS + 1]:
            if not np.isfinite(distances[second]):
                break
            direction = offsets[second] / max(distances[second], 1e-9)
            members = _on_line(strokes, parallel, int(first), direction)
            if len(members) > len(best):
                best, line = members, Line(strokes.centres_px[first], direction)
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
    if turn_between(np.array([heading]), strokes.angles[first] + np.pi / 2)[0] > np.deg2rad(35):
        return np.zeros(0, dtype=np.int64)
    offsets = strokes.centres_px - strokes.centres_px[first]
    across = np.abs(offsets @ np.array([-direction[1], direction[0]]))
    return np.flatnonzero(parallel & (across < 0.6 * strokes.lengths_px[first]))


def turn_between(angles: FloatArray, other: float) -> FloatArray:
    """Angle between undirected lines, 0 to pi/2."""
    difference = np.abs(angles - other) % np.pi
    turned: FloatArray = np.minimum(difference, np.pi - difference)
    return turned


def _comb(strokes: Strokes, members: NDArray[np.int64], line: Line) -> TickRow | None:
    """Take the strokes of a line for ticks; None when they stand at unequal steps."""
    line = _through(strokes, members)
    along = meet_px(strokes.centres_px[members], mean_angle(strokes.angles[members]), line)
    order = np.argsort(along)
    along, members = along[order], members[order]
    best: TickRow | None = None
    for step in np.unique(np.round(np.quantile(np.diff(along), (0.3, 0.5, 0.7)), 2)):
        numbers = _number(along, float(step))
        row = None if numbers is None else _row(strokes, members, numbers, line)
        if row is not None and (best is None or row.chance < best.chance):
            best = row
    return best


def _through(strokes: Strokes, members: NDArray[np.int64]) -> Line:
    """Line through the middles of the shorter strokes: longer ones reach out to one side."""
    lengths = strokes.lengths_px[members]
    short = lengths <= 1.2 * np.quantile(lengths, 0.4)
    points = strokes.centres_px[members[short]]
    if len(points) < 3:
        points = strokes.centres_px[members]
    middle = points.mean(axis=0)
    direction: FloatArray = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    return Line(middle, direction)


def _number(along: FloatArray, step: float) -> NDArray[np.int64] | None:
    """Give each stroke its number, walking along the line; -1 to those off the comb."""
    if step < 2:
        return None
    numbers = np.full(len(along), -1, dtype=np.int64)
    numbers[0], last = 0, 0
    for index in range(1, len(along)):
        steps = (along[index] - along[last]) / step
        whole = round(steps)
        if whole > 8:
            return numbers
        if whole < 1 or abs(steps - whole) > 1.2 * OFF_COMB:
            continue
        numbers[index] = numbers[last] + whole
        # Steps grow and shrink slowly along a tilted ruler.
        step += 0.3 * ((along[index] - along[last]) / whole - step)
        last = index
    return numbers


def _row(
    strokes: Strokes, members: NDArray[np.int64], numbers: NDArray[np.int64], line: Line
) -> TickRow | None:
    places, lengths = strokes.centres_px[members], strokes.lengths_px[members]
    angle = mean_angle(strokes.angles[members])
    blank = TickRow(*line, numbers, places, angle, lengths, np.zeros(3), 1.0)
    return fit_row(blank)


def mean_angle(angles: FloatArray) -> float:
    """Mean of directions modulo pi, which are averaged as doubled ones."""
    return float(np.arctan2(np.sin(2 * angles).mean(), np.cos(2 * angles).mean()) / 2)


def meet_px(points_px: FloatArray, angle: float, line: Line) -> FloatArray:
    """Places (n,) along a line at which strokes of one direction through points (n, 2) meet it."""
    stroke = np.array([np.cos(angle), np.sin(angle)])
    away = points_px - line.origin
    met: FloatArray = (away @ np.array([stroke[1], -stroke[0]])) / float(
        line.direction @ np.array([stroke[1], -stroke[0]])
    )
    return met


def fit_row(row: TickRow) -> TickRow | None:
    """Fit the comb to numbered ticks (-1: none), leaving out those off it; None when irregular."""
    along = row.along_px
    keep = row.numbers >= 0
    for _ in range(4):
        if keep.sum() < LEAST_TICKS:
            return None
        k, t = row.numbers[keep].astype(np.float64), along[keep]
        fit = np.linalg.lstsq(np.column_stack([np.ones(len(k)), k, -k * t]), t, rcond=None)[0]
        if len(k) < 9:
            # A few ticks do not show perspective, but pretend to.
            fit = np.array([*np.linalg.lstsq(np.vander(k, 2), t, rcond=None)[0][::-1], 0.0])
        predicted = (fit[0] + fit[1] * row.numbers) / (1 + fit[2] * row.numbers)
        step = abs(float((fit[1] - fit[0] * fit[2]) / (1 + fit[2] * k.mean()) ** 2))
        keep = (row.numbers >= 0) & (np.abs(along - predicted) < OFF_COMB * step)
    if keep.sum() < LEAST_TICKS:
        return None
    error = 1.4826 * float(np.median(np.abs((along - predicted)[keep]))) / step
    # Numbers count from the first tick kept, and the fit with them.
    shift = int(row.numbers[keep][0])
    scale = 1 + fit[2] * shift
    fitted = replace(
        row,
        numbers=row.numbers[keep] - shift,
        ticks_px=row.ticks_px[keep],
        lengths_px=row.lengths_px[keep],
        fit=np.array([(fit[0] + fit[1] * shift) / scale, fit[1] / scale, fit[2] / scale]),
        step_error=error,
    )
    return fitted if error < MOST_STEP_ERROR and fitted.filled >= LEAST_FILLED else None
