"""From how many Hounsfield units on a voxel counts as calcified, at the tube voltage used."""

import math

import numpy as np

from cctrack.model.codes import Flag

CALCIUM_HU_BY_KVP = {70.0: 207.0, 80.0: 177.0, 100.0: 145.0, 120.0: 130.0, 135.0: 119.0}
"""Thresholds that outline the same calcium at each tube voltage, kVp to HU.

130 HU at 120 kVp is Agatston's; the others were read in a secondary source.
"""

REFERENCE_KVP = 120.0
"""The tube voltage the 130 HU threshold and the Agatston score are defined at."""

CALCIUM_HU = CALCIUM_HU_BY_KVP[REFERENCE_KVP]
"""The threshold at the reference voltage, also taken when the file names no voltage."""

PLAUSIBLE_KVP = (40.0, 160.0)
"""A voltage outside this range is a slip in the header, not a CT: it is treated as unknown."""


def calcium_threshold_hu(kvp: float | None) -> tuple[float, frozenset[Flag]]:
    """Find the calcium threshold for a tube voltage.

    Parameters
    ----------
    kvp : float or None
        Tube peak voltage in kV; None when the file does not say.

    Returns
    -------
    float
        HU; linear between the listed voltages, the nearest listed one's outside them.
    frozenset of Flag
        ``kvp_unknown`` or ``kvp_interpolated`` when the value is not in the list.

    Examples
    --------
    >>> calcium_threshold_hu(100.0)
    (145.0, frozenset())
    """
    if kvp is None or not math.isfinite(kvp) or not PLAUSIBLE_KVP[0] <= kvp <= PLAUSIBLE_KVP[1]:
        return CALCIUM_HU, frozenset({Flag.KVP_UNKNOWN})
    if kvp in CALCIUM_HU_BY_KVP:
        return CALCIUM_HU_BY_KVP[kvp], frozenset()
    listed = sorted(CALCIUM_HU_BY_KVP)
    threshold = np.interp(kvp, listed, [CALCIUM_HU_BY_KVP[voltage] for voltage in listed])
    return float(threshold), frozenset({Flag.KVP_INTERPOLATED})
