"""How well an outline on a film is known, by how sure its px were of being calcium."""

import math

import numpy as np

from cctrack.segment.radiograph.grid import BoolArray, Float32Array

UNSURE_LOG_SD, UNSURE_POWER = 3.34, 1.33
"""SD of ln(area) for a deposit whose px are calcium with a mean chance of 0, and the power of one
less that chance by which it falls: 0.06 at 0.95, 0.27 at 0.85. Fitted (Student's t)."""

MOST_LOG_SD = 0.8
"""More is said of nothing that is outlined at all."""

FACES_TO_BORDER = math.pi / 4
"""Share of exposed px faces that is border (Cauchy-Crofton), as `cctrack.measure` counts it."""


def border_sd_px(chance: Float32Array, region: BoolArray) -> float:
    """SD of the position of a whole border, in px.

    Parameters
    ----------
    chance : float32 array (rows, columns)
        Of calcium, 0-1.
    region : bool array (rows, columns)
        A deposit's, not empty.

    Returns
    -------
    float
        As `cctrack.measure` reads it: ln(1 + SD * border / area) is the SD of ln(area).
    """
    unsure = 1.0 - float(chance[region].mean())
    log_sd = min(UNSURE_LOG_SD * unsure**UNSURE_POWER, MOST_LOG_SD)
    framed = np.pad(region, 1)
    faces = sum(int(np.count_nonzero(np.diff(framed, axis=axis))) for axis in (0, 1))
    per_px = FACES_TO_BORDER * faces / int(np.count_nonzero(region))
    return math.expm1(log_sd) / per_px
