"""Align two photos whose scale is known: on the plane of the skin only a rigid motion is left.

Both photos are laid flat in mm by their own scale. What remains between two visits is a turn and
a shift, three numbers instead of the eight of a homography, and they can be searched through
completely: every turn by a correlation over all shifts at once. Skin keeps its veins, naevi and
mottling over months, while pores and hair do not, so the search looks at structure of 1 to 8 mm.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cctrack._cv2 import cv2
from cctrack.align.photo_flat import BoolArray, Channel, Flat, flatten, swap
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, FloatArray, Photo, Quality

SEARCH_MM = 0.8
"""Pixel of the search grid: fine enough for structure of 1 mm and more, and quick."""

REFINE_MM = 0.3
"""Pixel of the grid on which the winner is refined."""

TURN_STEP_DEG = 5.0
"""At 60 mm from the middle half a step is 2.6 mm, still within the structure correlated."""

LEAST_OVERLAP = 0.25
"""Share of the smaller field that both photos must show; less and chance wins."""

CANDIDATES = 6
"""Peaks of the search that are refined; the true one was among the first three when tried."""

LEAST_CORRELATION = 0.30
"""Refined correlation below which the photos are taken for strangers. See decision 0005."""

LEAST_LEAD = 1.35
"""The best motion must correlate this much better than the best one elsewhere: strangers have
many equally bad fits, a true pair has one. See decision 0005."""

RIVAL_MM = 8.0
"""Motions that put the middle further apart than this are different fits."""

GOOD_CORRELATION = 0.45
"""From here on a wrong alignment was never seen."""

LARGEST_STRETCH = 0.12
"""Skin stretches with posture and both scales err by a few per cent; more is a wrong match."""

ECC_STEPS = 80
"""Iterations of the refinement; it converges in 20 to 50 or not at all."""


def align_on_plane(
    baseline: Photo,
    followup: Photo,
    ignore: tuple[BoolArray, BoolArray],
) -> Alignment:
    """Find the rigid motion between two photos that both have a scale.

    Parameters
    ----------
    baseline, followup : Photo
        With a scale each.
    ignore : pair of bool array (rows, columns)
        What must not attract the alignment: scale objects, background.

    Returns
    -------
    Alignment
        A homography between the photos' px: the rigid motion seen by both cameras.

    Raises
    ------
    AlignmentFailed
        If a photo has no scale, or no motion fits; ``error.alignment`` holds the best found.
    """
    coarse = flatten(baseline, ignore[0], SEARCH_MM), flatten(followup, ignore[1], SEARCH_MM)
    fine = flatten(baseline, ignore[0], REFINE_MM), flatten(followup, ignore[1], REFINE_MM)
    refined = [_refine(*fine, _scaled(motion)) for motion in _search(*coarse)]
    score, motion = max(refined, key=lambda item: item[0])
    rival = max((found for found, other in refined if _apart(motion, other, fine[0])), default=0.0)
    alignment = _as_alignment((score, rival), motion, (baseline, followup), fine)
    if alignment.quality is Quality.FAILED:
        raise AlignmentFailed(f"no turn and shift fits: {alignment.reason}", alignment)
    return alignment


def _search(baseline: Flat, followup: Flat) -> list[FloatArray]:
    """Try every turn, and all shifts at once; return the best motions, grid to grid."""
    target = _Spectrum.of(followup, baseline)
    turns = np.arange(-180.0, 180.0, TURN_STEP_DEG)
    found: list[tuple[float, FloatArray]] = []
    for turn in turns:
        score, shift, turned = _best_shift(baseline, target, float(turn))
        found.append((score, _shift(shift) @ turned))
    found.sort(key=lambda item: -item[0])
    return [motion for _, motion in found[:CANDIDATES]]


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """Transforms of the follow-up that every turn is correlated with."""

    shape: tuple[int, int]
    side: int
    structure: NDArray[np.complex64]
    power: NDArray[np.complex64]
    weight: NDArray[np.complex64]
    area: float

    @classmethod
    def of(cls, followup: Flat, baseline: Flat) -> "_Spectrum":
        side = _turned_side(baseline)
        rows, columns = followup.weight.shape
        shape = (fft.next_fast_len(rows + side), fft.next_fast_len(columns + side))
        return cls(
            shape=shape,
            side=side,
            structure=fft.rfft2(followup.structure, shape),
            power=fft.rfft2((followup.structure**2).sum(axis=0), shape),
            weight=fft.rfft2(followup.weight, shape),
            area=float(min(followup.weight.sum(), baseline.weight.sum())),
        )


def _turned_side(flat: Flat) -> int:
    return int(np.ceil(np.hypot(*flat.weight.shape))) + 1


def _best_shift(
    baseline: Flat, target: _Spectrum, turn_deg: float
) -> tuple[float, FloatArray, FloatArray]:
    """Best correlation over all shifts of the baseline turned by an angle."""
    turned = _turn(baseline.weight.shape, turn_deg, target.side)
    size = (target.side, target.side)
    warp = swap(turned)[:2]
    structure = np.stack([_moved(item, warp, size) for item in baseline.structure])
    weight = _moved(baseline.weight, warp, size)

    def correlate(values: Channel, spectrum: NDArray[np.complex64]) -> Channel:
        product = np.conj(fft.rfft2(values, target.shape)) * spectrum
        return np.asarray(fft.irfft2(product, target.shape), dtype=np.float32)

    cross = correlate(structure, target.structure).sum(axis=0)
    own = correlate((structure**2).sum(axis=0), target.weight)
    other = correlate(weight, target.power)
    overlap = correlate(weight, target.weight)
    score = cross / np.sqrt(np.maximum(own * other, 1e-6))
    # A small overlap correlates well by chance: its noise grows with one over the root of it.
    share = np.clip(overlap / target.area, 0.0, 1.0)
    score = np.where(share >= LEAST_OVERLAP, score * np.sqrt(share), -1.0)
    peak = np.unravel_index(int(np.argmax(score)), score.shape)
    shift = np.array(
        [_signed(int(p), n, target.side) for p, n in zip(peak, score.shape, strict=True)]
    )
    return float(score[peak]), shift.astype(float), turned


def _moved(values: Channel, warp: FloatArray, size: tuple[int, int]) -> Channel:
    return np.asarray(cv2.warpAffine(values, warp, size), dtype=np.float32)


def _signed(position: int, length: int, side: int) -> int:
    return position - length if position > length - side else position


def _turn(shape: tuple[int, ...], turn_deg: float, side: int) -> FloatArray:
    """Turn a grid about its middle into a square that holds it at every angle."""
    angle = np.deg2rad(turn_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(shape) - 1) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = rotation
    matrix[:2, 2] = (side - 1) / 2 - rotation @ middle
    return matrix


def _shift(offset: FloatArray) -> FloatArray:
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix


def _scaled(motion: FloatArray) -> FloatArray:
    """Carry a motion from the search grid over to the refining grid."""
    ratio = SEARCH_MM / REFINE_MM
    matrix = motion.copy()
    matrix[:2, 2] *= ratio
    return matrix


def _refine(baseline: Flat, followup: Flat, motion: FloatArray) -> tuple[float, FloatArray]:
    """Refine a rigid motion by ECC, first rigid, then with the little that skin stretches."""
    best = _score(baseline, followup, motion), motion
    for model in (cv2.MOTION_EUCLIDEAN, cv2.MOTION_AFFINE):
        refined = _ecc(baseline, followup, best[1], model)
        if refined is None or not _nearly_rigid(refined):
            break
        best = max(best, (_score(baseline, followup, refined), refined), key=lambda item: item[0])
    return best


def _ecc(baseline: Flat, followup: Flat, motion: FloatArray, model: int) -> FloatArray | None:
    start = np.asarray(swap(motion)[:2], dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_STEPS, 1e-5)
    template, image = baseline.structure[0], followup.structure[0]
    mask = (baseline.weight > 0).astype(np.uint8)
    try:
        _, warp = cv2.findTransformECC(template, image, start, model, stop, mask, 5)
    except cv2.error:
        return None  # It did not converge; the motion stays as the search found it.
    return swap(np.vstack([warp, [0, 0, 1]]))


def _nearly_rigid(motion: FloatArray) -> bool:
    stretch = np.linalg.svd(motion[:2, :2], compute_uv=False)
    return bool(np.all(np.abs(stretch - 1.0) <= LARGEST_STRETCH))


def _score(baseline: Flat, followup: Flat, motion: FloatArray) -> float:
    """Correlation of both photos' structure where both show something."""
    warp = swap(np.linalg.inv(motion).astype(np.float64))[:2]
    shape = baseline.weight.shape
    size = (shape[1], shape[0])
    moved = np.stack([_moved(item, warp, size) for item in followup.structure])
    both = np.where(_moved(followup.weight, warp, size) > 0.5, baseline.weight, 0.0)
    if both.sum() < LEAST_OVERLAP * min(baseline.weight.sum(), followup.weight.sum()):
        return -1.0
    ours, theirs = baseline.structure[:, both > 0], moved[:, both > 0]
    norm = float(np.sqrt((ours**2).sum() * (theirs**2).sum()))
    return float((ours * theirs).sum()) / max(norm, 1e-6)


def _apart(motion: FloatArray, other: FloatArray, flat: Flat) -> bool:
    """Whether two motions put the middle of the baseline at different places."""
    middle = np.array([*(np.array(flat.weight.shape) / 2), 1.0])
    return bool(np.hypot(*((motion - other) @ middle)[:2]) * REFINE_MM > RIVAL_MM)


def _as_alignment(
    scores: tuple[float, float],
    motion: FloatArray,
    photos: tuple[Photo, Photo],
    flats: tuple[Flat, Flat],
) -> Alignment:
    matrix = flats[1].to_px @ motion @ np.linalg.inv(flats[0].to_px)
    matrix = matrix / matrix[2, 2]
    score, rival = scores
    quality, reason = Quality.GOOD, ""
    if score < GOOD_CORRELATION:
        quality, reason = Quality.CHECK, f"correlation {score:.2f}: look at the overlay"
    if score < LEAST_CORRELATION or score < LEAST_LEAD * rival:
        quality = Quality.FAILED
        reason = f"a correlation of {score:.2f}, {rival:.2f} elsewhere, proves nothing"
    scale = photos[1].scale
    return Alignment(
        AlignmentModel.HOMOGRAPHY,
        matrix,
        quality,
        residual_px=REFINE_MM / float(np.mean(scale.mean_mm)) if scale else 0.0,
        residual_mm=REFINE_MM,
        coverage=_coverage(matrix, photos),
        reason=reason,
    )


def _coverage(matrix: FloatArray, photos: tuple[Photo, Photo]) -> float:
    rows, columns = photos[0].shape
    down, across = np.meshgrid(np.linspace(0, rows, 25), np.linspace(0, columns, 25))
    points = np.column_stack([down.ravel(), across.ravel()])
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    places = mapped[:, :2] / mapped[:, 2:]
    return float(((places >= 0) & (places < photos[1].shape)).all(axis=1).mean())
