"""A number that knows its unit, its error and where it came from."""

import math
from dataclasses import dataclass

from cctrack.model.codes import Flag, Method, Quantity, Unit

Z95 = 1.959964
"""Half-width of a two-sided 95 % interval of the normal distribution, in SDs."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One quantity of one lesion, or of the total, with its error on the log scale.

    Attributes
    ----------
    quantity : Quantity
    value : float
        Not negative. 0 when nothing was found.
    unit : Unit
    method : Method
    log_sd_own : float
        Error of this lesion alone: border, noise, method.
    log_sd_shared : float
        Error common to all lesions of the image: scale, pose.
    detection_limit : float
        Upper end of the interval when ``value`` is 0, in ``unit``.
    """

    quantity: Quantity
    value: float
    unit: Unit
    method: Method
    log_sd_own: float = 0.0
    log_sd_shared: float = 0.0
    detection_limit: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0) and self.unit is not Unit.HU:
            raise ValueError(f"a {self.quantity} must be finite and not negative: {self.value}")

    @property
    def log_sd(self) -> float:
        """Total standard deviation of the logarithm."""
        return math.hypot(self.log_sd_own, self.log_sd_shared)

    @property
    def sd(self) -> float:
        """Total standard deviation in ``unit`` (first order)."""
        return self.value * self.log_sd

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval in ``unit``."""
        if self.value == 0:
            return 0.0, self.detection_limit
        spread = math.exp(Z95 * self.log_sd)
        return self.value / spread, self.value * spread


@dataclass(frozen=True, slots=True)
class Finding:
    """A measurement and what it is of.

    Attributes
    ----------
    lesion : int
        Label value; 0 stands for the total.
    measurement : Measurement
    flags : frozenset of Flag
        Cautions about this lesion; those of the image come on top.
    """

    lesion: int
    measurement: Measurement
    flags: frozenset[Flag] = frozenset()
