"""Align two visits by hand: check landmarks while they are set, shift and turn what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cctrack.align.landmarks import LandmarkPairs, apply_matrix, fit_points, split_pairs
from cctrack.errors import AlignmentFailed
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    FloatArray,
    Image,
    PlaneHomography,
    Quality,
    Scale,
    Unit,
)

FEWEST_PAIRS = 3
"""Landmark pairs from which a fit is shown: two fit any rigid motion and prove nothing."""

BY_HAND = "placed by hand: look at the overlay"
"""Why an alignment that a reader moved is never called good."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkCheck:
    """How well landmarks agree with each other, while they are being set.

    Attributes
    ----------
    model : AlignmentModel
        Rigid where both images have a scale, else a similarity.
    unit : Unit
        ``mm`` where both images have a scale, else px of the follow-up.
    residuals : array (n,)
        Distance of each landmark from where the fit to all puts it.
    left_out : array (n,) or None
        Distance of each landmark from where a fit to the others alone puts it: what the fit is
        wrong by at a place that nobody marked. None with too few pairs.
    """

    model: AlignmentModel
    unit: Unit
    residuals: FloatArray
    left_out: FloatArray | None

    @property
    def typical(self) -> float:
        """Root of the mean square of what is left over, by the stricter of the two measures."""
        left = self.residuals if self.left_out is None else self.left_out
        return float(np.sqrt(np.mean(left**2)))


def check_landmarks(before: Image, after: Image, pairs: LandmarkPairs) -> LandmarkCheck:
    """Fit the simplest motion to landmark pairs and say what it leaves over.

    Parameters
    ----------
    before, after : Image
    pairs : sequence of (baseline point, follow-up point)
        In px, (row, column) or (slice, row, column).

    Raises
    ------
    AlignmentFailed
        If there are fewer than `FEWEST_PAIRS`, or they lie on one point or line.
    """
    if len(pairs) < FEWEST_PAIRS:
        raise AlignmentFailed(f"found {len(pairs)} landmark pairs, {FEWEST_PAIRS} are needed")
    source, target = split_pairs(pairs)
    scaled = before.scale is not None and after.scale is not None
    if before.scale is not None and after.scale is not None:
        source, target = points_in_mm(before.scale, source), points_in_mm(after.scale, target)
    model = AlignmentModel.RIGID if scaled else AlignmentModel.SIMILARITY
    matrix = fit_points(source, target, model)
    return LandmarkCheck(
        model,
        Unit.MM if scaled else Unit.PX,
        _distances(matrix, source, target),
        _left_out(source, target, model),
    )


def points_in_mm(scale: Scale, points_px: FloatArray) -> FloatArray:
    """Place points (n, axes) in mm, on the image's own axes."""
    if isinstance(scale, PlaneHomography):
        return scale.to_mm(points_px)
    if isinstance(scale, AxisScale):
        placed: FloatArray = points_px * np.asarray(scale.mm)
        return placed
    ends = np.concatenate([[0.0], np.cumsum(scale.extents_mm)])
    slices = np.interp(points_px[:, 0] + 0.5, np.arange(len(ends)), ends)
    in_plane = points_px[:, 1:] * (scale.row_mm, scale.column_mm)
    return np.column_stack([slices, in_plane])


def moved(
    alignment: Alignment, after: Image, shift_px: Sequence[float], turn_deg: float
) -> Alignment:
    """Shift an alignment, and turn it about the centre of the follow-up's last two axes.

    Parameters
    ----------
    alignment : Alignment
    after : Image
        The follow-up; turned in mm where its pixels are not square.
    shift_px : sequence of float
        Along each axis, in follow-up px.
    turn_deg : float
        From rows towards columns.

    Returns
    -------
    Alignment
        Of quality ``check``: nobody measured how well it fits.
    """
    step = _motion(after, np.asarray(shift_px, dtype=np.float64), turn_deg)
    return replace(
        alignment,
        matrix=step @ alignment.matrix,
        patches={lesion: step @ matrix for lesion, matrix in alignment.patches.items()},
        quality=Quality.CHECK,
        reason=BY_HAND,
        landmark_residuals_px=(),
    )


def placed_by_hand(matrix: Sequence[Sequence[float]]) -> Alignment:
    """Make an alignment of the matrix that a reader moved an image to.

    Parameters
    ----------
    matrix : (n + 1, n + 1) numbers
        As `Alignment.matrix`.

    Raises
    ------
    AlignmentFailed
        If it is no such matrix.
    """
    placed = np.asarray(matrix, dtype=np.float64)
    square = placed.ndim == 2 and placed.shape[0] == placed.shape[1] and placed.shape[0] in (3, 4)
    if not (square and np.isfinite(placed).all() and abs(np.linalg.det(placed)) > 0):
        raise AlignmentFailed("found no matrix that could be turned back in a reader's alignment")
    return Alignment(AlignmentModel.AFFINE, placed, Quality.CHECK, residual_px=0.0, reason=BY_HAND)


def centred(before: Image, after: Image) -> Alignment:
    """Lay two images centre on centre: where moving by hand begins when nothing was found."""
    middle = [(np.array(image.shape) - 1) / 2 for image in (before, after)]
    zoom = np.ones(len(middle[0]))
    if before.scale is not None and after.scale is not None:
        zoom = np.asarray(before.scale.mean_mm) / np.asarray(after.scale.mean_mm)
    matrix = np.diag([*zoom, 1.0])
    matrix[:-1, -1] = middle[1] - zoom * middle[0]
    model = AlignmentModel.AFFINE
    return Alignment(model, matrix, Quality.CHECK, residual_px=0.0, reason=BY_HAND)


def _motion(image: Image, shift_px: FloatArray, turn_deg: float) -> FloatArray:
    axes = len(shift_px)
    size = np.ones(2) if image.scale is None else np.asarray(image.scale.mean_mm[-2:])
    cosine, sine = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.eye(axes)
    turn[-2:, -2:] = np.diag(1 / size) @ [[cosine, -sine], [sine, cosine]] @ np.diag(size)
    middle = (np.array(image.shape) - 1) / 2
    step = np.eye(axes + 1)
    step[:-1, :-1] = turn
    step[:-1, -1] = middle - turn @ middle + shift_px
    return step


def _distances(matrix: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    left: FloatArray = np.linalg.norm(apply_matrix(matrix, source) - target, axis=1)
    return left


def _left_out(source: FloatArray, target: FloatArray, model: AlignmentModel) -> FloatArray | None:
    """Error at each landmark of the fit to the others; None where those do not suffice."""
    left = []
    for one in range(len(source)):
        others = np.arange(len(source)) != one
        try:
            matrix = fit_points(source[others], target[others], model)
        except AlignmentFailed:
            return None
        left.append(_distances(matrix, source[[one]], target[[one]])[0])
    return np.array(left)
