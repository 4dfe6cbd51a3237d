"""Lesions on a finger or limb: sizes on its round surface instead of their flat picture.

Seen from the front, a strip of a cylinder at a distance x from its axis is narrower in the picture
by cos(asin(x / radius)). A lesion 12 mm wide in the middle of a finger of radius 8 mm shows 9 %
less than its area.

Where a marker gives a plane, it lies along the finger: it turns with the finger's axis, but a
finger that rolls under it looks the same from all sides. Its width is therefore one across the
line of sight, in which a tilted plane's pixels are smallest.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.measure.diameter import farthest_mm, positions_mm
from cctrack.model import FloatArray, Scale

RADIUS_LOG_SD = 0.10
"""Error of ln(radius): a finger is an oval, its two widths differ by a fifth, and its edges are
known to half a millimetre."""

STEEPEST = 0.95
"""Distance from the axis over the radius beyond which nothing is seen: there a pixel would count
for more than three."""

PointPx = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A finger or limb, given by two points on its opposite edges, straight across it.

    Attributes
    ----------
    first_px, second_px : (row, column)
        In px of the photo, on the two edges of the finger beside the lesion.
    """

    first_px: PointPx
    second_px: PointPx

    def __post_init__(self) -> None:
        ends = np.array([self.first_px, self.second_px], dtype=np.float64)
        if not np.isfinite(ends).all() or np.hypot(*(ends[1] - ends[0])) == 0:
            raise ValueError("a finger needs two different points on its edges, both finite")


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """The axis of a cylinder on the plane of the scale, in mm, or in px without a scale.

    ``radius`` is the true one, ``half_width`` that of its picture on the plane: larger, where the
    plane is seen aslant across the cylinder.
    """

    middle: FloatArray
    along: FloatArray
    half_width: float
    radius: float

    def offsets(self, places: FloatArray) -> FloatArray:
        """Distances from the axis over the radius, -`STEEPEST` to `STEEPEST`, of places (n, 2)."""
        across = np.array([self.along[1], -self.along[0]])
        offsets: FloatArray = (places - self.middle) @ across / self.half_width
        return np.clip(offsets, -STEEPEST, STEEPEST)


def cylinder_radius(cylinder: Cylinder, scale: Scale | None) -> float:
    """Radius in mm, or in px without a scale: half the width between the two points."""
    return _axis_of(cylinder, scale).radius


def offsets_of(cylinder: Cylinder, places_px: FloatArray) -> FloatArray:
    """Distances (n,) of places (n, 2) from the axis over the radius: -1 and 1 on the edges."""
    ends = np.array([cylinder.first_px, cylinder.second_px], dtype=np.float64)
    half = (ends[1] - ends[0]) / 2
    offsets: FloatArray = (places_px - ends.mean(axis=0)) @ half / float(half @ half)
    return offsets


def surface_sizes(
    cylinder: Cylinder, shape: tuple[int, ...], offset_px: tuple[int, ...], scale: Scale | None
) -> FloatArray:
    """Surface over picture of each pixel of a part of the image that starts at ``offset_px``."""
    places = _places(np.ones(shape, dtype=bool), offset_px, scale)
    axis = _axis_of(cylinder, scale)
    sizes: FloatArray = (1 / np.sqrt(1 - axis.offsets(places) ** 2)).reshape(shape)
    return sizes * axis.radius / axis.half_width


def surface_log_sd(
    cylinder: Cylinder,
    region: NDArray[np.bool_],
    offset_px: tuple[int, ...],
    scale: Scale | None,
) -> float:
    """Error of ln(area) on the surface from the error of the radius, `RADIUS_LOG_SD`."""
    axis = _axis_of(cylinder, scale)
    places = _places(region, offset_px, scale)
    areas = []
    for factor in (math.exp(-RADIUS_LOG_SD), math.exp(RADIUS_LOG_SD)):
        other = replace(axis, half_width=axis.half_width * factor)
        areas.append(float((1 / np.sqrt(1 - other.offsets(places) ** 2)).sum()))
    return abs(math.log(areas[0] / areas[1])) / 2


def surface_diameter_mm(
    cylinder: Cylinder, region: NDArray[np.bool_], offset_px: tuple[int, ...], scale: Scale
) -> float:
    """Longest diameter on the surface laid flat; the border runs as in `max_diameter_mm`."""
    border = np.argwhere(region & ~ndimage.binary_erosion(region)) + np.asarray(offset_px)
    steps = 0.5 * np.vstack([np.eye(2), -np.eye(2)])
    places_mm = positions_mm((border[:, None] + steps).reshape(-1, 2), scale)
    axis = _axis_of(cylinder, scale)
    along = (places_mm - axis.middle) @ axis.along
    around = axis.radius * np.arcsin(axis.offsets(places_mm))
    return farthest_mm(np.column_stack([along, around]))


def _places(
    region: NDArray[np.bool_], offset_px: tuple[int, ...], scale: Scale | None
) -> FloatArray:
    """Pixels (n, 2) of a region in mm, or in px without a scale."""
    pixels = np.argwhere(region).astype(np.float64)
    return _placed(pixels + np.asarray(offset_px, dtype=np.float64), scale)


def _placed(places_px: FloatArray, scale: Scale | None) -> FloatArray:
    return places_px if scale is None else positions_mm(places_px, scale)


def _axis_of(cylinder: Cylinder, scale: Scale | None) -> _Axis:
    ends_px = np.array([cylinder.first_px, cylinder.second_px], dtype=np.float64)
    middle_px = ends_px.mean(axis=0)
    half_px = (ends_px[1] - ends_px[0]) / 2
    # The picture of a small step: near the finger the plane is flat enough.
    steps = 0.5 * np.vstack([np.eye(2), -np.eye(2)])
    places = _placed(middle_px + steps, scale)
    jacobian = (places[:2] - places[2:]).T
    along = jacobian @ np.array([-half_px[1], half_px[0]])
    along /= np.hypot(*along)
    half = jacobian @ half_px
    return _Axis(
        middle=_placed(middle_px[None], scale)[0],
        along=along,
        half_width=abs(float(half @ np.array([along[1], -along[0]]))),
        radius=float(np.hypot(*half_px)) * float(np.linalg.svd(jacobian, compute_uv=False)[1]),
    )
