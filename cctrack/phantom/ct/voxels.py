"""Deposits in the voxels of a scan: exact shares for the truth, profile-weighted for the HU."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from cctrack.phantom.ct.grid import Float32Array, FloatArray, Grid, Window
from cctrack.phantom.ct.session import CtSession
from cctrack.phantom.deposit import Deposit, bounds_mm, occupancy_on_grid

FINE_MM = 0.2
"""Sampling of deposits: at least three points along each edge of the usual voxel."""

MOST_POINTS = 8
PROFILE_SOFTNESS = 0.12
"""Standard deviation of the slice profile's edges as a part of the thickness: a rounded box."""


@dataclass(frozen=True, slots=True, eq=False)
class DepositVoxels:
    """One deposit on the scan's grid.

    Attributes
    ----------
    window : tuple of slice
        Where it is.
    share : float32 array
        Part of each voxel that is calcified: the truth.
    seen : float32 array
        The same averaged over the slice's profile: what the scanner measures.
    """

    window: Window
    share: Float32Array
    seen: Float32Array


def deposit_voxels(deposit: Deposit, grid: Grid, session: CtSession) -> DepositVoxels | None:
    """Rasterise a deposit given in scanner coordinates; None outside the field."""
    window = _window(deposit, grid, session)
    if window is None:
        return None
    counts = np.clip(np.ceil(grid.spacing_mm / FINE_MM), 2, MOST_POINTS).astype(int)
    ends = _profile_reach_mm(session) - 0.5 * session.increment_mm
    beyond = max(int(np.ceil(ends / session.increment_mm)), 0)
    axes = [
        _fine_axis(grid, axis, window[axis], int(counts[axis]), beyond if axis == 0 else 0)
        for axis in range(3)
    ]
    fine = occupancy_on_grid(deposit, (axes[0], axes[1], axes[2]))
    slices, rows, columns = (part.stop - part.start for part in window)
    plane = fine.reshape(len(axes[0]), rows, counts[1], columns, counts[2]).mean(axis=(2, 4))
    weights = _profile_weights(axes[0], grid.axes_mm()[0][window[0]], session)
    own = plane[beyond * counts[0] : (beyond + slices) * counts[0]]
    share = own.reshape(slices, counts[0], rows, columns).mean(axis=1)
    seen = np.tensordot(weights, plane, axes=1).astype(np.float32)
    return DepositVoxels(window, share, seen)


def _window(deposit: Deposit, grid: Grid, session: CtSession) -> Window | None:
    low, high = bounds_mm(deposit)
    margin = np.array([_profile_reach_mm(session), 0.0, 0.0])
    first = np.floor((low - margin - grid.first_mm) / grid.spacing_mm).astype(int) - 1
    stop = np.ceil((high + margin - grid.first_mm) / grid.spacing_mm).astype(int) + 2
    first, stop = np.maximum(first, 0), np.minimum(stop, grid.shape)
    if np.any(stop <= first):
        return None
    a, b, c = (slice(int(i), int(j)) for i, j in zip(first, stop, strict=True))
    return a, b, c


def _fine_axis(grid: Grid, axis: int, part: slice, points: int, beyond: int) -> FloatArray:
    step = grid.spacing_mm[axis]
    index = np.arange((part.start - beyond) * points, (part.stop + beyond) * points)
    fine: FloatArray = grid.first_mm[axis] + step * ((index + 0.5) / points - 0.5)
    return fine


def _profile_reach_mm(session: CtSession) -> float:
    return session.thickness_mm * (0.5 + 3.0 * PROFILE_SOFTNESS)


def _profile_weights(
    fine_mm: FloatArray, slices_mm: FloatArray, session: CtSession
) -> Float32Array:
    """Weight of each fine plane in each slice; every slice's weights add up to 1."""
    half, sd = 0.5 * session.thickness_mm, PROFILE_SOFTNESS * session.thickness_mm
    away = fine_mm[None, :] - slices_mm[:, None]
    weights = ndtr((away + half) / sd) - ndtr((away - half) / sd)
    unit: Float32Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return unit
