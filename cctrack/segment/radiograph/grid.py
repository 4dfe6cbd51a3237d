"""Bring a film onto a working grid and tell air, collimation and tissue apart."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import PchipInterpolator
from skimage.filters import threshold_multiotsu

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.model import Because, Radiograph
from cctrack.segment.radiograph.shutter import find_shutters

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

GRID_MM = 0.2
"""Deposits of 1 mm still span five px; a hand film has about a million px and takes a second."""

MOST_PX = 2_500_000
"""A film of a whole pelvis is worked on coarser than `GRID_MM`, so that no film takes more than
1 GB or 4 s."""

ASSUMED_LONG_SIDE_MM = 220.0
"""Length of a film without a scale: a hand with its wrist. Only feature sizes hang on it; no
number in mm is ever derived from it."""

SATURATED = 0.002
"""Share of the format's range from its ends within which a flat area is no image."""

SMALLEST_TISSUE_MM2 = 800.0
"""A part of the body is larger than this; a lead letter or a screw in air is not."""

PENUMBRA, PENUMBRA_MM = 0.2, 6.0
"""Beside a shutter, what lies within a fifth of the brightest grey for up to 6 mm is its edge."""

STEEP_SHARE = 0.6
"""The skin's line is at least this steep relative to the steepest line between air and tissue."""

SMALLEST_AIR = 0.03
"""With less air than this on the film no plane is fitted through it."""

SMALLEST_PART = 0.15
"""Share of the largest body part: two hands on one film both count, a step wedge does not."""

SATELLITE_MM, SATELLITE_MM2 = 8.0, 4.0
"""Display curves may show thin skin as black as air. What is bright, this large and this close to
the body is then a deposit in that skin, not an object beside it."""

SATELLITE_SKIN_MM = 2.0
"""Skin taken to lie around such a deposit."""

CURVE_PERCENTILES = (10.0, 50.0, 90.0, 98.0)
"""Percentiles of tissue grey that are brought to `CURVE_GREYS`; below the first lies the air."""

CURVE_GREYS = (0.0, 0.32, 0.55, 0.80, 1.0)
"""Grey of air and of those percentiles: rounded means of the logarithmic hand films at hand."""

BRIGHTEST = 2.0
"""Where the curve ends: metal and lead."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A film on its working grid.

    Attributes
    ----------
    grey : float32 array (rows, columns)
        0 is air, 1 about the film's bright bone, whatever the exposure was.
    field : bool array (rows, columns)
        Inside the collimation.
    tissue : bool array (rows, columns)
        Part of the body: soft tissue, bone and what lies in or over them.
    mm : float
        mm per grid px; assumed where the film has no scale.
    step : float
        Grid px per film px.
    """

    grey: Float32Array
    field: BoolArray
    tissue: BoolArray
    mm: float
    step: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.grey.shape[0], self.grey.shape[1]


def grid_of(radiograph: Radiograph) -> Grid:
    """Resample a film to `GRID_MM` where it is finer and normalise its grey."""
    film_mm = film_spacing_mm(radiograph)
    step = min(1.0, film_mm / GRID_MM, math.sqrt(MOST_PX / radiograph.pixels.size))
    pixels = resample(radiograph.pixels, step)
    mm = film_mm * radiograph.shape[1] / pixels.shape[1]
    field = _field(pixels, mm)
    levelled, threshold = _level_air(pixels, field)
    tissue = _tissue(levelled > threshold, field, mm)
    inside = levelled[tissue] if tissue.any() else levelled.ravel()
    return Grid(_standardise(levelled, inside[::7]), field, tissue, mm, step)


def film_spacing_mm(radiograph: Radiograph) -> float:
    """Spacing to size features with: the film's own, or the assumed one without a scale."""
    if radiograph.scale is not None:
        return float(np.mean(radiograph.scale.mean_mm))
    return ASSUMED_LONG_SIDE_MM / max(radiograph.shape)


def resample(pixels: Float32Array, step: float) -> Float32Array:
    """Shrink an image by area averaging, so that noise falls as it would on a coarser plate."""
    if step == 1.0:
        return np.ascontiguousarray(pixels, np.float32)
    size = (max(round(pixels.shape[1] * step), 1), max(round(pixels.shape[0] * step), 1))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)


def disc(radius_px: float) -> NDArray[np.uint8]:
    """Round structuring element, at least 3 px wide."""
    size = 2 * max(round(radius_px), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def _field(pixels: Float32Array, mm: float) -> BoolArray:
    # Unexposed or shuttered borders are flat, extreme and touch the film's edge.
    low, high = float(pixels.min()), float(pixels.max())
    margin = SATURATED * (high - low)
    slope = cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    flat = (pixels >= high - 4 * margin) & (slope <= 4 * margin)
    outside = _touching_border(cv2.erode(flat.astype(np.uint8), disc(0.6 / mm)) > 0)
    # The penumbra of the shutter is bright and steep: follow it a little way.
    bright = pixels > high - PENUMBRA * (high - low)
    near = cv2.dilate(outside.astype(np.uint8), disc(PENUMBRA_MM / mm)) > 0
    closed = find_shutters(pixels) | outside | (near & bright)
    field: BoolArray = cv2.dilate(closed.astype(np.uint8), disc(1.0 / mm)) == 0
    return field


def _touching_border(mask: BoolArray) -> BoolArray:
    labels, _ = ndimage.label(mask)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.unique(edge[edge > 0])
    found: BoolArray = np.isin(labels, touching)
    return found


def _level_air(pixels: Float32Array, field: BoolArray) -> tuple[Float32Array, float]:
    # The film less the air's own shading, and the level that parts air from tissue in it.
    quarter = cv2.resize(pixels, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    coarse = np.asarray(quarter, np.float32)
    inside = cv2.resize(field.astype(np.uint8), coarse.shape[::-1], interpolation=0) > 0
    if not inside.any() or float(np.ptp(coarse[inside])) < 1e-6:
        return pixels - float(pixels.min()), 0.0
    first = _lowest_cut(coarse[inside])
    shading = _shading(coarse, inside & (coarse <= first))
    first = _lowest_cut((coarse - shading)[inside])
    shading = _shading(coarse, inside & (coarse - shading <= first))
    threshold = _steepest_level(coarse - shading, inside, first)
    full = cv2.resize(shading, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return pixels - full, threshold


def _standardise(levelled: Float32Array, inside: Float32Array) -> Float32Array:
    # Bend the grey curve so that the tissue's percentiles lie where they lie on a usual film:
    # films stored as exposure, its logarithm or a display curve then look alike.
    known = np.maximum.accumulate([0.0, *np.percentile(inside, CURVE_PERCENTILES)])
    known += np.linspace(0, 1e-4, len(known)) * max(known[-1], 1e-6)
    slope = (CURVE_GREYS[-1] - CURVE_GREYS[-3]) / (known[-1] - known[-3])
    top = known[-1] + (BRIGHTEST - CURVE_GREYS[-1]) / slope
    bottom = -0.3 * known[1] / CURVE_GREYS[1]
    x, y = (bottom, *known, top), (-0.3, *CURVE_GREYS, BRIGHTEST)
    table = PchipInterpolator(x, y)(np.linspace(bottom, top, 1024)).astype(np.float32)
    place = np.clip((levelled - bottom) * (1023.0 / (top - bottom)), 0, 1023)
    lower = np.minimum(place.astype(np.int32), 1022)
    part = (place - lower).astype(np.float32)
    grey: Float32Array = table[lower] * (1 - part) + table[lower + 1] * part
    return grey


def _lowest_cut(values: Float32Array) -> float:
    low, high = np.percentile(values, (0.5, 99.5))
    if high - low < 1e-6:
        return float(low)
    try:
        cuts = threshold_multiotsu(np.clip(values, low, high), classes=3, nbins=96)
    except ValueError:
        raise UnreadableImage(
            Because.NOT_OUTLINED, "fewer than three shades of grey: a drawing or a mask, no film"
        ) from None
    return float(cuts[0])


def _shading(coarse: Float32Array, air: BoolArray) -> Float32Array:
    # A plane through the air: tubes, screens and scatter shade it slowly across the film.
    rows, columns = np.indices(coarse.shape, np.float32) / max(coarse.shape)
    if np.count_nonzero(air) < SMALLEST_AIR * air.size:
        return np.full_like(coarse, np.median(coarse[air]) if air.any() else coarse.min())
    terms = np.stack([np.ones_like(rows), rows, columns])
    weights, *_ = np.linalg.lstsq(terms[:, air].T, coarse[air], rcond=None)
    plane: Float32Array = np.tensordot(weights, terms, 1).astype(np.float32)
    return plane


def _steepest_level(coarse: Float32Array, inside: BoolArray, first: float) -> float:
    # Multi-Otsu cuts through fat fingertips; the skin is where the level line runs over the
    # steepest slope between air and that cut.
    smooth = cv2.GaussianBlur(coarse, (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    values = smooth[inside]
    air = np.abs(values[values <= first])
    spread = 3.0 * float(np.median(air)) if air.size else 0.0
    levels = np.geomspace(max(min(spread, 0.5 * first), 0.02 * first), first, 25)
    place = np.digitize(values, levels)
    strength = np.bincount(place, slope[inside], 26) / np.maximum(np.bincount(place, None, 26), 1)
    # Bones may be steeper than the skin: the first steep level counts, not the steepest.
    steep = strength[1:25] >= STEEP_SHARE * strength[1:25].max()
    return float(levels[int(np.argmax(steep))])


def _tissue(bright: BoolArray, field: BoolArray, mm: float) -> BoolArray:
    opened = cv2.morphologyEx((bright & field).astype(np.uint8), cv2.MORPH_OPEN, disc(1.0 / mm))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    areas_mm2 = stats[:, cv2.CC_STAT_AREA] * mm**2
    areas_mm2[0] = 0
    large = areas_mm2 >= max(SMALLEST_TISSUE_MM2, SMALLEST_PART * float(areas_mm2.max()))
    kept = large[labels] if count > 1 else np.zeros(bright.shape, bool)
    kept |= _satellites(np.asarray(labels, np.int32), np.asarray(areas_mm2, np.float64), kept, mm)
    filled: BoolArray = ndimage.binary_fill_holes(kept) & field
    return filled


def _satellites(
    labels: NDArray[np.int32], areas_mm2: NDArray[np.float64], body: BoolArray, mm: float
) -> BoolArray:
    # Small bright pieces that lie wholly beside the body, with the skin around them.
    near = cv2.dilate(body.astype(np.uint8), disc(SATELLITE_MM / mm)) > 0
    outside = np.bincount(labels[~near], minlength=len(areas_mm2)) > 0
    small = (areas_mm2 >= SATELLITE_MM2) & ~outside
    small[np.unique(labels[body])] = False
    small[0] = False
    pieces = small[labels].astype(np.uint8)
    grown: BoolArray = cv2.dilate(pieces, disc(SATELLITE_SKIN_MM / mm)) > 0
    return grown
