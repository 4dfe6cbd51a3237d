"""Two measurements and a rule, as the numbers that the verdict hangs on."""

import math
from dataclasses import dataclass

from cctrack.model import Z95, Event, Measurement, Method, Reference, Thresholds, Unit

CHANGE_Z = 2.2
"""Multiple of its error that a change must exceed: unchanged deposits do so in 2.8 of 100 pairs.

1.96 let 5 of 100 pass. See decision 0019.
"""

TOTAL = "total"
"""The name of the sum over all lesions; only it carries the verdict of a visit."""

MIXED_OUTLINE_LOG_SD = 0.26
"""Widens a pair outlined by a reader once and automatically once.

SALVE 2024 found manual areas 40 % below automatic ones; ln(1 / 0.6) / 1.96 = 0.26 makes such a
difference the edge of the 95 % interval.
"""

ON_THE_CUT = 1e-9
"""A ratio nearer than this to a cut lies on it: rounding must not decide."""


@dataclass(frozen=True, slots=True)
class Case:
    """One quantity at two visits, and the rule to judge it by.

    Attributes
    ----------
    before, after : Measurement
        Of one quantity.
    thresholds : Thresholds
    lesion : str
        ``total`` or the name of a lesion group.
    event : Event or None
    reference : Reference
        What ``before`` is.
    extra_log_sd : float
        Error on top of both measurements', for scans that differ in how they were made.
    alike : bool
        Whether the two images were made alike, so that errors that both repeat cancel.
    gate_z : float
        Multiple of the error that a change must exceed; above `CHANGE_Z` only where the reference
        was picked as the smallest of several.
    """

    before: Measurement
    after: Measurement
    thresholds: Thresholds
    lesion: str = TOTAL
    event: Event | None = None
    reference: Reference = Reference.BASELINE
    extra_log_sd: float = 0.0
    alike: bool = False
    gate_z: float = CHANGE_Z

    def __post_init__(self) -> None:
        quantities = {self.before.quantity, self.after.quantity, self.thresholds.quantity}
        if len(quantities) != 1:
            raise ValueError(f"one quantity and its thresholds are needed, got {quantities}")
        if not (math.isfinite(self.extra_log_sd) and self.extra_log_sd >= 0):
            raise ValueError(f"extra_log_sd must be finite and not negative: {self.extra_log_sd}")

    @property
    def methods(self) -> frozenset[Method]:
        """How the two visits were measured."""
        return frozenset((self.before.method, self.after.method))

    @property
    def log_sd(self) -> float:
        """s: standard deviation of ln(after / before)."""
        mixed = MIXED_OUTLINE_LOG_SD if len(self.methods) > 1 else 0.0
        return math.hypot(self.measured_log_sd, self.extra_log_sd, mixed)

    @property
    def measured_log_sd(self) -> float:
        """What of s the two measurements account for.

        An error that both repeat moves them the same way; of one that has grown with the lesion
        only the growth is left in their ratio.
        """
        if not self.alike:
            return math.hypot(self.before.log_sd, self.after.log_sd)
        left = self.after.log_sd_common - self.before.log_sd_common
        return math.hypot(self.before.log_sd_repeat, self.after.log_sd_repeat, left)

    @property
    def ratio(self) -> float:
        """After over before, above 0; only where neither is 0."""
        return self.after.value / self.before.value

    @property
    def difference(self) -> float:
        """After minus before, in their unit."""
        return self.after.value - self.before.value

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the ratio."""
        spread = math.exp(Z95 * self.log_sd)
        return self.ratio / spread, self.ratio * spread

    @property
    def beyond_error(self) -> bool:
        """Whether the change is larger than the measurement error explains."""
        return abs(math.log(self.ratio)) > self.gate_z * self.log_sd

    @property
    def wider_than_stable(self) -> bool:
        """Whether the 95 % interval is wider than all that counts as stable."""
        band = math.log(self.thresholds.progression / self.thresholds.regression)
        return 2 * Z95 * self.log_sd > band

    @property
    def above_cut(self) -> bool:
        """Whether the ratio has passed the cut for progression."""
        cut = self.thresholds.progression
        return passed(self.ratio, cut, inclusive=self.thresholds.progression_inclusive)

    @property
    def below_cut(self) -> bool:
        """Whether the ratio has passed the cut for regression."""
        cut = self.thresholds.regression
        return passed(cut, self.ratio, inclusive=self.thresholds.regression_inclusive)

    @property
    def floor(self) -> float:
        """Smallest absolute change that counts, in the quantity's unit."""
        rule = self.thresholds
        floor = max(rule.floor_absolute, rule.floor_per_root * math.sqrt(self.before.value))
        return max(floor, rule.floor_progression) if self.difference > 0 else floor

    @property
    def above_floor(self) -> bool:
        """Whether the absolute change is large enough to count."""
        return passed(abs(self.difference), self.floor, inclusive=True)

    @property
    def too_small_alone(self) -> bool:
        """Whether this is a single lesion that is too small at both visits to be judged alone."""
        largest = max(self.before.value, self.after.value)
        return self.lesion != TOTAL and largest < self.thresholds.smallest_lesion

    @property
    def may_hide_more(self) -> bool:
        """Whether more may be left below the later image's detection limit than regression allows.

        So little at baseline that it could all hide at follow-up proves nothing by its absence.
        """
        limit = self.after.detection_limit
        return self.after.value < limit and limit >= self.thresholds.regression * self.before.value

    @property
    def zero_limit(self) -> float:
        """What a value must exceed to count as something where the other visit shows nothing."""
        absent = self.before if self.before.value == 0 else self.after
        if absent.unit is Unit.RELATIVE:
            return absent.detection_limit
        limit = max(self.thresholds.floor_from_zero, absent.detection_limit)
        return limit or self.thresholds.smallest_lesion


def passed(value: float, cut: float, *, inclusive: bool) -> bool:
    """Whether ``value`` lies beyond ``cut``, or on it where that counts."""
    if math.isclose(value, cut, rel_tol=ON_THE_CUT):
        return inclusive
    return value > cut
