"""The limb's silhouette and rounding, and the drape it lies on."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.noise import (
    Float32Array,
    Grain,
    Window,
    as_float32,
    grained_field,
    octaves,
)
from cctrack.phantom.photo.subject import BodySite, PhotoSubject

COARSE_MM = 1.0
"""Silhouettes are smooth: their distance field is computed on this grid and enlarged."""

ROUNDING = 0.45
"""Share of a limb's half width over which its surface turns away; the middle is taken as flat."""

DRAPE_RGB = (
    (0.62, 0.64, 0.66),
    (0.10, 0.24, 0.38),
    (0.08, 0.28, 0.20),
    (0.42, 0.55, 0.62),
    (0.05, 0.05, 0.055),
    (0.35, 0.33, 0.30),
)
"""Reflectance of cloths of a clinic: white, blue, green, light blue, black, grey."""

WOODEN = 0.2
"""Share of photos on a bare table instead of a cloth."""

Capsule = tuple[tuple[float, float], tuple[float, float], float, float]
"""Start and end (row, column) in mm, radius at each."""


def silhouette_mm(subject: PhotoSubject, window: Window) -> Float32Array:
    """Distance to the edge of the limb in mm at each pixel, positive on the limb."""
    limbs = _capsules(subject)
    if not limbs:
        return np.full(window.shape, 1e3, np.float32)
    size = [int(np.ceil(n * window.step_mm / COARSE_MM)) + 2 for n in window.shape]
    row = window.origin_mm[0] + COARSE_MM * np.arange(size[0], dtype=np.float64)[:, None]
    column = window.origin_mm[1] + COARSE_MM * np.arange(size[1], dtype=np.float64)[None, :]
    distances = np.stack([_to_capsule(row, column, limb) for limb in limbs])
    width = 3.5
    joined = width * np.log(np.exp(np.clip(distances / width, -40, 40)).sum(axis=0))
    ratio = window.step_mm / COARSE_MM
    matrix = np.array([[ratio, 0, 0], [0, ratio, 0]])
    enlarged = cv2.warpAffine(
        joined.astype(np.float32),
        matrix,
        window.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return as_float32(enlarged)


def on_limb(subject: PhotoSubject, places_mm: FloatArray) -> NDArray[np.bool_]:
    """Whether each place (n, 2) lies on the limb."""
    limbs = _capsules(subject)
    if not limbs:
        return np.ones(len(places_mm), bool)
    row, column = places_mm[:, 0], places_mm[:, 1]
    distance = np.max([_to_capsule(row, column, limb) for limb in limbs], axis=0)
    inside: NDArray[np.bool_] = distance > 0
    return inside


def rounding_mm(edge_mm: Float32Array, subject: PhotoSubject) -> Float32Array:
    """Height of the limb's surface: flat in the middle, turning down towards the edge."""
    reach = np.float32(ROUNDING * _half_width_mm(subject))
    inside = np.clip(edge_mm / reach, 0, 1)
    height: Float32Array = 0.8 * reach * np.sqrt(np.clip(1 - (1 - inside) ** 2, 0, 1))
    return height


def drape(seed: int, window: Window) -> tuple[Float32Array, Float32Array]:
    """Reflectance (rows, columns, 3) of what lies under the limb, and its relief in mm.

    A cloth with folds and weave, or a wooden table with its grain.
    """
    rng = np.random.default_rng((seed, 50))
    if rng.uniform() < WOODEN:
        return _wood(seed, rng, window)
    base = np.array(DRAPE_RGB[rng.integers(len(DRAPE_RGB))]) * np.exp(rng.normal(0, 0.12, 3))
    folds = grained_field((seed, 51), Grain(18.0, 80.0, rng.uniform(0, 180)), window)
    creases = octaves((seed, 52), (11.0, 5.0), window)
    row, column = window.axes_mm()
    pitch = np.float32(rng.uniform(0.5, 0.9))
    weave = np.sin(2 * np.pi * row / pitch) * np.sin(2 * np.pi * column / pitch)
    relief = np.float32(2.5) * folds + np.float32(0.5) * creases + np.float32(0.02) * weave
    shade = 1 + np.float32(0.05) * weave + np.float32(0.02) * creases
    return as_float32(shade[..., None] * as_float32(base)), as_float32(relief)


def _wood(seed: int, rng: np.random.Generator, window: Window) -> tuple[Float32Array, Float32Array]:
    tone = np.exp(rng.uniform(np.log(0.05), np.log(0.45)))
    base = tone * np.array([1.25, 0.85, 0.52]) * np.exp(rng.normal(0, 0.08, 3))
    angle = float(rng.uniform(0, 180))
    figure = grained_field((seed, 54), Grain(3.5, 120.0, angle), window)
    pores = grained_field((seed, 55), Grain(0.8, 14.0, angle), window)
    shade = np.exp(np.float32(0.16) * figure + np.float32(0.10) * pores)
    return as_float32(shade[..., None] * as_float32(base)), np.float32(0.03) * pores


def _half_width_mm(subject: PhotoSubject) -> float:
    widths = {
        BodySite.FIELD: 200.0,
        BodySite.FOREARM: 38.0,
        BodySite.HAND: 10.0,
        BodySite.ELBOW: 46.0,
        BodySite.THIGH: 70.0,
    }
    return widths[subject.site]


def _capsules(subject: PhotoSubject) -> tuple[Capsule, ...]:
    """Build the limb from rounded cones; individual in size and bend."""
    rng = np.random.default_rng((subject.skin_seed, 60))
    size = rng.uniform(0.92, 1.12)
    bend = rng.uniform(-8, 8)
    if subject.site is BodySite.FOREARM:
        return (
            ((bend, -230.0), (0.0, 0.0), 44 * size, 38 * size),
            ((0.0, 0.0), (-bend, 230.0), 38 * size, 29 * size),
        )
    if subject.site is BodySite.THIGH:
        return (((bend, -260.0), (-bend, 260.0), 84 * size, 68 * size),)
    if subject.site is BodySite.ELBOW:
        return (
            ((0.0, 0.0), (-bend, 230.0), 46 * size, 36 * size),
            ((0.0, 0.0), (200 * size, -120.0), 46 * size, 52 * size),
        )
    if subject.site is BodySite.HAND:
        return _hand(size, rng)
    return ()


def fingertips_mm(subject: PhotoSubject) -> tuple[Capsule, ...]:
    """Give the last part of each finger that shows its nail; none on other sites."""
    if subject.site is not BodySite.HAND:
        return ()
    return _capsules(subject)[-4:]


def _hand(size: float, rng: np.random.Generator) -> tuple[Capsule, ...]:
    """Lay out the back of a hand, fingers to the right, wrist to the left."""
    palm: list[Capsule] = [
        ((-18 * size, -30.0), (-24 * size, 38.0), 21 * size, 17 * size),
        ((0.0, -34.0), (0.0, 42.0), 26 * size, 20 * size),
        ((18 * size, -30.0), (24 * size, 34.0), 21 * size, 16 * size),
        ((0.0, -40.0), (0.0, -240.0), 31 * size, 34 * size),
        ((28 * size, -30.0), (62 * size, 18.0), 15 * size, 10.5 * size),
        ((62 * size, 18.0), (70 * size, 46.0), 10.5 * size, 9.0 * size),
    ]
    for knuckle, length, fan in (
        (-30, 62, -0.16),
        (-10.5, 78, -0.05),
        (10, 84, 0.03),
        (30, 74, 0.12),
    ):
        angle = fan + rng.normal(0, 0.03)
        start = (knuckle * size, 42.0)
        end = (start[0] + np.sin(angle) * length, start[1] + np.cos(angle) * length * size)
        palm.append((start, (float(end[0]), float(end[1])), 10.2 * size, 7.8 * size))
    return tuple(palm)


def _to_capsule(row: FloatArray, column: FloatArray, capsule: Capsule) -> FloatArray:
    start, end, first, last = capsule
    along = np.subtract(end, start)
    length2 = float(along @ along)
    share = ((row - start[0]) * along[0] + (column - start[1]) * along[1]) / length2
    share = np.clip(share, 0, 1)
    off = np.hypot(row - start[0] - share * along[0], column - start[1] - share * along[1])
    distance: FloatArray = first + (last - first) * share - off
    return distance
