"""CT volumes as functions of patient coordinates: windowed, reduced, sampled anywhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, FloatArray

WINDOW_HU = (-300.0, 700.0)
"""Air and dense bone are cut off: neither a deposit's own density nor metal may lead."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Windowed values on a grid that knows where it lies in the patient.

    Attributes
    ----------
    values : float32 array (slices, rows, columns)
        Between 0 and 1 across `WINDOW_HU`.
    to_mm : array (4, 4)
        Maps homogeneous indices to patient mm (LPS).
    """

    values: NDArray[np.float32]
    to_mm: FloatArray

    @property
    def spacing_mm(self) -> FloatArray:
        """Distance in mm between neighbours along each array axis."""
        return np.asarray(np.linalg.norm(self.to_mm[:3, :3], axis=0), dtype=np.float64)

    def indices(self, points_mm: FloatArray) -> FloatArray:
        """Map points (n, 3) in mm to indices (n, 3)."""
        return apply(inverted(self.to_mm), points_mm)

    def points_mm(self, indices: FloatArray) -> FloatArray:
        """Map indices (n, 3) to points (n, 3) in mm."""
        return apply(self.to_mm, indices)

    def inside(self, points_mm: FloatArray) -> NDArray[np.bool_]:
        """Which points lie within the grid."""
        at = self.indices(points_mm)
        within: NDArray[np.bool_] = np.all((at >= 0) & (at <= np.array(self.values.shape) - 1), 1)
        return within


def apply(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (n, 3) by an affine matrix (4, 4)."""
    mapped: FloatArray = points @ matrix[:3, :3].T + matrix[:3, 3]
    return mapped


def inverted(matrix: FloatArray) -> FloatArray:
    """Invert an affine matrix."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def reduced_volume(ct: Ct, step_mm: float) -> Volume:
    """Whole CT, averaged over blocks of about ``step_mm``."""
    spacing = np.asarray(ct.scale.mean_mm)
    factors = np.clip(np.rint(step_mm / spacing), 1, ct.shape).astype(int)
    counts = np.array(ct.shape) // factors
    values = np.empty(counts, np.float32)
    rows, columns = (int(counts[axis] * factors[axis]) for axis in (1, 2))
    for index in range(counts[0]):
        # A slab at a time: no float copy of the whole volume.
        slab = ct.hu[index * factors[0] : (index + 1) * factors[0], :rows, :columns]
        blocks = slab.reshape(len(slab), counts[1], factors[1], counts[2], factors[2])
        values[index] = blocks.mean(axis=(0, 2, 4), dtype=np.float32)
    shift = np.eye(4)
    shift[:3, :3] = np.diag(factors)
    shift[:3, 3] = (factors - 1) / 2
    return Volume(_windowed(values), ct.affine @ shift)


def cropped_volume(ct: Ct, box: Box) -> Volume:
    """Part of a CT at its own resolution."""
    shift = np.eye(4)
    shift[:3, 3] = [part.start for part in box]
    return Volume(_windowed(ct.hu[box].astype(np.float32)), ct.affine @ shift)


def smoothed(volume: Volume, sigma_mm: float) -> Volume:
    """Blur a volume by a Gaussian of ``sigma_mm``."""
    values = ndimage.gaussian_filter(volume.values, sigma_mm / volume.spacing_mm, mode="nearest")
    return Volume(values, volume.to_mm)


def sample(volume: Volume, points_mm: FloatArray) -> NDArray[np.float32]:
    """Values at points (n, 3), linear between voxels, the nearest voxel's outside."""
    at = volume.indices(points_mm).T
    values: NDArray[np.float32] = ndimage.map_coordinates(
        volume.values, at, order=1, mode="nearest"
    )
    return values


def box_around(ct: Ct, points_mm: FloatArray, margin_mm: float) -> Box | None:
    """Index box that holds points with a margin; None when it lies outside the CT."""
    at = apply(inverted(ct.affine), points_mm)
    margin = margin_mm / np.asarray(ct.scale.mean_mm)
    low = np.maximum(np.floor(at.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(at.max(axis=0) + margin) + 1, ct.shape).astype(int)
    if np.any(high - low < 2):
        return None
    one, two, three = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return one, two, three


def _windowed(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = WINDOW_HU
    values: NDArray[np.float32] = np.clip((hu - low) / (high - low), 0, 1).astype(np.float32)
    return values
