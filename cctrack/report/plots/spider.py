"""Spider plot of a modality: the change of every site at every visit since its first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cctrack.model import Criteria, Modality, Outcome
from cctrack.report import words
from cctrack.report.content import DAYS_A_MONTH, Course, CoursePoint, PatientContent
from cctrack.report.plots.axes import cut_values, draw_cuts, limits, percent_axis, time_axis
from cctrack.report.plots.plot import Plot, Row
from cctrack.report.plots.style import (
    CEILING,
    COLOURS,
    INK,
    MARKERS,
    ONE_COLUMN_MM,
    WIDE_MM,
    clipped,
    plain,
)
from cctrack.wording import several

MOST_NAMED = 16
"""With more lines their names and intervals would hide them."""

NAME_SHARE, LETTER_SHARE = 0.2, 0.055
"""Width of a name and height of a line of text as shares of the axes."""

BEYOND: Any = 6
"""Matplotlib's sign that points upwards: the value is beyond the axis."""

FEW = 8
"""So many lines fit into one column of a journal."""

COLUMNS = (
    "patient",
    "site",
    "modality",
    "visit_months",
    "change_percent",
    "lower95",
    "upper95",
    "outcome",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One site of one patient.

    Attributes
    ----------
    patient, site, name : str
        ``name`` stands at the end of the line.
    months : tuple of float
        Since the site's first visit.
    points : tuple of CoursePoint
        Those that could be compared with the first visit.
    """

    patient: str
    site: str
    name: str
    months: tuple[float, ...]
    points: tuple[CoursePoint, ...]


def plot_spider(
    patients: Sequence[PatientContent], modality: Modality, criteria: Criteria, unit: str
) -> Plot | None:
    """Plot change over time in one modality; None where no two visits could be compared."""
    lines = spider_lines(patients, modality)
    if not lines:
        return None
    courses = [item for patient in patients for item in _courses(patient, modality)]
    later = [point for course in courses for point in course.points[1:]]
    lost = sum(point.percent is None for point in later)
    name, quantity = words.MODALITIES[modality], words.QUANTITIES[modality]
    return Plot(
        key=f"spider-{modality}",
        title=f"{name}: change of {quantity} over {unit}",
        caption=_caption(modality, len(lines), len(later), lost),
        description=f"Spider plot. {name}, change of {quantity} of "
        f"{several(len(lines), 'site')} over time; the numbers are in the tables of visits "
        "of each patient.",
        size_mm=(ONE_COLUMN_MM, 68.0) if len(lines) <= FEW else (WIDE_MM, 85.0),
        draw=lambda figure: _draw(figure, lines, cut_values(modality, criteria), unit),
        columns=COLUMNS,
        rows=tuple(row for line in lines for row in line_rows(line, modality)),
    )


def spider_lines(patients: Sequence[PatientContent], modality: Modality) -> tuple[Line, ...]:
    """Lines of all sites of which a later visit could be compared with the first."""
    lines = []
    for patient in patients:
        courses = _courses(patient, modality)
        for course in courses:
            known = [point for point in course.points if point.percent is not None]
            if len(known) < 2 or course.points[0].percent is None:
                continue
            start = course.points[0].acquired
            name = plain(patient.patient, 12)
            if len(courses) > 1:
                name = f"{name} {plain(course.site, 14)}"
            months = tuple((point.acquired - start).days / DAYS_A_MONTH for point in known)
            lines.append(Line(patient.patient, course.site, name, months, tuple(known)))
    return tuple(lines)


def _courses(patient: PatientContent, modality: Modality) -> list[Course]:
    return [course for course in patient.courses if course.modality is modality]


def _caption(modality: Modality, lines: int, later: int, lost: int) -> str:
    parts = [
        f"One line for each of {several(lines, 'site')}. Signs: verdict at a visit, at the last "
        "one also against the smallest so far where the criteria ask for it; hollow where the "
        "change is too uncertain for a verdict.",
        "Bars: 95 % interval." if lines <= MOST_NAMED else "",
        f"{lost} of {later} later visits could not be compared and have no point." if lost else "",
        words.SKIN_SURFACE if modality is Modality.PHOTO else "",
    ]
    return " ".join(part for part in parts if part)


def _draw(figure: Any, lines: Sequence[Line], cuts: tuple[float, ...], unit: str) -> None:
    axes = figure.add_subplot()
    points = [point for line in lines for point in line.points]
    values = [point.percent for point in points if point.percent is not None]
    named = len(lines) <= MOST_NAMED
    ends = [end for point in points for end in (point.interval or ())] if named else []
    percent_axis(axes, limits(values, ends, cuts))
    per_month = time_axis(axes, [month for line in lines for month in line.months], unit)
    draw_cuts(axes, cuts)
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=2)
    for line in lines:
        draw_line(axes, line, per_month, bars=named)
    if named:
        write_names(axes, lines, per_month)


def draw_line(axes: Any, line: Line, per_month: float, *, bars: bool) -> None:
    """Draw one site's change over time with the sign of each verdict."""
    across = [month * per_month for month in line.months]
    values = [clipped(point.percent or 0.0) for point in line.points]
    last = line.points[-1].outcome or Outcome.NOT_EVALUABLE
    width, size = (1.1, 5.0) if bars else (0.6, 3.0)
    axes.plot(across, values, color=COLOURS[last], linewidth=width, zorder=4)
    for x, value, point in zip(across, values, line.points, strict=True):
        if point.outcome is None:
            continue
        if bars and point.interval:
            low, high = (clipped(end) for end in point.interval)
            axes.vlines(x, low, high, color=COLOURS[point.outcome], linewidth=0.8, zorder=3)
        hollow = point.outcome is Outcome.NOT_EVALUABLE
        axes.plot(
            [x],
            [value],
            BEYOND if (point.percent or 0.0) > CEILING else MARKERS[point.outcome],
            color=COLOURS[point.outcome],
            markerfacecolor="none" if hollow else COLOURS[point.outcome],
            markersize=size,
            zorder=5,
        )


def write_names(axes: Any, lines: Sequence[Line], per_month: float) -> None:
    """Name each line at its end; names that would overlap are moved apart."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    wide, gap = NAME_SHARE * (right - left), LETTER_SHARE * (high - low)
    axes.set_xlim(left, right + (wide if lines else 0.0))
    ends = [
        (line.months[-1] * per_month, clipped(line.points[-1].percent or 0.0)) for line in lines
    ]
    placed: list[tuple[float, float]] = []
    for line, (x, value) in sorted(zip(lines, ends, strict=True), key=lambda item: item[1][1]):
        near = [y for other, y in placed if abs(other - x) < wide]
        at = max([value, *(y + gap for y in near)])
        placed.append((x, at))
        axes.annotate(
            line.name,
            (x, at),
            (5, 0),
            textcoords="offset points",
            color=INK,
            fontsize=7,
            va="center",
        )


def line_rows(line: Line, modality: Modality) -> list[Row]:
    """List every point of a line with its interval."""
    return [
        {
            "patient": line.patient,
            "site": line.site,
            "modality": modality,
            "visit_months": round(months, 1),
            "change_percent": point.percent,
            "lower95": point.interval[0] if point.interval else None,
            "upper95": point.interval[1] if point.interval else None,
            "outcome": point.outcome or "",
        }
        for months, point in zip(line.months, line.points, strict=True)
    ]
