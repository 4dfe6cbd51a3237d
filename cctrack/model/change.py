"""What changed between two visits, and the verdict on it."""

import math
from dataclasses import dataclass

from cctrack.model.codes import Confidence, Event, Outcome, Quantity, Reference
from cctrack.model.measurement import Z95, Measurement
from cctrack.model.outline import lesion_name

SHORTEST_MONTHS = 6.0
"""A change over less time is not stretched to a year: its error would be stretched with it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a ratio of two measurements of one quantity counts as change.

    Attributes
    ----------
    quantity : Quantity
    regression, progression : float
        Ratios follow-up / reference: 0.75 and 1.25 mean -25 % and +25 %.
    regression_inclusive, progression_inclusive : bool
        Whether a ratio exactly on the cut counts as change.
    floor_absolute : float
        Smallest absolute change that counts, in the quantity's unit.
    floor_per_root : float
        The same as a multiple of the square root of the reference value.
    floor_from_zero : float
        Smallest value that counts when the reference is 0.
    floor_progression : float
        Smallest absolute increase that counts as progression; decreases need not pass it.
    smallest_lesion : float
        A single lesion below this at both visits is not evaluable on its own.
    progression_reference : Reference
    method : str
        The measuring method the verdict rests on; empty for the only one there is.
    """

    quantity: Quantity
    regression: float
    progression: float
    regression_inclusive: bool = False
    progression_inclusive: bool = False
    floor_absolute: float = 0.0
    floor_per_root: float = 0.0
    floor_from_zero: float = 0.0
    smallest_lesion: float = 0.0
    progression_reference: Reference = Reference.BASELINE
    method: str = ""
    floor_progression: float = 0.0


@dataclass(frozen=True, slots=True)
class Criteria:
    """A named, cited, versioned rule."""

    name: str
    citation: str
    caution: str
    thresholds: tuple[Thresholds, ...]
    version: int = 1

    def of(self, quantity: Quantity) -> Thresholds | None:
        """Thresholds for one quantity, None when the rule does not speak of it."""
        return next((item for item in self.thresholds if item.quantity is quantity), None)


@dataclass(frozen=True, slots=True)
class LesionGroup:
    """Lesions of two visits that are one thing: usually one and one.

    Attributes
    ----------
    baseline, followup : tuple of int
        Label values; empty on the side where there is none.
    event : Event
    """

    baseline: tuple[int, ...]
    followup: tuple[int, ...]
    event: Event

    @property
    def name(self) -> str:
        """Name of the group by the baseline's ids, ``L2+L5`` for a merged one."""
        return "+".join(lesion_name(lesion) for lesion in self.baseline or self.followup)


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity at two visits, its ratio with a 95 % interval, and the verdict.

    Attributes
    ----------
    lesion : str
        ``total`` or the name of a lesion group.
    event : Event or None
        None for totals.
    before, after : Measurement or None
        None when the quantity could not be measured at that visit.
    log_sd : float
        Standard deviation of ln(after / before).
    outcome, confidence : Outcome, Confidence
    reason : str
        One sentence a clinician understands.
    reference : Reference
    comparable : bool
        False when the ratio has no meaning: units, geometry, coverage or alignment forbid it.
    """

    lesion: str
    event: Event | None
    before: Measurement | None
    after: Measurement | None
    log_sd: float
    outcome: Outcome
    confidence: Confidence
    reason: str
    reference: Reference = Reference.BASELINE
    comparable: bool = True

    @property
    def percent(self) -> float | None:
        """Change in percent of the reference; None when there is no reference above 0."""
        if not self.comparable or self.before is None or self.after is None:
            return None
        if self.before.value == 0:
            return None
        return 100.0 * (self.after.value / self.before.value - 1.0)

    @property
    def interval_percent(self) -> tuple[float, float] | None:
        """The 95 % interval of `percent`; None where there is none or its end is unknown.

        When nothing was found at follow-up it ends at that image's detection limit.
        """
        if self.percent is None or self.before is None or self.after is None:
            return None
        if self.after.value == 0:
            limit = self.after.detection_limit
            return (-100.0, 100.0 * (limit / self.before.value - 1.0)) if limit > 0 else None
        ratio, spread = self.after.value / self.before.value, math.exp(Z95 * self.log_sd)
        return 100.0 * (ratio / spread - 1.0), 100.0 * (ratio * spread - 1.0)


def percent_a_year(percent: float | None, months: float | None) -> float | None:
    """Stretch a change in percent to a year, compounded; None below `SHORTEST_MONTHS`."""
    if percent is None or months is None or months < SHORTEST_MONTHS:
        return None
    yearly: float = max(0.0, 1.0 + percent / 100.0) ** (12.0 / months)
    return 100.0 * (yearly - 1.0)
