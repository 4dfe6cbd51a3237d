"""What skin carries besides deposits: veins, naevi, follicles, scars, pale macules, dry scales."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.backdrop import fingertips_mm
from cctrack.phantom.photo.noise import (
    Float32Array,
    Grain,
    Window,
    as_float32,
    grained_field,
    octaves,
    smooth_field,
)
from cctrack.phantom.photo.subject import HealedMark, PhotoSubject

FOLLICLE_STEP_MM = 2.6
"""Distance of hair follicles of limbs: about 15 per cm²."""


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
    deep : float32 array or None
        Blood in deep veins, 0–1.
    flakes : float32 array or None
        Cover by dry white scales, 0–1.
    """

    melanin: Float32Array
    blood: Float32Array
    relief_mm: Float32Array
    gloss: Float32Array
    deep: Float32Array | None
    flakes: Float32Array | None


def add_features(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Lay everything a subject's skin carries over its maps, in place."""
    _add_veins(maps, subject, window)
    _add_depigmentation(maps, subject, window)
    _add_naevi(maps, subject, window)
    _add_follicles(maps, subject, window)
    _add_scales(maps, subject, window)
    _add_nails(maps, subject, window)


def follicles_mm(subject: PhotoSubject, window: Window) -> FloatArray:
    """Places (n, 2) of the hair follicles in the window, always the same for a subject."""
    count = 2 * int(200 / FOLLICLE_STEP_MM)
    rng = np.random.default_rng((subject.skin_seed, 20))
    grid = np.stack(np.meshgrid(np.arange(count), np.arange(count), indexing="ij"), axis=-1)
    places = grid.reshape(-1, 2) + rng.uniform(-0.5, 0.5, (count * count, 2)) - count / 2
    places = places * FOLLICLE_STEP_MM
    return places[_inside(window.to_px(places), window.shape)]


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
    low, high = (points_px >= 0).all(axis=1), (points_px < np.asarray(shape)).all(axis=1)
    inside: NDArray[np.bool_] = np.logical_and(low, high)
    return inside


def _add_veins(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Veins run deep: they take red light, which gets there, and so look blue-green."""
    if subject.veins < 0.05:
        return
    seed = subject.skin_seed
    course = grained_field((seed, 40), Grain(22.0, 70.0, 10.0), window)
    where = np.clip(smooth_field((seed, 41), 30.0, window) + 0.4, 0, 1)
    line = np.exp(-((course / np.float32(0.09)) ** 2)) * where
    veins = as_float32(cv2.GaussianBlur(line, (0, 0), 0.9 / window.step_mm))
    strength = np.float32(subject.veins * (0.9 if subject.skin_type <= 3 else 0.5))
    maps.deep = strength * veins
    maps.relief_mm += 0.5 * strength * veins


def _add_depigmentation(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Pale macules with pigment kept round the follicles: salt and pepper, as in scleroderma."""
    if subject.depigmented == 0:
        return
    seed = subject.skin_seed
    spread = octaves((seed, 24), (22.0, 7.0, 2.2), window, fall=0.75)
    pale = 0.5 + 0.5 * np.tanh((spread - np.float32(2.2 - 1.6 * subject.depigmented)) / 0.25)
    loss = np.float32(min(0.55 * (subject.skin_type - 1) + 0.25, 2.2))
    maps.melanin -= loss * pale
    spared = _dots(follicles_mm(subject, window), 0.45, window)
    maps.melanin += loss * pale * np.minimum(spared, 1)


def _add_scales(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Dry skin: small white flakes in patches, most of them along the fine lines."""
    if subject.dryness == 0:
        return
    seed = subject.skin_seed
    where = smooth_field((seed, 25), 14.0, window) + np.float32(1.7 * subject.dryness - 1.7)
    flake = octaves((seed, 26), (1.1, 0.5), window) + where
    maps.flakes = np.clip((flake - np.float32(0.8)) * 0.2, 0, 0.33)
    maps.gloss *= 1 - maps.flakes


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
    dots = _dots(follicles_mm(subject, window), 0.16, window)
    maps.melanin += np.float32(0.35 + 0.5 * subject.hairiness) * dots
    maps.relief_mm -= 0.03 * dots


def _dots(places_mm: FloatArray, radius_mm: float, window: Window) -> Float32Array:
    """Gaussian dots of height 1 and SD ``radius_mm``."""
    index = np.round(window.to_px(places_mm)).astype(int)
    keep = _inside(index.astype(float), window.shape)
    dots = np.zeros(window.shape, np.float32)
    dots[index[keep, 0], index[keep, 1]] = 1
    sigma = radius_mm / window.step_mm
    blurred = cv2.GaussianBlur(dots, (0, 0), sigma)
    return as_float32(blurred) * np.float32(2 * np.pi * sigma**2)


def _add_nails(maps: SkinMaps, subject: PhotoSubject, window: Window) -> None:
    """Nails: pink through a clear plate, pale at the free edge and the lunula, shiny."""
    for start, end, _, radius in fingertips_mm(subject):
        patch = _patch(window, np.asarray(end), 2.2 * radius)
        if patch is None:
            continue
        part, _ = patch
        along = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
        row, column = window.axes_mm()
        row, column = row[part[0]] - np.float32(end[0]), column[:, part[1]] - np.float32(end[1])
        forward = as_float32(row * along[0] + column * along[1]) / np.float32(radius)
        aside = as_float32(column * along[0] - row * along[1]) / np.float32(radius)
        # A superellipse: straight sides, rounded ends.
        reach = ((forward + 0.1) / 0.78) ** 4 + (aside / 0.68) ** 4
        plate = as_float32(0.5 - 0.5 * np.tanh((reach - 1) / 0.15))
        free = 0.5 + 0.5 * np.tanh((forward - 0.52) / 0.05)
        fold = np.exp(-(((reach - 1) / 0.25) ** 2))
        maps.melanin[part] *= 1 - plate
        if maps.flakes is not None:
            maps.flakes[part] *= 1 - plate
        maps.melanin[part] -= np.float32(0.5 * (subject.skin_type - 1) + 0.2) * plate
        maps.blood[part] += plate * (0.5 - 1.1 * free)
        maps.melanin[part] += 0.35 * fold
        maps.relief_mm[part] += 0.5 * plate * (1 - 0.6 * aside**2) - 0.15 * fold
        maps.gloss[part] += 1.5 * plate


def add_mark(maps: SkinMaps, mark: HealedMark, subject: PhotoSubject, window: Window) -> None:
    """Draw the pigment or the pale scar that a vanished deposit left, in place."""
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
    """Find the part of the window within reach of a point, and the distance from it in mm."""
    low = np.floor(window.to_px((centre_mm - reach_mm)[None]))[0].astype(int)
    high = np.ceil(window.to_px((centre_mm + reach_mm)[None]))[0].astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, window.shape)
    if (high <= low).any():
        return None
    part = (slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1])))
    row, column = window.axes_mm()
    distance = np.hypot(row[part[0]] - centre_mm[0], column[:, part[1]] - centre_mm[1])
    return part, distance.astype(np.float32)
