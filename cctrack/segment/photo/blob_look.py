"""What one blob shows: its colours, its place on the body, its shape, its texture, its relief.

Thousands of blobs may pass here, so means are OpenCV's and 2 x 2 matrices are written out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.candidates import AROUND, Candidate, box_of, quantile
from cctrack.segment.photo.skin import BoolArray, Float32Array, SkinView

WIDE = np.ones((9, 9), np.uint8)
"""Makes the ring around a blob whose colour is compared with the skin's."""

LOOK = (
    "pixels_l",
    "pixels_a",
    "pixels_b",
    "brightest",
    "over_skin_l",
    "over_skin_a",
    "over_skin_b",
    "ring_over_skin_l",
    "ring_over_skin_a",
    "body_distance",
    "body_share",
    "limb_width",
    "limb_share",
    "object_near",
    "rectangular",
    "elliptic",
    "ragged",
    "dots_fine",
    "dots_coarse",
    "dots_red",
    "texture",
    "tilted",
    "domed",
    "lit_rim",
)
"""Names of what `look_at` gives."""


@dataclass(frozen=True, slots=True, eq=False)
class ContextMaps:
    """Maps of a whole photo that the candidates are read from."""

    view: SkinView
    depth: Float32Array
    middle: Float32Array
    dots: tuple[Float32Array, ...]
    skin_lab: NDArray[np.float64]
    hidden: Float32Array


def look_at(item: Candidate, maps: ContextMaps) -> list[float]:
    """Colour, place, shape, texture and relief of one candidate, in the order of `LOOK`."""
    box = box_of(item, maps.view.skin.shape, 0)
    mask, ring = item.mask, _ring(item.mask)
    clear = ring & maps.view.skin[box]
    ring = clear if clear.any() else ring
    lab = maps.view.lab[box]
    light = np.ascontiguousarray(lab[..., 0])
    inside, outside = (mean_in(lab, part)[:3] for part in (mask, ring))
    radius = float(np.sqrt(np.count_nonzero(mask) / np.pi))
    over, beyond = inside - maps.skin_lab, outside - maps.skin_lab
    soft = cv2.GaussianBlur(light, (0, 0), 2)
    depth, limb = (mean_in(plane[box], mask)[0] for plane in (maps.depth, maps.middle))
    return [
        *inside,
        quantile(light[mask], 0.95),
        *over,
        beyond[0],
        beyond[1],
        float(maps.depth[box][mask].min()),
        depth / max(limb, 1.0),
        limb,
        radius / max(limb, 1.0),
        float(maps.hidden[box][mask].min()),
        *_shape(mask),
        *(mean_in(plane[box], mask)[0] for plane in maps.dots),
        float(cv2.meanStdDev(light - soft, mask=mask.view(np.uint8))[1][0, 0]),
        *_relief(light, mask, ring),
    ]


def mean_in(plane: Float32Array, mask: BoolArray) -> NDArray[np.float64]:
    """Mean of each channel over a mask; four values, zeros where there is no channel."""
    return np.array(cv2.mean(plane, mask.view(np.uint8)))


def _ring(mask: BoolArray) -> BoolArray:
    wide = cv2.dilate(mask.view(np.uint8), WIDE)
    return np.asarray(wide) > np.asarray(cv2.dilate(mask.view(np.uint8), AROUND))


def _shape(mask: BoolArray) -> tuple[float, float, float]:
    """Share of the least rectangle, overlap with the ellipse of like moments, rim over a disc's."""
    outlines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    _, (width, height), _ = cv2.minAreaRect(outline)
    down, right = _away(mask)
    area = len(down)
    # The 2 x 2 covariance, written out: thousands of blobs pass here.
    one, other, both = (float(a @ b) for a, b in ((down, down), (right, right), (down, right)))
    one, other, both = one / (area - 1) + 1 / 12, other / (area - 1) + 1 / 12, both / (area - 1)
    size = one * other - both**2
    shared = np.count_nonzero(
        other * down**2 - 2 * both * down * right + one * right**2 <= 4 * size
    )
    # Two SDs of a filled ellipse are its semi-axes.
    ellipse = 4 * np.pi * float(np.sqrt(size))
    elliptic = shared / (area + ellipse - shared)
    ragged = float(cv2.arcLength(outline, True)) / (2 * np.sqrt(np.pi * area))
    return area / ((width + 1) * (height + 1)), elliptic, ragged


def _away(mask: BoolArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows and columns of a mask's pixels, from their middle."""
    rows, columns = np.nonzero(mask)
    return rows - rows.sum() / len(rows), columns - columns.sum() / len(columns)


def _relief(light: Float32Array, mask: BoolArray, ring: BoolArray) -> tuple[float, float, float]:
    """How raised a blob looks: light over its slope, its middle over its rim, light on one side."""
    usual = mean_in(light, mask)[0]
    rise = usual - mean_in(light, ring)[0]
    scale = max(abs(rise), 1.0)
    tilted = _steepness(light, mask) * float(np.sqrt(np.count_nonzero(mask))) / scale
    deep = np.asarray(cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3), np.float32)
    inner = mask & (deep > quantile(deep[mask], 0.5))
    domed = float(mean_in(light, inner)[0] - usual) / scale if inner.any() else 0.0
    rows, columns = np.nonzero(mask)
    down, right = np.nonzero(ring)
    down, right = down - rows.mean(), right - columns.mean()
    lit = light[ring] / (np.hypot(down, right) + 1e-9)
    wave = np.hypot(float(lit @ down), float(lit @ right)) / len(lit)
    return tilted, domed, float(wave) / scale


def _steepness(light: Float32Array, mask: BoolArray) -> float:
    """Slope a px of the plane that fits the light over a mask best."""
    down, right = _away(mask)
    seen = light[mask].astype(np.float64)
    one, other, both = (float(a @ b) for a, b in ((down, down), (right, right), (down, right)))
    size = max(one * other - both**2, 1e-9)
    along, across = float(down @ seen), float(right @ seen)
    slope = other * along - both * across, one * across - both * along
    return float(np.hypot(*slope)) / size
