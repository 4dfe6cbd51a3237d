"""How large a pixel is in mm, how that is known, and how well.

Axes are (row, column) and (slice, row, column); the centre of the first pixel is the origin.
A missing scale is ``None``, never a default: without a `Scale` no number can be in mm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model.codes import ScaleSource

FloatArray = NDArray[np.float64]


MOST_TURNED_SD = 0.03
"""Relative SD that skin which turns away adds to a length at most, 6 % of area: where it would be
more, the skin is seen so aslant that a reader sees it, or the limb is a thicker one."""


@dataclass(frozen=True, slots=True)
class AxisScale:
    """The same spacing everywhere: mm per pixel along each array axis.

    Attributes
    ----------
    mm : tuple of float
        mm per pixel, (row, column) or (slice, row, column); all positive.
    source : ScaleSource
    relative_sd : float
        Relative standard deviation of a length, shared by all lesions of the image.
    """

    mm: tuple[float, ...]
    source: ScaleSource
    relative_sd: float = 0.0

    def __post_init__(self) -> None:
        _require_positive(self.mm)

    @property
    def mean_mm(self) -> tuple[float, ...]:
        """Mean spacing along each axis in mm."""
        return self.mm

    def pixel_sizes(self, shape: tuple[int, ...]) -> FloatArray:
        """Size of each pixel in mm² or mm³, broadcastable to ``shape``."""
        if len(shape) != len(self.mm):
            raise ValueError(f"a scale of {len(self.mm)} axes for an image of {len(shape)}")
        return np.full((1,) * len(shape), float(np.prod(self.mm)))


@dataclass(frozen=True, slots=True, eq=False)
class PlaneHomography:
    """A tilted photo: pixels map onto a plane in mm by a homography, so their area varies.

    Attributes
    ----------
    matrix : array (3, 3)
        Maps homogeneous (row, column, 1) in px to (row, column, 1) in mm on the plane.
    shape : tuple of int
        Rows and columns of the image the matrix belongs to.
    source : ScaleSource
    relative_sd : float
        Relative standard deviation of a length on the plane.
    tilt_deg : float
        Angle between the optical axis and the plane's normal, 0–90.
    error_terms : array (3, 3) or None
        Second moments of the error of a length's logarithm, which is an offset, a slope per row
        and a slope per column: a length far from the marker is known less well. None when only
        ``relative_sd`` is known.
    skin_terms : array (3, 3) or None
        The same of skin that turns away from the plane of a marker beside it. It levels off at
        `MOST_TURNED_SD`.
    """

    matrix: FloatArray
    shape: tuple[int, int]
    source: ScaleSource
    relative_sd: float = 0.0
    tilt_deg: float = 0.0
    error_terms: FloatArray | None = None
    skin_terms: FloatArray | None = None

    @property
    def mean_mm(self) -> tuple[float, ...]:
        """Spacing along rows and columns in mm at the centre of the image."""
        row, column = (self.shape[0] - 1) / 2, (self.shape[1] - 1) / 2
        around = np.array([[row, column], [row + 1, column], [row, column + 1]])
        here, down, right = self.to_mm(around)
        return float(np.hypot(*(down - here))), float(np.hypot(*(right - here)))

    def to_mm(self, points_px: FloatArray) -> FloatArray:
        """Map points (n, 2) as (row, column) px onto the plane in mm."""
        homogeneous = np.column_stack([points_px, np.ones(len(points_px))]) @ self.matrix.T
        mapped: FloatArray = homogeneous[:, :2] / homogeneous[:, 2:]
        return mapped

    def relative_sd_at(self, points_px: FloatArray) -> FloatArray:
        """Relative standard deviation (n,) of a length at points (n, 2)."""
        if self.error_terms is None:
            return np.full(len(points_px), self.relative_sd)
        variances = _moments(self.error_terms, points_px)
        if self.skin_terms is not None:
            turned = _moments(self.skin_terms, points_px)
            variances = variances + turned / (1 + turned / MOST_TURNED_SD**2)
        return np.sqrt(variances)

    def pixel_sizes(self, shape: tuple[int, ...]) -> FloatArray:
        """Area of each pixel in mm², array of ``shape``: the Jacobian of the homography."""
        if shape != self.shape:
            raise ValueError(f"a scale for {self.shape} px used on an image of {shape} px")
        row = np.arange(shape[0], dtype=np.float64)[:, None]
        column = np.arange(shape[1], dtype=np.float64)[None, :]
        weight = self.matrix[2, 0] * row + self.matrix[2, 1] * column + self.matrix[2, 2]
        area: FloatArray = np.abs(np.linalg.det(self.matrix)) / np.abs(weight) ** 3
        return area


@dataclass(frozen=True, slots=True)
class SliceExtents:
    """A CT whose slices are uneven: each has its own extent along the normal.

    Attributes
    ----------
    row_mm, column_mm : float
        Spacing within a slice.
    extents_mm : tuple of float
        Extent of each slice along the slice normal, in slice order.
    source : ScaleSource
    relative_sd : float
    """

    row_mm: float
    column_mm: float
    extents_mm: tuple[float, ...]
    source: ScaleSource = ScaleSource.SLICE_POSITIONS
    relative_sd: float = 0.0

    def __post_init__(self) -> None:
        _require_positive((self.row_mm, self.column_mm, *self.extents_mm))

    @property
    def mean_mm(self) -> tuple[float, ...]:
        """Mean spacing along (slice, row, column) in mm."""
        return float(np.mean(self.extents_mm)), self.row_mm, self.column_mm

    def pixel_sizes(self, shape: tuple[int, ...]) -> FloatArray:
        """Volume of each voxel in mm³, array (slices, 1, 1)."""
        if shape[0] != len(self.extents_mm):
            raise ValueError(f"extents of {len(self.extents_mm)} slices for {shape[0]} slices")
        sizes: FloatArray = np.asarray(self.extents_mm)[:, None, None]
        return sizes * self.row_mm * self.column_mm


Scale = AxisScale | PlaneHomography | SliceExtents


@dataclass(frozen=True, slots=True)
class SpacingTags:
    """The DICOM attributes that say, or seem to say, how large a pixel of a projection is.

    Pairs are (row, column) in mm exactly as in the file, also when absurd; absent is ``None``.
    """

    pixel_spacing: tuple[float, float] | None = None
    imager_pixel_spacing: tuple[float, float] | None = None
    magnification: float | None = None
    """EstimatedRadiographicMagnificationFactor (0018,1114)."""
    calibration_type: str = ""
    calibration_described: bool = False
    """Whether PixelSpacingCalibrationDescription holds anything."""
    secondary_capture: bool = False


NO_SPACING_TAGS = SpacingTags()


def _moments(terms: FloatArray, points_px: FloatArray) -> FloatArray:
    """Second moment (n,) of an offset and two slopes at points (n, 2)."""
    places = np.column_stack([np.ones(len(points_px)), points_px])
    return np.asarray(np.einsum("ni,ij,nj->n", places, terms, places), dtype=np.float64)


def _require_positive(values_mm: tuple[float, ...]) -> None:
    if not all(np.isfinite(value) and value > 0 for value in values_mm):
        raise ValueError(f"spacings must be positive and finite, got {values_mm}")
