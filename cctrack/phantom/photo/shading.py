"""Light on a relief: diffuse, ambient and specular."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.camera import camera_rotation
from cctrack.phantom.photo.noise import Float32Array, Window, as_float32, enlarged
from cctrack.phantom.photo.session import Light, Pose

WRAP = 0.25
"""Light that enters skin on the lit side leaves beyond it: shadows of skin are soft."""

SHINE = 0.6
"""Specular light of full gloss at the centre of a highlight, in units of a white surface."""

SPARKLE = 0.5
"""Share of a second, narrow lobe: moist or stretched skin shows small bright highlights."""

LIGHT_STEP_PX = 16
"""The lamp's direction changes slowly: it is computed on this grid and enlarged."""

Vector = tuple[Float32Array, Float32Array, Float32Array]
"""(row, column, up) of a unit vector at each place."""


def shade(
    colour: Float32Array,
    surface: tuple[Float32Array, Float32Array],
    window: Window,
    view: tuple[Light, Pose],
) -> Float32Array:
    """Light that leaves the surface towards the camera (rows, columns, 3).

    ``surface`` is relief in mm and gloss. A level white surface gives 1 where the light falls
    at its mean strength.
    """
    (relief_mm, gloss), (light, pose) = surface, view
    slope_row, slope_column = _slopes(relief_mm, window.step_mm)
    upright = 1 / np.sqrt(1 + slope_row**2 + slope_column**2)
    towards, half, strength = _light_vectors(light, window, pose)
    facing = (towards[2] - towards[0] * slope_row - towards[1] * slope_column) * upright
    direct = np.maximum((facing + WRAP) / (towards[2] + WRAP), 0) * strength
    ambient = np.float32(light.ambient) * (0.3 + 0.7 * upright)
    diffuse = ambient + np.float32(1 - light.ambient) * direct
    cosine = (half[2] - half[0] * slope_row - half[1] * slope_column) * upright
    wide = np.clip(cosine, 0, 1) ** 2
    for _ in range(3):
        wide *= wide
    narrow = wide**2
    narrow *= narrow
    narrow *= narrow
    amount = np.float32(SHINE * light.gloss * (1 - light.ambient))
    shine = (
        amount * strength * np.maximum(gloss, 0) * ((0.5 - SPARKLE / 2) * wide + SPARKLE * narrow)
    )
    lit = cv2.multiply(colour, cv2.merge([diffuse] * 3))
    return as_float32(cv2.add(lit, cv2.merge([shine] * 3)))


def light_on_level(light: Light, pose: Pose, places_mm: FloatArray) -> FloatArray:
    """Light on a level surface at places (n, 2) of the plane: 1 at its mean strength."""
    row, column, up = _lamp_mm(light, pose)
    squared = (row - places_mm[:, 0]) ** 2 + (column - places_mm[:, 1]) ** 2 + up**2
    level: FloatArray = light.ambient + (1 - light.ambient) * light.distance_mm**2 / squared
    return level


def shadow_of(edge_mm: Float32Array, light: Light, window: Window) -> Float32Array:
    """Factor on the light of the drape beside a limb: darker away from the light."""
    azimuth = np.deg2rad(light.direction_deg)
    length_mm = 12.0 / np.tan(np.deg2rad(light.elevation_deg)) + 2.0
    shift = -length_mm / window.step_mm * np.array([np.sin(azimuth), np.cos(azimuth)])
    limb = (edge_mm > 0).astype(np.float32)
    matrix = np.array([[1.0, 0.0, shift[1]], [0.0, 1.0, shift[0]]])
    cast = cv2.warpAffine(limb, matrix, limb.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(cast, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(4.0 / (8 * window.step_mm), 0.5))
    shadow = cv2.resize(soft, limb.shape[::-1], interpolation=cv2.INTER_LINEAR)
    near = np.exp(-np.clip(-edge_mm, 0, None) / 6.0)
    factor: Float32Array = (1 - np.float32(1 - light.ambient) * shadow) * (1 - 0.35 * near)
    return factor


def _slopes(relief_mm: Float32Array, step_mm: float) -> tuple[Float32Array, Float32Array]:
    scale = 1 / (2 * step_mm)
    row = cv2.Sobel(relief_mm, cv2.CV_32F, 0, 1, ksize=1, scale=scale)
    column = cv2.Sobel(relief_mm, cv2.CV_32F, 1, 0, ksize=1, scale=scale)
    return as_float32(row), as_float32(column)


def _lamp_mm(light: Light, pose: Pose) -> FloatArray:
    """Place the lamp: (row, column, up) on the plane's axes."""
    azimuth, elevation = np.deg2rad([light.direction_deg, light.elevation_deg])
    level = np.cos(elevation)
    direction = np.array([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)])
    place: FloatArray = light.distance_mm * direction + np.array([*pose.shift_mm, 0.0])
    return place


def _light_vectors(light: Light, window: Window, pose: Pose) -> tuple[Vector, Vector, Float32Array]:
    """Towards the lamp, half way between lamp and camera, and the lamp's strength (mean 1)."""
    lamp = _lamp_mm(light, pose)
    row, column = (axis[::LIGHT_STEP_PX] for axis in (window.axes_mm()[0], window.axes_mm()[1].T))
    offsets = np.stack(np.broadcast_arrays(lamp[0] - row, lamp[1] - column.T, lamp[2]))
    distance = np.sqrt((offsets**2).sum(axis=0))
    towards = offsets / distance
    forward = camera_rotation(pose)[2]
    half = towards + np.array([-forward[1], -forward[0], forward[2]])[:, None, None]
    half = half / np.sqrt((half**2).sum(axis=0))
    strength = (light.distance_mm / distance) ** 2
    large = [enlarged(item, LIGHT_STEP_PX, window.shape) for item in (*towards, *half, strength)]
    return (large[0], large[1], large[2]), (large[3], large[4], large[5]), large[6]
