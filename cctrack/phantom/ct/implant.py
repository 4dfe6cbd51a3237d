"""Things that were never alive: a hip implant with its streaks, and the rails of the table."""

import numpy as np
from numpy.typing import NDArray

from cctrack.phantom.ct.grid import Float32Array, Grid
from cctrack.phantom.ct.scanner import METAL_HU

BALL_MM, STEM_MM = 14.0, 6.0
"""Radius of an implant's ball and of its stem."""

STEM_TILT = 0.25
"""Columns that the stem moves sideways for each mm down."""

STREAK_HU, STREAK_FALL_MM, STREAK_BEYOND_MM = 500.0, 14.0, 2.5
"""Streaks beside the ball, how fast they fade, and how far they reach above and below it."""

STREAK_HARMONICS = (2, 5, 11, 19, 31, 43)
"""Rays of many widths, as the projections through a ball of metal leave them."""

RAIL_HU, RAIL_MM = 700.0, 2.5
"""Rails along the edges of a table top: fibre-reinforced, with a metal core."""


def add_implant(
    hu: Float32Array, grid: Grid, centre_mm: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """Put a hip implant, and its dark and bright streaks, into a scan.

    Parameters
    ----------
    hu : float32 array (slices, rows, columns)
    grid : Grid
    centre_mm : array (3,)
        Middle of the ball in scanner coordinates.
    rng : numpy Generator
        Chooses the streaks.
    """
    z, y, x = (axis - middle for axis, middle in zip(grid.axes_mm(), centre_mm, strict=True))
    distance = np.hypot(y[:, None], x[None, :])
    angle = np.arctan2(y[:, None], x[None, :])
    rays = sum(np.cos(k * angle + rng.uniform(0, 6.28)) for k in STREAK_HARMONICS)
    # Most X-rays are lost along the line through both hips: a dark band lies there.
    rays = rays - 3.0 * np.cos(angle) ** 16
    plane = (STREAK_HU * rays / (1.0 + distance / STREAK_FALL_MM)).astype(np.float32)
    beyond = np.maximum(np.abs(z) - BALL_MM, 0.0) / STREAK_BEYOND_MM
    for index, share in enumerate(np.exp(-0.5 * beyond**2)):
        if share > 0.01:
            hu[index] += np.float32(share) * plane
        hu[index][_metal_at(float(z[index]), distance, y, x)] = METAL_HU


def _metal_at(
    z_mm: float,
    distance_mm: NDArray[np.float64],
    y_mm: NDArray[np.float64],
    x_mm: NDArray[np.float64],
) -> NDArray[np.bool_]:
    ball: NDArray[np.bool_] = distance_mm**2 + z_mm**2 < BALL_MM**2
    if z_mm > 0:
        return ball
    stem = np.hypot(y_mm[:, None], x_mm[None, :] + STEM_TILT * z_mm) < STEM_MM
    return ball | stem


def add_rails(hu: Float32Array, grid: Grid, lowest_mm: float, apart_mm: float) -> None:
    """Lay rails beside the body, along the table's edges.

    Parameters
    ----------
    hu : float32 array
    grid : Grid
    lowest_mm : float
        Scanner row coordinate of the body's lowest point.
    apart_mm : float
        Half the distance between the rails.
    """
    _, row, column = grid.axes_mm()
    depth = row[:, None] - (lowest_mm + 1.0) + column[None, :] ** 2 / 900.0
    rail = np.hypot(depth, np.abs(column[None, :]) - apart_mm) < RAIL_MM
    air = hu < -300
    hu[air & rail] = RAIL_HU
