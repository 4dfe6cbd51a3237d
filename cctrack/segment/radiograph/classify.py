"""Where is bone, where is a deposit: log-odds of every pixel of tissue.

Two ensembles run one after the other, on every second pixel. Bone comes first, because what is bone
around a place says most about whether a bright spot beside it is calcium. Then one looks for
deposits. The network (`network_planes`) has the last word.
"""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.features import Planes, blur
from cctrack.segment.radiograph.grid import Float32Array, Grid, disc
from cctrack.segment.trees import Trees

MODEL_FILE = "radiograph.npz"
"""Trained by ``benchmarks/train_radiograph.py`` on simulated films only."""

STRIDE = 2
"""Trees judge every second pixel: a cortex is wider than 0.4 mm, and the network sees each px."""

ODDS_LIMIT = 6.0
"""Log-odds are kept within ±6 (0.25 % and 99.75 %): beyond, averages would hang on one pixel."""

BONE_AVERAGES_MM = (1.5, 5.0)
"""How much bone there is close by, and around."""

LEAST_WEIGHT = 1e-3
"""Where nothing weighs more than this around a place, its average fades to the grey of air."""

SOFT_AVERAGES_MM = (3.0, 8.0)
"""Around a place, the grey of what is not bone: a deposit beside a metacarpal is brighter than the
flesh there, though darker than the average of flesh and bone."""

BONE_NEAR_MM = 3.0
"""A deposit beside bone has certain bone within this distance."""


def odds_of(planes: Planes, grid: Grid, trees: Trees) -> Float32Array:
    """Log-odds (rows, columns) of what an ensemble tells, within `ODDS_LIMIT`.

    Parameters
    ----------
    planes : mapping of str to float32 array (rows, columns)
        With those that the trees ask for.
    grid : Grid
        The odds are least outside its tissue.
    trees : Trees
    """
    stride = (slice(None, None, STRIDE),) * 2
    inside = grid.tissue[stride]
    found = trees.log_odds({name: planes[name][stride][inside] for name in trees.names})
    coarse = np.full(inside.shape, -ODDS_LIMIT, np.float32)
    coarse[inside] = np.clip(found, -ODDS_LIMIT, ODDS_LIMIT)
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
