"""Find the corners of a dark square on a bright ground to a fraction of a pixel.

A tag's sides are located where the light, not the grey value, is half way from black to white:
blur mixes light, and sRGB grey values are about its square root. Half way in grey values lies
inside the square, which then measures 1–2 % too small and every lesion as much too large.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

PROFILES_A_SIDE = 40
"""Enough to average noise to below 0.05 px; more cost time for nothing."""

FROM_CORNER = 0.12
"""Share of a side left out at both ends: near a corner a profile sees the neighbouring side."""

REACH_MODULES = 0.85
"""Half the length of a profile in tag modules: black border and white margin are one module."""

LONGEST_REACH_PX = 12.0
"""Longer profiles see shading and curvature instead of the edge."""

SHORTEST_REACH_PX = 2.0
"""Below it a profile holds no plateau of either colour and the square is no use."""

LEAST_CONTRAST = 0.04
"""Difference in linear light (0–1) between white and black below which a side is not seen."""

STEP_PX = 0.5
"""Distance of the samples of a profile: finer than the blur of any lens."""

NOISE = (-0.2, 1.2)
"""Profiles are cut to this share of the contrast before an edge is located."""

FAR_OUT = (-1.0, 2.0)
"""Where a third colour is seen, this says enough."""

SPOILED_LEVEL = 0.3
"""Share of the contrast by which the dark end of a profile is lit where glare lies on it."""

OUTLIER_PX_MADS = 3.0
"""Profiles further from the line than so many robust SDs (glare, a hair) are left out."""

_LEVEL = np.arange(256) / 255.0
_LINEAR = np.where(_LEVEL <= 0.04045, _LEVEL / 12.92, ((_LEVEL + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
"""sRGB to linear light, IEC 61966-2-1."""


Line = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Four corners and how well they are known.

    Attributes
    ----------
    points_px : array (4, 2)
        (row, column) in px, clockwise from the tag's own upper left.
    sd_px : float
        Standard deviation of one coordinate of one corner, from the scatter along the sides.
    scatter_px : float
        SD of the sides' points about straight lines.
    blur_px : float
        SD of the blur across the sides.
    spoiled : float
        Share of the profiles across the sides whose dark end is lit: glare, or something on it.
    overshoot : float
        By how much of the contrast the profiles are darker than dark or brighter than the ground.
    """

    points_px: FloatArray
    sd_px: float
    scatter_px: float
    blur_px: float = 0.0
    spoiled: float = 0.0
    overshoot: float = 0.0


def linear_light(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean of the three channels in linear light, 0–1, array (rows, columns)."""
    mean = cv2.transform(linear_rgb(pixels), np.full((1, 3), 1 / 3))
    return np.asarray(mean, dtype=np.float32)


def linear_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Three channels in linear light, 0–1, array (rows, columns, 3)."""
    light = cv2.LUT(np.ascontiguousarray(pixels), _LINEAR)
    return np.asarray(light, dtype=np.float32)


def refine_corners(
    light: NDArray[np.float32], rough_px: FloatArray, *, modules: int
) -> Corners | None:
    """Move the corners of a black square to where its sides cross.

    Parameters
    ----------
    light : float32 array (rows, columns)
        Linear light around the tag.
    rough_px : array (4, 2)
        Corners as (row, column), within a module of the truth.
    modules : int
        Width of the tag in modules, its black border included.

    Returns
    -------
    Corners or None
        None when a side is too short, too faint or hidden.
    """
    points = rough_px
    for _ in range(2):
        sides = [_fit_side(light, np.roll(points, -k, axis=0), modules) for k in range(4)]
        found = [side for side in sides if side is not None]
        if len(found) < 4:
            return None
        crossings = [cross(found[k - 1][:2], found[k][:2]) for k in range(4)]
        points = np.array(crossings, dtype=np.float64)
    spread, blur_px, spoiled, overshoot = np.mean([side[2:] for side in found], axis=0)
    if np.abs(points - rough_px).max() > _module_px(rough_px, modules):
        return None
    # The ends of a fitted line are twice as uncertain as its middle.
    sd_px = 2.0 * float(spread) / np.sqrt(PROFILES_A_SIDE)
    quality = (float(blur_px), float(spoiled), float(overshoot))
    return Corners(points, sd_px, float(spread), *quality)


class Side(NamedTuple):
    """Line through one side: a point, its direction, and what the profiles across it show."""

    point: FloatArray
    along: FloatArray
    scatter: float
    blur_px: float
    spoiled: float
    overshoot: float


def _fit_side(light: NDArray[np.float32], points: FloatArray, modules: int) -> Side | None:
    """Line through the half-light points of the side from the first corner to the second."""
    start, end = points[0], points[1]
    along = (end - start) / float(np.linalg.norm(end - start))
    # Corners run clockwise on the image, so the outside lies to the left of the direction.
    outward = np.array([-along[1], along[0]])
    # A module is as wide as the square seen across this side, which tilt may have shortened.
    width = float((points[:2].mean(axis=0) - points[2:].mean(axis=0)) @ outward)
    reach = min(REACH_MODULES * width / modules, LONGEST_REACH_PX)
    if reach < SHORTEST_REACH_PX:
        return None
    share = np.linspace(FROM_CORNER, 1 - FROM_CORNER, PROFILES_A_SIDE)
    feet = start + share[:, None] * (end - start)
    steps = np.arange(-reach, reach + STEP_PX / 2, STEP_PX)
    filled = _profiles(light, feet, np.broadcast_to(outward, feet.shape), steps)
    if filled is None:
        return None
    offsets = _offsets(filled, steps)
    quality = (blur_of(filled), _spoiled(filled), overshoot_of(filled))
    return _fit_line(feet + offsets[:, None] * outward, quality)


class Edge(NamedTuple):
    """What profiles across an edge show.

    Attributes
    ----------
    offsets_px : array (n,)
        How far along its normal each foot lies from where dark ends.
    blur_px : float
        SD of the blur.
    overshoot : float
        By how much of the contrast they are darker than dark or brighter than the ground.
    """

    offsets_px: FloatArray
    blur_px: float
    overshoot: float


def read_edge(
    light: NDArray[np.float32], feet: FloatArray, outward: FloatArray, steps: FloatArray
) -> Edge | None:
    """Locate an edge along its normals; None without contrast.

    Parameters
    ----------
    light : float32 array (rows, columns)
    feet, outward : array (n, 2)
        Points near the edge and unit vectors from dark to bright.
    steps : array (k,)
        Places along the normal that are sampled, `STEP_PX` apart.
    """
    filled = _profiles(light, feet, outward, steps)
    if filled is None:
        return None
    return Edge(_offsets(filled, steps), blur_of(filled), overshoot_of(filled))


def _offsets(filled: FloatArray, steps: FloatArray) -> FloatArray:
    # The share of light along the profile says where dark ends, whatever the blur's width.
    level = np.clip(filled, *NOISE)
    whole = (level[:, 1:] + level[:, :-1]).mean(axis=1) / 2
    offsets: FloatArray = steps[-1] - whole * (steps[-1] - steps[0])
    return offsets


def blur_of(filled: FloatArray) -> float:
    """SD in px of the blur of edges that rise from 0 to 1 along profiles (n, steps).

    For a step blurred by a Gaussian the integral of f (1 - f) is its SD over the root of pi.
    """
    level = np.clip(np.median(filled, axis=0), 0, 1)
    return float(np.sqrt(np.pi) * STEP_PX * np.sum(level * (1 - level)))


def overshoot_of(filled: FloatArray) -> float:
    """By how much the middle one of profiles (n, steps) leaves 0 to 1."""
    level = np.median(filled, axis=0)
    return float(max(0.0, -level.min(), level.max() - 1))


def _spoiled(filled: FloatArray) -> float:
    plateau = max(2, filled.shape[1] // 5)
    return float(np.mean(np.median(filled[:, :plateau], axis=1) > SPOILED_LEVEL))


def _profiles(
    light: NDArray[np.float32], feet: FloatArray, outward: FloatArray, steps: FloatArray
) -> FloatArray | None:
    """Light (n, steps) across a side, 0 in the dark and 1 on the bright ground."""
    places = feet[:, None, :] + steps[None, :, None] * outward[:, None, :]
    profiles = ndimage.map_coordinates(light, places.reshape(-1, 2).T, order=1, mode="nearest")
    profiles = profiles.reshape(len(feet), len(steps)).astype(np.float64)
    plateau = max(2, len(steps) // 5)
    black = float(np.median(profiles[:, :plateau]))
    white = np.median(profiles[:, -plateau:], axis=1, keepdims=True)
    if float(np.median(white)) - black < LEAST_CONTRAST:
        return None
    filled: FloatArray = np.clip((profiles - black) / np.maximum(white - black, 1e-3), *FAR_OUT)
    return filled


def _fit_line(points: FloatArray, quality: tuple[float, float, float]) -> Side:
    keep = np.ones(len(points), dtype=bool)
    centre, along, across = principal(points)
    for _ in range(2):
        distance = (points - centre) @ across
        middle = np.median(distance)
        mad = 1.4826 * float(np.median(np.abs(distance - middle))) + 1e-3
        keep = np.abs(distance - middle) <= OUTLIER_PX_MADS * mad
        centre, along, across = principal(points[keep])
    scatter = float(((points[keep] - centre) @ across).std())
    return Side(centre, along, scatter, *quality)


def principal(points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Middle of points (n, 2), and unit vectors along and across the line through them."""
    centre = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - centre, full_matrices=False)
    return centre, axes[0], axes[1]


def cross(first: Line, second: Line) -> FloatArray:
    """Point (2,) in which two lines cross, each a point and a direction."""
    system = np.column_stack([first[1], -second[1]])
    steps = np.linalg.lstsq(system, second[0] - first[0], rcond=None)[0]
    crossing: FloatArray = first[0] + steps[0] * first[1]
    return crossing


def _module_px(points: FloatArray, modules: int) -> float:
    sides = np.linalg.norm(points - np.roll(points, -1, axis=0), axis=1)
    return float(sides.mean()) / modules
