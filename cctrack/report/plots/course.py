"""One patient over time: the change of every site, with the treatments above."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cctrack.model import Criteria, Modality
from cctrack.report import words
from cctrack.report.content import PatientContent, Treatment
from cctrack.report.plots.axes import cut_values, draw_cuts, limits, percent_axis, time_axis
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.spider import (
    COLUMNS,
    Line,
    draw_line,
    line_rows,
    spider_lines,
    write_names,
)
from cctrack.report.plots.style import INK, WIDE_MM, plain
from cctrack.report.plots.swimmer import TREATMENT_COLOURS
from cctrack.wording import several

DRUG_MM = 4.5
"""Height of the bar of one drug."""


def plot_course(patient: PatientContent, criteria: Criteria, unit: str, key: str) -> Plot | None:
    """Plot a patient's sites over time; None where no two visits could be compared."""
    lines = [(modality, line) for modality in Modality for line in _lines(patient, modality)]
    if not lines:
        return None
    drugs = [item for item in patient.treatments if item.start]
    cuts = {cut_values(modality, criteria) for modality, _ in lines}
    shown = next(iter(cuts)) if len(cuts) == 1 else ()
    dashed = " Dashed: what counts as change." if shown else ""
    return Plot(
        key=key,
        title="Change over time",
        caption="Change of each site since its first visit, with 95 % intervals; signs as in the "
        f"tables, hollow where the change is too uncertain for a verdict.{dashed}",
        description=f"Change over time of {several(len(lines), 'site')}; the numbers are in the "
        "tables below.",
        size_mm=(WIDE_MM, 46.0 + DRUG_MM * len(drugs)),
        draw=lambda figure: _draw(
            figure, (patient, drugs), [line for _, line in lines], (shown, unit)
        ),
        columns=COLUMNS,
        rows=tuple(row for modality, line in lines for row in line_rows(line, modality)),
        margins_mm=(15.0, 2.0, 2.0, 10.5),
    )


def _lines(patient: PatientContent, modality: Modality) -> list[Line]:
    """Lines of the patient's sites, all from the patient's first visit."""
    starts = {
        course.site: patient.months(course.points[0].acquired)
        for course in patient.courses
        if course.modality is modality and course.points
    }
    kind = words.MODALITIES[modality]
    return [
        replace(
            line,
            name=f"{kind}, {plain(line.site, 18)}",
            months=tuple(month + starts[line.site] for month in line.months),
        )
        for line in spider_lines((patient,), modality)
    ]


def _draw(
    figure: Any,
    told: tuple[PatientContent, Sequence[Treatment]],
    lines: Sequence[Line],
    axis: tuple[tuple[float, ...], str],
) -> None:
    patient, drugs = told
    cuts, unit = axis
    heights = [DRUG_MM * len(drugs), 40.0] if drugs else [40.0]
    above, axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[[0, -1], 0]
    points = [point for line in lines for point in line.points]
    values = [point.percent for point in points if point.percent is not None]
    percent_axis(axes, limits(values, [end for p in points for end in (p.interval or ())], cuts))
    months = [month for line in lines for month in line.months]
    starts = [patient.months(item.start) for item in drugs if item.start]
    per_month = time_axis(axes, [*months, *starts], unit)
    draw_cuts(axes, cuts)
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=2)
    for line in lines:
        draw_line(axes, line, per_month, bars=True)
    write_names(axes, lines, per_month)
    if drugs:
        _draw_drugs(above, axes, [_span(patient, item, max(months)) for item in drugs], per_month)


def _span(patient: PatientContent, item: Treatment, end: float) -> tuple[str, float, float | None]:
    start = patient.months(item.start) if item.start else 0.0
    stop = patient.months(item.stop) if item.stop else None
    return plain(item.drug), start, None if stop is None or stop > end else stop


def _draw_drugs(
    above: Any, axes: Any, spans: Sequence[tuple[str, float, float | None]], per_month: float
) -> None:
    """Draw drugs as bars with their names; one that goes on reaches the end of the axis."""
    low, high = axes.get_xlim()
    above.set_xlim(low, high)
    above.set_ylim(len(spans) - 0.5, -0.5)
    above.axis("off")
    for number, (name, start, stop) in enumerate(spans):
        end = high if stop is None else stop * per_month
        left = start * per_month
        colour = TREATMENT_COLOURS[number % len(TREATMENT_COLOURS)]
        above.barh(number, max(end - left, 0.0), 0.8, left=left, color=colour, alpha=0.5)
        inside = left + 0.01 * (high - low)
        above.text(inside, number, name, va="center", fontsize=7, color=INK)
