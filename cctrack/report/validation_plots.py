"""Bland–Altman plots of deposits against simulated truth."""

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from cctrack.model.measurement import Z95

if TYPE_CHECKING:
    from cctrack.report.validation import Agreement

INSIDE, OUTSIDE, MISSED = "#0b5c99", "#c05a00", "#55606c"
"""Points whose interval holds the truth, those whose does not, and deposits not found."""

SHOWN_SIZES = (10.0, 100.0)
"""Sizes in mm² or mm³ that the axis reaches at least."""

SHOWN_PERCENT = 75.0
"""Larger errors are drawn at the edge, as triangles."""


def agreement_plot(agreement: "Agreement") -> str:
    """Draw error against true size as an SVG picture, a ``data:`` address."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes: Any = figure.subplots()
    true = np.array([point.true for point in agreement.points])
    errors = np.array([100.0 * (point.measured / point.true - 1.0) for point in agreement.points])
    covered = np.array([point.covered for point in agreement.points], dtype=bool)
    for chosen, colour, name in (
        (covered, INSIDE, "95 % interval holds the truth"),
        (~covered, OUTSIDE, "it does not"),
    ):
        _scatter(axes, true[chosen], errors[chosen], colour, f"{name} ({int(chosen.sum())})")
    if len(errors) > 1:
        _limits(axes, true, np.array([p.measured for p in agreement.points]))
    _missed(axes, agreement)
    sizes = np.array([*true, *agreement.missed, *SHOWN_SIZES])
    axes.set_xscale("log")
    axes.set_xlim(0.8 * sizes.min(), 1.25 * sizes.max())
    axes.set_ylim(-SHOWN_PERCENT - 8, SHOWN_PERCENT + 5)
    axes.set_xlabel(f"true {agreement.quantity} ({agreement.unit})")
    axes.set_ylabel("measured − true (%)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return _as_svg(figure)


def _scatter(axes: Any, true: Any, errors: Any, colour: str, name: str) -> None:
    shown = np.clip(errors, -SHOWN_PERCENT, SHOWN_PERCENT)
    beyond = np.abs(errors) > SHOWN_PERCENT
    style = {"s": 14, "color": colour, "alpha": 0.65, "linewidths": 0}
    axes.scatter(true[~beyond], shown[~beyond], label=name, **style)
    axes.scatter(true[beyond], shown[beyond], marker="^", **style)


def _limits(axes: Any, true: Any, measured: Any) -> None:
    """Bias and 95 % limits of agreement of ln(measured / true)."""
    logs = np.log(measured / true)
    mean, spread = float(logs.mean()), float(logs.std(ddof=1))
    for offset, style in ((0.0, "-"), (-Z95, "--"), (Z95, "--")):
        level = 100.0 * float(np.expm1(mean + offset * spread))
        axes.axhline(level, color="#1b2530", linewidth=0.9, linestyle=style)
        axes.annotate(
            f"{level:+.0f} %",
            (1.0, np.clip(level, -SHOWN_PERCENT, SHOWN_PERCENT)),
            xycoords=("axes fraction", "data"),
            fontsize=8,
            va="center",
        )


def _missed(axes: Any, agreement: "Agreement") -> None:
    if agreement.missed:
        level = np.full(len(agreement.missed), -SHOWN_PERCENT - 4)
        name = f"not found ({len(agreement.missed)})"
        axes.scatter(agreement.missed, level, marker="x", s=16, color=MISSED, label=name)


def _as_svg(figure: Any) -> str:
    import matplotlib as mpl

    stream = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "cctrack", "svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
