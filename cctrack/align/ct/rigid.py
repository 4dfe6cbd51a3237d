"""Fit a rigid motion that lays one CT volume on another, by damped Gauss-Newton on grey values."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from cctrack.align.ct.volume import Volume, apply, sample
from cctrack.model import FloatArray

ITERATIONS = 30
"""Steps at most; a fit that is going anywhere arrives in 5 to 15."""

SETTLED_MM = 0.002
"""A step that moves no sample further than this is the last."""

ROBUST = 0.15
"""Grey difference (of the window) from which a sample loses weight: a deposit that came or went,
a bent neighbour, 150 HU."""

MIN_INSIDE = 0.25
"""Share of samples that must land inside the other volume for a fit to mean anything."""

FIRST_DAMPING = 1e-3
"""Levenberg damping to start with, of the curvature."""

LAST_DAMPING = 1e3
"""A step so short that still does not help ends the fit."""

NOISE_ENERGY = 1.0
"""Squared grey difference that noise alone offers a patch as a reward for sliding. Flat fat has no
structure to hold a patch; a deposit of 5 mm has fifty times this."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Points of the baseline in mm and the values there."""

    points_mm: FloatArray
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Freedom:
    """How far a fit may be expected to move from its start.

    Attributes
    ----------
    shift_mm, turn_rad : float
        Standard deviations expected of the shift and of the turn; infinite for a free fit. A turn
        of 0 fits a shift only.
    """

    shift_mm: float = math.inf
    turn_rad: float = math.inf


FREE = Freedom()

System = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class RigidFit:
    """A motion in mm and how well the volumes agree under it.

    Attributes
    ----------
    matrix : array (4, 4)
        Baseline mm to follow-up mm.
    correlation : float
        Of grey values over samples that land inside, -1 to 1.
    inside : float
        Share of samples that do.
    """

    matrix: FloatArray
    correlation: float
    inside: float


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The follow-up with its gradient, ready to be sampled."""

    volume: Volume
    gradient: tuple[NDArray[np.float32], ...]


def target_of(volume: Volume) -> Target:
    """Prepare a volume to be fitted to."""
    slopes = np.gradient(volume.values)
    return Target(volume, tuple(np.asarray(slope, dtype=np.float32) for slope in slopes))


def samples_of(volume: Volume, mask: NDArray[np.bool_], most: int) -> Samples:
    """Values of a volume where a mask says, thinned evenly to ``most``."""
    indices = np.argwhere(mask)
    indices = indices[:: max(1, len(indices) // most)]
    values = volume.values[tuple(indices.T)]
    return Samples(volume.points_mm(indices.astype(np.float64)), values)


def fit_rigid(
    samples: Samples, target: Target, start: FloatArray, *, freedom: Freedom = FREE
) -> RigidFit:
    """Refine a motion until grey values agree best.

    Parameters
    ----------
    samples : Samples
        Of the baseline.
    target : Target
        The follow-up.
    start : array (4, 4)
        First guess, baseline mm to follow-up mm.
    freedom : Freedom
        Ties the fit to its start where the image holds nothing to lead it.

    Returns
    -------
    RigidFit
        At least as good as the start.
    """
    problem = _Problem(samples, target, start, freedom)
    matrix, damping = start, FIRST_DAMPING
    cost, system = _linearise(problem, matrix)
    for _ in range(ITERATIONS):
        moved = _moved(samples, matrix, _solve(system, damping))
        new_cost, new_system = _linearise(problem, moved)
        if new_cost >= cost:
            damping *= 10
            if damping > LAST_DAMPING:
                break
            continue
        settled = _largest_move_mm(samples, matrix, moved) < SETTLED_MM
        matrix, cost, system, damping = moved, new_cost, new_system, damping / 5
        if settled:
            break
    return judge(samples, target.volume, matrix)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    samples: Samples
    target: Target
    start: FloatArray
    freedom: Freedom


def _largest_move_mm(samples: Samples, before: FloatArray, after: FloatArray) -> float:
    moves = apply(after, samples.points_mm) - apply(before, samples.points_mm)
    return float(np.abs(moves).max())


def judge(samples: Samples, volume: Volume, matrix: FloatArray) -> RigidFit:
    """Correlation and overlap of samples with a volume under a motion."""
    mapped = apply(matrix, samples.points_mm)
    inside = volume.inside(mapped)
    share = float(inside.mean()) if len(inside) else 0.0
    if np.count_nonzero(inside) < 10:
        return RigidFit(matrix, -1.0, share)
    ours, theirs = samples.values[inside], sample(volume, mapped[inside])
    if ours.std() < 1e-6 or theirs.std() < 1e-6:
        return RigidFit(matrix, 0.0, share)
    return RigidFit(matrix, float(np.corrcoef(ours, theirs)[0, 1]), share)


def _linearise(
    problem: _Problem, matrix: FloatArray
) -> tuple[float, tuple[FloatArray, FloatArray]]:
    """Robust cost of a motion, and the normal equations of the best step from it."""
    free = 6 if problem.freedom.turn_rad > 0 else 3
    mapped = apply(matrix, problem.samples.points_mm)
    inside = problem.target.volume.inside(mapped)
    if inside.mean() < MIN_INSIDE:
        return np.inf, (np.eye(free), np.zeros(free))
    centre = mapped.mean(axis=0)
    mapped = mapped[inside]
    values = sample(problem.target.volume, mapped)
    left = (values - problem.samples.values[inside]).astype(np.float64)
    slope = _slopes_mm(problem.target, mapped)
    columns = np.hstack([slope, np.cross(mapped - centre, slope)])[:, :free]
    weight = 1 / np.hypot(1.0, left / ROBUST)
    weighted = columns * weight[:, None]
    tie, strayed = _tie(problem, matrix, free)
    system = weighted.T @ columns + np.diag(tie), -(weighted.T @ left) - tie * strayed
    # The mean, not the sum: leaving the volume with bad samples must not look like progress.
    misfit = ROBUST**2 * len(inside) * float(np.mean(np.hypot(1.0, left / ROBUST) - 1.0))
    return misfit + 0.5 * float(np.sum(tie * strayed**2)), system


def _tie(problem: _Problem, matrix: FloatArray, free: int) -> tuple[FloatArray, FloatArray]:
    """How strongly each direction is tied to the start, and how far it has strayed from it."""
    freedom = problem.freedom
    spread = np.repeat([freedom.shift_mm, freedom.turn_rad], 3)[:free]
    points = problem.samples.points_mm.mean(axis=0)[None]
    shift = apply(matrix, points)[0] - apply(problem.start, points)[0]
    turn = Rotation.from_matrix(matrix[:3, :3] @ problem.start[:3, :3].T).as_rotvec()
    return NOISE_ENERGY / spread**2, np.concatenate([shift, turn])[:free]


def _slopes_mm(target: Target, mapped: FloatArray) -> FloatArray:
    at = target.volume.indices(mapped).T
    slopes = np.column_stack(
        [ndimage.map_coordinates(slope, at, order=1, mode="nearest") for slope in target.gradient]
    )
    in_mm: FloatArray = slopes @ np.linalg.inv(target.volume.to_mm[:3, :3])
    return in_mm


def _solve(system: System, damping: float) -> FloatArray:
    curvature, right = system
    damped = curvature + damping * np.diag(np.diag(curvature) + 1e-9)
    return np.asarray(np.linalg.lstsq(damped, right, rcond=None)[0], dtype=np.float64)


def _moved(samples: Samples, matrix: FloatArray, step: FloatArray) -> FloatArray:
    """Follow a motion by a small shift and, about the samples' middle, a small turn."""
    extra = np.eye(4)
    centre = apply(matrix, samples.points_mm).mean(axis=0)
    if len(step) == 6:
        extra[:3, :3] = Rotation.from_rotvec(step[3:]).as_matrix()
    extra[:3, 3] = centre + step[:3] - extra[:3, :3] @ centre
    moved: FloatArray = extra @ matrix
    return moved
