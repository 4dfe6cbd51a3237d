"""From paths to quanta: Beer–Lambert, scatter, noise and blur."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model.image import Float32Array
from cctrack.phantom.radiograph.session import FilmSession

SCATTER_MM = 25.0
"""Standard deviation of the spread of scattered radiation; broad against anything measured."""

ELECTRONIC_QUANTA = 3.0
"""Read-out noise of a pixel in quanta."""


def expose(attenuation: Float32Array, opening: Float32Array, session: FilmSession) -> Float32Array:
    """Expose the detector.

    Parameters
    ----------
    attenuation : float32 array (rows, columns)
        Line integrals of μ, without unit.
    opening : float32 array (rows, columns)
        Share of the beam that the collimator lets through.
    session : FilmSession

    Returns
    -------
    float32 array (rows, columns)
        Signal relative to the open beam, blurred and noisy, above 0.
    """
    rng = np.random.default_rng((session.seed, 12))
    beam = session.exposure
    primary = _blur(opening * np.exp(-attenuation), beam.focal_blur_mm / session.spacing_mm)
    signal = _heel(session) * (
        primary + _scatter(opening * attenuation * np.exp(-attenuation), session)
    )
    per_pixel = beam.quanta * session.spacing_mm**2
    noise = rng.standard_normal(signal.shape, dtype=np.float32)
    counted = (signal + np.sqrt(signal / per_pixel) * noise).astype(np.float32)
    blurred = _blur(counted, beam.detector_blur_mm / session.spacing_mm)
    read = rng.standard_normal(signal.shape, dtype=np.float32) * (ELECTRONIC_QUANTA / per_pixel)
    return np.asarray(np.maximum(blurred + read, 1.0 / per_pixel), np.float32)


def _blur(image: Float32Array, sigma_px: float) -> Float32Array:
    if sigma_px < 0.15:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.float32)


def _scatter(source: Float32Array, session: FilmSession) -> Float32Array:
    # Scattered once: as often as a ray that still arrives has passed matter, and spread widely.
    step = 16
    small = cv2.resize(source, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), SCATTER_MM / session.spacing_mm / step)
    spread = cv2.resize(wide, source.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(session.exposure.scatter * np.maximum(spread, 0.0), np.float32)


def _heel(session: FilmSession) -> Float32Array:
    rng = np.random.default_rng((session.seed, 13))
    direction = rng.uniform(0.0, 2.0 * np.pi)
    row = np.linspace(-0.5, 0.5, session.shape[0], dtype=np.float32)[:, None]
    column = np.linspace(-0.5, 0.5, session.shape[1], dtype=np.float32)[None, :]
    tilt = np.float32(np.cos(direction)) * row + np.float32(np.sin(direction)) * column
    return (1.0 + np.float32(session.exposure.heel) * tilt).astype(np.float32)
