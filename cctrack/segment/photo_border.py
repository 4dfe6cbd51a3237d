"""Move a deposit's border to where the photo itself changes from skin to deposit.

The border is where the contrast has fallen to half in sRGB values, which are nearly as the eye
sees: half way in Lab lies outside it on dark skin, half way in light inside it on any skin.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.segment.photo_skin import BoolArray, Float32Array

ROUNDS = 2
"""Each round learns deposit and skin from the last round's outline; a third changes nothing."""

MARGIN = 0.8
"""Skin looked at around a deposit, as a share of its radius."""

LEAST_MARGIN_PX = 10

FURTHEST_SHARE = 0.35
"""The border moves no further than this share of the radius: beyond it lies another thing."""

SMOOTHING_SHARE = 0.03
"""SD of the smoothing before the border is drawn, as a share of the radius: grains and hairs are
no border. Half-way lines of a disc move inwards by SD² / (2 radius), 0.05 % of the radius."""

SMOOTHING_PX = (0.8, 3.0)

LEAST_RING_PX = 20
"""Fewer pixels of skin say nothing of its colour."""

SORE_REACH_PX = 4.0
"""A sore is cut out of a blurred map and reaches beyond its rim already; it hardly grows."""

SORE_LEVEL = 0.75
"""Share of the departure inside at which a sore ends. Half would be right on plain skin; round a
sore the skin is red and swollen: 20 simulated sores came out 32 % too large by 0.5, 11 % by 0.8."""

SORE_WEIGHTS = (1.0, 0.3, 0.3)
"""Weights of red, green and blue: inflamed skin hardly differs from plain skin in red light, which
blood lets pass, chalk and crust do."""

SORE_GAP = 0.15
"""Gaps up to this share of the radius, where wound bed looks like skin, are part of a sore."""

NOISE_FLOOR = 1e-5
"""Variance of a channel (0-1) that even perfect skin has: 8-bit steps and sensor noise."""

LEAST_REACH = 1e-3
"""Fisher distance below which deposit and skin are the same colour."""


def refine_border(pixels: NDArray[np.uint8], rough: BoolArray, ignore: BoolArray) -> BoolArray:
    """Outline one deposit at full resolution.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        Part of a photo: the deposit and the skin around it.
    rough : bool array (rows, columns)
        Where the deposit roughly is.
    ignore : bool array (rows, columns)
        Other deposits, scale objects, background: neither deposit nor skin.

    Returns
    -------
    bool array (rows, columns)
        ``rough`` itself where deposit and skin cannot be told apart.
    """
    radius = float(np.sqrt(rough.sum() / np.pi))
    smoothing = float(np.clip(SMOOTHING_SHARE * radius, *SMOOTHING_PX))
    seen = np.asarray(cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), 0.7), np.float32)
    allowed = ~ignore & _within(rough, FURTHEST_SHARE * radius + 2)
    outline = rough
    for _ in range(ROUNDS):
        side = _side_of(seen, outline, ignore, radius)
        if side is None:
            return outline
        smooth = cv2.GaussianBlur(side, (0, 0), smoothing)
        better = _main_part((np.asarray(smooth) > 0) & allowed, outline)
        if better is None:
            return outline
        outline = better
    return outline


def refine_sore(pixels: NDArray[np.uint8], rough: BoolArray, ignore: BoolArray) -> BoolArray:
    """Outline one open sore at full resolution: chalk, crust and wound bed depart in any colour.

    The border is where the distance from the colour of the skin has fallen to `SORE_LEVEL` of what
    it is inside. Arguments are those of `refine_border`.
    """
    radius = float(np.sqrt(rough.sum() / np.pi))
    smoothing = float(np.clip(SMOOTHING_SHARE * radius, *SMOOTHING_PX))
    seen = np.asarray(
        cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), smoothing), np.float32
    )
    depth = _signed_distance(rough)
    ring = (depth < -0.2 * radius) & (depth > -margin_px(rough.sum())) & ~ignore
    if ring.sum() < LEAST_RING_PX:
        return rough
    weights = np.array(SORE_WEIGHTS, np.float32)
    away = np.sqrt((((seen - _plane_through(seen, ring)) * weights) ** 2).sum(axis=2))
    usual = float(np.median(away[ring]))
    inside = float(np.median(away[rough & (depth > min(2.0, 0.3 * radius))]))
    allowed = ~ignore & _within(rough, SORE_REACH_PX)
    beyond = (away > usual + SORE_LEVEL * (inside - usual)) & allowed
    better = _main_part(_closed(beyond, SORE_GAP * radius) & allowed, rough)
    return rough if better is None else better


def margin_px(area_px: float) -> int:
    """Width of the skin that `refine_border` wants to see around a deposit."""
    return int(max(LEAST_MARGIN_PX, MARGIN * np.sqrt(area_px / np.pi))) + 4


def _side_of(
    seen: Float32Array, outline: BoolArray, ignore: BoolArray, radius: float
) -> Float32Array | None:
    """Map that is +1 in the deposit, -1 on skin and 0 half way, by Fisher's discriminant."""
    depth = _signed_distance(outline)
    inside = depth > min(2.0, 0.3 * radius)
    ring = (depth < -max(2.0, 0.12 * radius)) & (depth > -margin_px(outline.sum())) & ~ignore
    if inside.sum() < 6 or ring.sum() < LEAST_RING_PX:
        return None
    level = seen - _plane_through(seen, ring)
    deposit, skin = level[inside], _without_outliers(level[ring])
    scatter = np.cov(skin.T) + np.cov(deposit.T) + NOISE_FLOOR * np.eye(3)
    gap = np.median(deposit, axis=0) - np.median(skin, axis=0)
    direction = np.linalg.solve(scatter, gap)
    reach = float(gap @ direction)
    if reach <= LEAST_REACH:
        return None
    middle = (np.median(deposit, axis=0) + np.median(skin, axis=0)) / 2
    side = (level - middle) @ direction / (reach / 2)
    # Glare and hair are far outside both colours and must not outweigh their neighbours.
    return np.asarray(np.clip(side, -1.5, 1.5), np.float32)


def _plane_through(seen: Float32Array, ring: BoolArray) -> Float32Array:
    """Light over the deposit as the ring around it shows it: a plane for each channel."""
    rows, columns = np.indices(ring.shape)
    terms = np.stack([np.ones(ring.shape), rows - rows.mean(), columns - columns.mean()], axis=-1)
    keep = ring
    for _ in range(2):
        weights = np.linalg.lstsq(terms[keep], seen[keep], rcond=None)[0]
        plane = terms @ weights
        off = np.abs(seen - plane).sum(axis=2)
        keep = ring & (off <= np.quantile(off[ring], 0.8))
    return np.asarray(plane, np.float32)


def _without_outliers(values: Float32Array) -> Float32Array:
    off = np.abs(values - np.median(values, axis=0)).sum(axis=1)
    kept: Float32Array = values[off <= np.quantile(off, 0.85)]
    return kept


def _main_part(mask: BoolArray, outline: BoolArray) -> BoolArray | None:
    """Fill the part of a mask that holds most of the outline; None when none does."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, parts = cv2.connectedComponents(opened, connectivity=4)
    votes = np.bincount(np.asarray(parts)[outline])
    votes[0] = 0
    if len(votes) < 2 or votes.max() < 0.3 * outline.sum():
        return None
    chosen = (np.asarray(parts) == votes.argmax()).astype(np.uint8)
    outlines, _ = cv2.findContours(chosen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled > 0


def _closed(mask: BoolArray, radius_px: float) -> BoolArray:
    size = 2 * round(radius_px) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), *(size,) * 4, cv2.BORDER_CONSTANT)
    closed = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc))
    return closed[size:-size, size:-size] > 0


def _signed_distance(outline: BoolArray) -> FloatArray:
    within = cv2.distanceTransform(outline.astype(np.uint8), cv2.DIST_L2, 5)
    without = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(within, np.float64) - np.asarray(without, np.float64)


def _within(outline: BoolArray, reach_px: float) -> BoolArray:
    distance = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance) <= reach_px
