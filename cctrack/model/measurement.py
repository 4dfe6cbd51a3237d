"""A number that knows its unit, its error and where it came from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cctrack.model.codes import Flag, Method, Quantity, SeenMorphology, Unit

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
    log_sd_common : float
        Error of this lesion that another measurement made alike repeats, such as what a model of
        its density gets wrong: part of its interval, but it cancels in the ratio of two visits.
    """

    quantity: Quantity
    value: float
    unit: Unit
    method: Method
    log_sd_own: float = 0.0
    log_sd_shared: float = 0.0
    detection_limit: float = 0.0
    log_sd_common: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0) and self.unit is not Unit.HU:
            raise ValueError(f"a {self.quantity} must be finite and not negative: {self.value}")

    @property
    def log_sd(self) -> float:
        """Total standard deviation of the logarithm."""
        return math.hypot(self.log_sd_own, self.log_sd_shared, self.log_sd_common)

    @property
    def log_sd_repeat(self) -> float:
        """The part of it that another measurement made alike would not repeat."""
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
    morphology : SeenMorphology or None
        Of a lesion on CT; None where it was not looked for.
    """

    lesion: int
    measurement: Measurement
    flags: frozenset[Flag] = frozenset()
    morphology: SeenMorphology | None = None


def add_up(measurements: Sequence[Measurement], *, selection_log_sd: float = 0.0) -> Measurement:
    """Sum lesions of one image.

    What is a lesion's own error, repeated at other visits or not, adds up in quadrature; what all
    share (scale, pose) adds up linearly, because it moves all of them the same way.

    Parameters
    ----------
    measurements : sequence of Measurement
        Not empty, of one quantity, unit and method.
    selection_log_sd : float
        Error of the sum from deposits that were missed or falsely found; see `Outline`.

    Raises
    ------
    ValueError
        If there are none, or they are of different kinds.
    """
    kinds = {(item.quantity, item.unit, item.method) for item in measurements}
    if len(kinds) != 1:
        raise ValueError(f"only measurements of one kind add up, got {len(kinds)} kinds")
    total = math.fsum(item.value for item in measurements)
    own = math.hypot(*(item.value * item.log_sd_own for item in measurements))
    common = math.hypot(*(item.value * item.log_sd_common for item in measurements))
    shared = math.fsum(item.value * item.log_sd_shared for item in measurements)
    return replace(
        measurements[0],
        value=total,
        log_sd_own=math.hypot(own / total, selection_log_sd) if total else 0.0,
        log_sd_shared=shared / total if total else 0.0,
        log_sd_common=common / total if total else 0.0,
        detection_limit=max(item.detection_limit for item in measurements),
    )
