"""Turn a fit between two flat photos into an alignment between their pixels."""

import numpy as np

from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo.fit import Fit
from cctrack.align.photo.flat import FlatPair
from cctrack.align.photo.judge import judge
from cctrack.model import Alignment, AlignmentModel, Bend, FloatArray, Photo

BEND_NODES = 33
"""Nodes of the bend along the longer side: closer than those it was fitted on."""

Photos = tuple[Photo, Photo]


def describe(photos: Photos, pair: FlatPair, fit: Fit) -> Alignment:
    """Describe a fit, with the quality it deserves."""
    matrix = to_pixels(pair, fit.motion)
    coverage = _coverage(matrix, photos)
    verdict = judge(fit, pair, coverage)
    left = fit.left[fit.agrees]
    residual_px = float(np.median(left)) * px_per_unit(pair, photos[1]) if len(left) else 0.0
    return Alignment(
        AlignmentModel.HOMOGRAPHY,
        matrix,
        verdict.quality,
        residual_px,
        residual_mm=in_mm(residual_px, photos[1]),
        inliers=int(fit.agrees.sum()),
        coverage=coverage,
        reason=verdict.reason,
        bend=_bend(photos[0], pair, fit),
    )


def to_pixels(pair: FlatPair, motion: FloatArray) -> FloatArray:
    """Motion between flat photos as a matrix (3, 3) between their pixels."""
    matrix = pair.followup.to_px @ motion @ pair.baseline.from_px
    whole: FloatArray = matrix / matrix[2, 2]
    return whole


def px_per_unit(pair: FlatPair, followup: Photo) -> float:
    """Follow-up px in one unit of length, in the middle of the photo."""
    middle = (np.array([followup.shape], dtype=np.float64) - 1) / 2
    here, down, right = apply_matrix(
        pair.followup.from_px, middle + np.array([[0, 0], [1, 0], [0, 1]])
    )
    area = abs(np.linalg.det(np.stack([down - here, right - here])))
    return float(1 / np.sqrt(area))


def in_mm(length_px: float, photo: Photo) -> float | None:
    """Length in a photo in mm, where it has a scale."""
    return None if photo.scale is None else length_px * float(np.mean(photo.scale.mean_mm))


def _bend(baseline: Photo, pair: FlatPair, fit: Fit) -> Bend | None:
    if fit.field is None:
        return None
    rows, columns = baseline.shape
    step = max(rows, columns) / (BEND_NODES - 1)
    counts = (max(2, round(rows / step) + 1), max(2, round(columns / step) + 1))
    at = [np.linspace(0, size - 1, n) for size, n in zip((rows, columns), counts, strict=True)]
    nodes = np.stack(np.meshgrid(*at, indexing="ij"), axis=-1).reshape(-1, 2)
    flat = apply_matrix(pair.baseline.from_px, nodes)
    bent = apply_matrix(pair.followup.to_px, fit.carry(flat))
    shifts = bent - apply_matrix(to_pixels(pair, fit.motion), nodes)
    return Bend(shifts.reshape(*counts, 2), (rows, columns))


def _coverage(matrix: FloatArray, photos: Photos) -> float:
    rows, columns = photos[0].shape
    down, across = np.meshgrid(np.linspace(0, rows - 1, 25), np.linspace(0, columns - 1, 25))
    places = apply_matrix(matrix, np.column_stack([down.ravel(), across.ravel()]))
    return float(((places >= 0) & (places < photos[1].shape)).all(axis=1).mean())
