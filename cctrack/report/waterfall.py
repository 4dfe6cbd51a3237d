"""Waterfall plot of a modality: one bar a patient, whiskers for the 95 % interval, the cuts."""

from collections.abc import Sequence
from dataclasses import dataclass

from cctrack.model import Criteria, Modality, Outcome, Quantity
from cctrack.report import words
from cctrack.report.content import ModalityOutcome, PatientContent
from cctrack.report.words import percent

WIDTH, HEIGHT = 500.0, 290.0
"""Size of the drawing in its own units; it is scaled to the page."""

LEFT, RIGHT, TOP, BOTTOM = 56.0, 8.0, 26.0, 44.0
"""Room for the axis, and for names below."""

CEILING = 200.0
"""Percent beyond which bars and whiskers are cut off and marked: one must not flatten all."""

WIDEST_SLOT = 78.0
"""Room a bar and its gap may take."""

QUANTITY = {
    Modality.PHOTO: Quantity.AREA,
    Modality.XRAY: Quantity.AREA,
    Modality.CT: Quantity.VOLUME,
    Modality.MR: Quantity.VOLUME,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal line with its text."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One patient.

    Attributes
    ----------
    x, y, width, height : float
        The bar; height 0 where nothing could be evaluated.
    whisker : str
        SVG path of the 95 % interval, with an arrow where it is cut off; empty without one.
    label_y : float
        Base line of the value.
    """

    patient: str
    outcome: Outcome
    x: float
    y: float
    width: float
    height: float
    whisker: str
    value: str
    label_y: float

    @property
    def middle(self) -> float:
        """Where the whisker stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The geometry of a plot; the template draws it."""

    modality: Modality
    bars: tuple[Bar, ...]
    ticks: tuple[Line, ...]
    cuts: tuple[Line, ...]
    zero_y: float
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    names_y: float = HEIGHT - 22.0


def lay_out(
    patients: Sequence[PatientContent], modality: Modality, criteria: Criteria
) -> Waterfall | None:
    """Lay out the plot of one modality; None when no patient has it."""
    listed = [
        (patient.patient, outcome)
        for patient in patients
        for outcome in patient.outcomes
        if outcome.modality is modality
    ]
    if not listed:
        return None
    listed.sort(key=lambda item: _order(item[1]))
    axis = _Axis.spanning([outcome for _, outcome in listed], _cut_values(modality, criteria))
    slot = min(WIDEST_SLOT, (WIDTH - LEFT - RIGHT) / len(listed))
    bars = tuple(
        _bar(name, outcome, axis, (LEFT + slot * (number + 0.16), slot * 0.68))
        for number, (name, outcome) in enumerate(listed)
    )
    cuts = tuple(Line(axis.y(value), words.cut(value)) for value in _cut_values(modality, criteria))
    return Waterfall(modality, bars, axis.ticks(), cuts, axis.y(0.0))


@dataclass(frozen=True, slots=True)
class _Axis:
    """Percent to drawing units."""

    low: float
    high: float
    step: float

    @classmethod
    def spanning(cls, outcomes: Sequence[ModalityOutcome], cuts: Sequence[float]) -> "_Axis":
        """Choose round ends that hold every bar, whisker and cut up to the ceiling."""
        values = [0.0, *(1.3 * cut for cut in cuts)]
        for outcome in outcomes:
            if outcome.percent is not None:
                values += [outcome.percent, *(outcome.interval or ())]
        low, high = max(-100.0, min(values)), min(CEILING, max(values))
        step = next(step for step in (10.0, 20.0, 25.0, 50.0, 100.0) if (high - low) / step <= 7)
        return cls(step * (low // step), step * -(-high // step), step)

    def y(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        share = (self.high - inside) / (self.high - self.low)
        return round(TOP + share * (HEIGHT - TOP - BOTTOM), 2)

    def ticks(self) -> tuple[Line, ...]:
        count = round((self.high - self.low) / self.step)
        values = [self.low + self.step * number for number in range(count + 1)]
        return tuple(Line(self.y(value), percent(value)) for value in values)


def _bar(name: str, outcome: ModalityOutcome, axis: _Axis, place: tuple[float, float]) -> Bar:
    value = None if outcome.outcome is Outcome.NOT_EVALUABLE else outcome.percent
    ends = (outcome.interval or (value, value)) if value is not None else (0.0, 0.0)
    tip, zero = axis.y(value or 0.0), axis.y(0.0)
    highest, lowest = axis.y(ends[1]), axis.y(ends[0])
    rising = (value or 0.0) >= 0
    return Bar(
        patient=name,
        outcome=outcome.outcome,
        x=round(place[0], 2),
        y=min(tip, zero),
        width=round(place[1], 2),
        height=round(abs(zero - tip), 2),
        whisker=_whisker(place[0] + place[1] / 2, ends, axis)
        if value is not None and outcome.interval
        else "",
        value="n. e." if value is None else percent(value),
        label_y=round(min(tip, highest) - 6 if rising else max(tip, lowest) + 15, 2),
    )


def _whisker(middle: float, ends: tuple[float, float], axis: _Axis) -> str:
    """Draw the interval as a path; an arrow says that it goes on beyond the axis."""
    low, high = axis.y(ends[0]), axis.y(ends[1])
    if ends[0] > axis.high:
        low = high + 14
    foot = f"M{middle - 5:.2f} {low}h10m-5 0" if ends[0] <= axis.high else f"M{middle:.2f} {low}"
    head = "m-5 0h10" if ends[1] <= axis.high else "m-4 7l4 -7l4 7"
    return f"{foot}V{high}{head}"


def _order(outcome: ModalityOutcome) -> tuple[bool, float]:
    missing = outcome.outcome is Outcome.NOT_EVALUABLE or outcome.percent is None
    return missing, -(outcome.percent or 0.0)


def _cut_values(modality: Modality, criteria: Criteria) -> tuple[float, ...]:
    rule = criteria.of(QUANTITY[modality])
    if rule is None and len(criteria.thresholds) == 1:
        rule = criteria.thresholds[0]
    if rule is None:
        return ()
    return 100.0 * (rule.progression - 1.0), 100.0 * (rule.regression - 1.0)
