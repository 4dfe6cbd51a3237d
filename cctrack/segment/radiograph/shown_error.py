"""How well an outline on a film is known, by how sure its px were of being calcium."""

import math

import numpy as np

from cctrack.segment.radiograph.grid import BoolArray, Float32Array

UNSURE_LOG_SD, UNSURE_POWER = 2.6, 1.22
"""SD of ln(area) is the first times the mean chance that a px of the deposit is none, to the power
of the second: 0.07 where that is 0.05, 0.26 where it is 0.15. See decision 0031."""

MOST_LOG_SD = 0.8
"""More is said of nothing that is outlined at all."""

FACES_TO_BORDER = math.pi / 4
"""Share of exposed px faces that is border (Cauchy-Crofton), as `cctrack.measure` counts it."""


def border_sd_px(chance: Float32Array, region: BoolArray, more_log_sd: float = 0.0) -> float:
    """SD of the position of a whole border, in px.

    Parameters
    ----------
    chance : float32 array (rows, columns)
        Of calcium, 0-1.
    region : bool array (rows, columns)
        A deposit's, not empty.
    more_log_sd : float
        SD of ln(area) from elsewhere that comes on top.

    Returns
    -------
    float
        As `cctrack.measure` reads it: ln(1 + SD * border / area) is the SD of ln(area).
    """
    unsure = 1.0 - float(chance[region].mean())
    log_sd = min(math.hypot(UNSURE_LOG_SD * unsure**UNSURE_POWER, more_log_sd), MOST_LOG_SD)
    framed = np.pad(region, 1)
    faces = sum(int(np.count_nonzero(np.diff(framed, axis=axis))) for axis in (0, 1))
    per_px = FACES_TO_BORDER * faces / int(np.count_nonzero(region))
    return math.expm1(log_sd) / per_px
