"""Deposits on the skin: chalk under or through the epidermis, its relief and the redness around."""

from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.phantom.photo.features import SkinMaps
from cctrack.phantom.photo.noise import Float32Array, Window, as_float32, octaves
from cctrack.phantom.photo.shapes import outline_mm, signed_distance
from cctrack.phantom.photo.skin import MELANIN_LOSS
from cctrack.phantom.photo.subject import LesionKind, PhotoSubject, SkinLesion

SURROUND_MM = 9.0
"""How far redness and swelling reach around a deposit."""

TEXTURE_HALF_MM = 45.0
"""Half side of a deposit's own texture: beyond the largest deposit and its surroundings."""

FINER = 2
"""The border is drawn on a grid this much finer than the skin, then averaged."""

CHALK_RGB = np.array([0.80, 0.72, 0.55], np.float32)
"""Reflectance of calcium salts: yellow-white, linear sRGB."""

CRUST_RGB = np.array([0.13, 0.055, 0.025], np.float32)
"""Reflectance of a dried crust: red-brown."""

BED_RGB = np.array([0.36, 0.07, 0.055], np.float32)
"""Reflectance of a wound bed with granulations: red."""


@dataclass(frozen=True, slots=True, eq=False)
class LesionPatch:
    """One lesion on the part of the window that it changes.

    Attributes
    ----------
    lesion : SkinLesion
    part : pair of slices
        Of the window's rows and columns.
    depth_mm : float32 array
        Distance to the outline, positive inside.
    profile : float32 array
        0 outside, 1 inside, exactly a half on the outline.
    coarse, grain : float32 arrays
        Lumps of about 2 mm and grains of about 0.5 mm, mean 0, SD 1.
    step_mm : float
    """

    lesion: SkinLesion
    part: tuple[slice, slice]
    depth_mm: Float32Array
    profile: Float32Array
    coarse: Float32Array
    grain: Float32Array
    step_mm: float


def lesion_patch(lesion: SkinLesion, window: Window) -> LesionPatch | None:
    """Draw a lesion's border on the window's grid; None when it lies outside the window."""
    polygon = window.to_px(outline_mm(lesion))
    margin = SURROUND_MM / window.step_mm
    low = np.maximum(np.floor(polygon.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(polygon.max(axis=0) + margin), window.shape).astype(int)
    if (high <= low).any():
        return None
    shape = (int(high[0] - low[0]), int(high[1] - low[1]))
    # Centres of pixels on the finer grid: half a fine pixel off the coarse ones.
    fine = (polygon - low + 0.5) * FINER - 0.5
    distance = signed_distance(fine, (shape[0] * FINER, shape[1] * FINER))
    depth = cv2.resize(distance, shape[::-1], interpolation=cv2.INTER_AREA)
    depth_mm = depth * np.float32(window.step_mm / FINER)
    # The deposit's own texture belongs to the deposit, wherever it lies.
    origin = np.asarray(window.origin_mm) + low * window.step_mm - np.asarray(lesion.centre_mm)
    local = Window((float(origin[0]), float(origin[1])), window.step_mm, shape)
    return LesionPatch(
        lesion=lesion,
        part=(slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))),
        depth_mm=depth_mm,
        profile=0.5 + 0.5 * np.tanh(depth_mm / np.float32(lesion.softness_mm)),
        coarse=octaves((lesion.shape_seed, 2), (2.6, 1.2), local, half_mm=TEXTURE_HALF_MM),
        grain=octaves((lesion.shape_seed, 3), (0.7, 0.35), local, half_mm=TEXTURE_HALF_MM),
        step_mm=window.step_mm,
    )


def add_surroundings(maps: SkinMaps, patch: LesionPatch) -> None:
    """Relief of the deposit, and redness, swelling and fine vessels around it."""
    lesion, part = patch.lesion, patch.part
    outside = np.maximum(-patch.depth_mm, 0)
    reach = np.float32(1.0 + 1.8 * lesion.erythema + 0.12 * lesion.radius_mm)
    ring = np.exp(-((outside / reach) ** 1.5)) * (1 + 0.3 * patch.coarse)
    ulcer = lesion.kind is LesionKind.ULCERATION
    maps.blood[part] += np.float32(lesion.erythema * (1.9 if ulcer else 1.2)) * ring
    maps.melanin[part] += np.float32(0.25 * lesion.erythema) * ring
    maps.relief_mm[part] += _relief_mm(patch)
    # Skin over a deposit is stretched: smoother and shinier than the skin beside it.
    maps.gloss[part] += 0.5 * patch.profile
    if lesion.erythema > 0.25:
        maps.blood[part] += 1.8 * _vessels(patch) * (1 - patch.profile)


def add_deposit(colour: Float32Array, patch: LesionPatch, subject: PhotoSubject) -> None:
    """Lay the chalk over the skin's reflectance, in place.

    The two are mixed by the root of their reflectance, nearly the scale of sRGB and of the eye:
    so the border as a reader sees it, at half the contrast, lies on the outline in dark skin as
    in fair skin.
    """
    lesion = patch.lesion
    if lesion.kind is LesionKind.ULCERATION:
        deposit, full = _ulcer(patch), 0.96
    else:
        deposit, full = _chalk(patch, subject), lesion.opacity
    alpha = np.clip(patch.profile * np.float32(full) * _body(patch), 0, 1)[..., None]
    skin = np.sqrt(colour[patch.part])
    colour[patch.part] = (skin + (np.sqrt(deposit) - skin) * alpha) ** 2


def _body(patch: LesionPatch) -> Float32Array:
    """Unevenness of the chalk's opacity; 1 near the border, which it must not move."""
    lesion = patch.lesion
    if lesion.kind is LesionKind.ULCERATION:
        return np.ones_like(patch.profile)
    inner = np.clip(patch.depth_mm / np.float32(2 * lesion.softness_mm + 0.3), 0, 1)
    lumpy = 0.20 if lesion.kind is LesionKind.PLAQUE else 0.08
    thicker = np.clip(patch.depth_mm / np.float32(0.8 * lesion.radius_mm), 0, 1)
    uneven = lumpy * patch.coarse + 0.05 * patch.grain + 0.18 * thicker
    body: Float32Array = 1 + inner * np.clip(uneven, -0.3, 0.4)
    return body


def _relief_mm(patch: LesionPatch) -> Float32Array:
    lesion = patch.lesion
    height = np.float32(lesion.relief_mm)
    reach = max(0.8 * lesion.radius_mm, 0.8)
    if lesion.kind is LesionKind.PLAQUE:
        reach = min(reach, 2.5)
    rise = np.clip(patch.depth_mm / np.float32(reach), 0, 1)
    dome = 1 - (1 - rise) ** 2
    skirt = np.exp(-((np.minimum(patch.depth_mm, 0) / np.float32(0.5 * reach + 0.4)) ** 2))
    if lesion.kind is LesionKind.ULCERATION:
        rim = np.exp(-((patch.depth_mm / 0.9) ** 2))
        floor = np.clip(patch.depth_mm / 0.8, 0, 1) * (
            0.10 * patch.coarse + 0.05 * patch.grain - 0.5
        )
        wound: Float32Array = height * (0.8 * rim + floor)
        return wound
    lumps = 0.10 if lesion.kind is LesionKind.PLAQUE else 0.04
    bumps = (np.float32(lumps) * patch.coarse + np.float32(0.012) * patch.grain) * rise
    raised: Float32Array = height * (0.75 * dome + 0.25 * skirt + bumps)
    return raised


def _chalk(patch: LesionPatch, subject: PhotoSubject) -> Float32Array:
    """Chalk seen through the epidermis keeps part of the skin's own pigment and blood."""
    rng = np.random.default_rng((patch.lesion.shape_seed, 4))
    bright, yellow, pink = rng.normal((0, 0, 0.03), (0.07, 0.12, 0.03))
    tinge = bright + np.array([0.02 + 0.2 * pink, -0.8 * pink - 0.1 * yellow, -yellow - 0.6 * pink])
    veil = 0.32 * (subject.skin_type - 1) * MELANIN_LOSS * (1.25 - patch.lesion.opacity)
    chalk = CHALK_RGB * np.exp(tinge - veil).astype(np.float32)
    shade = 1 + 0.05 * patch.coarse + 0.03 * patch.grain
    body: Float32Array = shade[..., None] * chalk
    return body


def _ulcer(patch: LesionPatch) -> Float32Array:
    """Wound bed with lumps of chalk and crusts; chalk dominates."""
    rng = np.random.default_rng((patch.lesion.shape_seed, 5))
    lumps = patch.coarse + 0.35 * patch.grain
    chalk = _step(lumps + np.float32(rng.uniform(0.0, 0.9)), 0.25)
    # Crusts dry along the rim first.
    rim = np.exp(-((patch.depth_mm / 0.9) ** 2))
    crust = _step(1.1 * rim - 1.3 * lumps - np.float32(rng.uniform(1.0, 2.2)), 0.3)
    bed = BED_RGB * (1 + 0.15 * patch.grain)[..., None]
    white = CHALK_RGB * np.float32(rng.uniform(0.75, 1.0)) * (1 + 0.08 * patch.grain)[..., None]
    filled = bed * (1 - chalk) + white * chalk
    dried = CRUST_RGB * (1 + 0.2 * patch.grain)[..., None]
    mixed = filled + (dried - filled) * crust
    return np.maximum(as_float32(mixed), np.float32(0.005))


def _step(value: Float32Array, width: float) -> Float32Array:
    stepped: Float32Array = 0.5 + 0.5 * np.tanh(value / np.float32(width))
    return stepped[..., None]


def _vessels(patch: LesionPatch) -> Float32Array:
    """Telangiectasia: short fine vessels that wander off the border."""
    lesion = patch.lesion
    rng = np.random.default_rng((lesion.shape_seed, 6))
    drawn = np.zeros(patch.profile.shape, np.uint8)
    border = np.argwhere(np.abs(patch.profile - 0.5) < 0.2)
    if len(border) == 0:
        return drawn.astype(np.float32)
    px_per_mm = 1 / patch.step_mm
    middle = border.mean(axis=0)
    for _ in range(int(rng.integers(0, 2 + int(14 * lesion.erythema)))):
        start = border[rng.integers(len(border))] + rng.normal(0, 0.8 * px_per_mm, 2)
        heading = np.arctan2(*(start - middle)) + rng.normal(0, 1.2)
        turns = heading + np.cumsum(rng.normal(0, 0.45, 12))
        length = rng.uniform(0.08, 0.30) * px_per_mm
        path = start + length * np.cumsum(np.column_stack([np.sin(turns), np.cos(turns)]), axis=0)
        points = np.round(path[:, ::-1] * 16).astype(np.int32)
        shade = int(rng.uniform(60, 255))
        cv2.polylines(drawn, [points], False, shade, 1, cv2.LINE_AA, 4)
    return as_float32(cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), 0.9))
