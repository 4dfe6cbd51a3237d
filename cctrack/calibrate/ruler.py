"""Read the scale from the ticks of a ruler, and refuse when it could be a multiple of it.

A comb of every second or fifth tick fits as well as that of all ticks: what lies between those
that were found is looked at before a number is given.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.corners import linear_light
from cctrack.calibrate.ticks import MIN_TICKS, TickRow, find_tick_rows
from cctrack.errors import NotCalibrated
from cctrack.model import AxisScale, FloatArray, ScaleSource

LEAST_STEP_PX = 5.0
"""Closer ticks melt into one another, and so might finer ones between those that are seen."""

MOST_BETWEEN = 0.35
"""Darkness between two ticks, relative to that of the ticks, above which finer ones may lie
there: the comb is then a multiple of the true one."""

TICK_HALF_PX = 2.5
"""Nearer to a tick than this its own blur is seen, and nothing can be said."""

MOST_STEP_SHRINK = 1.6
"""Ratio of the largest to the smallest step along the ruler: above it the camera was tilted so
far along the ruler that one number of mm per px would be wrong for most of the photo."""

UNKNOWN_TILT_SD = 0.025
"""One ruler cannot tell how far the camera was tilted across it: 18 degrees, common in free-hand
photos, shorten one direction by 5 % and the root of an area by 2.5 %."""

SAME_WITHIN = 0.03
"""Two rows of ticks that differ by more are read from another multiple or another plane."""

FRACTIONS = (1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4, 1 / 5, 2 / 5, 3 / 5, 4 / 5)


def read_ruler(pixels: NDArray[np.uint8], *, mm_per_tick: float) -> AxisScale:
    """Read the scale from the ticks of a ruler.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    mm_per_tick : float
        Distance in mm between neighbouring ticks, the finest ones.

    Raises
    ------
    NotCalibrated
        If no row of ticks is found, if it could be a multiple of the finest ticks, or if the
        ruler runs so far from the camera that no single number holds.
    """
    rows = find_tick_rows(pixels)
    if not rows:
        raise NotCalibrated(f"found no row of {MIN_TICKS} equally spaced ticks")
    row = rows[0]
    if row.step_px < LEAST_STEP_PX:
        raise NotCalibrated(f"ticks are {row.step_px:.1f} px apart, need {LEAST_STEP_PX:.0f}")
    if _finer_ticks_possible(linear_light(pixels), row):
        raise NotCalibrated("finer ticks may lie between those found: the step is not certain")
    if _shrink(row) > MOST_STEP_SHRINK:
        raise NotCalibrated("the ruler runs away from the camera: steps differ too much along it")
    if any(abs(np.log(other.step_px / row.step_px)) > SAME_WITHIN for other in rows[1:]):
        raise NotCalibrated("found rows of ticks with different steps")
    read = row.step_error / len(row.numbers)
    spacing_mm = mm_per_tick / row.step_px
    sd = float(np.hypot(UNKNOWN_TILT_SD, read))
    return AxisScale((spacing_mm, spacing_mm), ScaleSource.RULER, sd)


def _finer_ticks_possible(light: NDArray[np.float32], row: TickRow) -> bool:
    at_ticks = _level_at(light, row, 0.0)
    usable = [f for f in FRACTIONS if min(f, 1 - f) * row.step_px >= TICK_HALF_PX]
    between = {fraction: _level_at(light, row, fraction) for fraction in usable}
    if not between:
        return True
    paper = max(between.values())
    darkest = min(between.values())
    return paper - darkest > MOST_BETWEEN * max(paper - at_ticks, 1e-3) or _every_second(row)


def _level_at(light: NDArray[np.float32], row: TickRow, fraction: float) -> float:
    """Median light at that fraction of the way from each tick to the next."""
    numbers: FloatArray = np.arange(row.numbers[-1], dtype=np.float64) + fraction
    places = np.rint(row.places_px(numbers)).astype(np.int64)
    inside = np.all((places >= 1) & (places < np.array(light.shape) - 1), axis=1)
    if not inside.any():
        return 0.0
    r, c = places[inside].T
    return float(np.median(np.mean([light[r + i, c + j] for i, j in _CROSS], axis=0)))


_CROSS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


def _every_second(row: TickRow) -> bool:
    """Whether every second tick is longer: these are then the ticks of 5 and 10 mm."""
    even = row.lengths_px[row.numbers % 2 == 0]
    odd = row.lengths_px[row.numbers % 2 == 1]
    if min(len(even), len(odd)) < 4:
        return True
    ratio = float(np.median(even) / np.median(odd))
    return not 1 / 1.2 < ratio < 1.2


def _shrink(row: TickRow) -> float:
    places = row.places_px(np.arange(row.numbers[-1] + 1, dtype=np.float64))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    return float(steps.max() / steps.min())
