"""Find round stickers of one colour in a photo, as ellipses to a fraction of a pixel."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.blobs import Blob, Patch, patch_of
from cctrack.calibrate.corners import STEP_PX, read_edge
from cctrack.calibrate.targets import DiscTarget, Ellipse
from cctrack.model import FloatArray

RIM_PROFILES = 90
"""Profiles across the rim, one each 4 degrees."""

REACH_SHARE = 0.12
"""Half the length of a profile, as a share of the diameter."""

REACH_PX = (2.0, 12.0)
"""Its limits: a plateau on both sides, and no shading."""

LEAST_KEPT = 0.65
"""Share of the rim that must lie on one ellipse: a third may be hidden."""

OFF_RIM = 0.02
"""A point of the rim further from the ellipse than this share of the diameter is hidden."""

MOST_SCATTER = 0.006
"""Scatter about the ellipse, as a share of the diameter: cut by a punch, unlike a lesion."""

LEAST_LEVELS = 4
"""Thresholds at which a sticker stands out: skin and cloth hold many faint round spots."""

LEAST_CONTRAST = 0.08
"""Distance in linear RGB between a sticker and the skin: one of the skin's colour is none."""

MOST_BLUR = 0.025
"""SD of the rim's blur as a share of the diameter: a lesion's border is 0.5 mm wide and more."""

SHARPEST_PX = 2.5
"""Blur that any photo may have."""

MOST_OVERSHOOT = 0.45
"""By how much of the contrast a profile may leave the two colours: more is a ring."""

FLATTEST = 0.5
"""Shorter over longer axis: 60 degrees of tilt."""

MOST_UNEVEN = 0.15
"""Unevenness inside, as a share of the contrast: a sticker has one colour, a lesion has not."""

RIM_FLOOR_PX = 0.15
"""Error of the rim common to all profiles: bleeding colour, shadow of the sticker's edge."""

RIVAL = 0.6
"""Discs with less than this share of the best one's contrast are not looked at."""

ALIKE = 0.35
"""Discs are stickers of one size when their longer axes differ by less: tilt and perspective."""


def find_discs(pixels: NDArray[np.uint8], blobs: Sequence[Blob]) -> tuple[DiscTarget, ...]:
    """Find stickers of one size among compact patches.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    blobs : sequence of Blob

    Returns
    -------
    tuple of DiscTarget
        Of diameter 1 mm, to be sized; none when it is unclear which ones are meant.
    """
    found = _apart([item for blob in blobs for item in _disc(pixels, blob)])
    if not found:
        return ()
    best = found[0]
    rivals = [item for item in found if item[0] > RIVAL * best[0]]
    sizes = np.array([target.size_px for _, target in rivals])
    return () if np.ptp(np.log(sizes)) > ALIKE else tuple(target for _, target in rivals)


def rim_px(ellipse: Ellipse) -> FloatArray:
    """Points (n, 2) of the rim."""
    return _rim(ellipse)[0]


def _apart(found: list[tuple[float, DiscTarget]]) -> list[tuple[float, DiscTarget]]:
    """Of discs that overlap the one with most contrast, that first."""
    kept: list[tuple[float, DiscTarget]] = []
    for item in sorted(found, key=lambda item: -item[0]):
        gaps = [np.linalg.norm(item[1].centre_px - other.centre_px) for _, other in kept]
        sizes = [(item[1].size_px + other.size_px) / 2 for _, other in kept]
        if all(gap > size for gap, size in zip(gaps, sizes, strict=True)):
            kept.append(item)
    return kept


def _disc(pixels: NDArray[np.uint8], blob: Blob) -> list[tuple[float, DiscTarget]]:
    """Contrast and rim, when a patch is a disc."""
    rough = _fit(blob.outline_px)
    if rough is None or blob.levels < LEAST_LEVELS:
        return []
    patch = patch_of(pixels, blob.outline_px)
    if patch is None or patch.contrast < LEAST_CONTRAST or patch.unevenness > MOST_UNEVEN:
        return []
    ellipse, kept = rough, np.zeros(0)
    for _ in range(2):
        refined = _refined(patch, ellipse)
        if refined is None:
            return []
        ellipse, kept = refined
    scatter = float(kept.std())
    if scatter > max(MOST_SCATTER * 2 * ellipse.half_axes_px[0], 0.25):
        return []
    return [(patch.contrast, DiscTarget(ellipse, 1.0, float(np.hypot(scatter, RIM_FLOOR_PX))))]


def _refined(patch: Patch, rough: Ellipse) -> tuple[Ellipse, FloatArray] | None:
    """Ellipse through the half-light points of the rim, and their distances from it."""
    feet, outward = _rim(rough)
    reach = float(np.clip(REACH_SHARE * 2 * rough.half_axes_px[0], *REACH_PX))
    steps = np.arange(-reach, reach + STEP_PX / 2, STEP_PX)
    edge = read_edge(patch.light, feet - patch.corner_px, outward, steps)
    widest = max(SHARPEST_PX, MOST_BLUR * 2 * rough.half_axes_px[0])
    if edge is None or edge.overshoot > MOST_OVERSHOOT or edge.blur_px > widest:
        return None
    offsets = edge.offsets_px
    points = feet + offsets[:, None] * outward
    keep = np.abs(offsets - np.median(offsets)) < 0.9 * reach
    limit = max(OFF_RIM * 2 * rough.half_axes_px[0], 0.5)
    ellipse = None
    for _ in range(4):
        if keep.mean() < LEAST_KEPT:
            return None
        ellipse = _fit(points[keep])
        if ellipse is None:
            return None
        keep = np.abs(ellipse.distances_px(points)) < limit
    if ellipse is None or keep.mean() < LEAST_KEPT:
        return None
    return ellipse, ellipse.distances_px(points[keep])


def _rim(ellipse: Ellipse) -> tuple[FloatArray, FloatArray]:
    """Points (n, 2) of the rim and the normals there."""
    angle = 2 * np.pi * np.arange(RIM_PROFILES) / RIM_PROFILES
    cos, sin = np.cos(ellipse.turn), np.sin(ellipse.turn)
    to_photo = np.array([[cos, sin], [-sin, cos]])
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    half = np.array(ellipse.half_axes_px)
    normal = circle / half
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return ellipse.centre_px + (circle * half) @ to_photo, normal @ to_photo


def _fit(points: FloatArray) -> Ellipse | None:
    """Ellipse through points (n, 2), direct least squares (Fitzgibbon 1999); None when flat."""
    middle = points.mean(axis=0)
    centred = (points - middle)[:, ::-1].astype(np.float32)
    (x, y), (width, height), degrees = cv2.fitEllipseDirect(centred)
    if not np.isfinite((x, y, width, height)).all() or min(width, height) <= 0:
        return None
    turn = np.pi / 2 - np.deg2rad(degrees)
    if height > width:
        width, height, turn = height, width, turn - np.pi / 2
    if height < FLATTEST * width:
        return None
    return Ellipse(middle + np.array([y, x]), (width / 2, height / 2), float(turn))
