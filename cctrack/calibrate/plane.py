"""Fit the plane in which things of known size lie, and say how well a length on it is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from cctrack.calibrate.curvature import curvature_terms
from cctrack.calibrate.pose import CAMERA, CameraModel, log_lengths, mapped, put, rotation_of
from cctrack.calibrate.spread import Mode, length_error, middle_of
from cctrack.calibrate.targets import PointTarget, Target
from cctrack.model import FloatArray, PlaneHomography, ScaleSource

BEND_PX = 0.5
"""Points further than this from one plane, or 1 % of the target, betray a bent or second plane."""

BEND_SHARE = 0.01

LEAST_COSINE = 0.1
"""Of the tilt: steeper than 84 degrees nothing is seen, and beyond 90 the plane's back."""

WORST_CONDITION = 1e12
"""Of the homography: beyond it the fit ended in a line, not in a plane."""

SAME_POSE = 1e-3
"""Fits whose log-lengths differ by less over the photo ended in the same pose."""

POSSIBLE = 1e-3
"""A second pose less likely than this, relative to the best, is forgotten."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaneFit:
    """A fitted plane.

    Attributes
    ----------
    scale : PlaneHomography
        Of unknown error when bent. Its ``relative_sd`` is that of a length on the plane.
    misfit_px : float
        Largest distance of a point from where the plane puts it.
    bent : bool
        Whether the misfit is more than points can err: not one plane, or a wrong size.
    own_sd : float
        Relative SD of a length at the largest target itself; farther off it is larger.
    """

    scale: PlaneHomography
    misfit_px: float
    bent: bool
    own_sd: float


class _Fit(NamedTuple):
    x: FloatArray
    cost: float
    jacobian: FloatArray


def fit_plane(
    targets: Sequence[Target], shape: tuple[int, int], source: ScaleSource, *, size_sd: float
) -> PlaneFit | None:
    """Fit one plane to all targets, each lying anywhere on it.

    Parameters
    ----------
    targets : sequence of Target
        At least one.
    shape : tuple of int
        Rows and columns of the photo.
    source : ScaleSource
    size_sd : float
        Relative SD of the size of the targets themselves, all together.

    Returns
    -------
    PlaneFit or None
        None when no camera sees the targets as they were seen.
    """
    ordered = sorted(targets, key=lambda target: -target.size_px)
    model = CameraModel.over(ordered[0], shape)
    fits = _fits(ordered, model, model.starts(ordered))
    if not fits:
        return None
    modes = _modes(fits, ordered, model)
    chosen = _between(fits[0], modes, ordered, model)
    misfit_px, bent = _misfit(chosen.x, ordered, model)
    scale = PlaneHomography(model.to_mm(chosen.x), shape, source, np.inf, _tilt_deg(chosen.x))
    if bent:
        return PlaneFit(scale, misfit_px, bent, np.inf)
    terms = length_error(modes, chosen.x, model, ordered)
    terms[0, 0] += size_sd**2
    flat = replace(scale, error_terms=terms)
    middle_sd = float(np.median(flat.relative_sd_at(middle_of(shape))))
    own_sd = float(flat.relative_sd_at(ordered[0].centre_px[None])[0])
    skin = curvature_terms(chosen.x, model, np.concatenate(_laid(chosen.x, ordered)))
    known = replace(flat, relative_sd=middle_sd, skin_terms=skin)
    return PlaneFit(known, misfit_px, bent, own_sd)


def _fits(targets: Sequence[Target], model: CameraModel, starts: list[FloatArray]) -> list[_Fit]:
    """Least squares from every start, the best first."""
    fits = []
    for start in starts:
        result = least_squares(_residuals, start, method="lm", args=(targets, model))
        if np.isfinite(result.cost) and _is_seen(result.x, targets, model):
            fits.append(_Fit(result.x, float(result.cost), np.asarray(result.jac)))
    return sorted(fits, key=lambda fit: fit.cost)


def _is_seen(x: FloatArray, targets: Sequence[Target], model: CameraModel) -> bool:
    """Whether a pose shows the front of the plane, and all targets on it before the camera."""
    projection = model.projection(x)
    if not np.isfinite(projection).all() or rotation_of(x)[2, 2] < LEAST_COSINE:
        return False
    depths = np.concatenate(_laid(x, targets)) @ projection[2, :2] + projection[2, 2]
    return bool(depths.min() > 0 and np.linalg.cond(projection) < WORST_CONDITION)


def _residuals(x: FloatArray, targets: Sequence[Target], model: CameraModel) -> FloatArray:
    """Errors of all targets in SDs, then those of the prior."""
    projection = model.projection(x)
    errors = [
        (target.errors_px(mapped(projection, own)) / target.sd_px[:, None]).ravel()
        for target, own in zip(targets, _laid(x, targets), strict=True)
    ]
    return np.concatenate([*errors, model.prior_errors(x)])


def _laid(x: FloatArray, targets: Sequence[Target]) -> list[FloatArray]:
    """Points of each target on the plane in mm."""
    others = [put(target.own_mm, x[CAMERA + 3 * k :][:3]) for k, target in enumerate(targets[1:])]
    return [targets[0].own_mm, *others]


def _modes(fits: Sequence[_Fit], targets: Sequence[Target], model: CameraModel) -> list[Mode]:
    """Poses that explain what was seen, with their weights: a small target may have two."""
    points = sum(len(target.sd_px) for target in targets)
    modes: list[Mode] = []
    for fit in fits:
        # More scatter than the points' own SDs makes all of them less certain.
        excess = max(1.0, 2 * fits[0].cost / max(1, 2 * points - len(fit.x)))
        weight = float(np.exp((fits[0].cost - fit.cost) / excess))
        if weight < POSSIBLE or any(_same(fit.x, mode.x, model) for mode in modes):
            continue
        inverse = np.linalg.pinv(fit.jacobian.T @ fit.jacobian, rcond=1e-12)
        modes.append(Mode(fit.x, np.asarray(inverse * excess, dtype=np.float64), weight))
    return modes


def _same(one: FloatArray, other: FloatArray, model: CameraModel) -> bool:
    corners = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * (np.array(model.shape) - 1)
    apart = log_lengths(model.to_mm(one), corners) - log_lengths(model.to_mm(other), corners)
    return bool(np.abs(apart).max() < SAME_POSE)


def _between(
    best: _Fit, modes: Sequence[Mode], targets: Sequence[Target], model: CameraModel
) -> _Fit:
    """Take the pose half way when two mirrored ones are possible: it is never twice as wrong.

    A longer focal length sees the same target with less change of scale across the photo.
    """
    weights = np.array([mode.weight for mode in modes])
    surplus = max(0.05, float(2 * weights[0] / weights.sum() - 1))
    if len(modes) == 1 or surplus > 0.95:
        return best
    longer = best.x.copy()
    longer[6] -= 2 * np.log(surplus)
    stiff = replace(model, log_focal=float(longer[6]), log_focal_sd=0.02)
    fits = _fits(targets, stiff, [longer])
    return fits[0] if fits else best


def _tilt_deg(x: FloatArray) -> float:
    return float(np.rad2deg(np.arccos(min(1.0, abs(rotation_of(x)[2, 2])))))


def _misfit(x: FloatArray, targets: Sequence[Target], model: CameraModel) -> tuple[float, bool]:
    projection, largest, bent = model.projection(x), 0.0, False
    for target, own in zip(targets, _laid(x, targets), strict=True):
        errors = np.linalg.norm(target.errors_px(mapped(projection, own)), axis=1)
        # A sheet of tags bends over its whole extent, a single tag over its side.
        allowed = BEND_PX + BEND_SHARE * _span(target) + 3 * target.sd_px
        largest, bent = max(largest, float(errors.max())), bent or bool(np.any(errors > allowed))
    return largest, bent


def _span(target: Target) -> float:
    """Side of a square of the same extent, in px."""
    return target.size_px / np.sqrt(2) if isinstance(target, PointTarget) else target.size_px
