"""Read the ticks of rulers, and refuse when they could be a multiple of what they are taken for.

A comb of every second or fifth tick fits as well as that of all ticks: what lies between those
that were found is looked at before a number is given, and which of them are longer must fit the
unit that was stated.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.corners import linear_light
from cctrack.calibrate.harmonics import finer_rhythm
from cctrack.calibrate.options import PhotoScaleOptions, PointPx
from cctrack.calibrate.strokes import Look, Strokes, find_strokes
from cctrack.calibrate.ticks import LEAST_TICKS, TickRow, find_rows, turn_between
from cctrack.errors import NotCalibrated
from cctrack.model import FloatArray

LEAST_STEP_PX = 5.0
"""Closer ticks melt into one another, and so might finer ones between those that are seen."""

MOST_BETWEEN = 0.35
"""Darkness between two ticks, relative to that of the ticks, above which finer ones may lie
there: the comb is then a multiple of the true one."""

TICK_HALF_PX = 2.5
"""Nearer to a tick than this its own blur is seen, and nothing can be said."""

MOST_STEP_SHRINK = 1.6
"""Ratio of the largest to the smallest step along the ruler: above it the camera was tilted so
far along the ruler that lesions at its ends differ in focus."""

MOST_BOW = 0.02
"""Curvature of the row times its distance from the middle of the photo: the share by which the
lens, or a bent ruler, changes lengths between there and the ruler."""

SAME_STEP = 0.04
"""Rows of one ruler that differ by more have different units or lie in different planes."""

OTHER_ARM = 0.3
"""The same for a row in another direction, which tilt foreshortens by up to 40 degrees."""

LONGER = 1.2
"""A tick this much longer than its neighbours marks a larger unit."""

INCH_MM = 25.4

UNITS_MM = (0.5, 1.0, *(INCH_MM / parts for parts in (8, 16, 32, 64)))
"""What may stand on the other edge of a ruler."""

SAME_UNIT = 0.025
"""The same for telling which unit a row has: perspective between two edges 20 mm apart."""

NEAR_LINE = 0.04
"""Ticks lie this near to a line drawn along them, as a share of the photo's longer side."""

ENDS = (-0.4, -0.2, 0.0, 0.2, 0.4)
"""Where along the ticks finer ones are looked for between them, in lengths from their middle."""

FRACTIONS = (1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4, 1 / 5, 2 / 5, 3 / 5, 4 / 5)


def read_ruler(pixels: NDArray[np.uint8], options: PhotoScaleOptions) -> list[TickRow]:
    """Find the rows of ticks that have the stated distance.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    options : PhotoScaleOptions
        With ``ruler_mm_per_tick``, and perhaps ``ruler_line_px``.

    Returns
    -------
    list of TickRow
        One, or several on one ruler or on the arms of an L, the surest first.

    Raises
    ------
    NotCalibrated
        If no row of ticks is found, if it could be a multiple of the finest ticks or another
        unit, or if it bends.
    """
    if options.ruler_mm_per_tick is None:
        raise ValueError("called without the distance of the ticks")
    rows = _rows(pixels, options.ruler_line_px)
    if not rows:
        raise NotCalibrated(f"found no row of {LEAST_TICKS} or more equally spaced ticks")
    chosen = _of_unit(rows, options.ruler_mm_per_tick)
    light = linear_light(pixels)
    for row in chosen:
        _require_finest(light, row, options.ruler_mm_per_tick)
        _require_straight(row, light.shape)
    return chosen


def _rows(pixels: NDArray[np.uint8], line: tuple[PointPx, PointPx] | None) -> list[TickRow]:
    """Rows of dark ticks, or of bright ones where there are none."""
    for look in Look:
        near = (
            _near(strokes, line, max(pixels.shape[:2])) for strokes in find_strokes(pixels, look)
        )
        rows: list[TickRow] = []
        for row in sorted((row for part in near for row in find_rows(part)), key=_surest):
            # The long ticks of a row are no row of their own.
            if not any(_meet(row, old) for old in rows):
                rows.append(row)
        if rows:
            return rows
    return []


def _surest(row: TickRow) -> float:
    return row.chance


def _near(strokes: Strokes, line: tuple[PointPx, PointPx] | None, long_px: int) -> Strokes:
    """Strokes near the line that the user drew."""
    if line is None:
        return strokes
    start, end = np.array(line[0]), np.array(line[1])
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    place = (strokes.centres_px - start) @ along
    away = np.abs((strokes.centres_px - start) @ np.array([-along[1], along[0]]))
    reach = NEAR_LINE * long_px
    keep = (away < reach) & (place > -reach) & (place < length + reach)
    return Strokes(strokes.centres_px[keep], strokes.angles[keep], strokes.lengths_px[keep])


def _meet(one: TickRow, other: TickRow) -> bool:
    """Whether two rows are the same ticks, seen as finer and as coarser strokes."""
    middle = one.places_px(np.array([one.last / 2]))[0]
    places = other.places_px(np.arange(other.last + 1, dtype=np.float64))
    near = float(np.linalg.norm(places - middle, axis=1).min())
    return near < max(other.step_px, float(np.median(other.lengths_px)))


def _of_unit(rows: Sequence[TickRow], mm: float) -> list[TickRow]:
    """Those rows whose ticks are the stated ones."""
    first = rows[0]
    alike = [row for row in rows if _alike(first, row)]
    others = [row for row in rows if not _alike(first, row)]
    if not others:
        return alike
    # The other edge of a ruler often shows another unit: the ratio tells which is which.
    ratio = others[0].step_px / first.step_px
    first_is_stated, other_is_stated = _known(mm * ratio), _known(mm / ratio)
    if first_is_stated == other_is_stated or not all(_alike(others[0], row) for row in others):
        raise NotCalibrated("found rows of ticks with different steps")
    return alike if first_is_stated else others


def _known(mm: float) -> bool:
    return any(abs(np.log(mm / unit)) < SAME_UNIT for unit in UNITS_MM)


def _alike(one: TickRow, other: TickRow) -> bool:
    turned = turn_between(np.array([one.angle]), other.angle)[0]
    allowed = SAME_STEP if turned < np.deg2rad(20) else OTHER_ARM
    return abs(float(np.log(other.step_px / one.step_px))) < allowed


def _require_finest(light: NDArray[np.float32], row: TickRow, mm: float) -> None:
    """Refuse a row that may be a multiple, or another unit, of what was stated."""
    if row.step_px < LEAST_STEP_PX:
        raise NotCalibrated(f"ticks are {row.step_px:.1f} px apart, need {LEAST_STEP_PX:.0f}")
    if _finer_ticks_possible(light, row) or finer_rhythm(light, row):
        raise NotCalibrated("finer ticks may lie between those found: the step is not certain")
    alternate = _every(row, 2) > LONGER
    inches = _known(mm) and abs(mm - round(2 * mm) / 2) > 1e-3
    if alternate and not inches and abs(mm - 0.5) > 1e-3:
        raise NotCalibrated("every second tick is longer: are these half of the stated distance?")
    if inches and _every(row, 5) > LONGER > _every(row, 4):
        raise NotCalibrated("every fifth tick is longer: a metric ruler, not one in inches")


def _finer_ticks_possible(light: NDArray[np.float32], row: TickRow) -> bool:
    """Look between the ticks, also towards their ends: shorter ones may reach only so far."""
    usable = [f for f in FRACTIONS if min(f, 1 - f) * row.step_px >= TICK_HALF_PX]
    if not usable:
        return True
    stroke = float(np.median(row.lengths_px)) * np.array([np.cos(row.angle), np.sin(row.angle)])
    seen = [_levels(light, row, usable, end * stroke) for end in ENDS]
    contrasts = [max(abs(level - ticks) for level in between) for ticks, between in seen]
    for contrast, (_, between) in zip(contrasts, seen, strict=True):
        visible = contrast > MOST_BETWEEN * max(contrasts)
        if visible and max(between) - min(between) > MOST_BETWEEN * max(contrast, 1e-3):
            return True
    return False


def _levels(
    light: NDArray[np.float32], row: TickRow, fractions: Sequence[float], aside: FloatArray
) -> tuple[float, list[float]]:
    """Light at the ticks and between them, along a line beside that of the row."""
    return _level_at(light, row, 0.0, aside), [
        _level_at(light, row, fraction, aside) for fraction in fractions
    ]


def _level_at(
    light: NDArray[np.float32], row: TickRow, fraction: float, aside: FloatArray
) -> float:
    """Median light at that fraction of the way from each tick to the next."""
    numbers: FloatArray = np.arange(row.last, dtype=np.float64) + fraction
    places = np.rint(row.places_px(numbers) + aside).astype(np.int64)
    inside = np.all((places >= 1) & (places < np.array(light.shape) - 1), axis=1)
    if not inside.any():
        return 0.0
    r, c = places[inside].T
    return float(np.median(np.mean([light[r + i, c + j] for i, j in _CROSS], axis=0)))


_CROSS = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


def _every(row: TickRow, period: int) -> float:
    """How many times longer each so-many-th tick is than the others, at the best phase."""
    phases = [row.numbers % period == phase for phase in range(period)]
    usable = [chosen for chosen in phases if chosen.sum() >= 3 and (~chosen).sum() >= 3]
    lengths = row.lengths_px
    ratios = [float(np.median(lengths[a]) / np.median(lengths[~a])) for a in usable]
    return max(ratios, default=1.0)


def _require_straight(row: TickRow, shape: tuple[int, ...]) -> None:
    steps = np.linalg.norm(np.diff(row.places_px(np.arange(row.last + 1.0)), axis=0), axis=1)
    if steps.max() > MOST_STEP_SHRINK * steps.min():
        raise NotCalibrated("the ruler runs away from the camera: steps differ too much along it")
    away = row.ticks_px - row.origin_px
    along, across = away @ row.direction, away @ np.array([-row.direction[1], row.direction[0]])
    short = row.lengths_px <= 1.2 * np.quantile(row.lengths_px, 0.4)
    if short.sum() < LEAST_TICKS:
        return
    terms, covariance = np.polyfit(along[short], across[short], 2, cov="unscaled")
    scatter = float(np.std(across[short] - np.polyval(terms, along[short])))
    curvature = 2 * max(0.0, abs(float(terms[0])) - 2 * scatter * float(covariance[0, 0]) ** 0.5)
    off_centre = float(np.linalg.norm(row.ticks_px.mean(axis=0) - np.array(shape) / 2))
    if curvature * off_centre > MOST_BOW:
        raise NotCalibrated("the row of ticks is bent, by the lens or with the ruler")
