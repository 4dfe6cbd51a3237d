"""What surrounds each px of a film once it is known what is likely calcium: a second look."""

import numpy as np

from cctrack.segment.radiograph.grid import Float32Array
from cctrack.segment.radiograph.shown_look import SMOOTH_MM, Stroked, chance_of, smooth

NEAR_MM = (0.3, 0.8, 2.0)
"""SDs over which the odds of neighbours are gathered."""

FILLED_MM, FAR_FILLED_MM = (0.8, 2.0), 4.0
"""SDs by which the film without its deposit is filled in from what is left around; the last where
nothing is left nearer."""

LEFT, CLEAR_MM = 0.25, 0.3
"""What is no deposit by more than this chance and lies this far from what likely is one is left."""

ENOUGH = 0.05
"""Share of what is left nearby from which it fills in alone."""

SURE, LIKELY, POSSIBLE = 0.8, 0.5, 0.3
"""Chances of a px to be calcium."""

BRIGHT_CENTILE = 60.0
"""Centile of surely calcified px to which brightness over the filled film is compared."""


def context_of(odds: Float32Array, stroked: Stroked) -> dict[str, Float32Array]:
    """Describe each px by what its neighbours seemed to be.

    Parameters
    ----------
    odds : float32 array (rows, columns)
        Log-odds of calcium by the first look.
    stroked : Stroked

    Returns
    -------
    dict of str to float32 array (rows, columns)
    """
    chance = chance_of(odds)
    sure = chance > SURE
    near = {f"odds_{sd_mm}": smooth(odds, sd_mm / stroked.mm) for sd_mm in NEAR_MM}
    told = {
        "likely_mm": float(np.sqrt(np.count_nonzero(chance > LIKELY))) * stroked.mm,
        "sureness": float(np.count_nonzero(sure)) / max(1, int((chance > POSSIBLE).sum())),
    }
    whole = {name: np.full(odds.shape, value, np.float32) for name, value in told.items()}
    away = {"from_sure_mm": stroked.away_mm(sure)}
    return {"odds": odds} | near | away | whole | _over_filled(chance, stroked)


def _over_filled(chance: Float32Array, stroked: Stroked) -> dict[str, Float32Array]:
    # Brightness over the film as it would be without the deposit.
    fine = stroked.smooth(SMOOTH_MM)
    left = (chance < LEFT) & (stroked.away_mm(chance > LIKELY) > CLEAR_MM)
    weight = left.astype(np.float32) + np.float32(1e-6)
    sure = chance > SURE
    core = sure if sure.any() else stroked.inside
    planes = {}
    for sd_mm in FILLED_MM:
        over = fine - _filled(fine, weight, sd_mm, stroked.mm)
        usual = max(float(np.percentile(over[core], BRIGHT_CENTILE)), 1e-6)
        planes[f"over_{sd_mm}"] = np.asarray(over / np.float32(usual), np.float32)
    return planes


def _filled(fine: Float32Array, weight: Float32Array, sd_mm: float, mm: float) -> Float32Array:
    near = smooth(weight, sd_mm / mm)
    far = smooth(weight, FAR_FILLED_MM / mm)
    share = np.clip(near / np.float32(ENOUGH), 0, 1)
    nearby = smooth(fine * weight, sd_mm / mm) / near
    farther = smooth(fine * weight, FAR_FILLED_MM / mm) / far
    return np.asarray(share * nearby + (1 - share) * farther, np.float32)
