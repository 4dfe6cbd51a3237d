"""What turns a deposit's density in HU into a mass of hydroxyapatite."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A hydroxyapatite calibration of one scanner protocol.

    Attributes
    ----------
    mg_per_mm3_hu : float
        ``c = ρ / (HU_hydroxyapatite − HU_water)`` in mg/mm³ per HU, from a known phantom.
    kvp : float
        Tube voltage it was made at; it holds for no other.
    kernel : str
        Reconstruction kernel it was made with; empty when not known.

    Raises
    ------
    ValueError
        If the factor or the tube voltage is not positive and finite.
    """

    mg_per_mm3_hu: float
    kvp: float
    kernel: str = ""

    def __post_init__(self) -> None:
        for name, value in (("mg_per_mm3_hu", self.mg_per_mm3_hu), ("kvp", self.kvp)):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be positive and finite: {value}")
