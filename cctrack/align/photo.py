"""Align two photos of one site, taken months apart."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.landmarks import LandmarkPairs, align_landmarks
from cctrack.align.photo_features import (
    Candidate,
    View,
    correlation,
    match_intensities,
    match_points,
    reduce_view,
)
from cctrack.align.photo_patch import refine_patches
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, FloatArray, LabelArray, Quality

GOOD_INLIERS = 25
"""Matched points that agree: fewer did occur by chance between different sites."""

LEAST_INLIERS = 12
"""Below it points alone prove nothing."""

GOOD_CORRELATION = 0.5
"""Correlation of the overlaid structure of one site; different sites stay below 0.3."""

LEAST_CORRELATION = 0.3
"""Below it the overlay looks wrong to the eye."""

LEAST_COVERAGE = 0.2
"""Share of the baseline that must lie in the follow-up's field."""

LARGEST_ZOOM = 4.0
"""Nobody takes the same site from four times as far; such a transform is a chance match."""

LARGEST_PERSPECTIVE = 1.0
"""Change of the local zoom over the image, as a share of its mean, beyond any clinical tilt."""

BoolArray = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
_SWAP = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""Between OpenCV's (x, y) and the model's (row, column)."""


def align_photos(  # noqa: PLR0913  (two images, what to leave out of each, what a reader knows)
    baseline: Pixels,
    followup: Pixels,
    *,
    baseline_ignore: BoolArray | None = None,
    followup_ignore: BoolArray | None = None,
    baseline_labels: LabelArray | None = None,
    landmarks: LandmarkPairs | None = None,
) -> Alignment:
    """Find the transform from a baseline photo to a follow-up photo of the same site.

    Parameters
    ----------
    baseline, followup : uint8 array (rows, columns, 3)
    baseline_ignore, followup_ignore : bool array (rows, columns), optional
        What must not attract the alignment: scale objects, cloth, burned-in stamps, lesions.
    baseline_labels : uint16 array (rows, columns), optional
        Lesions of the baseline: each gets a transform of its own where the skin around it agrees
        on a better one than the whole photo's. The lesion itself has no say in it.
    landmarks : sequence of (baseline point, follow-up point), optional
        A reader's pairs in (row, column) px; they decide when given.

    Raises
    ------
    AlignmentFailed
        If no transform passes the gate; ``error.alignment`` holds the best that was found.
    """
    if landmarks:
        return align_landmarks(landmarks)
    views = reduce_view(baseline, baseline_ignore), reduce_view(followup, followup_ignore)
    candidates = _candidates(*views)
    judged = [(*_judge(candidate, *views), candidate) for candidate in candidates]
    if not judged:
        raise AlignmentFailed("the two photos share no structure that could be matched")
    _, best, chosen = max(judged, key=lambda item: (item[1].quality is not Quality.FAILED, item[0]))
    if best.quality is Quality.FAILED:
        raise AlignmentFailed(f"no transform fits: {best.reason}", best)
    if baseline_labels is None:
        return best
    patches = refine_patches(views, chosen.matrix, baseline_labels)
    full = {lesion: _full_size(matrix, *views) for lesion, matrix in patches.items()}
    return replace(best, patches=full)


def _candidates(baseline: View, followup: View) -> list[Candidate]:
    """Try points first; intensities only where too few points agree to settle it.

    On real wound series intensities raised the correlation of a good fit by points while the
    wound's own overlap fell: they follow the light.
    """
    points = match_points(baseline, followup)
    if points is not None and points.inliers >= GOOD_INLIERS:
        return [points]
    starts = [None] if points is None else [None, points.matrix]
    polished = [match_intensities(baseline, followup, start) for start in starts]
    return [candidate for candidate in (points, *polished) if candidate is not None]


def _judge(candidate: Candidate, baseline: View, followup: View) -> tuple[float, Alignment]:
    """Score of a candidate and the alignment at full resolution, with its quality."""
    score = correlation(baseline, followup, candidate.matrix)
    coverage = _coverage(candidate.matrix, baseline, followup)
    reason = _objection(candidate, baseline, score, coverage)
    quality = Quality.FAILED if reason else Quality.GOOD
    if not reason and (candidate.inliers < GOOD_INLIERS or score < LEAST_CORRELATION):
        quality = Quality.CHECK
        reason = f"{candidate.inliers} points agree, correlation {score:.2f}: look at the overlay"
    alignment = Alignment(
        AlignmentModel.HOMOGRAPHY,
        _full_size(candidate.matrix, baseline, followup),
        quality,
        candidate.residual_px / followup.factor,
        inliers=candidate.inliers,
        coverage=coverage,
        reason=reason,
    )
    return score, alignment


def _objection(candidate: Candidate, baseline: View, score: float, coverage: float) -> str:
    """Why a candidate cannot be right; empty when nothing speaks against it."""
    zooms = _zooms(candidate.matrix, baseline)
    if zooms is None or zooms.max() > LARGEST_ZOOM or zooms.min() < 1 / LARGEST_ZOOM:
        return "the transform magnifies, mirrors or folds the image"
    if np.ptp(zooms) / zooms.mean() > LARGEST_PERSPECTIVE:
        return "the transform is steeper than any clinical view"
    if coverage < LEAST_COVERAGE:
        return f"only {100 * coverage:.0f} % of the baseline lies in the follow-up"
    needed = LEAST_CORRELATION if candidate.inliers >= LEAST_INLIERS else GOOD_CORRELATION
    if score < needed and candidate.inliers < GOOD_INLIERS:
        return f"{candidate.inliers} points agree with correlation {score:.2f}, need {needed}"
    return ""


def _zooms(matrix: FloatArray, baseline: View) -> FloatArray | None:
    """Local length ratio at the corners and the middle; None when orientation flips."""
    rows, columns = baseline.grey.shape
    x = np.array([0, columns - 1, columns - 1, 0, (columns - 1) / 2])
    y = np.array([0, 0, rows - 1, rows - 1, (rows - 1) / 2])
    weight = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    areas = np.linalg.det(matrix) / weight**3
    if np.any(weight <= 0) or np.any(areas <= 0):
        return None
    zooms: FloatArray = np.sqrt(areas)
    return zooms


def _coverage(matrix: FloatArray, baseline: View, followup: View) -> float:
    rows, columns = baseline.grey.shape
    x, y = np.meshgrid(np.linspace(0, columns - 1, 25), np.linspace(0, rows - 1, 25))
    mapped = np.column_stack([x.ravel(), y.ravel(), np.ones(x.size)]) @ matrix.T
    places = mapped[:, :2] / mapped[:, 2:]
    size = np.array(followup.grey.shape[::-1]) - 1
    return float(np.all((places >= 0) & (places <= size), axis=1).mean())


def _full_size(matrix: FloatArray, baseline: View, followup: View) -> FloatArray:
    """Transform between reduced (x, y) as one between full-size (row, column)."""
    grow = np.linalg.inv(_reduction(followup.factor))
    whole = _SWAP @ grow @ matrix @ _reduction(baseline.factor) @ _SWAP
    return np.asarray(whole / whole[2, 2], dtype=np.float64)


def _reduction(factor: float) -> FloatArray:
    """Full-size to reduced px, pixel centres kept in place."""
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1]])
