"""Where is bone, where is a deposit: log-odds of every pixel of tissue.

Three ensembles run one after the other. Bone comes first, on every second pixel, because what is
bone around a place says most about whether a bright spot beside it is calcium. Then two look for
deposits, the second only near what the first suspects and with what the first saw around it.
"""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.features import Planes, blur
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid, disc
from cctrack.segment.trees import Trees

MODEL_FILE = "radiograph.npz"
"""Trained by ``benchmarks/train_radiograph.py`` on simulated films only."""

BONE_STRIDE = 2
"""Bone is looked for on every second pixel: a cortex is wider than 0.4 mm."""

ODDS_LIMIT = 6.0
"""Log-odds are kept within ±6 (0.25 % and 99.75 %): beyond, averages would hang on one pixel."""

BONE_AVERAGES_MM = (1.5, 5.0)
"""How much bone there is close by, and around."""

LEAST_WEIGHT = 1e-3
"""Where nothing weighs more than this around a place, its average fades to the grey of air."""

CANDIDATE_ODDS = -3.0
"""The second stage looks where the first left a chance of 5 %."""

CANDIDATE_MM = 0.5
"""Averaged over this width, and as far around: a third of a hand's px."""

SOFT_AVERAGES_MM = (3.0, 8.0)
"""Around a place, the grey of what is not bone: a deposit beside a metacarpal is brighter than the
flesh there, though darker than the average of flesh and bone."""

BONE_NEAR_MM = 3.0
"""A deposit beside bone has certain bone within this distance."""


def bone_odds(planes: Planes, grid: Grid, trees: Trees) -> Float32Array:
    """Log-odds of bone (rows, columns), least outside tissue."""
    stride = (slice(None, None, BONE_STRIDE),) * 2
    inside = grid.tissue[stride]
    coarse = np.full(inside.shape, -ODDS_LIMIT, np.float32)
    coarse[inside] = _odds(trees, {name: planes[name][stride] for name in trees.names}, inside)
    full = cv2.resize(coarse, grid.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)


def bone_planes(odds: Float32Array, grey: Float32Array, mm: float) -> Planes:
    """Describe what the bone stage saw at and around each pixel."""
    planes: Planes = {"bone": odds}
    soft = chance_of(-odds)
    for radius_mm in SOFT_AVERAGES_MM:
        planes[f"over_soft_{radius_mm}"] = grey - level_of(grey, soft, radius_mm / mm)
    for radius_mm in BONE_AVERAGES_MM:
        planes[f"bone_{radius_mm}"] = blur(odds, radius_mm / mm)
    small = cv2.resize(odds, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    near = cv2.dilate(small, disc(BONE_NEAR_MM / mm / 4))
    full = cv2.resize(near, odds.shape[::-1], interpolation=cv2.INTER_LINEAR)
    planes["bone_near"] = np.asarray(full, np.float32)
    return planes


def chance_of(odds: Float32Array) -> Float32Array:
    """Turn log-odds into chances."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float32)


def level_of(grey: Float32Array, weight: Float32Array, sigma_px: float) -> Float32Array:
    """Average the grey around each px, weighted."""
    return blur(grey * weight, sigma_px) / (blur(weight, sigma_px) + LEAST_WEIGHT)


def deposit_odds(planes: Planes, grid: Grid, trees: Trees) -> Float32Array:
    """Log-odds of a deposit (rows, columns), least outside tissue.

    ``planes`` are those of `pixel_features` and `bone_planes`.
    """
    odds = np.full(grid.shape, -ODDS_LIMIT, np.float32)
    odds[grid.tissue] = _odds(trees, {name: planes[name] for name in trees.names}, grid.tissue)
    return odds


def refined_odds(planes: Planes, first: Float32Array, grid: Grid, trees: Trees) -> Float32Array:
    """Log-odds of a deposit with what was seen around each px taken into account.

    Parameters
    ----------
    planes : mapping of str to float32 array (rows, columns)
        Those of `pixel_features`, `bone_planes` and `context_planes`.
    first : float32 array (rows, columns)
        What `deposit_odds` returned.
    """
    odds = np.full(grid.shape, -ODDS_LIMIT, np.float32)
    inside = candidates(first, grid)
    if inside.any():
        odds[inside] = _odds(trees, {name: planes[name] for name in trees.names}, inside)
    return odds


def candidates(first: Float32Array, grid: Grid) -> BoolArray:
    """Mark where the first stage did not rule a deposit out, with some px around."""
    possible = (blur(first, CANDIDATE_MM / grid.mm) > CANDIDATE_ODDS) & grid.tissue
    grown = cv2.dilate(possible.astype(np.uint8), disc(CANDIDATE_MM / grid.mm))
    return (np.asarray(grown) > 0) & grid.tissue


def _odds(trees: Trees, planes: Planes, inside: BoolArray) -> Float32Array:
    found = trees.log_odds({name: plane[inside] for name, plane in planes.items()})
    limited: Float32Array = np.clip(found, -ODDS_LIMIT, ODDS_LIMIT)
    return limited
