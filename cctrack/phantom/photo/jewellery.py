"""A ring on a finger: shining metal that is no deposit."""

import numpy as np

from cctrack.phantom.photo.backdrop import fingertips_mm
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.subject import PhotoSubject

METAL_RGB = ((0.62, 0.42, 0.16), (0.60, 0.60, 0.60))
"""Reflectance of gold and silver where no lamp is mirrored."""

WIDTH_MM = (3.0, 6.0)

PLACE = (0.15, 0.35)
"""How far along the finger from the knuckle, as a share of its length."""

WEARS = 2
"""The third finger of `fingertips_mm`."""


def draw_ring(colour: Float32Array, subject: PhotoSubject, seed: int, window: Window) -> None:
    """Lay a ring over the third finger, in place; nothing on sites without fingers.

    Metal mirrors what is around: bright along the finger's crest, dark towards its sides.
    """
    fingers = fingertips_mm(subject)
    if not fingers:
        return
    rng = np.random.default_rng((seed, 80))
    start, end, first, last = fingers[WEARS]
    axis = np.subtract(end, start)
    length = float(np.hypot(*axis))
    place = float(rng.uniform(*PLACE))
    half = float(rng.uniform(*WIDTH_MM)) / 2
    row, column = window.axes_mm()
    away = (row - np.float32(start[0])), (column - np.float32(start[1]))
    along = (away[0] * axis[0] + away[1] * axis[1]) / length - place * length
    across = (away[1] * axis[0] - away[0] * axis[1]) / length
    radius = first + (last - first) * place
    on = (np.abs(along) <= half) & (np.abs(across) <= radius)
    crest = np.sqrt(np.clip(1 - (across / radius) ** 2, 0, 1))
    bevel = 1 - 0.4 * (along / half) ** 2
    mirrored = 0.35 + 0.75 * crest**4 * bevel
    metal = np.asarray(METAL_RGB[int(rng.integers(len(METAL_RGB)))], np.float32)
    colour[on] = np.clip(mirrored[on][:, None] * metal, 0, 1)
