"""How a possible outline of a lesion looks: what tells a good one from one that ran out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.segment.photo.border import margin_px
from cctrack.segment.photo.candidates import quantile
from cctrack.segment.photo.full import Box, widened
from cctrack.segment.photo.sides import look_at_border, signed_distance
from cctrack.segment.photo.skin import BoolArray, Float32Array, SkinView, to_lab
from cctrack.segment.photo.trials import Trial, inside, moved, shared

GAP_PX = 1.5
BAND_SHARE, LEAST_BAND_PX = 0.15, 3.0
"""Distance from the border at which both sides begin, their width as a share of the radius."""

LEAST_SLOPE = 0.3
"""CIE Lab a px: what JPEG and noise leave on even skin."""

MUCH_LARGER = 0.02
"""ln(area) by which a trial is larger than another."""

SECTORS = 16
"""Parts of the border that are looked at one by one: a leak is a side without an edge."""

HAIR_PX = 5
"""Width of the median filter that takes out hairs at working size."""

FILTERED_PX = 8
"""So far the filters see beyond a part of the image."""

DARK = 0.75
"""Lightness of crust and wound bed over that of the skin around."""

OWN_LOOK = (
    *("log_area", "solidity", "ragged", "elongation", "sore", "odds"),
    *("rim_mean", "rim_10", "rim_25", "rim_50", "usual", "edge_outside", "edge_inside"),
    *(f"step_{name}" for name in "lab"),
    *(f"around_{name}" for name in "lab"),
    *(f"core_{name}" for name in "lab"),
    *("weakest_side", "uneven_sides", "weakest_rim"),
    *("dark_inside", "dark_outside"),
    *("plainness", "unevenness", "contrast"),
)
"""What a trial shows by itself: log10 of its area, area over hull, rim over a disc's, log of the
axes' ratio, how it was made; slopes on its rim, those of usual skin, and the steepest beside and
within it over its rim's; Lab steps from outside to inside, from far to near and from far to
inside; the least step of any sector of the border, their SD, the least slope; shares of dark
pixels; and what `look_at_border` says."""

BESIDE_LOOK = (*("agreed", "agreed_most", "over_usual", "larger", "over_least", "with_likeliest"),)
"""What it shows beside the other trials: mean Dice with all and with the third nearest, log area
over their median, share that is larger, log area over the smallest, Dice with the likeliest
blob's."""


@dataclass(frozen=True, slots=True, eq=False)
class _Bands:
    """Strips along a border: just inside, just outside, and the skin beyond."""

    inner: BoolArray
    outer: BoolArray
    far: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class _EdgeMaps:
    """Part of the working image without hairs: its CIE Lab and how steeply that changes, a px."""

    lab: Float32Array
    steep: Float32Array


def _edges_of(view: SkinView, box: Box) -> _EdgeMaps:
    """Take hairs out of a part of the working image, and see how steep it is."""
    wide = widened(box, FILTERED_PX, view.skin.shape)
    bare = cv2.medianBlur(np.ascontiguousarray(view.pixels[wide]), HAIR_PX)
    lab = np.asarray(cv2.GaussianBlur(to_lab(np.asarray(bare, np.uint8)), (0, 0), 1.0), np.float32)
    slopes = [cv2.Sobel(lab, cv2.CV_32F, *axes, scale=0.125) for axes in ((0, 1), (1, 0))]
    squares = sum(np.asarray(slope, np.float32) ** 2 for slope in slopes)
    part = inside(box, wide)
    return _EdgeMaps(lab[part], np.sqrt(np.asarray(squares).sum(axis=2))[part])


def own_looks(trials: Sequence[Trial], view: SkinView) -> dict[str, Float32Array]:
    """Describe each trial by itself: `OWN_LOOK`, arrays (trials,)."""
    rows = [_own(item, view) for item in trials]
    table = np.array(rows, np.float32).reshape(-1, len(OWN_LOOK))
    return dict(zip(OWN_LOOK, table.T, strict=True))


def beside_looks(trials: Sequence[Trial]) -> dict[str, Float32Array]:
    """Describe trials of one lesion beside each other: `BESIDE_LOOK`, arrays (trials,)."""
    areas = np.log([item.mask.sum() for item in trials])
    pairs = np.eye(len(trials))
    for one, item in enumerate(trials):
        for other in range(one):
            pairs[one, other] = pairs[other, one] = shared(item, trials[other])
    others = (pairs.sum(axis=1) - 1) / max(1, len(trials) - 1) if len(trials) > 1 else pairs[0]
    likeliest = int(np.argmax([item.odds for item in trials]))
    columns = (
        others,
        np.sort(pairs, axis=1)[:, max(0, len(trials) - 4)],
        areas - np.median(areas),
        (areas[None, :] > areas[:, None] + MUCH_LARGER).mean(axis=1),
        areas - areas.min(),
        pairs[likeliest],
    )
    return {
        name: np.asarray(column, np.float32)
        for name, column in zip(BESIDE_LOOK, columns, strict=True)
    }


def _own(item: Trial, view: SkinView) -> list[float]:
    box = widened(item.box, margin_px(float(item.mask.sum())) // 2, view.skin.shape)
    mask = moved(item, box)
    depth = signed_distance(mask)
    seen, skin = _edges_of(view, box), view.skin[box]
    lab, steep = seen.lab, seen.steep
    bands = _bands(depth, skin)
    rim = np.abs(depth) <= 1
    far = steep[bands.far] if bands.far.any() else steep[rim]
    usual = quantile(far, 0.75) + LEAST_SLOPE
    edges = steep[rim] / usual
    look = look_at_border(view.pixels[box], mask, ~skin & ~mask)
    return [
        np.log10(mask.sum()),
        *_shape(mask),
        float(item.sore),
        item.odds,
        float(edges.mean()),
        *(quantile(edges, share) for share in (0.1, 0.25, 0.5)),
        usual,
        _edges_in(steep, bands.outer | bands.far, rim),
        _edges_in(steep, depth > 3, rim),
        *_colours(lab, bands),
        *_by_sector(lab, steep / usual, rim, bands),
        *_darkness(lab[..., 0], mask, bands),
        look.plainness,
        look.unevenness,
        look.contrast,
    ]


def _bands(depth: Float32Array, skin: BoolArray) -> _Bands:
    radius = float(np.sqrt((depth > 0).sum() / np.pi))
    band = max(LEAST_BAND_PX, BAND_SHARE * radius)
    inner = (depth > GAP_PX) & (depth < GAP_PX + band)
    outer = (depth < -GAP_PX) & (depth > -GAP_PX - band) & skin
    far = (depth < -GAP_PX - band) & (depth > -GAP_PX - 3 * band) & skin
    # Beside the frame or a card one of them may be empty.
    inner = inner if inner.any() else depth > 0
    outer = outer if outer.any() else depth < -GAP_PX
    return _Bands(inner, outer, far if far.any() else outer)


def _edges_in(steep: Float32Array, where: BoolArray, rim: BoolArray) -> float:
    if not where.any():
        return 0.0
    return quantile(steep[where], 0.9) / (float(steep[rim].mean()) + LEAST_SLOPE)


def _colours(lab: Float32Array, bands: _Bands) -> list[float]:
    inner, outer, far = (lab[part].mean(axis=0) for part in (bands.inner, bands.outer, bands.far))
    return [*(inner - outer), *(outer - far), *(inner - far)]


def _by_sector(
    lab: Float32Array, slopes: Float32Array, rim: BoolArray, bands: _Bands
) -> list[float]:
    """Least step and least slope of any part of the border, and how unlike the steps are."""
    middle = np.argwhere(bands.inner).mean(axis=0)
    step = lab[bands.inner].mean(axis=0) - lab[bands.outer].mean(axis=0)
    towards = lab @ (step / (np.linalg.norm(step) + 1e-3))
    seen = ((towards, bands.inner), (towards, bands.outer), (slopes, rim))
    inner, outer, edges = (_sector_means(plane, part, middle) for plane, part in seen)
    steps = (inner - outer)[np.isfinite(inner - outer)]
    edges = edges[np.isfinite(edges)]
    if not len(steps) or not len(edges):
        return [0.0, 0.0, 0.0]
    size = float(np.linalg.norm(step)) + 1.0
    return [float(steps.min()) / size, float(steps.std()) / size, float(edges.min())]


def _sector_means(plane: Float32Array, part: BoolArray, middle: FloatArray) -> FloatArray:
    away = np.argwhere(part) - middle
    turn = (np.arctan2(away[:, 0], away[:, 1]) + np.pi) / (2 * np.pi)
    sector = (turn * SECTORS).astype(int) % SECTORS
    count = np.bincount(sector, minlength=SECTORS)
    total = np.bincount(sector, plane[part], SECTORS)
    means: FloatArray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def _darkness(light: Float32Array, mask: BoolArray, bands: _Bands) -> list[float]:
    level = DARK * float(np.median(light[bands.far]))
    return [float((light[part] < level).mean()) for part in (mask, bands.outer)]


def _shape(mask: BoolArray) -> list[float]:
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)
    hull = float(cv2.contourArea(cv2.convexHull(outline)))
    area = float(cv2.contourArea(outline))
    spread = np.linalg.eigvalsh(np.cov(np.argwhere(mask).T) + np.eye(2) / 12)
    ragged = float(cv2.arcLength(outline, True)) / (2 * np.sqrt(np.pi * max(area, 1.0)))
    return [area / max(hull, 1.0), ragged, float(np.log(spread[1] / spread[0]) / 2)]
