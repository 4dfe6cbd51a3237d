"""The volume of a deposit at its own density, which blur hides in small and thin ones.

Blur spreads a deposit but loses none of it: the sum of its excess over the background is its volume
times its density. The density that is seen is too low by the recovery of its shape: what a solid of
the same shape would keep after the same blur. Shape and recovery are found together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.measure.sharpness import Blur
from cctrack.measure.surroundings import Surroundings
from cctrack.model import FloatArray

FINE_MM = 0.4
"""Grid the shape is found on: finer than the blur, so that thin deposits have a shape at all."""

MOST_FINE = 150_000
"""Fine voxels at most; larger deposits need no finer grid than the scan's own."""

ROUGH_MM = 0.2
"""Roughness of a deposit's surface that blur has smoothed away, so that the shape that is found
lacks it: acts like this much more blur. Chosen on simulated stones; smooth balls hardly feel it."""

FULLNESS = 32
"""Power of a voxel's fullness by which it counts towards the density: a voxel that is 98 % full
counts half."""

ROUNDS, NEAR_ENOUGH = 6, 0.005
"""Rounds until volume and recovery agree to half a per cent; three are usual."""

SMALLEST, LARGEST = 0.05, 1.2
"""Bounds of the volume relative to that at the density seen."""

FLATTEST = -0.15
"""The equation's slope is kept off 0: there shape and recovery say nothing about each other."""

LARGE_LOG_SD = 0.012
"""Error of ln(volume) of large compact deposits: unevenness of their density."""

EXCESS_LOG_SD = 0.03
"""Error of ln(excess) of large deposits: what their matrix weighs is not known to 15 HU."""

UNSEEN_LOG_SD = 3.0
"""Error of ln(volume) by the share of its density that a deposit does not show (decision 0013)."""

BACKGROUND_SD_HU = 8.0
"""How well the background under a deposit is known; see decision 0013."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recovered:
    """A deposit's volume, its excess and what is known of their errors.

    Attributes
    ----------
    volume_mm3 : float
    excess_hu_mm3 : float
        Sum of its excess over the background: volume times density.
    log_sd : float
        Error of ln(volume), border apart.
    excess_log_sd : float
        Error of ln(excess), border apart.
    """

    volume_mm3: float
    excess_hu_mm3: float
    log_sd: float
    excess_log_sd: float


NOTHING = Recovered(0.0, 0.0, 0.0, 0.0)


def recover(here: Surroundings, blur: Blur) -> Recovered:
    """Find the volume of a deposit at its own density.

    Parameters
    ----------
    here : Surroundings
    blur : Blur

    Returns
    -------
    Recovered
        All 0 where the deposit is not brighter than its background.
    """
    excess = here.hu - here.background
    sizes = np.broadcast_to(here.scale.pixel_sizes(here.hu.shape), here.hu.shape)
    total = float((excess * sizes)[here.near].sum(dtype=np.float64))
    if total <= 0 or here.contrast_hu <= 0:
        return NOTHING
    shape = _Shape.of(here, excess, blur)
    log_volume, slope = _agree(np.log(total / here.contrast_hu), np.log(total), shape)
    _, kept = shape.density_hu(np.exp(log_volume))
    gain = 1.0 / max(1.0 - slope, -FLATTEST)
    background = BACKGROUND_SD_HU * float(sizes[here.near].sum()) / total
    unseen = UNSEEN_LOG_SD * gain * (1.0 - min(kept, 1.0))
    own = float(np.hypot(np.hypot(LARGE_LOG_SD, unseen), gain * background))
    return Recovered(
        float(np.exp(log_volume)), total, own, float(np.hypot(EXCESS_LOG_SD, background))
    )


def _agree(start: float, log_total: float, shape: "_Shape") -> tuple[float, float]:
    """Solve volume times density = total by secants; also how steeply density follows volume."""
    low, high = start + np.log(SMALLEST), start + np.log(LARGEST)

    def miss(log_volume: float) -> float:
        density_hu, _ = shape.density_hu(np.exp(log_volume))
        return float(log_total - np.log(density_hu) - log_volume)

    before, at = start, start
    missed, slope = 0.0, -1.0
    for turn in range(ROUNDS):
        now = miss(at)
        if turn and abs(at - before) > 1e-6:
            slope = min((now - missed) / (at - before), FLATTEST)
        if turn and abs(now) < NEAR_ENOUGH:
            break
        before, missed = at, now
        at = float(np.clip(at + np.clip(-now / slope, -0.7, 0.7), low, high))
    return at, 1.0 + slope


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """Which places are calcified, for any volume: the brightest ones first.

    Attributes
    ----------
    field : float32 array, fine
        Excess over the background between voxels.
    steepness : float32 array, fine
        How much it falls within a fine voxel.
    levels, volumes_mm3 : arrays
        Level of the field, falling, and the volume at or above it.
    parts : tuple of int
        Fine voxels per voxel along each axis.
    excess : float32 array, coarse
        Excess over the background.
    weights_mm3 : array, coarse
        Size of the voxels around, 0 where something else is.
    blur_px : tuple of float
        Full width along slices, and standard deviation along rows and columns, in fine voxels.
    """

    field: Float32
    steepness: Float32
    levels: Float32
    volumes_mm3: FloatArray
    parts: tuple[int, int, int]
    excess: Float32
    weights_mm3: FloatArray
    blur_px: tuple[float, float, float]

    @classmethod
    def of(cls, here: Surroundings, excess: Float32, blur: Blur) -> "_Shape":
        """Refine the neighbourhood of a deposit."""
        box = _box_of(here.near)
        spacing_mm = np.asarray(here.scale.mean_mm)
        parts = _count_parts(excess[box].size, spacing_mm)
        fine = _refine(np.where(here.near[box], excess[box], 0).astype(np.float32), parts)
        sizes = here.scale.pixel_sizes(here.hu.shape)
        whole = np.broadcast_to(sizes, here.hu.shape)[box]
        order = np.argsort(fine, axis=None)[::-1]
        spread = np.repeat(whole[:, :1, :1] / float(np.prod(parts)), parts[0], axis=0)
        volumes = np.cumsum(np.broadcast_to(spread, fine.shape).ravel()[order])
        along, down, across = _left_to_blur(blur, spacing_mm) * np.asarray(parts) / spacing_mm
        return cls(
            fine,
            _steepness(fine),
            fine.ravel()[order],
            volumes,
            parts,
            excess[box],
            whole * here.near[box],
            (float(along), float(down), float(across)),
        )

    def density_hu(self, volume_mm3: float) -> tuple[float, float]:
        """Density of a solid of this volume that fits what is seen, and what share of it is seen.

        Where the solid fills most counts most: deep in a large deposit no blur is left to model.
        """
        filled = self._filled(volume_mm3)
        weights = filled**FULLNESS * self.weights_mm3
        modelled = float((filled * weights).sum())
        if modelled <= 0:
            return 1.0, 0.0
        density = float((self.excess * weights).sum()) / modelled
        return max(density, 1.0), modelled / float(weights.sum())

    def _filled(self, volume_mm3: float) -> FloatArray:
        """Share of each voxel that a solid of this volume fills after the blur."""
        place = min(int(np.searchsorted(self.volumes_mm3, volume_mm3)), len(self.levels) - 1)
        # A border runs through voxels: a hard one would be rougher than any the scanner shows.
        solid = np.clip(0.5 + (self.field - self.levels[place]) / self.steepness, 0.0, 1.0)
        along, down, across = self.blur_px
        blurred = ndimage.gaussian_filter(solid, (0.0, down, across), truncate=3.0)
        blurred = ndimage.correlate1d(blurred, _box_kernel(along), axis=0, mode="constant")
        return _coarsen(blurred, self.parts).astype(np.float64)


def _steepness(fine: Float32) -> Float32:
    slopes = [np.gradient(fine, axis=axis) for axis in range(3) if fine.shape[axis] > 1]
    squared = np.sum([slope * slope for slope in slopes], axis=0) if slopes else np.zeros(1)
    steepness: Float32 = np.sqrt(np.maximum(squared, 1.0)).astype(np.float32)
    return steepness


def _left_to_blur(blur: Blur, spacing_mm: FloatArray) -> FloatArray:
    """Width along slices and SDs in plane, in mm, that remain when the mean over a voxel is taken.

    That mean is itself a blur, by a box of the voxel's edge: of 1/12 of its square in variance.
    """
    along = max(blur.slice_mm**2 - spacing_mm[0] ** 2, 0.0) + 12 * ROUGH_MM**2
    in_plane = np.maximum(blur.in_plane_mm**2 - spacing_mm[1:] ** 2 / 12, 0.0) + ROUGH_MM**2
    left_mm: FloatArray = np.sqrt(np.array([along, *in_plane]))
    return left_mm


def _box_of(near: NDArray[np.bool_]) -> tuple[slice, ...]:
    (box,) = ndimage.find_objects(near.astype(np.uint8))
    return tuple(box)


def _count_parts(voxels: int, spacing_mm: FloatArray) -> tuple[int, int, int]:
    parts = np.maximum(1, np.ceil(spacing_mm / FINE_MM)).astype(int)
    while voxels * int(parts.prod()) > MOST_FINE and parts.max() > 1:
        parts[int(np.argmax(parts))] -= 1
    return int(parts[0]), int(parts[1]), int(parts[2])


def _refine(coarse: Float32, parts: tuple[int, int, int]) -> Float32:
    """Interpolate linearly at the centres of the parts of each voxel."""
    fine = coarse
    for axis, count in enumerate(parts):
        length = fine.shape[axis]
        if count == 1 or length < 2:
            fine = np.repeat(fine, count, axis=axis)
            continue
        place = (np.arange(length * count) + 0.5) / count - 0.5
        first = np.clip(np.floor(place).astype(int), 0, length - 2)
        share = np.clip(place - first, 0, 1).astype(np.float32)
        share = np.expand_dims(share, tuple(other for other in range(3) if other != axis))
        fine = np.take(fine, first, axis) * (1 - share) + np.take(fine, first + 1, axis) * share
    return fine


def _coarsen(fine: Float32, parts: tuple[int, int, int]) -> Float32:
    one, two, three = (length // part for length, part in zip(fine.shape, parts, strict=True))
    blocks = fine.reshape(one, parts[0], two, parts[1], three, parts[2])
    mean: Float32 = blocks.mean(axis=(1, 3, 5))
    return mean


def _box_kernel(width_px: float) -> Float32:
    """Weights of a box of any width of at least a fine voxel, adding up to 1."""
    width = max(width_px, 1.0)
    whole = int((width - 1) / 2)
    rest = (width - (2 * whole + 1)) / 2
    weights = np.concatenate([[rest], np.ones(2 * whole + 1), [rest]]) / width
    return weights.astype(np.float32)
