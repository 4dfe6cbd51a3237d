"""What the validation report shows, from judged cases."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources

from cctrack.model import Modality
from cctrack.report.validation import (
    Agreement,
    Anchor,
    Confusion,
    FigureRow,
    LimitRow,
    Point,
    ValidationContent,
)
from cctrack.study.validate.figures import Figure, scored
from cctrack.study.validate.limits import Checked
from cctrack.study.validate.pairs import PairCase
from cctrack.study.validate.plan import MODALITIES
from cctrack.study.validate.scenario import Scenario
from cctrack.study.validate.single import QUANTITY, ImageCase

SHOWN_OUTCOMES = ("regression", "stable", "progression", "not_evaluable")
"""Columns of a confusion matrix."""


def content_of(
    images: Sequence[ImageCase],
    pairs: Sequence[PairCase],
    figures: Sequence[Figure],
    checked: Sequence[Checked],
    made: Mapping[str, str],
) -> ValidationContent:
    """Lay out the report.

    Parameters
    ----------
    images, pairs : sequence of cases
    figures : sequence of Figure
    checked : sequence of Checked
    made : mapping of str to str
        Versions, date, machine.
    """
    return ValidationContent(
        made=made,
        images=len(images),
        pairs=len(pairs),
        limits=tuple(_limit_row(item) for item in checked),
        figures=tuple(_figure_row(item) for item in figures),
        agreements=tuple(_agreement(m, images) for m in MODALITIES if _any(images, m)),
        confusions=tuple(_confusion(m, pairs) for m in MODALITIES if _any(pairs, m)),
        anchors=_anchors(),
    )


def _any(cases: Sequence[ImageCase] | Sequence[PairCase], modality: Modality) -> bool:
    return any(case.modality is modality for case in cases)


def _figure_row(figure: Figure) -> FigureRow:
    return FigureRow(
        figure.modality,
        figure.group,
        figure.name,
        figure.value,
        figure.unit,
        figure.count,
        (figure.lower, figure.upper),
    )


def _limit_row(item: Checked) -> LimitRow:
    limit = item.limit
    return LimitRow(_figure_row(item.figure), limit.words, str(item.standing), limit.why)


def _agreement(modality: Modality, images: Sequence[ImageCase]) -> Agreement:
    """Pair truth and measurement of every deposit that was found."""
    items = [item for image in images if image.modality is modality for item in scored(image)]
    unit = "mm³" if modality is Modality.CT else "mm²"
    points = tuple(
        Point(item.true, item.measured, item.covered, item.kind)
        for item in items
        if item.found and item.measured > 0
    )
    missed = tuple(item.true for item in items if not item.found)
    return Agreement(modality, str(QUANTITY[modality][0]), unit, points, missed)


def _confusion(modality: Modality, pairs: Sequence[PairCase]) -> Confusion:
    counts = Counter(
        (pair.scenario, str(pair.outcome)) for pair in pairs if pair.modality is modality
    )
    rows = tuple(
        (str(scenario), tuple(counts[scenario, outcome] for outcome in SHOWN_OUTCOMES))
        for scenario in Scenario
        if any(key[0] is scenario for key in counts)
    )
    return Confusion(modality, SHOWN_OUTCOMES, rows)


def _anchors() -> tuple[Anchor, ...]:
    text = (resources.files("cctrack.study.validate") / "anchors.toml").read_text("utf-8")
    return tuple(Anchor(**entry) for entry in tomllib.loads(text)["anchor"])
