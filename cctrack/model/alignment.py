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

    def transform(self, points_px: FloatArray, *, lesion: int = 0) -> FloatArray:
        """Map baseline points (n, axes) to the follow-up, by a lesion's own patch if it has one."""
        matrix = self.patches.get(lesion, self.matrix)
        homogeneous = np.column_stack([points_px, np.ones(len(points_px))]) @ matrix.T
        mapped: FloatArray = homogeneous[:, :-1] / homogeneous[:, -1:]
        return mapped
