"""Swimmer plot: each patient over time, with treatments and the verdict at every visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cctrack.model import Modality, Outcome
from cctrack.report import words
from cctrack.report.content import CoursePoint, PatientContent, Treatment
from cctrack.report.plots.axes import time_axis
from cctrack.report.plots.plot import Plot, Row
from cctrack.report.plots.style import COLOURS, GRID, INK, MARKERS, PAGE_MM, SOFT, plain
from cctrack.wording import several

MOST_LANES = 44
"""Lanes of one figure: more do not fit on a page; the next figure goes on."""

LANE_MM = 4.6

TREATMENT_COLOURS = ("#b9a3d3", "#9fc7b4", "#d9c58a", "#a9bcd6", "#d3a9a9", "#b5b5b5")
"""Classes of drugs; none is a verdict's colour. Beyond the sixth they start again; the name is
written on the bar where there is room."""

COLUMNS = ("patient", "modality", "site", "what", "name", "start_months", "stop_months", "outcome")


@dataclass(frozen=True, slots=True)
class Lane:
    """One patient in one modality: ``points`` are (months, site, point)."""

    patient: PatientContent
    modality: Modality
    points: tuple[tuple[float, str, CoursePoint], ...]


def plot_swimmers(patients: Sequence[PatientContent], unit: str) -> tuple[Plot, ...]:
    """Plot all patients over time, in as many figures as they need; none without visits."""
    lanes = [lane for patient in patients for lane in _lanes(patient)]
    groups = tuple(
        dict.fromkeys(
            item.group or item.drug for patient in patients for item in patient.treatments
        )
    )
    parts = _parts(lanes)
    return tuple(
        _plot(part, groups, unit, f"swimmer-{number}" if len(parts) > 1 else "swimmer")
        for number, part in enumerate(parts, start=1)
    )


def _lanes(patient: PatientContent) -> list[Lane]:
    return [
        Lane(
            patient,
            modality,
            tuple(
                (patient.months(point.acquired), course.site, point)
                for course in patient.courses
                if course.modality is modality
                for point in course.points
            ),
        )
        for modality in Modality
        if any(course.modality is modality for course in patient.courses)
    ]


def _parts(lanes: Sequence[Lane]) -> list[list[Lane]]:
    """Split lanes into figures; a patient stays together."""
    parts: list[list[Lane]] = []
    for lane in lanes:
        same = parts and parts[-1][-1].patient is lane.patient
        if not parts or (len(parts[-1]) >= MOST_LANES - 2 and not same):
            parts.append([])
        parts[-1].append(lane)
    return parts


def _plot(lanes: Sequence[Lane], groups: Sequence[str], unit: str, key: str) -> Plot:
    count = len({lane.patient.patient for lane in lanes})
    undated = sum(
        item.start is None
        for patient in {lane.patient.patient: lane.patient for lane in lanes}.values()
        for item in patient.treatments
    )
    known = f" Treatments without a known start are not drawn: {undated}." if undated else ""
    return Plot(
        key=key,
        title="Visits, verdicts and treatments",
        caption="Signs: verdict at a visit against the first visit of its site, at the last one "
        "also against the smallest so far where the criteria ask for it (▼ regression, ■ stable, "
        "▲ progression, ○ not evaluable); a stroke for a first visit. Bars: treatments, with an "
        f"arrow where they go on. At the right what the patient said last.{known}",
        description=f"Swimmer plot of {several(count, 'patient')}: visits with their verdicts, and "
        "treatments, over time.",
        size_mm=(PAGE_MM, 22.0 + LANE_MM * len(lanes)),
        draw=lambda figure: _draw(figure, lanes, groups, unit),
        columns=COLUMNS,
        rows=tuple(row for lane in lanes for row in _rows(lane)),
    )


def _draw(figure: Any, lanes: Sequence[Lane], groups: Sequence[str], unit: str) -> None:
    axes = figure.add_subplot()
    months = [month for lane in lanes for month, _, _ in lane.points]
    starts = [
        lane.patient.months(item.start)
        for lane in lanes
        for item in lane.patient.treatments
        if item.start
    ]
    per_month = time_axis(axes, [*months, *starts], unit)
    for at, lane in enumerate(lanes):
        _draw_lane(axes, at, lane, per_month)
        if at == 0 or lanes[at - 1].patient is not lane.patient:
            height = sum(other.patient is lane.patient for other in lanes)
            _draw_treatments(axes, (at, height), lane.patient, groups, per_month)
            axes.axhline(at - 0.5, color=GRID, linewidth=0.6, zorder=1)
            _write_answer(axes, at + (height - 1) / 2, lane.patient)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), _names(lanes))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    _legend(figure, axes, groups)


def _names(lanes: Sequence[Lane]) -> list[str]:
    names = []
    for at, lane in enumerate(lanes):
        first = at == 0 or lanes[at - 1].patient is not lane.patient
        who = f"{plain(lane.patient.patient, 16)} · " if first else ""
        names.append(f"{who}{words.MODALITIES[lane.modality]}")
    return names


def _draw_lane(axes: Any, at: int, lane: Lane, per_month: float) -> None:
    across = [month * per_month for month, _, _ in lane.points]
    axes.plot([min(across), max(across)], [at, at], color=SOFT, linewidth=0.7, zorder=4)
    for x, (_, _, point) in zip(across, lane.points, strict=True):
        if point.outcome is None:
            axes.plot([x], [at], "|", color=SOFT, markersize=6, markeredgewidth=1.0, zorder=5)
            continue
        hollow = point.outcome is Outcome.NOT_EVALUABLE
        axes.plot(
            [x],
            [at],
            MARKERS[point.outcome],
            color=COLOURS[point.outcome],
            markerfacecolor="#ffffff" if hollow else COLOURS[point.outcome],
            markersize=6,
            zorder=6,
        )


def _draw_treatments(
    axes: Any,
    place: tuple[int, int],
    patient: PatientContent,
    groups: Sequence[str],
    per_month: float,
) -> None:
    """Draw a patient's drugs as bars behind all of their lanes, one above the other."""
    listed = [item for item in patient.treatments if item.start]
    top, height = place[0] - 0.42, (place[1] - 0.16) / max(len(listed), 1)
    end = max(month for lane in _lanes(patient) for month, _, _ in lane.points)
    for number, item in enumerate(listed):
        start, stop = _span(patient, item, end)
        colour = TREATMENT_COLOURS[groups.index(item.group or item.drug) % len(TREATMENT_COLOURS)]
        middle = top + height * (number + 0.5)
        axes.barh(
            middle,
            (stop - start) * per_month,
            height * 0.94,
            left=start * per_month,
            color=colour,
            alpha=0.5,
            zorder=2,
        )
        if item.stop is None:
            axes.annotate(
                "",
                (stop * per_month, middle),
                (12, 0),
                textcoords="offset points",
                arrowprops={"arrowstyle": "<|-", "color": colour, "shrinkA": 0, "shrinkB": 0},
            )


def _span(patient: PatientContent, item: Treatment, end: float) -> tuple[float, float]:
    start = patient.months(item.start) if isinstance(item.start, date) else 0.0
    stop = patient.months(item.stop) if item.stop else max(end, start)
    return start, max(stop, start)


def _write_answer(axes: Any, at: float, patient: PatientContent) -> None:
    said = dict.fromkeys(found.subjective for found in patient.outcomes if found.subjective)
    text = ", ".join(words.ANSWERS.get(answer, plain(answer, 12)) for answer in said)
    axes.text(
        1.01,
        at,
        text or "not asked",
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=7,
        color=INK if text else SOFT,
    )


def _legend(figure: Any, axes: Any, groups: Sequence[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    signs = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=MARKERS[outcome],
            color=COLOURS[outcome],
            markerfacecolor="#ffffff" if outcome is Outcome.NOT_EVALUABLE else COLOURS[outcome],
            label=words.outcome_word(outcome),
        )
        for outcome in Outcome
    ]
    drugs = [
        Patch(color=TREATMENT_COLOURS[n % len(TREATMENT_COLOURS)], alpha=0.5, label=plain(group))
        for n, group in enumerate(groups)
    ]
    axes.set_title("")
    figure.legend(
        handles=[*signs, *drugs],
        loc="outside upper left",
        ncols=min(8, len(signs) + len(drugs)),
        frameon=False,
        fontsize=7,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def _rows(lane: Lane) -> list[Row]:
    patient = lane.patient
    common = {"patient": patient.patient, "modality": lane.modality}
    visits: list[Row] = [
        {
            **common,
            "site": site,
            "what": "visit",
            "start_months": round(months, 1),
            "outcome": point.outcome or "first visit",
        }
        for months, site, point in lane.points
    ]
    if lane.modality is not _lanes(patient)[0].modality:
        return visits
    drugs: list[Row] = [
        {
            "patient": patient.patient,
            "what": "treatment",
            "name": item.drug,
            "start_months": round(patient.months(item.start), 1) if item.start else None,
            "stop_months": round(patient.months(item.stop), 1) if item.stop else None,
        }
        for item in patient.treatments
    ]
    return [*visits, *drugs]
