"""Skin without lesions: how much melanin and blood it holds, its relief and its colour."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.features import SkinMaps, add_features
from cctrack.phantom.photo.noise import (
    Float32Array,
    Grain,
    Window,
    as_float32,
    grained_field,
    octaves,
    smooth_field,
)
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.subject import BodySite, PhotoSubject

SKIN_LINEAR_RGB = np.array(
    [
        [0.559, 0.392, 0.312],
        [0.515, 0.334, 0.249],
        [0.450, 0.272, 0.189],
        [0.374, 0.210, 0.135],
        [0.257, 0.134, 0.080],
        [0.147, 0.077, 0.048],
    ]
)
"""Reflectance of the skin types I–VI in linear sRGB.

From CIELAB values in the middle of the individual typology angle's classes (Chardon 1991; Del
Bino 2013): L*, a*, b* of (71, 8, 12.5), (67, 9.5, 15), (62, 10.5, 17), (56, 11.5, 18.5),
(46.5, 11.5, 18.5), (36, 9.5, 14.5), which are angles of 59, 49, 35, 18, -11 and -44 degrees.
"""

MELANIN_LOSS = np.array([0.30, 0.46, 0.62], np.float32)
"""Loss of ln reflectance per skin type's worth of melanin: steeper towards blue, as melanin is."""

BLOOD_LOSS = np.array([0.06, 0.42, 0.36], np.float32)
"""Loss of ln reflectance per unit of blood: haemoglobin takes green and blue, hardly red."""

DEEP_LOSS = np.array([0.26, 0.10, 0.07], np.float32)
"""Loss of ln reflectance over a full vein: only red light reaches it and comes back."""

TYPE_RANGE = 0.35
"""A subject's place within the skin type moves it at most this far towards the next type."""


_CREASED = {
    BodySite.FIELD: 0.5,
    BodySite.FOREARM: 0.5,
    BodySite.HAND: 1.0,
    BodySite.ELBOW: 1.2,
    BodySite.THIGH: 0.3,
}
"""How creased a site is: skin over joints folds most."""


def skin_maps(subject: PhotoSubject, session: PhotoSession, window: Window) -> SkinMaps:
    """Melanin, blood and relief of the skin without its lesions."""
    seed = subject.skin_seed
    fine = _fine_texture(subject, session, window)
    # Blood shows less through more melanin.
    blood = 0.27 * subject.mottling * (1.1 - 0.13 * subject.skin_type)
    melanin = 0.16 * subject.mottling
    maps = SkinMaps(
        melanin=melanin * octaves((seed, 10), (26.0, 9.0, 3.5, 1.3), window, fall=0.75),
        blood=blood * octaves((seed, 11), (34.0, 12.0, 4.5, 1.6), window, fall=0.85),
        relief_mm=0.014 * fine,
        gloss=1 + 0.35 * smooth_field((seed, 12), 14.0, window) + 0.15 * fine,
        deep=None,
        flakes=None,
    )
    maps.melanin += 0.05 * fine + np.float32(session.tan)
    maps.blood += np.float32(session.flush)
    _add_lines(maps, subject, window)
    add_features(maps, subject, window)
    return maps


def mean_colour(subject: PhotoSubject) -> FloatArray:
    """Mean reflectance (3,) of the subject's skin in linear sRGB."""
    place = np.clip(subject.skin_type + TYPE_RANGE * subject.melanin, 1, 6)
    logs = [
        np.interp(place, np.arange(1, 7), np.log(SKIN_LINEAR_RGB[:, band])) for band in range(3)
    ]
    colour: FloatArray = np.exp(np.array(logs))
    return colour


def reflectance(maps: SkinMaps, subject: PhotoSubject) -> Float32Array:
    """Linear sRGB reflectance (rows, columns, 3) of the skin."""
    base = np.log(mean_colour(subject)).astype(np.float32)
    bands = []
    for band in range(3):
        loss = MELANIN_LOSS[band] * maps.melanin + BLOOD_LOSS[band] * maps.blood
        if maps.deep is not None:
            loss += DEEP_LOSS[band] * maps.deep
        bands.append(np.exp(base[band] - loss))
    if maps.flakes is not None:
        # Loose scales scatter white light over whatever lies below.
        bands = [band + maps.flakes * (np.float32(0.78) - band) for band in bands]
    return as_float32(cv2.merge(bands))


def _fine_texture(subject: PhotoSubject, session: PhotoSession, window: Window) -> Float32Array:
    """Draw the horny layer: partly the subject's own, partly renewed at this visit."""
    own = octaves((subject.skin_seed, 13), (0.9, 0.45), window)
    if session.renewal == 0:
        return own
    new = octaves((subject.skin_seed, 14, session.seed), (0.9, 0.45), window)
    kept = np.float32(np.sqrt(1 - session.renewal))
    mixed: Float32Array = kept * own + np.float32(np.sqrt(session.renewal)) * new
    return mixed


def _lines(field: Float32Array, width: float) -> Float32Array:
    """1 along the zero crossings of a field, falling off within ``width`` SD."""
    lines: Float32Array = np.exp(-((field / np.float32(width)) ** 2))
    return lines


def _add_lines(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Two families of fine lines make the skin's rhombic pattern; creases are fewer and deeper."""
    seed = subject.skin_seed
    rng = np.random.default_rng((seed, 30))
    main = rng.uniform(60, 120)
    spread = rng.uniform(25, 50)
    for index, angle in enumerate((main - spread, main + spread)):
        grain = Grain(rng.uniform(0.7, 1.0), rng.uniform(2.5, 4.5), angle)
        lines = _lines(grained_field((seed, 31, index), grain, window), 0.4)
        maps.relief_mm -= np.float32(0.019 + 0.017 * subject.wrinkles) * lines
        maps.melanin += np.float32(0.06) * lines
    _add_creases(maps, subject, window, main)


def _add_creases(maps: SkinMaps, subject: PhotoSubject, window: Window, main: float) -> None:
    """Creases come in patches, fade in and out along their course and differ in depth."""
    seed = subject.skin_seed
    rng = np.random.default_rng((seed, 34))
    depth = subject.wrinkles * _CREASED[subject.site]
    patchy = np.clip(smooth_field((seed, 33), 16.0, window) + np.float32(depth - 0.3), 0, 1)
    broken = np.clip(smooth_field((seed, 35), 3.0, window) + np.float32(0.8), 0, 1.5)
    where = patchy * broken * np.float32(depth)
    for index, width in enumerate((0.16, 0.10)):
        grain = Grain(rng.uniform(1.6, 4.0), rng.uniform(9, 22), main + rng.normal(0, 12))
        creases = _lines(grained_field((seed, 32, index), grain, window), width) * where
        maps.relief_mm -= np.float32(0.10) * creases
        maps.melanin += np.float32(0.12) * creases
        maps.blood += np.float32(0.15) * creases
