"""Fit a transform to pairs of landmarks, in two or three dimensions.

Points are rows of an array (n, axes) in array-axis order; matrices are (axes + 1, axes + 1) and
map homogeneous baseline points to follow-up points, as `cctrack.model.Alignment` wants them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cctrack.errors import AlignmentFailed
from cctrack.model import AlignmentModel, FloatArray

Landmark = Sequence[float]
LandmarkPairs = Sequence[tuple[Landmark, Landmark]]

SMALLEST_SPREAD = 1e-3
"""Landmarks whose smallest principal spread is below this share of the largest lie on one point,
line or plane: the transform across it would be invented."""

AFFINE_SPARE = 2
"""An affine fit is taken from two pairs more than it needs: with fewer it follows the reader's
jitter instead of averaging it."""


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkFit:
    """A transform fitted to landmarks, and what is left over.

    Attributes
    ----------
    model : AlignmentModel
    matrix : array (axes + 1, axes + 1)
    residuals_px : array (n,)
        Distance of each mapped baseline landmark from its partner.
    """

    model: AlignmentModel
    matrix: FloatArray
    residuals_px: FloatArray


def needed_pairs(model: AlignmentModel, axes: int) -> int:
    """Fewest landmark pairs that determine a transform."""
    if model is AlignmentModel.HOMOGRAPHY:
        return 4
    return axes + 1 if model is AlignmentModel.AFFINE else axes


def choose_model(pairs: int, axes: int) -> AlignmentModel:
    """Richest model that so many landmark pairs support with some to spare."""
    affine = needed_pairs(AlignmentModel.AFFINE, axes) + AFFINE_SPARE
    return AlignmentModel.AFFINE if pairs >= affine else AlignmentModel.SIMILARITY


def fit_landmarks(pairs: LandmarkPairs, *, model: AlignmentModel | None = None) -> LandmarkFit:
    """Fit a transform to landmark pairs by least squares.

    Parameters
    ----------
    pairs : sequence of (baseline point, follow-up point)
        Each point in px, (row, column) or (slice, row, column).
    model : AlignmentModel, optional
        By default affine where the pairs suffice with two to spare, else a similarity.

    Raises
    ------
    AlignmentFailed
        If there are too few pairs, or they lie on one point, line or plane.
    """
    source, target = split_pairs(pairs)
    axes = source.shape[1]
    chosen = model or choose_model(len(source), axes)
    if len(source) < (needed := needed_pairs(chosen, axes)):
        raise AlignmentFailed(f"found {len(source)} landmark pairs, a {chosen} fit needs {needed}")
    matrix = fit_points(source, target, chosen)
    left = apply_matrix(matrix, source) - target
    return LandmarkFit(chosen, matrix, np.linalg.norm(left, axis=1))


def split_pairs(pairs: LandmarkPairs) -> tuple[FloatArray, FloatArray]:
    """Landmark pairs as two arrays (n, axes): baseline and follow-up.

    Raises
    ------
    AlignmentFailed
        If there are none, or they mix two and three dimensions or hold no numbers.
    """
    if not len(pairs):
        raise AlignmentFailed("found no landmark pairs")
    axes = len(pairs[0][0])
    if axes not in (2, 3) or any(len(point) != axes for pair in pairs for point in pair):
        raise AlignmentFailed("landmarks must all be (row, column) or all (slice, row, column)")
    source = np.array([pair[0] for pair in pairs], dtype=np.float64)
    target = np.array([pair[1] for pair in pairs], dtype=np.float64)
    if not (np.isfinite(source).all() and np.isfinite(target).all()):
        raise AlignmentFailed("landmarks must be finite numbers")
    return source, target


def fit_points(source: FloatArray, target: FloatArray, model: AlignmentModel) -> FloatArray:
    """Least-squares transform (axes + 1, axes + 1) from ``source`` to ``target`` points.

    Raises
    ------
    AlignmentFailed
        If the points do not determine the transform.
    ValueError
        For a homography: photos have their own robust fit.
    """
    if model is AlignmentModel.HOMOGRAPHY:
        raise ValueError("a homography is fitted by cctrack.align.photo")
    affine = model is AlignmentModel.AFFINE
    for points in (source, target):
        _refuse_degenerate(points, directions=source.shape[1] - (0 if affine else 1))
    if affine:
        return _fit_affine(source, target)
    return _fit_similarity(source, target, scaled=model is AlignmentModel.SIMILARITY)


def apply_matrix(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (n, axes) by a homogeneous matrix."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    mapped: FloatArray = homogeneous[:, :-1] / homogeneous[:, -1:]
    return mapped


def _refuse_degenerate(points: FloatArray, *, directions: int) -> None:
    """Refuse points that spread in fewer than so many directions."""
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if len(spread) < directions or spread[directions - 1] <= max(SMALLEST_SPREAD * spread[0], 1e-9):
        raise AlignmentFailed(
            "the landmarks lie on one point, line or plane: set some apart from it"
        )


def _fit_affine(source: FloatArray, target: FloatArray) -> FloatArray:
    centre_source, centre_target = source.mean(axis=0), target.mean(axis=0)
    linear = np.linalg.lstsq(source - centre_source, target - centre_target, rcond=None)[0].T
    return _homogeneous(linear, centre_target - linear @ centre_source)


def _fit_similarity(source: FloatArray, target: FloatArray, *, scaled: bool) -> FloatArray:
    """Rotation, shift and (``scaled``) one factor: Umeyama, IEEE TPAMI 1991 13:376."""
    centre_source, centre_target = source.mean(axis=0), target.mean(axis=0)
    from_source, from_target = source - centre_source, target - centre_target
    left, values, right = np.linalg.svd(from_target.T @ from_source)
    signs = np.ones(len(values))
    # Never a mirror image: a hand stays the hand it is.
    signs[-1] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    rotation = (left * signs) @ right
    factor = float((values * signs).sum() / (from_source**2).sum()) if scaled else 1.0
    linear = factor * rotation
    return _homogeneous(linear, centre_target - linear @ centre_source)


def _homogeneous(linear: FloatArray, shift: FloatArray) -> FloatArray:
    matrix = np.eye(len(shift) + 1)
    matrix[:-1, :-1] = linear
    matrix[:-1, -1] = shift
    return matrix
