"""Move a deposit's border to where the photo itself changes from skin to deposit.

The border is where the contrast between what lies just inside and just outside has fallen to
`BORDER_LEVEL`, in sRGB values, which are nearly as the eye sees: half way in Lab lies outside it on
dark skin, half way in light inside it on any skin. Both sides are taken beside each place of the
border, because a deposit's middle is whiter and the skin further off less red.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.segment.photo_skin import BoolArray, Float32Array

ROUNDS = 3
"""Each round learns both sides from the last round's outline; a fourth changes nothing."""

BORDER_LEVEL = 0.45
"""Share of the contrast at the border. A deposit is domed and its slope darker than its top, so
half the contrast lies inside it: areas of 84 simulated deposits came out 4 % too small with 0.5,
0.1 % with 0.45, 2 % too large with 0.4."""

GAP_PX, GAP_SHARE = 2.0, 0.06
"""Distance from the border, and share of the radius on top, at which both sides begin: blur and
soft borders are neither."""

BAND_SHARE, LEAST_BAND_PX = 0.2, 4.0
"""Width of both sides, as a share of the radius: wider ones reach the whiter middle."""

SOFT_RADIUS_PX = (40.0, 60.0)
"""Radii above which gap and band grow no further."""

REACH_SHARE = 0.3
"""The border moves no further than this share of the radius: beyond it lies another thing."""

FURTHEST_SHARE = 0.35
"""The same before the border is placed, outwards: a rough outline may miss so much."""

LEAST_INSIDE_PX = 6

NOISE_FLOOR = 1e-5
"""Variance of a channel (0-1) that even perfect skin has: 8-bit steps and sensor noise."""

LEAST_CONTRAST = 0.02
"""Contrast (0-1) at which the photo and the rough outline count the same."""

SMOOTHING_SHARE = 0.08
"""SD of the smoothing before the border is drawn, as a share of the radius: grains are no border.
Half-way lines of a disc move inwards by SD² / (2 radius), 0.3 % of the radius."""

SMOOTHING_PX = (1.2, 5.0)

HAIR_SHARE, HAIR_PX = 0.06, (2, 7)
"""Half width of the median filter that takes out hairs, as a share of the radius and in px. It
brought the median error of 28 large simulated deposits from 1.4 % to 1.1 %."""

LEAST_RING_PX = 20
"""Fewer pixels of skin say nothing of its colour."""

MARGIN = 0.8
"""Skin looked at around a deposit, as a share of its radius."""

LEAST_MARGIN_PX = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Mean colours beside each place of a border.

    Attributes
    ----------
    depth : array (rows, columns)
        Distance from the border in px, negative outside.
    within, beyond : bool arrays
        The two sides.
    middle, step : float32 arrays (rows, columns, 3)
        Mean of both sides' colours, and inside minus outside.
    """

    depth: FloatArray
    within: BoolArray
    beyond: BoolArray
    middle: Float32Array
    step: Float32Array


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
    seen = _seen(pixels, radius)
    outline = _by_colour(seen, rough, ignore)
    for _ in range(ROUNDS):
        sides = _sides_of(seen, outline, ignore)
        if sides is None:
            return outline
        smooth = np.asarray(cv2.GaussianBlur(_side(seen, sides), (0, 0), smoothing))
        near = np.abs(sides.depth) <= REACH_SHARE * radius + 2
        moved = np.where(near, smooth > 2 * BORDER_LEVEL - 1, outline) & ~ignore
        better = main_part(moved, outline)
        if better is None:
            return outline
        outline = better
    return outline


def _by_colour(seen: Float32Array, rough: BoolArray, ignore: BoolArray) -> BoolArray:
    """Correct a rough outline by the colours of all of the deposit and all of the skin around it.

    Fisher's discriminant: it forgives a rough outline that misses a third, but not the whiter
    middle of a deposit, so the border itself is placed afterwards.
    """
    depth = signed_distance(rough)
    radius = float(np.sqrt(rough.sum() / np.pi))
    inside = depth > min(2.0, 0.3 * radius)
    ring = (depth < -max(2.0, 0.12 * radius)) & (depth > -margin_px(rough.sum())) & ~ignore
    if inside.sum() < LEAST_INSIDE_PX or ring.sum() < LEAST_RING_PX:
        return rough
    deposit, skin = seen[inside], _without_outliers(seen[ring])
    scatter = np.cov(skin.T) + np.cov(deposit.T) + NOISE_FLOOR * np.eye(3)
    middles = np.median(deposit, axis=0), np.median(skin, axis=0)
    direction = np.linalg.solve(scatter, middles[0] - middles[1])
    side = (seen - (middles[0] + middles[1]) / 2) @ direction
    smooth = np.asarray(cv2.GaussianBlur(side.astype(np.float32), (0, 0), SMOOTHING_PX[0]))
    near = depth > -FURTHEST_SHARE * radius - 2
    better = main_part((smooth > 0) & near & ~ignore, rough)
    return rough if better is None else better


def _without_outliers(values: Float32Array) -> Float32Array:
    off = np.abs(values - np.median(values, axis=0)).sum(axis=1)
    kept: Float32Array = values[off <= np.quantile(off, 0.85)]
    return kept


def plainness(pixels: NDArray[np.uint8], outline: BoolArray, ignore: BoolArray) -> float:
    """Share of the pixels beside a border that are on the side their colour says, 0 to 1.

    Deposits have 0.96 and more (nine of ten simulated ones), open sores less: their colours are
    mixed, and only their whole look tells them from skin. Arguments are those of `refine_border`.
    """
    seen = _seen(pixels, float(np.sqrt(outline.sum() / np.pi)))
    sides = _sides_of(seen, outline, ignore)
    if sides is None:
        return 0.0
    side = ((seen - sides.middle) * sides.step).sum(axis=2)
    return float((side[sides.within] > 0).mean() + (side[sides.beyond] < 0).mean()) / 2


def margin_px(area_px: float) -> int:
    """Width of the skin that `refine_border` wants to see around a deposit."""
    return int(max(LEAST_MARGIN_PX, MARGIN * np.sqrt(area_px / np.pi))) + 4


def main_part(mask: BoolArray, outline: BoolArray) -> BoolArray | None:
    """Fill the part of a mask that holds most of the outline; None when none does."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, parts = cv2.connectedComponents(opened, connectivity=4)
    votes = np.bincount(np.asarray(parts)[outline], minlength=2)
    votes[0] = 0
    if votes.max() < 0.3 * outline.sum():
        return None
    return filled(np.asarray(parts) == votes.argmax())


def filled(mask: BoolArray) -> BoolArray:
    """Fill the holes of a mask."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    full = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(full, outlines, -1, 1, cv2.FILLED)
    return full > 0


def signed_distance(outline: BoolArray) -> FloatArray:
    """Distance in px from the nearest pixel of the other class, negative outside."""
    within = cv2.distanceTransform(outline.astype(np.uint8), cv2.DIST_L2, 5)
    without = cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(within, np.float64) - np.asarray(without, np.float64)


def _seen(pixels: NDArray[np.uint8], radius: float) -> Float32Array:
    """Photo without hairs (0-1); a median leaves straight edges where they are."""
    half = int(np.clip(round(HAIR_SHARE * radius), *HAIR_PX))
    bare = cv2.medianBlur(np.ascontiguousarray(pixels), 2 * half + 1)
    return np.asarray(cv2.GaussianBlur(bare.astype(np.float32) / 255, (0, 0), 0.7), np.float32)


def _sides_of(seen: Float32Array, outline: BoolArray, ignore: BoolArray) -> _Sides | None:
    """Look at both sides of a border; None where one of them is not in view."""
    depth = signed_distance(outline)
    radius = float(np.sqrt(outline.sum() / np.pi))
    gap = GAP_PX + GAP_SHARE * min(radius, SOFT_RADIUS_PX[0])
    band = max(LEAST_BAND_PX, BAND_SHARE * min(radius, SOFT_RADIUS_PX[1]))
    within = (depth > gap) & (depth < gap + band)
    if within.sum() < LEAST_RING_PX:
        within = depth > 0.5 * depth.max()
    beyond = (depth < -gap) & (depth > -gap - band) & ~ignore
    if not within.any() or beyond.sum() < LEAST_RING_PX:
        return None
    inner, outer = (_mean_near(seen, mask, 0.7 * (gap + band)) for mask in (within, beyond))
    middle: Float32Array = (inner + outer) * np.float32(0.5)
    return _Sides(depth, within, beyond, middle, inner - outer)


def _mean_near(seen: Float32Array, mask: BoolArray, sd: float) -> Float32Array:
    """Mean colour of a mask near each place; far from it, of all of the mask."""
    weight = mask.astype(np.float32)[..., None]
    total = np.asarray(cv2.GaussianBlur(seen * weight, (0, 0), sd), np.float32)
    share = np.asarray(cv2.GaussianBlur(weight, (0, 0), sd), np.float32)[..., None]
    few = np.float32(1e-3)
    return np.asarray((total + few * seen[mask].mean(axis=0)) / (share + few), np.float32)


def _side(seen: Float32Array, sides: _Sides) -> Float32Array:
    """Map that is +1 in the deposit, -1 on skin and 0 half way between its two sides."""
    square = (sides.step**2).sum(axis=2)
    told = square / (square + LEAST_CONTRAST**2)
    side = ((seen - sides.middle) * sides.step).sum(axis=2) * 2 / (square + LEAST_CONTRAST**2)
    # Glare and hair are far outside both colours and must not outweigh their neighbours.
    rough = np.clip(sides.depth / GAP_PX, -1, 1)
    return np.asarray(np.clip(side, -1.5, 1.5) * told + (1 - told) * rough, np.float32)
