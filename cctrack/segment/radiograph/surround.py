"""What lies around a candidate region: bone, flesh, other candidates; and how sharp its border is.

A wrist bone and a stone look alike px by px. What tells them apart is the company: an end of bone
goes on into bone on one side, an ossicle lies between two bones, a stone has a border all round.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import Float32Array
from cctrack.segment.radiograph.window import REACH_MM, Window

RINGS_MM = (0.0, 0.6, 2.0, 4.0, REACH_MM)
"""Bone is counted in rings between these distances."""

BESIDE_MM = 4.0
"""Bone up to here says on which sides of a region bones lie."""

SECTORS = 16
"""Directions in which bone may lie."""

TOUCHING_MM = 0.4
"""Bone this close is joined to a region."""

STEP_MM, RIM_MM, FINE_MM = 0.5, 0.2, 0.3
"""Grey inside and outside is averaged over the first; the second beside a border belongs to
neither; slopes are taken on the third."""

LEAST_STEP = 0.03
"""Slopes are told as shares of the step, which is taken for 3 % of bone's brightness at least."""

GRAIN_MM = 0.6
"""Finer than this is grain: noise, trabeculae, grains of calcium."""

LEAST_NOISE, LEAST_BONE = 0.004, 0.08
"""Ratios are not stretched by less noise than 0.4 % or less bone than 8 % of bone's brightness."""

ENOUGH_PX = 20
"""Fewer px of bone or flesh give no typical grey."""

NO_BONE = -1.0
"""Told where no bone lies beside a region, and no direction of it can be."""

Row = dict[str, float]


def bone_around(window: Window) -> Row:
    """Say how much bone lies around, on which sides, and whether it goes on into the region."""
    row = {}
    for nearest, farthest in itertools.pairwise(RINGS_MM):
        ring = window.ring(nearest, farthest)
        row[f"bone_at_{farthest:g}"] = float(window.bone[ring].mean()) if ring.any() else 0.5
    row |= _directions(window)
    row["bone_joined"] = float(np.log1p(_joined_mm2(window)))
    from_bone = window.scene.from_bone_mm[window.place][window.inside]
    row["from_bone_mean"], row["from_bone_least"] = float(from_bone.mean()), float(from_bone.min())
    row["limb"] = float(window.scene.half_mm[window.place][window.inside].mean())
    return row


def _directions(window: Window) -> Row:
    rows, columns = np.nonzero(window.ring(0.0, BESIDE_MM) & window.bone)
    if not len(rows):
        return {"bone_one_side": NO_BONE, "bone_two_sides": NO_BONE, "bone_sectors": 0.0}
    middle = np.argwhere(window.inside).mean(axis=0)
    angles = np.arctan2(rows - middle[0], columns - middle[1])
    sectors = np.unique((angles * (SECTORS / 2 / np.pi)).astype(int))
    return {
        # Mean directions: 1 when all bone lies on one side, or on two opposite ones.
        "bone_one_side": float(np.abs(np.exp(1j * angles).mean())),
        "bone_two_sides": float(np.abs(np.exp(2j * angles).mean())),
        "bone_sectors": len(sectors) / SECTORS,
    }


def _joined_mm2(window: Window) -> float:
    # Size of the largest bone that a region touches, without the region.
    parts = window.scene.parts[window.place]
    touched = np.unique(parts[window.out_mm <= TOUCHING_MM])
    own_mm2 = np.bincount(parts[window.inside], minlength=int(touched[-1]) + 1) * window.mm**2
    return max(0.0, float(np.max(window.scene.parts_mm2[touched] - own_mm2[touched])))


def others_around(window: Window) -> Row:
    """Say what other candidates lie near: the pieces of a net are candidates apart."""
    odds = window.scene.regions.odds[window.place]
    others = (window.labels > 0) & ~window.inside
    row = {}
    for reach_mm in (3, 6):
        near = others & (window.out_mm < reach_mm)
        row[f"others_{reach_mm}"] = float(np.log1p(near.sum() * window.mm**2))
        row[f"others_odds_{reach_mm}"] = float(odds[near].max()) if near.any() else -6.0
    row["odds_50"], row["odds_90"] = _centiles(odds[window.inside], (50, 90))
    row["odds_positive"] = float(np.mean(odds[window.inside] > 0))
    row["odds_beside_50"], row["odds_beside_90"] = _centiles(odds[window.ring(0.0, 1.0)], (50, 90))
    row["first_50"] = float(np.median(window.scene.planes["first"][window.place][window.inside]))
    return row


def border(window: Window) -> Row:
    """Say how steep the grey falls over the border, and on how much of it."""
    slopes, steps = _slopes(window), _steps(window)
    low, middle, high = _centiles(slopes, (10, 50, 90))
    step_10, step_25, step = _centiles(steps, (10, 25, 50))
    return {
        "slope_10": low,
        "slope_90": high,
        "slope_share": middle / max(abs(step), LEAST_STEP),
        "slope_wrong": float(np.mean(slopes < 0)),
        "step_10": step_10,
        "step_25": step_25,
    }


def _slopes(window: Window) -> Float32Array:
    # Rise of grey into the region along its border, per px.
    smooth = _blurred(window.grey, FINE_MM / window.mm)
    mask = _blurred(window.inside.astype(np.float32), STEP_MM / window.mm)
    down, across = (_sobel(smooth, order) * np.float32(0.125) for order in ((0, 1), (1, 0)))
    into_down, into_across = (_sobel(mask, order) for order in ((0, 1), (1, 0)))
    length = np.hypot(into_down, into_across) + np.float32(1e-6)
    along = (down * into_down + across * into_across) / (length * np.float32(window.mm))
    beside = np.where(window.inside, window.in_mm, window.out_mm) <= 1.5 * window.mm
    found: Float32Array = along[beside]
    return found


def _steps(window: Window) -> Float32Array:
    # Grey inside less grey outside, at each px of the border that has flesh beside it.
    sigma = STEP_MM / window.mm
    inside = window.inside.astype(np.float32)
    free = window.around & (window.labels == 0) & (window.out_mm > RIM_MM)
    outside = free.astype(np.float32)
    near, beside = _blurred(inside, sigma), _blurred(outside, sigma)
    within = _blurred(window.grey * inside, sigma) / (near + np.float32(1e-4))
    without = _blurred(window.grey * outside, sigma) / (beside + np.float32(1e-4))
    rim = window.inside & (window.in_mm <= 1.5 * window.mm) & (beside > 0.03)
    found: Float32Array = (within - without)[rim]
    return found


def texture(window: Window) -> Row:
    """Compare a region's grey and grain with those of flesh and bone around it."""
    grey, inside, scene = window.grey, window.inside, window.scene
    fine = grey - _blurred(grey, GRAIN_MM / window.mm)
    free = window.around & (window.labels == 0) & ~window.bone
    flesh = free & (window.out_mm > TOUCHING_MM)
    beside = free & window.ring(RINGS_MM[1], BESIDE_MM)
    bone = window.bone & (window.out_mm > TOUCHING_MM) & window.around
    noise = float(scene.planes["noise"][window.place][inside].mean()) + LEAST_NOISE
    over_flesh = float(np.median(grey[inside])) - _usual(grey[flesh], scene.flesh_grey)
    bone_over = _usual(grey[bone], scene.bone_grey) - _usual(grey[flesh], scene.flesh_grey)
    air = ~(inside | window.around)
    return {
        "own": float(np.median(grey[inside])),
        "over_flesh": over_flesh,
        "over_noise": over_flesh / noise,
        "to_bone": over_flesh / max(bone_over, LEAST_BONE),
        "flesh_spread": float(grey[flesh].std()) if flesh.any() else 0.0,
        "grain": float(fine[inside].std()) / noise,
        "grain_beside": float(fine[beside].std()) if beside.any() else 0.0,
        "dome": _dome(window),
        "air_around": float(np.mean(air[window.out_mm <= REACH_MM])),
    }


def _dome(window: Window) -> float:
    # A ball is brighter in its middle, an end of bone is not.
    deepest = float(window.in_mm.max())
    core = window.inside & (window.in_mm > 0.5 * deepest)
    rim = window.inside & (window.in_mm <= 0.34 * deepest + window.mm)
    return float(window.grey[core].mean() - window.grey[rim].mean())


def _usual(grey: Float32Array, otherwise: float) -> float:
    return float(np.median(grey)) if grey.size > ENOUGH_PX else otherwise


def _centiles(values: Float32Array, centiles: tuple[int, ...]) -> list[float]:
    if not values.size:
        return [-6.0] * len(centiles)
    found: NDArray[np.float64] = np.percentile(values, centiles)
    return [float(value) for value in found]


def _blurred(plane: Float32Array, sigma_px: float) -> Float32Array:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(sigma_px, 0.3)), np.float32)


def _sobel(plane: Float32Array, order: tuple[int, int]) -> Float32Array:
    return np.asarray(cv2.Sobel(plane, cv2.CV_32F, *order, ksize=3), np.float32)
