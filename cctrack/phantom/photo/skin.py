"""Skin without lesions: how much melanin and blood it holds, its relief and its colour."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.noise import (
    Float32Array,
    Grain,
    Window,
    grained_field,
    octaves,
    smooth_field,
)
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.subject import BodySite, HealedMark, PhotoSubject

SKIN_LINEAR_RGB = np.array(
    [
        [0.559, 0.392, 0.312],
        [0.515, 0.334, 0.249],
        [0.450, 0.272, 0.189],
        [0.374, 0.210, 0.135],
        [0.260, 0.133, 0.082],
        [0.150, 0.076, 0.049],
    ]
)
"""Reflectance of the skin types I–VI in linear sRGB.

From CIELAB values in the middle of the individual typology angle's classes (Chardon 1991; Del
Bino 2013): L*, a*, b* of (71, 8, 12.5), (67, 9.5, 15), (62, 10.5, 17), (56, 11.5, 18.5),
(46.5, 12, 18), (36, 10.5, 14), which are angles of 59, 49, 35, 18, -11 and -45 degrees.
"""

MELANIN_LOSS = np.array([0.30, 0.46, 0.62], np.float32)
"""Loss of ln reflectance per skin type's worth of melanin: steeper towards blue, as melanin is."""

BLOOD_LOSS = np.array([0.06, 0.42, 0.36], np.float32)
"""Loss of ln reflectance per unit of blood: haemoglobin takes green and blue, hardly red."""

FOLLICLE_STEP_MM = 2.6
"""Distance of hair follicles of limbs: about 15 per cm²."""

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


@dataclass(slots=True, eq=False)
class SkinMaps:
    """What is on the drawn part of the skin plane; filled layer by layer.

    Attributes
    ----------
    melanin, blood : float32 arrays
        Differences from the subject's mean.
    relief_mm : float32 array
        Height over the mean surface.
    gloss : float32 array
        Factor on the specular light.
    """

    melanin: Float32Array
    blood: Float32Array
    relief_mm: Float32Array
    gloss: Float32Array


def skin_maps(subject: PhotoSubject, session: PhotoSession, window: Window) -> SkinMaps:
    """Melanin, blood and relief of the skin without its lesions."""
    seed = subject.skin_seed
    fine = _fine_texture(subject, session, window)
    # Blood shows less through more melanin.
    blood = 0.34 * subject.mottling * (1.1 - 0.13 * subject.skin_type)
    melanin = 0.16 * subject.mottling
    maps = SkinMaps(
        melanin=melanin * octaves((seed, 10), (26.0, 9.0, 3.5, 1.3), window, fall=0.75),
        blood=blood * octaves((seed, 11), (34.0, 12.0, 4.5, 1.6), window, fall=0.85),
        relief_mm=0.014 * fine,
        gloss=1 + 0.35 * smooth_field((seed, 12), 14.0, window) + 0.15 * fine,
    )
    maps.melanin += 0.05 * fine + np.float32(session.tan)
    maps.blood += np.float32(session.flush)
    _add_lines(maps, subject, window)
    _add_veins(maps, subject, window)
    _add_naevi(maps, subject, window)
    _add_follicles(maps, subject, window)
    for mark in subject.marks:
        _add_mark(maps, mark, subject, window)
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
        bands.append(np.exp(base[band] - loss))
    colour: Float32Array = np.asarray(cv2.merge(bands), dtype=np.float32)
    return colour


def follicles_mm(subject: PhotoSubject, window: Window) -> FloatArray:
    """Places (n, 2) of the hair follicles in the window, always the same for a subject."""
    count = 2 * int(200 / FOLLICLE_STEP_MM)
    rng = np.random.default_rng((subject.skin_seed, 20))
    grid = np.stack(np.meshgrid(np.arange(count), np.arange(count), indexing="ij"), axis=-1)
    places = grid.reshape(-1, 2) + rng.uniform(-0.5, 0.5, (count * count, 2)) - count / 2
    places = places * FOLLICLE_STEP_MM
    inside = places[_inside(window.to_px(places), window.shape)]
    return inside


def naevi_mm(subject: PhotoSubject) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places (n, 2), radii (n,) in mm and darkness (n,) of naevi, freckles and lentigines."""
    rng = np.random.default_rng((subject.skin_seed, 21))
    light = subject.skin_type <= 3
    few, many = int(14 * subject.naevi), int((260 if light else 60) * subject.naevi)
    places = rng.uniform((-100, -130), (100, 130), (few + many, 2))
    radii = np.concatenate([rng.gamma(3, 0.45, few) + 0.4, rng.gamma(2.5, 0.22, many) + 0.15])
    darkness = np.concatenate([rng.uniform(1.2, 3.5, few), rng.uniform(0.2, 0.9, many)])
    return places, radii, darkness


def _inside(points_px: FloatArray, shape: tuple[int, int]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = ((points_px >= 0) & (points_px < np.asarray(shape))).all(axis=1)
    return inside


def _fine_texture(subject: PhotoSubject, session: PhotoSession, window: Window) -> Float32Array:
    """The horny layer: partly the subject's own, partly renewed at this visit."""
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
        maps.relief_mm -= np.float32(0.022 + 0.02 * subject.wrinkles) * lines
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


def _add_veins(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Deep blood takes red rather than green: veins look blue-green, not red."""
    if subject.veins < 0.05:
        return
    seed = subject.skin_seed
    course = grained_field((seed, 40), Grain(22.0, 70.0, 10.0), window)
    where = np.clip(smooth_field((seed, 41), 30.0, window) + 0.4, 0, 1)
    veins = cv2.GaussianBlur(_lines(course, 0.09) * where, (0, 0), 0.9 / window.step_mm)
    strength = np.float32(subject.veins * (0.9 if subject.skin_type <= 3 else 0.5))
    maps.melanin += 0.9 * strength * veins
    maps.blood -= 0.9 * strength * veins
    maps.relief_mm += 0.5 * strength * veins


def _add_naevi(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    places, radii, darkness = naevi_mm(subject)
    warped = 0.15 * octaves((subject.skin_seed, 22), (2.4, 1.0), window, fall=0.6)
    for place, radius, dark in zip(places, radii, darkness, strict=True):
        patch = _patch(window, place, 2.5 * radius)
        if patch is None:
            continue
        part, distance = patch
        edge = (1 + warped[part]) * np.float32(radius) - distance
        spot = 1 / (1 + np.exp(np.clip(-edge / np.float32(0.16 * radius + 0.05), -30, 30)))
        maps.melanin[part] += np.float32(dark) * spot * (1 + 0.5 * warped[part])
        maps.relief_mm[part] += np.float32(0.05 * max(radius - 0.8, 0)) * spot


def _add_follicles(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    places = window.to_px(follicles_mm(subject, window))
    dots = np.zeros(window.shape, np.float32)
    index = np.round(places).astype(int)
    keep = _inside(index.astype(float), window.shape)
    dots[index[keep, 0], index[keep, 1]] = 1
    sigma = 0.16 / window.step_mm
    dots = cv2.GaussianBlur(dots, (0, 0), sigma) * np.float32(2 * np.pi * sigma**2)
    maps.melanin += np.float32(0.35 + 0.5 * subject.hairiness) * dots
    maps.relief_mm -= 0.03 * dots


def _add_mark(maps: SkinMaps, mark: HealedMark, subject: PhotoSubject, window: Window) -> None:
    radius = float(np.sqrt(mark.area_mm2 / np.pi))
    patch = _patch(window, np.asarray(mark.centre_mm), 2 * radius + 2)
    if patch is None:
        return
    part, distance = patch
    mottle = 1 + 0.4 * smooth_field((mark.seed, 23), 1.5, window)[part]
    spot = mottle / (1 + np.exp(np.clip((distance - radius) / 0.6, -30, 30)))
    if mark.scar:
        maps.melanin[part] -= np.float32(0.35 * min(subject.skin_type, 4) / 2) * spot
        maps.blood[part] -= 0.4 * spot
        maps.relief_mm[part] -= 0.12 * spot
        maps.gloss[part] += 0.8 * spot
    else:
        maps.melanin[part] += np.float32(0.45) * spot
        maps.blood[part] += 0.2 * spot


def _patch(
    window: Window, centre_mm: FloatArray, reach_mm: float
) -> tuple[tuple[slice, slice], Float32Array] | None:
    """The part of the window within reach of a point, and the distance from it in mm."""
    low = np.floor(window.to_px((centre_mm - reach_mm)[None]))[0].astype(int)
    high = np.ceil(window.to_px((centre_mm + reach_mm)[None]))[0].astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, window.shape)
    if (high <= low).any():
        return None
    part = (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])))
    row, column = window.axes_mm()
    distance = np.hypot(row[part[0]] - centre_mm[0], column[:, part[1]] - centre_mm[1])
    return part, distance.astype(np.float32)
