"""How strongly a deposit attenuates, by tube voltage."""

import math

import numpy as np

HU_PER_G_CM3 = 1300.0
"""HU above soft tissue of 1 g/cm³ hydroxyapatite at 120 kVp.

A constant of the simulation, of the order of calcium scoring's calibration factors; real
scanners differ, so no mass is ever derived from it outside the phantoms.
"""

REFERENCE_KVP = 120.0
KVP_THRESHOLDS_HU = ((70.0, 207.0), (80.0, 177.0), (100.0, 145.0), (120.0, 130.0), (135.0, 119.0))
"""Calcium thresholds of the measurement rules; calcium's contrast is taken to follow them."""

WATER_PER_MM_AT_120_KVP = 0.0195
"""Linear attenuation of water in 1/mm at the effective energy of a 120 kVp CT; a constant of the
simulation that turns HU into attenuation."""


def contrast_at_kvp(kvp: float) -> float:
    """Calcium's contrast in HU relative to 120 kVp.

    Between and beyond the listed voltages a power law joins neighbours.

    Parameters
    ----------
    kvp : float
        Peak tube voltage in kV, above 0.
    """
    voltages, thresholds = (np.log(column) for column in zip(*KVP_THRESHOLDS_HU, strict=True))
    place = int(np.clip(np.searchsorted(voltages, math.log(kvp)), 1, len(voltages) - 1))
    slope = np.diff(thresholds)[place - 1] / np.diff(voltages)[place - 1]
    level = thresholds[place] + slope * (math.log(kvp) - voltages[place])
    reference = math.log(dict(KVP_THRESHOLDS_HU)[REFERENCE_KVP])
    return float(math.exp(level - reference))


def excess_hu(density_g_cm3: float, kvp: float) -> float:
    """HU above the tissue around of a place that is fully calcified."""
    return density_g_cm3 * HU_PER_G_CM3 * contrast_at_kvp(kvp)


def excess_per_mm(density_g_cm3: float, kvp: float) -> float:
    """Attenuation in 1/mm above soft tissue, for Beer–Lambert with `projected_thickness`."""
    return excess_hu(density_g_cm3, kvp) / 1000.0 * WATER_PER_MM_AT_120_KVP
