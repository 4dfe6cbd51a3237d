"""What each px of a film looks like beside the strokes that a reader drew.

All greys are told in the strokes' own terms: 0 is what lies under them, -1 the flesh around. A film
stored as exposure, as its logarithm or through a display curve then looks alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.graph import MCP_Geometric
from skimage.morphology import convex_hull_image, reconstruction

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, disc

Planes = Mapping[str, Float32Array]

SMOOTH_MM = 0.15
"""Noise of single px is smoothed by this first: the strands of a net are 0.5 mm wide and more."""

FARTHEST_MM = 12.0
"""Distances count up to here; where there is no stroke at all everything is this far from it."""

AROUND_MM, FLESH_CENTILE = (0.5, 5.0), 25.0
"""Flesh lies this far around the strokes; bone beside is brighter than this centile of the px."""

BRIGHT_CENTILE = 80.0
"""Strokes across a net lie on its strands in part only: the brighter px under them are calcium."""

SURE_NOISE = 4.0
"""A deposit stands out from flesh by as many SDs of the noise at least; a span that is smaller
would be noise itself."""

NOISE_MM, NOISE_SHARE = 0.3, 1.5
"""Noise is what this smoothing takes away; the second makes its median an SD (1.48 for normal)."""

GREYS_MM = (0.4, 1.0, 2.5)
"""SDs of the wider looks at a px."""

OPENINGS_MM = (0.4, 0.8, 1.6, 3.2)
"""Radii of discs: what is narrower than one stands out from what is left when they are fitted in.
Strands, stones of 2, 3 and 6 mm."""

CURVES_MM = (0.25, 0.6)
"""SDs at which slopes and curvatures are taken: a strand, a small stone."""

STEP_COST, MOST_COST = 0.05, 2.0
"""Cost of each mm of a way from the strokes on calcium, and what darkness adds to it at most."""

FARTHEST_WAY = 20.0
NO_STROKE = -3.0
"""Stands for the darkest place on the way to a stroke that was not drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroked:
    """A part of a film on the working grid, with a reader's strokes.

    Attributes
    ----------
    grey : float32 array (rows, columns)
        Bone bright.
    mm : float
        Side of a px.
    inside, beside : bool arrays (rows, columns)
        Px under the strokes on the deposit (never empty), and under those on what is none.
    """

    grey: Float32Array
    mm: float
    inside: BoolArray
    beside: BoolArray

    def smooth(self, sd_mm: float) -> Float32Array:
        """Smooth the grey by a Gaussian of so many mm, a third of a px at least."""
        return smooth(self.grey, sd_mm / self.mm)

    def away_mm(self, mask: BoolArray) -> Float32Array:
        """Distance of each px from a mask, `FARTHEST_MM` at most."""
        if not mask.any():
            return np.full(mask.shape, FARTHEST_MM, np.float32)
        away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
        return np.asarray(np.minimum(away * np.float32(self.mm), FARTHEST_MM), np.float32)


@dataclass(frozen=True, slots=True)
class Levels:
    """What greys are told by.

    Attributes
    ----------
    inside, beside : float
        Grey under the strokes on the deposit, and under those beside (flesh where there are none).
    span : float
        From flesh to the brighter px under the strokes.
    noise, spread : float
        SD of the noise, and of the grey around.
    """

    inside: float
    beside: float
    span: float
    noise: float
    spread: float

    def told(self, grey: Float32Array) -> Float32Array:
        """Tell greys in the strokes' terms."""
        return np.asarray((grey - np.float32(self.inside)) / np.float32(self.span), np.float32)


def smooth(plane: Float32Array, sd_px: float) -> Float32Array:
    """Smooth by a Gaussian, of a third of a px at least."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(sd_px, 0.3)), np.float32)


def chance_of(odds: Float32Array) -> Float32Array:
    """Turn log-odds into chances, 0-1."""
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def hull_of(stroked: Stroked) -> BoolArray:
    """Fill the convex hull of the strokes on the deposit."""
    hull = stroked.inside.copy()
    if np.count_nonzero(hull) > 2:
        hull |= convex_hull_image(hull)
    return hull


def levels_of(stroked: Stroked, hull: BoolArray) -> Levels:
    """Measure the greys on the strokes and around them."""
    fine = stroked.smooth(SMOOTH_MM)
    away_mm = stroked.away_mm(hull)
    around = (away_mm > AROUND_MM[0]) & (away_mm < AROUND_MM[1])
    if not around.any():
        around = ~stroked.inside
    flesh = float(np.percentile(fine[around], FLESH_CENTILE)) if around.any() else 0.0
    off = np.abs(stroked.grey - stroked.smooth(NOISE_MM))
    noise = NOISE_SHARE * float(np.median(off))
    bright = float(np.percentile(fine[stroked.inside], BRIGHT_CENTILE))
    return Levels(
        inside=float(np.median(fine[stroked.inside])),
        beside=float(np.median(fine[stroked.beside])) if stroked.beside.any() else flesh,
        span=max(bright - flesh, SURE_NOISE * noise, 1e-6),
        noise=noise,
        spread=float(fine[around].std()) if around.any() else 0.0,
    )


def look_at(stroked: Stroked) -> dict[str, Float32Array]:
    """Describe each px: planes (rows, columns) by name."""
    hull = hull_of(stroked)
    levels = levels_of(stroked, hull)
    fine = stroked.smooth(SMOOTH_MM)
    planes: dict[str, Float32Array] = {}
    planes |= _greys(stroked, levels, fine)
    planes |= _openings(stroked, levels, fine)
    planes |= _ways(stroked, levels, fine)
    planes |= _places(stroked, hull)
    planes |= _curves(stroked, levels)
    planes |= _whole(stroked, levels, fine, hull)
    return {name: np.ascontiguousarray(plane, np.float32) for name, plane in planes.items()}


def _greys(stroked: Stroked, levels: Levels, fine: Float32Array) -> dict[str, Float32Array]:
    wider = {f"grey_{sd_mm}": levels.told(stroked.smooth(sd_mm)) for sd_mm in GREYS_MM}
    beside = (fine - np.float32(levels.beside)) / np.float32(levels.span)
    return {"grey": levels.told(fine), "over_beside": beside} | wider


def _openings(stroked: Stroked, levels: Levels, fine: Float32Array) -> dict[str, Float32Array]:
    # What stands out from its surroundings, by itself and against the same of the strokes.
    planes = {}
    for radius_mm in OPENINGS_MM:
        opened = cv2.morphologyEx(fine, cv2.MORPH_OPEN, disc(radius_mm / stroked.mm))
        out = np.asarray((fine - opened) / np.float32(levels.span), np.float32)
        planes[f"out_{radius_mm}"] = out
        usual = np.percentile(out[stroked.inside], 75)
        planes[f"as_out_{radius_mm}"] = out - np.float32(usual)
    return planes


def _ways(stroked: Stroked, levels: Levels, fine: Float32Array) -> dict[str, Float32Array]:
    # The darkest place on the brightest way to the strokes; the brightest on the darkest way to
    # those beside; and the shortest way over bright px.
    marker = np.where(stroked.inside, fine, fine.min())
    bridge = np.asarray(reconstruction(marker, fine), np.float32)
    told = levels.told(fine)
    cost = STEP_COST + np.clip(-told, 0, MOST_COST).astype(np.float64)
    way, _ = MCP_Geometric(cost).find_costs(np.argwhere(stroked.inside))
    return {
        "bridge": levels.told(bridge),
        "under_bridge": (bridge - fine) / np.float32(levels.span),
        "wall": _wall(stroked, levels, fine),
        "way": np.minimum(way * stroked.mm, FARTHEST_WAY).astype(np.float32),
    }


def _wall(stroked: Stroked, levels: Levels, fine: Float32Array) -> Float32Array:
    if not stroked.beside.any():
        return np.full(fine.shape, NO_STROKE, np.float32)
    dark = -fine
    marker = np.where(stroked.beside, dark, dark.min())
    return levels.told(-np.asarray(reconstruction(marker, dark), np.float32))


def _places(stroked: Stroked, hull: BoolArray) -> dict[str, Float32Array]:
    inside_mm, beside_mm = (stroked.away_mm(mask) for mask in (stroked.inside, stroked.beside))
    return {
        "from_inside_mm": inside_mm,
        "from_beside_mm": beside_mm,
        "from_hull_mm": stroked.away_mm(hull) - stroked.away_mm(~hull),
        "nearer_beside": inside_mm / (inside_mm + beside_mm + np.float32(0.1)),
    }


def _curves(stroked: Stroked, levels: Levels) -> dict[str, Float32Array]:
    # Slope and both curvatures at each scale: strands are curved across, not along.
    planes: dict[str, NDArray[np.floating[Any]]] = {}
    for sd_mm in CURVES_MM:
        plane, sd_px = stroked.smooth(sd_mm), sd_mm / stroked.mm
        down, right = (cv2.Sobel(plane, cv2.CV_32F, *way, scale=1 / 8) for way in ((0, 1), (1, 0)))
        along, across, both = (
            cv2.Sobel(plane, cv2.CV_32F, *way, scale=1 / 4) for way in ((2, 0), (0, 2), (1, 1))
        )
        middle, half = (along + across) / 2, np.hypot((along - across) / 2, both)
        planes[f"slope_{sd_mm}"] = np.hypot(down, right) * np.float32(sd_px / levels.span)
        planes[f"least_curve_{sd_mm}"] = (middle - half) * np.float32(sd_px**2 / levels.span)
        planes[f"most_curve_{sd_mm}"] = (middle + half) * np.float32(sd_px**2 / levels.span)
    return {name: np.asarray(plane, np.float32) for name, plane in planes.items()}


def _whole(
    stroked: Stroked, levels: Levels, fine: Float32Array, hull: BoolArray
) -> dict[str, Float32Array]:
    # The same for all px: what kind of drawing this is.
    low, high = np.percentile(levels.told(fine[stroked.inside]), (10, 90))
    told = {
        "stroke_low": low,
        "stroke_high": high,
        "noise": levels.noise / levels.span,
        "spread": levels.spread / levels.span,
        "extent_mm": float(np.sqrt(np.count_nonzero(hull))) * stroked.mm,
        "has_beside": float(stroked.beside.any()),
        "contrast": (levels.inside - levels.beside) / levels.span,
    }
    return {name: np.full(fine.shape, value, np.float32) for name, value in told.items()}


def flat(planes: Planes) -> dict[str, NDArray[np.float32]]:
    """Lay planes out as samples (px,)."""
    return {name: plane.ravel() for name, plane in planes.items()}
