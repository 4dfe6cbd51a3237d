"""Find the finger that a lesion lies on by its outline: two nearly parallel edges of skin.

Only the picture's own edges count: skin against what is behind it, on both sides of the lesion and
along all of it. Where the photo ends, or something lies over the skin, there is no edge.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.model import Because, FloatArray, Photo
from cctrack.segment.photo.full import full_size
from cctrack.segment.photo.skin import WORKING_PX, prepare

STEP_PX = 0.5
"""Step along a ray at working size: edges are then known to a quarter of a pixel before fitting."""

DIRECTIONS = 60
"""Directions tried for the narrowest width: every 3 degrees, then turned to follow the edges."""

RAYS = 41
"""Widths taken along the lesion."""

LEAST_LENGTH = 1.0
"""Edges are followed for the lesion's length, and at least for this share of the width."""

TURNS = 3
"""The rays are turned across the edges that they found; three turns settle within 0.1 degrees."""

MOST_CONVERGING_DEG = 15.0
"""Fingers taper by up to 10 degrees towards the tip; a palm or a fist by more."""

MOST_RAGGED = 0.05
"""Robust distance (SD) of edge places from a line over the width: a straight edge has 0.01."""

STRAIGHT_SHARE = 0.6
"""Share of an edge that must be straight; the rest may be a bump, a nail or a skin fold."""

SPREAD_IN_SDS = 0.84
"""So many SDs from the mean lies `STRAIGHT_SHARE` of normally distributed places."""

LEAST_SEEN = 0.8
"""Share of the rays that must end at background, on each side."""

SIDES = (-1, 1)
"""Signs of the direction across: leftwards, rightwards."""

BoolArray = NDArray[np.bool_]
PointPx = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A reduced photo: the body with what covers it, that cover, and one lesion's pixels (n, 2)."""

    skin: FloatArray
    cover: FloatArray
    lesion: FloatArray

    @property
    def middle(self) -> FloatArray:
        middle: FloatArray = self.lesion.mean(axis=0)
        return middle


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """Where rays to both sides of an axis end, in px from it; not a number where at no edge."""

    along: FloatArray
    ends: FloatArray

    def line(self, side: int) -> "_Line":
        """Fit the edge on one side, up to 40 % of it led astray by a bump or a nail.

        Of the lines through any two places the one nearest to 60 % of them (least quantile of
        distances: Rousseeuw 1984, JASA 79:871), then a least squares fit to what lies near it.
        """
        seen = np.isfinite(self.ends[side])
        along, ends = self.along[seen], self.ends[side][seen]
        one, other = np.triu_indices(len(along), 1)
        slopes = (ends[other] - ends[one]) / (along[other] - along[one])
        places = ends[one] - slopes * along[one]
        distances = np.abs(ends - slopes[:, None] * along - places[:, None])
        spread = np.quantile(distances, STRAIGHT_SHARE, axis=1) / SPREAD_IN_SDS
        best = int(spread.argmin())
        ragged = float(spread[best])
        near = distances[best] <= 2.5 * ragged + STEP_PX
        slope, place = np.polyfit(along[near], ends[near], 1)
        return _Line(float(slope), float(place), ragged)


@dataclass(frozen=True, slots=True)
class _Line:
    """An edge: its slope along the axis, its distance from it in px, and how ragged it is (SD)."""

    slope: float
    place: float
    ragged: float


def find_finger(
    body: BoolArray, lesion: BoolArray, *, hidden: BoolArray | None = None
) -> tuple[PointPx, PointPx]:
    """Find the two edges of the finger beside a lesion.

    Parameters
    ----------
    body : bool array (rows, columns)
        Skin and all that lies on it, of the whole photo.
    lesion : bool array (rows, columns)
        One lesion; not empty.
    hidden : bool array (rows, columns), optional
        Scale objects: an edge against one of them is none.

    Returns
    -------
    pair of (row, column)
        In px, on the opposite edges, straight across the finger at the lesion's middle.

    Raises
    ------
    UnreadableImage
        ``no_finger``, if there are no two nearly parallel edges on both sides of the lesion.
    """
    factor = min(1.0, WORKING_PX / max(body.shape))
    covered = np.zeros_like(body) if hidden is None else hidden
    skin, cover, region = (
        _reduced(mask, factor) for mask in (body | lesion | covered, covered, lesion)
    )
    # At least the brightest pixel of a lesion smaller than one.
    places = np.argwhere(region >= min(0.5, region.max())).astype(np.float64)
    view = _View(skin, cover, places)
    rays, across = _settle(view)
    lines = [_edge(rays, side) for side in (0, 1)]
    _require_parallel(lines)
    ends = [
        view.middle + sign * line.place * across for line, sign in zip(lines, SIDES, strict=True)
    ]
    first, second = ((end + 0.5) / factor - 0.5 for end in ends)
    return (float(first[0]), float(first[1])), (float(second[0]), float(second[1]))


def find_body(photo: Photo, hidden: BoolArray) -> BoolArray:
    """Find the skin of a photo with all that lies on it, bool array (rows, columns)."""
    view = prepare(photo.pixels, hidden)
    body: BoolArray = full_size(view.skin, photo.shape)
    return body


def _settle(view: _View) -> tuple[_Rays, FloatArray]:
    """Turn rays until they run straight across the edges; return them and their direction."""
    across = _narrowest(view)
    rays = _cast(view, across)
    for _ in range(TURNS):
        left, right = (_edge(rays, side).slope for side in (0, 1))
        # The left edge is measured leftwards: its slope has the other sign.
        angle = float(np.arctan((right - left) / 2))
        across = across * np.cos(angle) - _along(across) * np.sin(angle)
        rays = _cast(view, across)
    return rays, across


def _along(across: FloatArray) -> FloatArray:
    return np.array([-across[1], across[0]])


def _width(view: _View, across: FloatArray) -> float:
    """Width of the skin through the lesion's middle."""
    middle = view.middle[None]
    return float(sum(_lengths(view.skin, middle, sign * across)[0] for sign in SIDES))


def _narrowest(view: _View) -> FloatArray:
    """Direction in which the skin around the lesion is narrowest."""
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    directions = np.column_stack([np.sin(angles), np.cos(angles)])
    narrowest: FloatArray = directions[int(np.argmin([_width(view, way) for way in directions]))]
    return narrowest


def _cast(view: _View, across: FloatArray) -> _Rays:
    """Cast rays to both sides, along the lesion and a little beyond."""
    axis = _along(across)
    reach = (view.lesion - view.middle) @ axis
    least = LEAST_LENGTH * _width(view, across) / 2
    along = np.linspace(min(-least, reach.min()), max(least, reach.max()), RAYS)
    starts = view.middle + along[:, None] * axis
    return _Rays(along, np.array([_edges(view, starts, sign * across) for sign in SIDES]))


def _edges(view: _View, starts: FloatArray, direction: FloatArray) -> FloatArray:
    """Lengths of rays that end at background; not a number for the others."""
    lengths = _lengths(view.skin, starts, direction)
    ends = starts + lengths[:, None] * direction
    size = np.array(view.skin.shape) - 1
    # Two px further the photo goes on, and one px before nothing lies over the skin.
    beyond = ends + 2 * direction
    inside = ((beyond >= 0) & (beyond <= size)).all(axis=1) & (lengths > 0)
    covered = _sample(view.cover, ends - direction) > 0
    return np.where(inside & ~covered, lengths, np.nan)


def _lengths(skin: FloatArray, starts: FloatArray, direction: FloatArray) -> FloatArray:
    """How far rays run from their starts until they leave the skin."""
    steps = np.arange(0, np.hypot(*skin.shape), STEP_PX)
    values = _sample(skin, starts[:, None] + steps[None, :, None] * direction)
    # Beyond the photo everything is 0, so that every ray leaves.
    first = (values < 0.5).argmax(axis=1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(starts))
    inner, outer = values[rows, before], values[rows, first]
    part = np.where(inner > outer, (inner - 0.5) / np.maximum(inner - outer, 1e-6), 0)
    lengths: FloatArray = STEP_PX * (before + np.clip(part, 0, 1)) * (first > 0)
    return lengths


def _sample(image: FloatArray, places: FloatArray) -> FloatArray:
    """Interpolate an image at places (..., 2); 0 outside."""
    found: FloatArray = ndimage.map_coordinates(image, np.moveaxis(places, -1, 0), order=1)
    return found


def _edge(rays: _Rays, side: int) -> _Line:
    if np.isfinite(rays.ends[side]).mean() < LEAST_SEEN:
        raise _no_finger("no edge of skin against the background along one side of the lesion")
    return rays.line(side)


def _require_parallel(lines: list[_Line]) -> None:
    width = sum(line.place for line in lines)
    converging = abs(math.degrees(sum(math.atan(line.slope) for line in lines)))
    if converging > MOST_CONVERGING_DEG:
        raise _no_finger(
            f"the edges beside the lesion run together at {converging:.0f} degrees, at most "
            f"{MOST_CONVERGING_DEG:.0f} are needed"
        )
    if max(line.ragged for line in lines) > MOST_RAGGED * width:
        raise _no_finger("the edges beside the lesion are not straight")


def _reduced(mask: BoolArray, factor: float) -> FloatArray:
    size = max(1, round(mask.shape[1] * factor)), max(1, round(mask.shape[0] * factor))
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float64)


def _no_finger(why: str) -> UnreadableImage:
    return UnreadableImage(
        Because.NO_FINGER, f"no finger was found: {why}; give two points on its edges (--finger)"
    )
