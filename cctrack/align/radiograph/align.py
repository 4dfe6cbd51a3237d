"""Lay one visit's film on another's: a global affine, then a small rigid patch per deposit."""

from dataclasses import replace

import numpy as np

from cctrack.align.landmarks import LandmarkPairs, fit_landmarks
from cctrack.align.radiograph.features import Matches, fit_affine, map_points, match_views
from cctrack.align.radiograph.patch import fit_patches
from cctrack.align.radiograph.stretch import rigid_stretch
from cctrack.align.radiograph.view import WORKING_MM, View, as_axes, view_of
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, FloatArray, LabelArray, Quality, Radiograph
from cctrack.wording import several

MIN_INLIERS = 40
"""Simulated hands of two people, which share a pattern more than real ones do, agree on up to 39
points; the same hand bent anew never agreed on fewer than 106."""

SURE_INLIERS = 80
"""Twice what two strangers reach; between, the alignment asks for a look."""

MAX_STRETCH = 1.15
"""A hand on the same detector does not change size by more than 15 %: magnification is 4 %."""

MAX_SHEAR = 1.25
"""Ratio of the two stretches: a pose change tilts a hand, it does not flatten it by a fifth."""

FREE_STRETCH = 2.0
"""Largest zoom between two films when one of them has no scale."""

SURE_RESIDUAL_MM = 2.0
"""An articulated hand leaves about 2 mm under one affine; more asks for a look."""

SURE_COVERAGE = 0.7
"""Below this share of the baseline's field in the follow-up, lesions are likely cut off."""


def align_radiographs(
    baseline: Radiograph,
    followup: Radiograph,
    *,
    baseline_labels: LabelArray | None = None,
    landmarks: LandmarkPairs | None = None,
) -> Alignment:
    """Find where each point of the baseline film lies on the follow-up film.

    Parameters
    ----------
    baseline, followup : Radiograph
        Of one site, any exposure, any spacing.
    baseline_labels : uint16 array (rows, columns) or None
        Deposits of the baseline; each gets its own rigid patch, good to a fraction of a pixel.
    landmarks : pairs of ((row, column), (row, column)) or None
        Matching points in px set by a reader. They replace the automatic global transform.

    Returns
    -------
    Alignment
        Matrix and patches in px, (row, column).

    Raises
    ------
    AlignmentFailed
        If no transform passed its gate; the rejected one, if any, is its ``alignment``.
    """
    views = view_of(baseline), view_of(followup)
    matches = match_views(*views)
    alignment = _from_landmarks(landmarks, views) if landmarks else _from_matches(matches, views)
    if alignment.quality is Quality.FAILED:
        raise AlignmentFailed(alignment.reason, alignment)
    if baseline_labels is None or not baseline_labels.any():
        return alignment
    return _with_patches(alignment, views, matches, baseline_labels)


def _from_matches(matches: Matches, views: tuple[View, View]) -> Alignment:
    fit = fit_affine(matches)
    if fit is None:
        raise AlignmentFailed(
            f"only {len(matches)} points of the two films look alike; landmarks would help"
        )
    matrix, inliers = fit
    gaps_px = np.linalg.norm(
        map_points(matrix, matches.baseline[inliers]) - matches.followup[inliers], axis=1
    )
    residual_px = float(np.median(gaps_px)) / views[1].step
    judged = _judged(_on_film(matrix, views), views, residual_px, int(np.count_nonzero(inliers)))
    return replace(judged, stretch=rigid_stretch(matches, matrix, views))


def _from_landmarks(landmarks: LandmarkPairs, views: tuple[View, View]) -> Alignment:
    fit = fit_landmarks(landmarks)
    residual_px = float(np.median(fit.residuals_px))
    # The reader vouches for the points: only their geometry is judged, not their number.
    judged = _judged(fit.matrix, views, residual_px, SURE_INLIERS)
    return replace(judged, model=fit.model, inliers=len(landmarks))


def _on_film(matrix: FloatArray, views: tuple[View, View]) -> FloatArray:
    film: FloatArray = views[1].to_film @ matrix @ np.linalg.inv(views[0].to_film)
    return as_axes(film)


def _on_grid(matrix: FloatArray, views: tuple[View, View]) -> FloatArray:
    grid: FloatArray = np.linalg.inv(views[1].to_film) @ as_axes(matrix) @ views[0].to_film
    return grid


def _judged(
    matrix: FloatArray, views: tuple[View, View], residual_px: float, inliers: int
) -> Alignment:
    grid = _on_grid(matrix, views)
    coverage = _coverage(grid, views)
    residual_mm = None if views[1].mm is None else residual_px * views[1].step * views[1].mm
    quality, reason = _judge(grid, views, residual_px * views[1].step, inliers)
    if quality is Quality.GOOD and coverage < SURE_COVERAGE:
        quality = Quality.CHECK
        reason = f"only {coverage:.0%} of the baseline's field lies on the follow-up film"
    return Alignment(
        AlignmentModel.AFFINE,
        matrix,
        quality,
        residual_px,
        residual_mm=residual_mm,
        inliers=inliers,
        coverage=coverage,
        reason=reason,
    )


def _judge(
    grid: FloatArray, views: tuple[View, View], residual: float, inliers: int
) -> tuple[Quality, str]:
    stretches = np.linalg.svd(grid[:2, :2], compute_uv=False)
    known = views[0].mm is not None and views[1].mm is not None
    limit = MAX_STRETCH if known else FREE_STRETCH
    if np.linalg.det(grid[:2, :2]) <= 0:
        return Quality.FAILED, "the films fit only mirrored: is it the other hand, or flipped?"
    if stretches[0] > limit or stretches[1] < 1 / limit or stretches[0] > MAX_SHEAR * stretches[1]:
        return Quality.FAILED, (
            f"the films fit only when stretched {stretches[0]:.2f} x {stretches[1]:.2f}"
        )
    if inliers < MIN_INLIERS:
        return Quality.FAILED, f"only {inliers} points agree, {MIN_INLIERS} are needed"
    if inliers < SURE_INLIERS:
        return Quality.CHECK, f"only {inliers} points agree"
    if residual * WORKING_MM > SURE_RESIDUAL_MM:
        return Quality.CHECK, "the site is bent differently at the two visits"
    return Quality.GOOD, ""


def _coverage(grid: FloatArray, views: tuple[View, View]) -> float:
    places = np.argwhere(views[0].tissue[::8, ::8])[:, ::-1].astype(np.float64) * 8.0
    if not len(places):
        return 0.0
    mapped = map_points(grid, places)
    inside = (mapped >= 0) & (mapped <= np.array(views[1].tissue.shape[::-1]) - 1)
    return float(np.mean(inside.all(axis=1)))


def _with_patches(
    alignment: Alignment,
    views: tuple[View, View],
    matches: Matches,
    labels: LabelArray,
) -> Alignment:
    grid = _on_grid(alignment.matrix, views)
    patches = fit_patches(views, grid, matches, labels)
    on_film = {lesion: _on_film(matrix, views) for lesion, matrix in patches.items()}
    lost = len(np.unique(labels[labels > 0])) - len(on_film)
    if not lost or alignment.quality is not Quality.GOOD:
        return replace(alignment, patches=on_film)
    reason = f"{several(lost, 'deposit')} could not be followed closely, only with the whole film"
    return replace(alignment, patches=on_film, quality=Quality.CHECK, reason=reason)
