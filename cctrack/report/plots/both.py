"""Photo against radiology: the same patients' change by both."""

from collections.abc import Sequence
from typing import Any

from cctrack.model import Criteria, Modality, Outcome
from cctrack.model.share import exact_interval
from cctrack.report import words
from cctrack.report.content import ModalityOutcome, PatientContent
from cctrack.report.plots.axes import cut_values, draw_cuts, limits, percent_axis
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.style import INK, SOFT, WIDE_MM, clipped, plain
from cctrack.report.summary import BothWays, both_ways

MOST_NAMED = 20

AGREE, DIFFER = SOFT, "#c9591b"

SIGNS = {Modality.CT: "o", Modality.XRAY: "s", Modality.MR: "D"}
"""Of the radiological image."""

COLUMNS = (
    "patient",
    "photo_change_percent",
    "photo_lower95",
    "photo_upper95",
    "photo_outcome",
    "photo_months",
    "radiology",
    "radiology_change_percent",
    "radiology_lower95",
    "radiology_upper95",
    "radiology_outcome",
    "radiology_months",
    "agree",
)


def plot_both(patients: Sequence[PatientContent], criteria: Criteria) -> Plot | None:
    """Plot photo against radiology; None where no patient has both."""
    pairs = both_ways(patients)
    if not pairs:
        return None
    return Plot(
        key="photo-radiology",
        title="Photo against radiology",
        caption=_caption(patients, pairs),
        description=f"Scatter plot. {_caption(patients, pairs)}",
        size_mm=(WIDE_MM, 105.0),
        draw=lambda figure: _draw(figure, pairs, criteria),
        columns=COLUMNS,
        rows=tuple(_row(pair) for pair in pairs),
    )


def _caption(patients: Sequence[PatientContent], pairs: Sequence[BothWays]) -> str:
    judged = [pair.agrees for pair in pairs]
    same, told = judged.count(True), len(judged) - judged.count(None)
    both = len({pair.patient for pair in pairs})
    text = f"{both} of {len(patients)} patients have a photo and a radiological outcome."
    if told:
        low, high = exact_interval(same, told)
        text += (
            f" The verdicts are the same in {same} of {told} comparisons (exact 95 % interval "
            f"{100 * low:.0f} to {100 * high:.0f} %)."
        )
    missing = len(judged) - told
    if missing:
        text += f" In {missing} one of the two could not be evaluated: not drawn, listed below."
    return f"{text} Periods may differ. {words.SKIN_SURFACE}"


def _draw(figure: Any, pairs: Sequence[BothWays], criteria: Criteria) -> None:
    axes = figure.add_subplot()
    drawn = [pair for pair in pairs if pair.agrees is not None]
    kinds = [kind for kind in SIGNS if any(pair.radiology.modality is kind for pair in drawn)]
    photo_cuts = cut_values(Modality.PHOTO, criteria)
    cuts = tuple(dict.fromkeys(cut for kind in kinds for cut in cut_values(kind, criteria)))
    for along, outcomes, marks in (
        ("x", [pair.photo for pair in drawn], photo_cuts),
        ("y", [pair.radiology for pair in drawn], cuts),
    ):
        percent_axis(axes, limits(_values(outcomes), _ends(outcomes), marks), along=along)
    draw_cuts(axes, photo_cuts, along="x")
    for kind in kinds:
        _draw_named_cuts(axes, cut_values(kind, criteria), words.MODALITIES[kind])
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.axvline(0.0, color=INK, linewidth=0.6)
    for pair in drawn:
        _draw_pair(axes, pair, named=len(drawn) <= MOST_NAMED)
    axes.set_xlabel("Photo: change of area (%)", color=SOFT)
    axes.set_ylabel("Radiology: change (%)", color=SOFT)
    _legend(figure, kinds)


def _draw_named_cuts(axes: Any, cuts: Sequence[float], name: str) -> None:
    """Draw the cuts of one kind of image with its name: those of area and volume differ."""
    draw_cuts(axes, cuts)
    for cut in cuts:
        axes.annotate(
            name,
            (1.0, cut),
            (3, 0),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
            color=SOFT,
        )


def _draw_pair(axes: Any, pair: BothWays, *, named: bool) -> None:
    x, y = clipped(pair.photo.percent or 0.0), clipped(pair.radiology.percent or 0.0)
    colour = AGREE if pair.agrees else DIFFER
    for found, line, at in (
        (pair.photo, axes.hlines, y),
        (pair.radiology, axes.vlines, x),
    ):
        if found.interval:
            low, high = (clipped(end) for end in found.interval)
            line(at, low, high, color=colour, linewidth=0.8 if named else 0.4)
    face = colour if pair.agrees else "#ffffff"
    size = 5.5 if named else 3.5
    sign = SIGNS[pair.radiology.modality]
    axes.plot([x], [y], sign, color=colour, markerfacecolor=face, markersize=size, zorder=4)
    if named:
        axes.annotate(
            plain(pair.patient, 14), (x, y), (5, 4), textcoords="offset points", fontsize=7
        )


def _legend(figure: Any, kinds: Sequence[Modality]) -> None:
    from matplotlib.lines import Line2D

    verdicts = [
        Line2D([], [], linestyle="", marker="o", color=AGREE, label="same verdict"),
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            color=DIFFER,
            markerfacecolor="#ffffff",
            label="different verdicts",
        ),
    ]
    signs = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=SIGNS[kind],
            color=SOFT,
            markerfacecolor="none",
            label=f"{words.MODALITIES[kind]} ({words.QUANTITIES[kind]})",
        )
        for kind in kinds
    ]
    figure.legend(
        handles=[*verdicts, *signs], loc="outside upper left", ncols=4, frameon=False, fontsize=7
    )


def _values(outcomes: Sequence[ModalityOutcome]) -> list[float]:
    return [found.percent for found in outcomes if found.percent is not None]


def _ends(outcomes: Sequence[ModalityOutcome]) -> list[float]:
    return [end for found in outcomes for end in (found.interval or ())]


def _row(pair: BothWays) -> dict[str, object]:
    agrees = pair.agrees
    return {
        "patient": pair.patient,
        **_cells("photo", pair.photo),
        "radiology": pair.radiology.modality,
        **_cells("radiology", pair.radiology),
        "agree": "" if agrees is None else "yes" if agrees else "no",
    }


def _cells(which: str, found: ModalityOutcome) -> dict[str, object]:
    low, high = found.interval or (None, None)
    judged = found.outcome is not Outcome.NOT_EVALUABLE
    return {
        f"{which}_change_percent": found.percent if judged else None,
        f"{which}_lower95": low if judged else None,
        f"{which}_upper95": high if judged else None,
        f"{which}_outcome": found.outcome,
        f"{which}_months": found.months,
    }
