"""Waterfall plot of a modality: one bar a patient, whiskers for the 95 % interval, the cuts."""

from collections.abc import Sequence
from typing import Any

from cctrack.model import Criteria, Modality, Outcome
from cctrack.report import words
from cctrack.report.content import ModalityOutcome, PatientContent
from cctrack.report.plots.axes import cut_values, draw_cuts, limits, percent_axis
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.style import (
    COLOURS,
    INK,
    ONE_COLUMN_MM,
    PAGE_MM,
    SOFT,
    WIDE_MM,
    clipped,
    plain,
)
from cctrack.report.summary import outcome_in
from cctrack.wording import several

MOST_VALUES, MOST_NAMES = 30, 80
"""With more bars than this neither values nor names can be read."""

COLUMNS = ("patient", "modality", "months", "change_percent", "lower95", "upper95", "outcome")

Bar = tuple[str, ModalityOutcome]


def plot_waterfall(
    patients: Sequence[PatientContent], modality: Modality, criteria: Criteria
) -> Plot | None:
    """Plot the change of each patient in one modality; None when no patient has it."""
    listed = [
        (patient.patient, found)
        for patient in patients
        if (found := outcome_in(patient, modality)) is not None
    ]
    if not listed:
        return None
    bars = sorted(listed, key=lambda bar: _order(bar[1]))
    missing = sum(_value(bar[1]) is None for bar in bars)
    name, quantity = words.MODALITIES[modality], words.QUANTITIES[modality]
    return Plot(
        key=f"waterfall-{modality}",
        title=f"{name}: change of {quantity}",
        caption=_caption(modality, criteria, len(bars), missing),
        description=f"Waterfall plot. {name}, change of {quantity} of {len(bars)} patients, "
        f"{missing} of them not evaluable; the numbers are in the table of patients.",
        size_mm=(_width_mm(len(bars)), 70.0),
        draw=lambda figure: _draw(figure, bars, cut_values(modality, criteria)),
        columns=COLUMNS,
        rows=tuple(_row(name, found) for name, found in bars),
    )


def _caption(modality: Modality, criteria: Criteria, count: int, missing: int) -> str:
    cuts = ", ".join(words.cut(value) for value in cut_values(modality, criteria))
    parts = [
        "Since the first visit, or the smallest so far where the verdict rests on that. "
        "Whiskers: 95 % interval; an arrow goes on beyond the axis.",
        f"Dashed: what counts as change ({cuts})." if cuts else "",
        f"n. e.: not evaluable, {missing} of {count}."
        if missing
        else f"{several(count, 'patient')}.",
        words.SKIN_SURFACE if modality is Modality.PHOTO else "",
    ]
    return " ".join(part for part in parts if part)


def _width_mm(count: int) -> float:
    return ONE_COLUMN_MM if count <= 8 else WIDE_MM if count <= 25 else PAGE_MM


def _draw(figure: Any, bars: Sequence[Bar], cuts: tuple[float, ...]) -> None:
    axes = figure.add_subplot()
    values = [_value(found) for _, found in bars]
    ends = [end for _, found in bars for end in (found.interval or ()) if _value(found) is not None]
    percent_axis(axes, limits([value for value in values if value is not None], ends, cuts))
    for place, ((_, found), value) in enumerate(zip(bars, values, strict=True)):
        if value is not None:
            axes.bar(place, clipped(value), 0.68, color=COLOURS[found.outcome], zorder=2)
            _whisker(axes, place, found.interval, caps=len(bars) <= MOST_NAMES)
        if len(bars) <= MOST_VALUES:
            _write_value(axes, place, value, found.interval)
    draw_cuts(axes, cuts)
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=3)
    axes.set_xlim(-0.6, len(bars) - 0.4)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    _write_names(axes, bars)


def _whisker(axes: Any, place: float, interval: tuple[float, float] | None, *, caps: bool) -> None:
    if interval is None:
        return
    low, high = clipped(interval[0]), clipped(interval[1])
    axes.vlines(place, low, high, color=INK, linewidth=0.9 if caps else 0.4, zorder=4)
    for end, shown in ((interval[0], low), (interval[1], high)):
        marker = "_" if end == shown else "^"
        if not caps and end == shown:
            continue
        axes.plot([place], [shown], marker, color=INK, markersize=4, markeredgewidth=0.9, zorder=4)


def _write_value(
    axes: Any, place: float, value: float | None, interval: tuple[float, float] | None
) -> None:
    low, high = interval if interval and value is not None else (value or 0.0, value or 0.0)
    rising = (value or 0.0) >= 0
    at = max(clipped(high), clipped(value or 0.0), 0.0) if rising else min(low, value or 0.0)
    axes.annotate(
        "n. e." if value is None else words.percent(value).replace(" %", ""),
        (place, at),
        (0, 4 if rising else -4),
        textcoords="offset points",
        ha="center",
        va="bottom" if rising else "top",
        color=SOFT if value is None else INK,
        fontsize=7,
        zorder=5,
    )


def _write_names(axes: Any, bars: Sequence[Bar]) -> None:
    if len(bars) > MOST_NAMES:
        axes.set_xticks([])
        axes.set_xlabel(several(len(bars), "patient"))
        return
    names = [plain(name, 12 if len(bars) > 8 else 16) for name, _ in bars]
    steep = len(bars) > 12 or max(map(len, names)) > 5
    join = "  " if steep else "\n"
    labels = [
        f"{name}{join}{words.icon(found.outcome)}"
        for name, (_, found) in zip(names, bars, strict=True)
    ]
    axes.set_xticks(range(len(bars)), labels, rotation=90 if steep else 0)


def _value(found: ModalityOutcome) -> float | None:
    return None if found.outcome is Outcome.NOT_EVALUABLE else found.percent


def _order(found: ModalityOutcome) -> tuple[bool, float]:
    value = _value(found)
    return value is None, -(value or 0.0)


def _row(name: str, found: ModalityOutcome) -> dict[str, object]:
    low, high = found.interval or (None, None)
    return {
        "patient": name,
        "modality": found.modality,
        "months": found.months,
        "change_percent": found.percent,
        "lower95": low,
        "upper95": high,
        "outcome": found.outcome,
    }
