"""How one visit's image lies on another's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from cctrack.model.codes import Quality
from cctrack.model.scale import FloatArray


class AlignmentModel(StrEnum):
    """The family of the global transform."""

    RIGID = "rigid"
    SIMILARITY = "similarity"
    AFFINE = "affine"
    HOMOGRAPHY = "homography"


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """A smooth shift on top of a global transform, because skin is not rigid.

    Attributes
    ----------
    shifts_px : array (n, m, 2)
        Shift (row, column) in follow-up px at nodes that are spread evenly over the baseline, the
        outer ones on its outermost pixels; linear between them.
    shape : tuple of int
        Rows and columns of the baseline.
    """

    shifts_px: FloatArray
    shape: tuple[int, int]

    def at(self, points_px: FloatArray) -> FloatArray:
        """Shift (n, 2) in px at baseline points (n, 2); beyond the image its border goes on."""
        count = np.array(self.shifts_px.shape[:2]) - 1
        at = np.clip(points_px / (np.array(self.shape) - 1.0) * count, 0, count)
        low = np.minimum(at.astype(int), count - 1)
        down, across = (at - low).T[..., None]
        row, column = low.T
        nodes = self.shifts_px
        upper = nodes[row, column] * (1 - across) + nodes[row, column + 1] * across
        lower = nodes[row + 1, column] * (1 - across) + nodes[row + 1, column + 1] * across
        shifts: FloatArray = upper * (1 - down) + lower * down
        return shifts


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A transform from baseline to follow-up and how good it is.

    Attributes
    ----------
    model : AlignmentModel
    matrix : array (n + 1, n + 1)
        Maps homogeneous baseline pixel indices, in array-axis order, to follow-up indices.
    quality : Quality
    residual_px : float
        Median distance left at the inliers, in follow-up px.
    residual_mm : float or None
        The same in mm where the follow-up has a scale.
    inliers : int
        Point pairs, or blocks, that agree with the transform.
    coverage : float
        Share of the baseline's field that lies inside the follow-up's, 0–1.
    patches : mapping of int to array (n + 1, n + 1)
        A refined transform for the surroundings of single baseline lesions.
    reason : str
        Why the quality is not ``good``; empty when it is.
    bend : Bend or None
        What skin does beyond the global transform; photos only.
    landmark_residuals_px : tuple of float
        Distance in follow-up px of each of a reader's landmarks from where the transform puts it.
    stretch : float or None
        Films only: mm on the follow-up for each mm on the baseline, as rigid parts show it; None
        where it is not known.
    """

    model: AlignmentModel
    matrix: FloatArray
    quality: Quality
    residual_px: float
    residual_mm: float | None = None
    inliers: int = 0
    coverage: float = 1.0
    patches: Mapping[int, FloatArray] = field(default_factory=dict)
    reason: str = ""
    bend: Bend | None = None
    landmark_residuals_px: tuple[float, ...] = ()
    stretch: float | None = None

    def transform(self, points_px: FloatArray, *, lesion: int = 0) -> FloatArray:
        """Map baseline points (n, axes) to the follow-up, by a lesion's own patch if it has one."""
        matrix = self.patches.get(lesion, self.matrix)
        homogeneous = np.column_stack([points_px, np.ones(len(points_px))]) @ matrix.T
        mapped: FloatArray = homogeneous[:, :-1] / homogeneous[:, -1:]
        if self.bend is None or lesion in self.patches:
            return mapped
        return mapped + self.bend.at(np.asarray(points_px, dtype=np.float64))
