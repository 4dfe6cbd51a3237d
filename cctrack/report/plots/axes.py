"""Axes that several plots share: change in percent, time, and the cuts of the criteria."""

import math
from collections.abc import Sequence
from typing import Any

from cctrack.model import Criteria, Modality, Quantity
from cctrack.report import words
from cctrack.report.content import DAYS_A_MONTH
from cctrack.report.plots.style import CEILING, INK, SOFT

QUANTITY = {
    Modality.PHOTO: Quantity.AREA,
    Modality.XRAY: Quantity.AREA,
    Modality.CT: Quantity.VOLUME,
    Modality.MR: Quantity.VOLUME,
}

STEPS = (10.0, 20.0, 25.0, 50.0, 100.0)
"""Round distances of grid lines in percent."""

MOST_STEPS = 7

PER_MONTH = {"days": DAYS_A_MONTH, "months": 1.0, "years": 1.0 / 12.0}
"""What a month is in the units of time that a study may choose."""


def cut_values(modality: Modality, criteria: Criteria) -> tuple[float, ...]:
    """Percent above and below which a change counts; empty where the criteria do not say."""
    rule = criteria.of(QUANTITY[modality])
    if rule is None and len(criteria.thresholds) == 1:
        rule = criteria.thresholds[0]
    if rule is None:
        return ()
    return 100.0 * (rule.progression - 1.0), 100.0 * (rule.regression - 1.0)


def limits(
    values: Sequence[float], ends: Sequence[float], cuts: Sequence[float]
) -> tuple[float, float, float]:
    """Choose round ends of a percent axis, and its step, that hold all up to the ceiling."""
    known = [0.0, *(1.3 * cut for cut in cuts), *values, *ends]
    low, high = max(-100.0, min(known)), min(CEILING, max(known))
    step = next(step for step in STEPS if (high - low) / step <= MOST_STEPS)
    return step * math.floor(low / step), step * math.ceil(high / step), step


def percent_axis(axes: Any, ends: tuple[float, float, float], *, along: str = "y") -> None:
    """Set up a percent axis with signs and grid lines."""
    low, high, step = ends
    ticks = [low + step * number for number in range(round((high - low) / step) + 1)]
    labels = [words.percent(tick).replace(" %", "") for tick in ticks]
    room = 0.06 * (high - low)
    if along == "y":
        axes.set_yticks(ticks, labels)
        axes.set_ylim(low - room, high + room)
        axes.set_ylabel("Change (%)")
    else:
        axes.set_xticks(ticks, labels)
        axes.set_xlim(low - room, high + room)
    axes.grid(visible=True, axis=along)


def draw_cuts(axes: Any, cuts: Sequence[float], *, along: str = "y") -> None:
    """Draw what counts as change as dashed lines."""
    line = axes.axhline if along == "y" else axes.axvline
    for cut in cuts:
        line(cut, color=INK, linewidth=0.8, linestyle=(0, (4, 3)), zorder=3)


def time_axis(axes: Any, months: Sequence[float], unit: str) -> float:
    """Set up an axis of time from the first visit; returns what a month is on it."""
    per_month = PER_MONTH.get(unit, 1.0)
    name = unit if unit in PER_MONTH else "months"
    low, high = min((0.0, *months)) * per_month, max((1.0, *months)) * per_month
    if name == "months":
        step = next((s for s in (1, 3, 6, 12, 24, 48, 120) if (high - low) / s <= 9), 240)
        start = math.floor(low / step)
        axes.set_xticks([step * n for n in range(start, math.floor(high / step) + 1)])
    room = 0.03 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.set_xlabel(f"{name.capitalize()} since the first visit", color=SOFT)
    return per_month
