"""What the images say against what the patients said, counted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cctrack.model import Modality, Outcome
from cctrack.model.share import exact_interval
from cctrack.report import words
from cctrack.report.content import ModalityOutcome, PatientContent
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.style import GRID, INK, ONE_COLUMN_MM, SOFT
from cctrack.report.summary import MATCHING, agreement, outcome_in, said

COLUMNS = ("patient", "modality", "answer", "outcome", "agrees")

Pairing = tuple[str, ModalityOutcome]


def plot_answers(patients: Sequence[PatientContent], modality: Modality) -> Plot | None:
    """Count verdicts of one modality against patients' answers; None where nobody was asked."""
    listed = [
        (patient.patient, found)
        for patient in patients
        if (found := outcome_in(patient, modality)) is not None
    ]
    asked = [(name, found) for name, found in listed if said(found) is not None]
    if not asked:
        return None
    name = words.MODALITIES[modality]
    return Plot(
        key=f"answers-{modality}",
        title=f"{name} against what the patients said",
        caption=_caption(asked, len(listed)),
        description=f"Table of counts. {_caption(asked, len(listed))}",
        size_mm=(ONE_COLUMN_MM, 58.0),
        draw=lambda figure: _draw(figure, asked),
        columns=COLUMNS,
        rows=tuple(_row(name, found) for name, found in listed),
    )


def _caption(asked: Sequence[Pairing], count: int) -> str:
    judged = [agreement(found) for _, found in asked]
    same, told = judged.count(True), len(judged) - judged.count(None)
    text = f"{len(asked)} of {count} patients were asked."
    if not told:
        return f"{text} None of them could be evaluated."
    low, high = exact_interval(same, told)
    text += (
        f" Verdict and answer agree in {same} of {told} ({100 * same / told:.0f} %, exact 95 % "
        f"interval {100 * low:.0f} to {100 * high:.0f} %)."
    )
    missing = len(judged) - told
    return f"{text} {missing} could not be evaluated." if missing else text


def _draw(figure: Any, asked: Sequence[Pairing]) -> None:
    from matplotlib.patches import Rectangle

    axes = figure.add_subplot()
    counts = Counter((said(found), found.outcome) for _, found in asked)
    columns = tuple(Outcome)
    most = max(counts.values())
    for row, matching in enumerate(MATCHING.values()):
        for column, outcome in enumerate(columns):
            count = counts[matching, outcome]
            axes.add_patch(
                Rectangle(
                    (column - 0.47, row - 0.45),
                    0.94,
                    0.9,
                    facecolor=GRID if count else "none",
                    alpha=0.35 + 0.65 * count / most,
                    edgecolor="none",
                )
            )
            if outcome is matching:
                box = Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, fill=False)
                box.set(edgecolor=INK, linewidth=1.2)
                axes.add_patch(box)
            weight = "bold" if count else "normal"
            axes.text(column, row, str(count), ha="center", va="center", weight=weight, fontsize=10)
    _label(axes, columns)


def _label(axes: Any, columns: Sequence[Outcome]) -> None:
    axes.set_xlim(-0.55, len(columns) - 0.45)
    axes.set_ylim(len(MATCHING) - 0.45, -0.55)
    names = [words.outcome_word(outcome).replace(" ", "\n") for outcome in columns]
    axes.set_xticks(range(len(columns)), names)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(MATCHING)), [words.ANSWERS[answer] for answer in MATCHING])
    axes.tick_params(length=0)
    axes.set_ylabel("The patient said", color=SOFT)
    axes.set_xlabel("Framed: both say the same", color=SOFT)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _row(name: str, found: ModalityOutcome) -> dict[str, object]:
    agrees = agreement(found)
    return {
        "patient": name,
        "modality": found.modality,
        "answer": found.subjective,
        "outcome": found.outcome,
        "agrees": "" if agrees is None else "yes" if agrees else "no",
    }
