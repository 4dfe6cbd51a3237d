"""From signal to stored values: linear, logarithmic or processed for the eye."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model.image import Float32Array
from cctrack.model.scale import SpacingTags
from cctrack.phantom.radiograph.session import (
    FilmSession,
    Photometric,
    Processing,
    SpacingKind,
    Storage,
)

UInt16Array = NDArray[np.uint16]

TISSUE_SHARE = 0.25
"""What absorbs more than this share of the densest bone is taken for tissue."""


def store(signal: Float32Array, seen: NDArray[np.bool_], session: FilmSession) -> UInt16Array:
    """Turn the detector's signal into stored values.

    Parameters
    ----------
    signal : float32 array (rows, columns)
        Relative to the open beam, above 0.
    seen : bool array (rows, columns)
        The open field without markers: what the grey scale is fitted to.
    session : FilmSession

    Returns
    -------
    uint16 array (rows, columns)
        0 to ``2**bits - 1``; bone bright under MONOCHROME2, bone low under MONOCHROME1.
    """
    storage = session.storage
    bright = _bright(signal, seen, session)
    top = full_range(storage)[1]
    values = np.round(np.clip(bright, 0.0, 1.0) * top).astype(np.uint16)
    if storage.photometric is Photometric.MONOCHROME1:
        values = (np.uint16(top) - values).astype(np.uint16)
    return values


def bone_bright(stored: UInt16Array, storage: Storage) -> Float32Array:
    """Invert MONOCHROME1 once, as a reader of the file does."""
    values = stored.astype(np.float32)
    if storage.photometric is Photometric.MONOCHROME1:
        values = np.float32(full_range(storage)[1]) - values
    return values


def full_range(storage: Storage) -> tuple[float, float]:
    """Smallest and largest value that the stored bits can hold."""
    return 0.0, float(2**storage.bits - 1)


def spacing_tags(session: FilmSession) -> SpacingTags:
    """Give the attributes about size that the file of this session carries."""
    imager = (session.spacing_mm, session.spacing_mm)
    true = (session.spacing_mm / session.pose.magnification,) * 2
    tags = {
        SpacingKind.IMAGER: SpacingTags(imager_pixel_spacing=imager),
        SpacingKind.IMAGER_MAGNIFIED: SpacingTags(
            imager_pixel_spacing=imager, magnification=session.pose.magnification
        ),
        SpacingKind.EQUAL: SpacingTags(pixel_spacing=imager, imager_pixel_spacing=imager),
        SpacingKind.CALIBRATED: SpacingTags(
            pixel_spacing=true, imager_pixel_spacing=imager, calibration_type="FIDUCIAL"
        ),
        SpacingKind.UNCALIBRATED: SpacingTags(pixel_spacing=true, imager_pixel_spacing=imager),
        SpacingKind.PIXEL_ONLY: SpacingTags(pixel_spacing=imager),
        SpacingKind.ZERO: SpacingTags(imager_pixel_spacing=(0.0, 0.0)),
        SpacingKind.SECONDARY: SpacingTags(secondary_capture=True),
        SpacingKind.NONE: SpacingTags(),
    }
    return tags[session.storage.spacing]


def _bright(signal: Float32Array, seen: NDArray[np.bool_], session: FilmSession) -> Float32Array:
    # 0–1, larger where more was absorbed.
    storage = session.storage
    if storage.processing is Processing.LINEAR:
        linear: Float32Array = 1.0 - np.float32(storage.window_share) * signal
        return linear
    log = -np.log(signal)
    if storage.processing is Processing.PRESENTATION:
        sigma_px = storage.unsharp_mm / session.spacing_mm
        log = log + np.float32(storage.unsharp) * (log - cv2.GaussianBlur(log, (0, 0), sigma_px))
    low, high = _window(log[::4, ::4][seen[::4, ::4]], storage.window_start)
    margin = 0.5 * (1.0 - storage.window_share)
    bright = margin + storage.window_share * (log - np.float32(low)) / np.float32(high - low)
    if storage.processing is Processing.PRESENTATION:
        bright = _curve(bright, storage)
    return np.asarray(bright, np.float32)


def _window(log: Float32Array, start: float) -> tuple[float, float]:
    # From the open beam, or from the thinnest tissue, to the densest bone.
    if log.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(log, [0.5, 99.7]))
    tissue = log[log > low + TISSUE_SHARE * (high - low)]
    thin = float(np.percentile(tissue, 3.0)) if tissue.size else low
    return low + start * (thin - low), max(high, low + 1e-3)


def _curve(bright: Float32Array, storage: Storage) -> Float32Array:
    shaped = np.clip(bright, 0.0, 1.0) ** np.float32(storage.gamma)
    if abs(storage.contrast - 1.0) < 1e-6:
        return np.asarray(shaped, np.float32)
    steep = np.float32(4.0 * (storage.contrast - 1.0) + 1e-3)
    ends = np.tanh(steep / 2.0)
    return np.asarray(0.5 + 0.5 * np.tanh(steep * (shaped - 0.5)) / ends, np.float32)
