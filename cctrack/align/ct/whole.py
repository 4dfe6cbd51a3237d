"""Find a first rigid motion between two CTs from any start, then refine it coarse to fine."""

from collections.abc import Iterable

import numpy as np
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from cctrack.align.ct.rigid import RigidFit, Samples, fit_rigid, judge, samples_of, target_of
from cctrack.align.ct.volume import Volume, reduced_volume, sample, smoothed
from cctrack.model import Ct, FloatArray

SEARCH_MM = 6.0
"""Grid of the exhaustive search over shifts."""

REFINE_MM = (4.0, 2.0)
"""Grids the motion is refined on."""

USUAL_TURNS_DEG = (0.0, -18.0, 18.0)
"""Turns tried about each axis: patients lie down again within about 25°, and a fit from the
nearest of these starts within 9°."""

UNUSUAL_TURNS_DEG = (90.0, -90.0, 180.0)
"""Tried when no usual turn fits: the limb was turned over, or lay the other way round."""

SURE_CORRELATION = 0.9
"""A usual turn that fits this well needs no unusual ones: a round limb turned by the wrong quarter
reaches 0.83."""

STARTS = 4
"""Best starts of the search that are refined."""

UNUSUAL_STARTS = 9
"""A nearly round limb turned by the wrong quarter looks alike on the coarse grid: refine all."""

MOST_SAMPLES = 25_000
"""Samples of a fit: more change the answer by less than 0.02 mm."""

BODY = 0.05
"""Windowed value above which there is tissue or its skin (-250 HU)."""


def fit_global(baseline: Ct, followup: Ct) -> RigidFit:
    """Lay a whole CT on another.

    Returns
    -------
    RigidFit
        Of the finest grid. Whether to believe it is the caller's decision.
    """
    fit = _best_of(baseline, followup, _usual_turns(), keep=STARTS)
    if fit.correlation < SURE_CORRELATION:
        unusual = _best_of(baseline, followup, _unusual_turns(), keep=UNUSUAL_STARTS)
        fit = max(fit, unusual, key=lambda one: one.correlation)
    for step_mm in REFINE_MM[1:]:
        fit = refine(baseline, followup, fit.matrix, step_mm)
    return fit


def refine(baseline: Ct, followup: Ct, start: FloatArray, step_mm: float) -> RigidFit:
    """Refine a motion on a grid of ``step_mm``."""
    fixed, moving = reduced_volume(baseline, step_mm), reduced_volume(followup, step_mm)
    return fit_rigid(body_samples(fixed), target_of(moving), start)


def body_samples(volume: Volume, most: int = MOST_SAMPLES) -> Samples:
    """Take samples of the body and of the air just around it, so that the skin leads too."""
    mask = ndimage.binary_dilation(volume.values > BODY, iterations=2)
    return samples_of(volume, mask, most)


def _usual_turns() -> list[FloatArray]:
    vectors = [np.zeros(3)]
    for axis in range(3):
        for angle in USUAL_TURNS_DEG[1:]:
            vectors.append(np.radians(angle) * np.eye(3)[axis])
    return [Rotation.from_rotvec(vector).as_matrix() for vector in vectors]


def _unusual_turns() -> list[FloatArray]:
    vectors = [
        np.radians(angle) * np.eye(3)[axis] for axis in range(3) for angle in UNUSUAL_TURNS_DEG
    ]
    return [Rotation.from_rotvec(vector).as_matrix() for vector in vectors]


def _best_of(baseline: Ct, followup: Ct, turns: Iterable[FloatArray], *, keep: int) -> RigidFit:
    """Try turns with every shift on a coarse grid, then refine the best few."""
    fixed, moving = reduced_volume(baseline, SEARCH_MM), reduced_volume(followup, SEARCH_MM)
    starts = sorted((_shifted(fixed, moving, turn) for turn in turns), key=lambda one: -one[0])
    fine = reduced_volume(baseline, REFINE_MM[0]), reduced_volume(followup, REFINE_MM[0])
    samples = body_samples(fine[0], MOST_SAMPLES // 4)
    blurred = target_of(smoothed(fine[1], REFINE_MM[0]))
    sharp = target_of(fine[1])
    fits = []
    for _, start in starts[:keep]:
        near = fit_rigid(samples, blurred, start)
        fits.append(fit_rigid(samples, sharp, near.matrix))
    return max(fits, key=lambda one: one.correlation * min(1.0, 2 * one.inside))


def _shifted(fixed: Volume, moving: Volume, turn: FloatArray) -> tuple[float, FloatArray]:
    """Best shift for a turn, by correlating edges; its correlation and the whole motion.

    Edges (skin, bone) have a sharper peak than grey values, whose correlation only measures how
    far two bodies overlap.
    """
    turned, to_mm = _turned(fixed, moving, turn)
    ours, theirs = _edges(turned), _edges(moving.values)
    shape = [a + b - 1 for a, b in zip(ours.shape, theirs.shape, strict=True)]
    size = [fft.next_fast_len(length, real=True) for length in shape]
    product = np.conj(fft.rfftn(ours, size)) * fft.rfftn(theirs, size)
    peaks = fft.irfftn(product, size)
    place = np.unravel_index(int(np.argmax(peaks)), peaks.shape)
    lag = np.array(
        [p - n if p >= m else p for p, n, m in zip(place, size, theirs.shape, strict=True)]
    )
    scale = float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    shift_mm = moving.to_mm[:3, :3] @ lag
    start = to_mm.copy()
    start[:3, 3] += shift_mm
    return float(peaks.max()) / max(scale, 1e-9), start


def _turned(
    fixed: Volume, moving: Volume, turn: FloatArray
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], FloatArray]:
    """Baseline turned about its middle and resampled on the follow-up's axes, and that motion."""
    middle = fixed.points_mm(np.array([(np.array(fixed.values.shape) - 1) / 2]))[0]
    corner = moving.to_mm[:3, 3]
    half = np.linalg.norm(fixed.spacing_mm * fixed.values.shape) / 2
    count = np.ceil(2 * half / moving.spacing_mm).astype(int)
    grid = np.indices([int(length) for length in count]).reshape(3, -1).T.astype(np.float64)
    motion = np.eye(4)
    motion[:3, :3] = turn
    centre = corner + moving.to_mm[:3, :3] @ ((count - 1) / 2)
    motion[:3, 3] = centre - turn @ middle
    back = np.linalg.inv(motion)
    points = moving.points_mm(grid) @ back[:3, :3].T + back[:3, 3]
    values = np.where(fixed.inside(points), sample(fixed, points), 0).astype(np.float32)
    return values.reshape(count), motion


def _edges(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FloatArray:
    slopes = np.gradient(np.pad(values, 1, mode="edge").astype(np.float64))
    edges: FloatArray = np.sqrt(sum(slope**2 for slope in slopes))[1:-1, 1:-1, 1:-1]
    return edges


def judge_on(baseline: Ct, followup: Ct, matrix: FloatArray, step_mm: float = 4.0) -> RigidFit:
    """Correlation and overlap of two CTs under a given motion."""
    fixed, moving = reduced_volume(baseline, step_mm), reduced_volume(followup, step_mm)
    return judge(body_samples(fixed), moving, matrix)
