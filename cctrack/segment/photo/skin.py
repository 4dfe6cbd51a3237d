"""The skin in a photo, and how far each pixel departs from the skin around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2

WORKING_PX = 1000
"""Longest side at which deposits are sought; their border is then refined at full size."""

CLUSTERS = 7
"""Colours of a clinical photo: two or three of skin, cloth, paper, shadow."""

SKIN_HUE_DEG = (-25.0, 100.0)
"""Hue of skin in CIE ab from purple (dark skin, cold light) to yellow (fair skin, warm light)."""

LEAST_CHROMA = 5.0
"""Skin is never as grey as a wall or white cloth, whatever its type."""

LEAST_PART = 0.02
"""Skin comes in pieces no smaller than this share of the photo."""

LEAST_SKIN = 0.05
"""With less skin than this the colours are odd (dermatoscope, filter): all of the photo counts."""

SURROUND = 0.05
"""SD of the window that is called surroundings, as a share of the longer side: wider than a
deposit, narrower than the shading of a limb."""

RESTLESS_PX = 2.5
"""SD at working size over which light and dark parts of a sore are seen as one."""

TRIM_SDS = 2.5
"""Pixels further off are no plain skin and leave the estimate of the surroundings."""

SAMPLED = 5
"""Every fifth pixel gives the spread of skin as well as all of them."""

THINNED = 2
"""Skin is told from the rest, and its surroundings are averaged, on every second row and column:
both are smooth over many pixels, and cost a quarter."""

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SkinView:
    """A reduced photo, seen against its own skin.

    Attributes
    ----------
    pixels : uint8 array (rows, columns, 3)
        The reduced photo.
    lab : float32 array (rows, columns, 3)
        Its CIE Lab.
    flat : float32 array (rows, columns, 3)
        Lab minus that of the surrounding skin, each in robust SDs of plain skin.
    whiteness : float32 array (rows, columns)
        Departure towards chalk (lighter, less red), in SDs of plain skin.
    restless : float32 array (rows, columns)
        Local size of any departure, light or dark, in SDs of plain skin: open sores hold both.
    skin : bool array (rows, columns)
        Skin with all that lies on it, without what is to be ignored.
    field : bool array (rows, columns)
        The same with what is to be ignored: its rim is where the body ends.
    factor : float
        Reduced size / full size.
    """

    pixels: NDArray[np.uint8]
    lab: Float32Array
    flat: Float32Array
    whiteness: Float32Array
    restless: Float32Array
    skin: BoolArray
    field: BoolArray
    factor: float


def prepare(pixels: NDArray[np.uint8], ignore: BoolArray) -> SkinView:
    """Reduce a photo, find its skin and flatten its light."""
    factor = min(1.0, WORKING_PX / max(pixels.shape[:2]))
    resized = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = np.asarray(resized, np.uint8)
    hidden = cv2.resize(ignore.view(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    lab = to_lab(small)
    covered = np.asarray(hidden) > 0
    skin = find_skin(lab, covered)
    flat = flatten(lab, skin)
    maps = whiteness_of(flat, skin), restlessness_of(flat, skin)
    return SkinView(small, lab, flat, *maps, skin, skin | covered, factor)


def to_lab(pixels: NDArray[np.uint8]) -> Float32Array:
    """CIE Lab (D65) of sRGB pixels, float32 array (rows, columns, 3)."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def find_skin(lab: Float32Array, ignore: BoolArray) -> BoolArray:
    """Mask of skin, with everything that lies within it, less ``ignore``."""
    size = (-(-lab.shape[1] // THINNED), -(-lab.shape[0] // THINNED))
    reduced = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    smooth = np.asarray(cv2.GaussianBlur(reduced, (0, 0), 3 / THINNED), np.float32)
    covered = ignore[::THINNED, ::THINNED]
    part = _filled(_large_parts(_skin_coloured(smooth) | covered))
    large = cv2.resize(part.astype(np.uint8) * 255, lab.shape[1::-1])
    skin = (np.asarray(large) > 127) & ~ignore
    if skin.mean() < LEAST_SKIN:
        return ~ignore
    return skin


def _skin_coloured(lab: Float32Array) -> BoolArray:
    """Pixels of those colour clusters that could be skin."""
    sample = lab[::THINNED, ::THINNED].reshape(-1, 3) * np.array([0.35, 1.0, 1.0], np.float32)
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.5)
    cv2.setRNGSeed(0)
    first = np.zeros((len(sample), 1), np.int32)
    _, _, centres = cv2.kmeans(sample, CLUSTERS, first, rule, 2, cv2.KMEANS_PP_CENTERS)
    centres = np.asarray(centres, np.float32)
    hue = np.rad2deg(np.arctan2(centres[:, 2], centres[:, 1]))
    chroma = np.hypot(centres[:, 1], centres[:, 2])
    good = (hue > SKIN_HUE_DEG[0]) & (hue < SKIN_HUE_DEG[1]) & (chroma > LEAST_CHROMA)
    scaled = lab * np.array([0.35, 1.0, 1.0], np.float32)
    # Squared distances less what all clusters share.
    distances = (centres**2).sum(axis=1) - 2 * scaled.reshape(-1, 3) @ centres.T
    coloured: BoolArray = good[np.argmin(distances, axis=1)].reshape(lab.shape[:2])
    return coloured


def _large_parts(mask: BoolArray) -> BoolArray:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(opened)
    large = stats[:, cv2.CC_STAT_AREA] >= LEAST_PART * mask.size
    large[0] = False
    kept: BoolArray = large[parts]
    return kept


def _filled(mask: BoolArray) -> BoolArray:
    """Close rims and fill holes: deposits are of another colour than skin."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return np.asarray(filled, np.uint8) > 0


def flatten(lab: Float32Array, skin: BoolArray) -> Float32Array:
    """Lab relative to the surrounding skin, in robust SDs of plain skin."""
    some = np.ascontiguousarray(lab[::THINNED, ::THINNED])
    own = skin[::THINNED, ::THINNED]
    plain = own
    for _ in range(3):
        level = _mean_over(some, plain)
        left = some - level
        sampled = np.flatnonzero(plain)[::SAMPLED]
        usual = np.median(np.abs(left.reshape(-1, 3)[sampled]), axis=0)
        spread = np.asarray(1.4826 * usual + 0.3, np.float32)
        square = np.asarray(cv2.transform((left / spread) ** 2, np.full((1, 3), 1 / 3)))
        plain = own & (square < TRIM_SDS**2)
    around = cv2.resize(level, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray((lab - np.asarray(around, np.float32)) / spread, np.float32)


def whiteness_of(flat: Float32Array, skin: BoolArray) -> Float32Array:
    """Departure towards chalk: lighter and less red, yellow neither for nor against."""
    raw = cv2.transform(flat, np.array([[0.8, -0.5, 0.1]], np.float32))
    smooth = np.asarray(cv2.GaussianBlur(raw, (0, 0), 1.5), np.float32)
    seen = smooth[skin][::SAMPLED]
    spread = 1.4826 * float(np.median(np.abs(seen - np.median(seen)))) + 1e-3
    return np.where(skin, smooth / np.float32(spread), np.float32(0))


def restlessness_of(flat: Float32Array, skin: BoolArray) -> Float32Array:
    """Root mean square departure in lightness and redness over a few px."""
    light, red = (np.clip(flat[..., channel], -12, 12) for channel in (0, 1))
    total = cv2.GaussianBlur(light * light + red * red, (0, 0), RESTLESS_PX)
    size = np.sqrt(np.asarray(total, np.float32) / 2)
    seen = size[skin][::SAMPLED]
    usual = float(np.median(seen))
    spread = 1.4826 * float(np.median(np.abs(seen - usual))) + 0.1
    return np.where(skin, (size - np.float32(usual)) / np.float32(spread), np.float32(0))


def _mean_over(lab: Float32Array, mask: BoolArray) -> Float32Array:
    """Mean of the surroundings over the pixels of a mask (normalised convolution)."""
    weight = mask.astype(np.float32)
    # Half of the size: so wide a window needs no more.
    size = (lab.shape[1] // 2, lab.shape[0] // 2)
    small = cv2.resize(lab * weight[..., None], size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    sd = SURROUND * max(size)
    total = cv2.GaussianBlur(small, (0, 0), sd) / (
        cv2.GaussianBlur(share, (0, 0), sd)[..., None] + 1e-3
    )
    return np.asarray(
        cv2.resize(total, lab.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32
    )
