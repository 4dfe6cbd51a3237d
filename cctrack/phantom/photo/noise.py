"""Random fields that are fixed to the skin, whatever part of it a photo shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from cctrack._cv2 import cv2

Float32Array = NDArray[np.float32]

FIELD_HALF_MM = 280.0
"""Half side of the square of skin on which fields are defined: beyond any photo's view."""


COARSE_STEPS = 7
"""A field is smooth enough to be interpolated linearly between this many samples a grain."""

MOST_COARSE = 8
"""Larger steps save no more time and would show the fixed-point steps of the interpolation."""


def as_float32(values: ArrayLike) -> Float32Array:
    """Give an array single precision; free of charge where it has it already."""
    return np.asarray(values, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the skin plane that is drawn, as a grid.

    Attributes
    ----------
    origin_mm : (float, float)
        (row, column) of the centre of the first pixel.
    step_mm : float
    shape : (int, int)
    """

    origin_mm: tuple[float, float]
    step_mm: float
    shape: tuple[int, int]

    def to_px(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel indices (n, 2) of points (n, 2) on the skin plane."""
        indices: NDArray[np.float64] = (points_mm - np.asarray(self.origin_mm)) / self.step_mm
        return indices

    def axes_mm(self) -> tuple[Float32Array, Float32Array]:
        """Coordinates of the rows (n, 1) and the columns (1, n)."""
        row = self.origin_mm[0] + self.step_mm * np.arange(self.shape[0])
        column = self.origin_mm[1] + self.step_mm * np.arange(self.shape[1])
        return row.astype(np.float32)[:, None], column.astype(np.float32)[None, :]


@dataclass(frozen=True, slots=True)
class Grain:
    """Size and direction of a random field's structure.

    Attributes
    ----------
    across_mm, along_mm : float
        Lattice steps across and along the grain.
    angle_deg : float
        Direction of the grain, from the columns' axis towards the rows'.
    """

    across_mm: float
    along_mm: float
    angle_deg: float = 0.0


def smooth_field(
    seed: tuple[int, ...], grain_mm: float, window: Window, *, half_mm: float = FIELD_HALF_MM
) -> Float32Array:
    """Isotropic field with structure of ``grain_mm``, mean 0 and SD about 1.

    A random lattice is interpolated by cubic B-splines, so any window and any step shows the
    same field. ``half_mm`` is half the side of the square on which the field is defined.
    """
    coarser = min(int(grain_mm / (COARSE_STEPS * window.step_mm)), MOST_COARSE)
    if coarser > 1:
        coarse = smooth_field(seed, grain_mm, _coarsened(window, coarser), half_mm=half_mm)
        return enlarged(coarse, coarser, window.shape)
    count = int(2 * half_mm / grain_mm) + 8
    lattice = np.random.default_rng(seed).standard_normal((count, count), dtype=np.float32)
    rows, columns = (
        _spline_weights(
            (window.origin_mm[axis] + half_mm) / grain_mm + 3,
            window.step_mm / grain_mm,
            (window.shape[axis], count),
        )
        for axis in (0, 1)
    )
    # A cubic B-spline of white noise has a variance of (151/315)² at random places.
    along_columns = (columns @ lattice.T) * np.float32(315 / 151)
    return as_float32(rows @ along_columns.T)


def enlarged(coarse: NDArray[np.floating], factor: int, shape: tuple[int, int]) -> Float32Array:
    """Place samples at every ``factor``-th pixel of a grid, linear between them."""
    matrix = np.array([[1 / factor, 0, 0], [0, 1 / factor, 0]])
    return as_float32(
        cv2.warpAffine(
            as_float32(coarse),
            matrix,
            shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _coarsened(window: Window, factor: int) -> Window:
    shape = (window.shape[0] // factor + 2, window.shape[1] // factor + 2)
    return Window(window.origin_mm, window.step_mm * factor, shape)


def grained_field(seed: tuple[int, ...], grain: Grain, window: Window) -> Float32Array:
    """Field with structure along one direction, mean 0 and SD about 1."""
    fine_mm = min(grain.across_mm, 0.8)
    counts = [int(2 * FIELD_HALF_MM / step) for step in (grain.across_mm, grain.along_mm)]
    lattice = np.random.default_rng(seed).standard_normal(counts, dtype=np.float32)
    size = [round(2 * FIELD_HALF_MM / step) for step in (fine_mm * 4, fine_mm)]
    stretched = cv2.resize(lattice, (size[0], size[1]), interpolation=cv2.INTER_CUBIC)
    steps = np.array([2 * FIELD_HALF_MM / size[1], 2 * FIELD_HALF_MM / size[0]])
    angle = np.deg2rad(grain.angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # Window (row, column) px -> (across, along) px of the lattice, then as (x, y) for OpenCV.
    linear = turn * window.step_mm / steps[:, None]
    shift = (turn @ np.asarray(window.origin_mm) + FIELD_HALF_MM) / steps
    matrix = np.column_stack([linear[::-1, ::-1], shift[::-1]])
    field = cv2.warpAffine(
        stretched,
        matrix,
        (window.shape[1], window.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return as_float32(field) * np.float32(1.3)


def octaves(
    seed: tuple[int, ...],
    grains_mm: tuple[float, ...],
    window: Window,
    *,
    fall: float = 0.8,
    half_mm: float = FIELD_HALF_MM,
) -> Float32Array:
    """Sum of fields of several grains, each ``fall`` times the one before, SD about 1."""
    weights = np.array([fall**index for index in range(len(grains_mm))])
    weights /= np.sqrt((weights**2).sum())
    total = np.zeros(window.shape, np.float32)
    for index, (grain_mm, weight) in enumerate(zip(grains_mm, weights, strict=True)):
        field = smooth_field((*seed, index), grain_mm, window, half_mm=half_mm)
        total += np.float32(weight) * field
    return total


def _spline_weights(first: float, step: float, shape: tuple[int, int]) -> sparse.csr_array:
    """Cubic B-spline weights (places, lattice points): four a place, in lattice steps."""
    at = np.clip(first + step * np.arange(shape[0]), 1, shape[1] - 3.001)
    base = np.floor(at).astype(np.int64)
    part = at - base
    weights = np.stack(
        [
            (1 - part) ** 3 / 6,
            2 / 3 - part**2 + part**3 / 2,
            2 / 3 - (1 - part) ** 2 + (1 - part) ** 3 / 2,
            part**3 / 6,
        ],
        axis=1,
    )
    indices = base[:, None] + np.arange(-1, 3)
    starts = 4 * np.arange(shape[0] + 1)
    return sparse.csr_array(
        (weights.astype(np.float32).ravel(), indices.ravel(), starts), shape=shape
    )
