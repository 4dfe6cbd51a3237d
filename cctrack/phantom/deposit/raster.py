"""Deposits on grids: occupancy, voxels and projected thickness."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from cctrack.phantom.deposit.shape import unit_occupancy, unit_texture
from cctrack.phantom.deposit.value import Deposit, Point

Float32Array = NDArray[np.float32]
FloatArray = NDArray[np.float64]
CHUNK_POINTS = 400_000
"""Points evaluated at a time: keeps the working set of a large deposit near 50 MB."""


DEPTH_STEPS = 80
"""Points along a ray through a deposit: thickness within 1 % where the ray is long."""


def occupancy(deposit: Deposit, points_mm: FloatArray) -> Float32Array:
    """Share of space that is calcified at points.

    Parameters
    ----------
    deposit : Deposit
    points_mm : array (..., 3)
        (slice, row, column) in mm.

    Returns
    -------
    float32 array (...)
        0–1.
    """
    flat = np.asarray(points_mm).reshape(-1, 3)
    scale = (deposit.axes / (deposit.size_mm * np.array(deposit.aspect))).astype(np.float32)
    filled = np.zeros(len(flat), np.float32)
    for start in range(0, len(flat), CHUNK_POINTS):
        part = slice(start, start + CHUNK_POINTS)
        local = (flat[part] - np.array(deposit.centre_mm)).astype(np.float32) @ scale
        near = np.flatnonzero(np.all(np.abs(local) <= np.array(deposit.reach, np.float32), axis=1))
        filled[start + near] = unit_occupancy(deposit.morphology, deposit.seed, local[near])
    return filled.reshape(np.shape(points_mm)[:-1])


def density_ratio(deposit: Deposit, points_mm: FloatArray) -> Float32Array:
    """Density at points relative to the deposit's own, about 1 in the mean; shape (...)."""
    scale = (deposit.axes / (deposit.size_mm * np.array(deposit.aspect))).astype(np.float32)
    local = (points_mm - np.array(deposit.centre_mm)).astype(np.float32).reshape(-1, 3) @ scale
    uneven = np.clip(unit_texture(deposit.seed, local), -2.0, 2.0) * np.float32(deposit.texture)
    ratio: Float32Array = (1.0 + uneven).reshape(np.shape(points_mm)[:-1])
    return ratio


def occupancy_on_grid(
    deposit: Deposit, axes_mm: tuple[FloatArray, FloatArray, FloatArray]
) -> Float32Array:
    """Occupancy at the points of a grid given by its three axes in mm; shape (a, b, c)."""
    filled = np.zeros([len(axis) for axis in axes_mm], np.float32)
    low, high = bounds_mm(deposit)
    window = tuple(
        slice(int(np.searchsorted(axis, a)), int(np.searchsorted(axis, b, side="right")))
        for axis, a, b in zip(axes_mm, low, high, strict=True)
    )
    near = np.meshgrid(
        *(axis[part] for axis, part in zip(axes_mm, window, strict=True)), indexing="ij"
    )
    filled[window] = occupancy(deposit, np.stack(near, axis=-1))
    return filled


def bounds_mm(deposit: Deposit) -> tuple[FloatArray, FloatArray]:
    """Lower and upper corner in mm of a box along the axes that holds the deposit."""
    half = np.abs(deposit.axes) @ (np.multiply(deposit.reach, deposit.aspect) * deposit.size_mm)
    centre = np.array(deposit.centre_mm)
    return centre - half, centre + half


def rasterise(
    deposit: Deposit, spacing_mm: Point, supersample: int = 4
) -> tuple[Float32Array, Point]:
    """Share of each voxel that is calcified.

    Voxel centres lie on whole multiples of the spacing, so that the box can be pasted into any
    grid of that spacing whose origin is one of them.

    Parameters
    ----------
    deposit : Deposit
    spacing_mm : tuple of float
        (slice, row, column).
    supersample : int
        Points along each axis of a voxel.

    Returns
    -------
    float32 array (slices, rows, columns)
        0–1; its sum times the voxel size is the volume.
    origin_mm : tuple of float
        Centre of the first voxel.
    """
    return _rasterise(deposit, spacing_mm, (supersample,) * 3)


def projected_thickness(
    deposit: Deposit, pixel_mm: float, *, supersample: int = 2
) -> tuple[Float32Array, tuple[float, float]]:
    """Calcified length in mm along the first axis, averaged over each pixel.

    Pixel centres lie on whole multiples of ``pixel_mm``.

    Returns
    -------
    float32 array (rows, columns)
        mm of fully calcified tissue on the ray; its sum times the pixel area is the volume.
    origin_mm : tuple of float
        Centre (row, column) of the first pixel.
    """
    low, high = bounds_mm(deposit)
    step = float(high[0] - low[0]) / DEPTH_STEPS
    filled, origin = _rasterise(deposit, (step, pixel_mm, pixel_mm), (1, supersample, supersample))
    thickness: Float32Array = filled.sum(axis=0) * np.float32(step)
    return thickness, (origin[1], origin[2])


def _rasterise(
    deposit: Deposit, spacing_mm: Point, supersample: tuple[int, ...]
) -> tuple[Float32Array, Point]:
    spacing = np.array(spacing_mm)
    low, high = bounds_mm(deposit)
    first = np.floor(low / spacing).astype(int)
    shape = np.ceil(high / spacing).astype(int) - first + 1
    filled = np.zeros(shape, np.float32)
    offsets = ((np.arange(points) + 0.5) / points - 0.5 for points in supersample)
    for shift in itertools.product(*offsets):
        axes = [
            (start + np.arange(count) + part) * step
            for start, count, part, step in zip(first, shape, shift, spacing, strict=True)
        ]
        filled += occupancy_on_grid(deposit, (axes[0], axes[1], axes[2]))
    origin = first * spacing
    filled /= np.float32(math.prod(supersample))
    return filled, (float(origin[0]), float(origin[1]), float(origin[2]))
