"""The pinhole camera: where a point of the skin falls in the photo, and what its light becomes."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.noise import Float32Array, as_float32
from cctrack.phantom.photo.session import Camera, Light, Pose

WHITE_LEVEL = 0.82
"""Linear value of a white paper at 0 EV: white is kept just below clipping."""

MID_GREY = 0.20
"""Linear value at which the noise is stated, near the 18 % grey of exposure meters."""

METERED = 0.36
"""Linear value metering aims at for skin: phones show fair skin at about this brightness."""

_AXES_SWAPPED = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def camera_rotation(pose: Pose) -> FloatArray:
    """Rotation (3, 3) from the skin plane's (x, y, down) to the camera's (x, y, forward)."""
    tilt, towards, turn = np.deg2rad([pose.tilt_deg, pose.tilt_direction_deg, pose.turn_deg])
    axis = np.array([np.cos(towards), np.sin(towards), 0.0]) * tilt
    tilted, _ = cv2.Rodrigues(axis)
    turned, _ = cv2.Rodrigues(np.array([0.0, 0.0, turn]))
    rotation: FloatArray = np.asarray(tilted @ turned, dtype=np.float64)
    return rotation


def plane_to_photo(pose: Pose, shape: tuple[int, int]) -> FloatArray:
    """Homography (3, 3) from (row, column, 1) in mm on the skin plane to (row, column, 1) in px.

    The pinhole camera of Hartley and Zisserman 2004 (2nd ed., eq. 6.8) for a plane: K [r1 r2 t].
    """
    rotation = camera_rotation(pose)
    looked_at = np.array([pose.shift_mm[1], pose.shift_mm[0], 0.0])
    distance = np.array([0.0, 0.0, pose.focal_px * pose.mm_per_px])
    extrinsic = np.column_stack([rotation[:, :2], distance - rotation @ looked_at])
    centre = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    intrinsic = np.array(
        [[pose.focal_px, 0.0, centre[0]], [0.0, pose.focal_px, centre[1]], [0.0, 0.0, 1.0]]
    )
    matrix = _AXES_SWAPPED @ intrinsic @ extrinsic @ _AXES_SWAPPED
    normalised: FloatArray = matrix / matrix[2, 2]
    return normalised


def transform(matrix: NDArray[np.floating], points: FloatArray) -> FloatArray:
    """Map points (n, 2) by a homography (3, 3), both as (row, column)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    flat: FloatArray = mapped[:, :2] / mapped[:, 2:]
    return flat


def warp(
    image: Float32Array, matrix: FloatArray, shape: tuple[int, int], *, bare: bool = False
) -> Float32Array:
    """Resample an image by the homography from its (row, column) px to the photo's.

    Beyond the image its border goes on, or there is 0 when ``bare``.
    """
    return as_float32(
        cv2.warpPerspective(
            image,
            _AXES_SWAPPED @ matrix @ _AXES_SWAPPED,
            (shape[1], shape[0]),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT if bare else cv2.BORDER_REPLICATE,
        )
    )


def light_gains(light: Light) -> Float32Array:
    """Gains (3,) of red, green and blue that a wrong white balance leaves; green near 1."""
    gains = _black_body(light.kelvin) / _black_body(light.balanced_kelvin)
    gains = gains / gains[1] * np.array([1 + light.tint, 1 - light.tint, 1 + light.tint])
    return as_float32(gains)


def _black_body(kelvin: float) -> FloatArray:
    """Planck's law at the middle of the red, green and blue bands."""
    wavelength_m = np.array([605e-9, 540e-9, 455e-9])
    spectrum: FloatArray = wavelength_m**-5 / np.expm1(0.014387769 / (wavelength_m * kelvin))
    return spectrum


def expose(scene: Float32Array, light: Light, camera: Camera, skin_level: float) -> Float32Array:
    """Linear sensor values (rows, columns, 3) of a scene in reflectance times light."""
    metered = np.log2(METERED / max(skin_level * WHITE_LEVEL, 1e-3))
    stops = camera.exposure_ev + camera.metering * float(np.clip(metered, -1.5, 2.5))
    rows, columns = scene.shape[:2]
    row = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None]
    column = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    radius2 = (row**2 + column**2) * np.float32(4 / (rows**2 + columns**2))
    falloff = np.float32(WHITE_LEVEL * 2**stops) * (1 - np.float32(camera.vignetting) * radius2)
    exposed: Float32Array = scene * light_gains(light) * falloff[..., None]
    return exposed


def blur(image: Float32Array, camera: Camera, rng: np.random.Generator) -> Float32Array:
    """Lens blur, then motion blur along a random direction."""
    blurred = cv2.GaussianBlur(image, (0, 0), max(camera.blur_px, 0.2))
    if camera.motion_px > 0.5:
        size = 2 * int(np.ceil(camera.motion_px)) + 1
        angle = rng.uniform(0, np.pi)
        half = 0.5 * camera.motion_px * np.array([np.cos(angle), np.sin(angle)])
        kernel = np.zeros((size, size), np.float32)
        centre = size // 2
        for at in np.linspace(-1, 1, 64):
            x, y = centre + at * half
            kernel[round(y), round(x)] += 1 / 64
        blurred = cv2.filter2D(blurred, -1, kernel)
    return as_float32(blurred)


def develop(linear: Float32Array, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise, tone curve, sharpening, stamp and JPEG: uint8 sRGB (rows, columns, 3)."""
    noisy = _saturated(_with_noise(linear, camera.noise, rng), camera.saturation)
    encoded = _tone(noisy, camera.contrast)
    if camera.sharpening > 0:
        soft = cv2.GaussianBlur(encoded, (0, 0), 1.2)
        sharp = cv2.addWeighted(encoded, 1 + camera.sharpening, soft, -camera.sharpening, 0)
        encoded = as_float32(sharp)
    pixels = np.clip(encoded * 255 + 0.5, 0, 255).astype(np.uint8)
    if camera.stamp:
        _burn_in(pixels, camera.stamp)
    return _as_jpeg(pixels, camera.jpeg_quality)


def _burn_in(pixels: NDArray[np.uint8], stamp: str) -> None:
    rows, columns = pixels.shape[:2]
    size = columns / 1100
    place = round(columns * 0.97 - 210 * size), round(rows * 0.95)
    thick = max(1, round(2 * size))
    cv2.putText(pixels, stamp, place, cv2.FONT_HERSHEY_DUPLEX, size, (255, 150, 40), thick)


def _as_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, compressed = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), options)
    decoded = np.asarray(cv2.imdecode(compressed, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(decoded[..., ::-1])


def _with_noise(linear: Float32Array, noise: float, rng: np.random.Generator) -> Float32Array:
    """Shot noise grows with the root of the light; read noise is a quarter of it at mid grey."""
    grain = rng.standard_normal(linear.shape, dtype=np.float32)
    # The camera's own noise reduction leaves noise that is correlated between neighbours.
    grain = 0.6 * grain + 0.9 * cv2.GaussianBlur(grain, (0, 0), 1.0)
    amount = np.float32(noise) * np.sqrt(np.maximum(linear, 0) / MID_GREY + 0.06)
    noisy: Float32Array = linear + grain * amount
    return noisy


def _saturated(linear: Float32Array, saturation: float) -> Float32Array:
    """Move colours away from their own luminance (weights of ITU-R BT.709)."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    matrix = saturation * np.eye(3) + (1 - saturation) * np.ones((3, 1)) * weights
    return as_float32(cv2.transform(linear, matrix))


def _tone(linear: Float32Array, contrast: float) -> Float32Array:
    """Highlights roll off, sRGB gamma, then an S-curve; 4096 steps are finer than 8 bits."""
    value = np.linspace(0, 4, 4097)
    shoulder = np.where(value < 0.7, value, 0.7 + 0.3 * (1 - np.exp(-(value - 0.7) / 0.3)))
    encoded = np.where(
        shoulder <= 0.0031308,
        12.92 * shoulder,
        1.055 * np.maximum(shoulder, 1e-9) ** (1 / 2.4) - 0.055,
    )
    curved = encoded + contrast * 0.35 * encoded * (1 - encoded) * (2 * encoded - 1) * 2
    table = curved.astype(np.float32)
    at = np.clip(linear, 0, 3.999) * 1024
    index = at.astype(np.int32)
    part = at - index
    toned: Float32Array = table[index] * (1 - part) + table[index + 1] * part
    return toned
