"""Light on a relief: diffuse, ambient and specular."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.camera import camera_rotation
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.session import Light, Pose

WRAP = 0.25
"""Light that enters skin on the lit side leaves beyond it: shadows of skin are soft."""

FRESNEL = 0.028
"""Reflectance of skin's surface seen straight on (refractive index 1.4)."""

SHININESS = 22.0
"""Exponent of the specular lobe: skin is rough, highlights are wide."""


def shade(
    colour: Float32Array,
    relief_mm: Float32Array,
    gloss: Float32Array,
    window: Window,
    view: tuple[Light, Pose],
) -> Float32Array:
    """Light that leaves the surface towards the camera (rows, columns, 3).

    A level white surface gives 1 where the light falls at its mean strength.
    """
    light, pose = view
    slope_row, slope_column = _slopes(relief_mm, window.step_mm)
    upright = 1 / np.sqrt(1 + slope_row**2 + slope_column**2)
    towards, strength = _light_vectors(light, window, pose)
    facing = (towards[2] - towards[0] * slope_row - towards[1] * slope_column) * upright
    level = towards[2]
    direct = np.maximum((facing + WRAP) / (level + WRAP), 0) * strength
    ambient = np.float32(light.ambient) * (0.35 + 0.65 * upright)
    diffuse = ambient + np.float32(1 - light.ambient) * direct
    lit = colour * diffuse[..., None]
    half = _half_vector(towards, pose)
    cosine = (half[2] - half[0] * slope_row - half[1] * slope_column) * upright
    lobe = np.power(np.clip(cosine, 0, 1), np.float32(SHININESS))
    amount = np.float32(light.gloss * 12.0 * FRESNEL * (1 - light.ambient))
    shine = amount * lobe * strength * np.maximum(gloss, 0)
    shone: Float32Array = lit + shine[..., None]
    return shone.astype(np.float32, copy=False)


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
    return row, column


def _light_vectors(
    light: Light, window: Window, pose: Pose
) -> tuple[tuple[Float32Array, Float32Array, Float32Array], Float32Array]:
    """Unit vectors (row, column, up) from each place to the lamp, and its strength (mean 1)."""
    azimuth, elevation = np.deg2rad([light.direction_deg, light.elevation_deg])
    distance = light.distance_mm
    lamp = distance * np.array(
        [
            np.cos(elevation) * np.sin(azimuth),
            np.cos(elevation) * np.cos(azimuth),
            np.sin(elevation),
        ]
    )
    row, column = window.axes_mm()
    towards_row = np.float32(lamp[0] + pose.shift_mm[0]) - row
    towards_column = np.float32(lamp[1] + pose.shift_mm[1]) - column
    inverse = 1 / np.sqrt(towards_row**2 + towards_column**2 + np.float32(lamp[2] ** 2))
    strength = (np.float32(distance) * inverse) ** 2
    return (
        towards_row * inverse,
        towards_column * inverse,
        np.float32(lamp[2]) * inverse,
    ), strength


def _half_vector(
    towards: tuple[Float32Array, Float32Array, Float32Array], pose: Pose
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Unit vector between the light's and the camera's directions; the camera taken as far."""
    forward: FloatArray = camera_rotation(pose)[2]
    camera = np.array([-forward[1], -forward[0], forward[2]], np.float32)
    sums = [towards[axis] + camera[axis] for axis in range(3)]
    inverse = 1 / np.sqrt(sums[0] ** 2 + sums[1] ** 2 + sums[2] ** 2)
    return sums[0] * inverse, sums[1] * inverse, sums[2] * inverse
