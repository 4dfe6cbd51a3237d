"""Find the closed line of steepest fall of grey around a compact deposit.

Rays leave the deposit's middle in all directions. On the plane of angle and distance a border is a
path from the first angle to the last that ends where it began; the one of least cost is found by
dynamic programming (Amini, Weymouth and Jain, IEEE TPAMI 12:855, 1990).
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import BoolArray, Float32Array

ANGLES = 72
"""One ray every 5°: 0.2 mm apart on the border of a deposit of 15 mm²."""

STEP_MM = 0.05
"""Distance between samples of a ray, a quarter of a px of most films."""

NEAREST_MM = 0.2
"""Rays begin this far from the middle: closer they all show the same px."""

SMOOTH_MM = 0.12
"""Noise of single px is smoothed by this before slopes are taken."""

BEYOND_MM, LONGEST = 0.9, 2.2
"""Rays end this far beyond the region, and beyond this multiple of a disc's radius of its area: a
leak into bone is longer than the deposit."""

FREE_MM, PULL_PER_MM = 0.35, 1.0
"""The line may lie this far from the region's own border for nothing; farther off, each mm costs as
much as the steepest slope gains."""

USUAL_SHARE = 60.0
"""Centile, over all rays, of their steepest slopes that counts as a slope of 1: bone beside a
deposit spoils some rays."""

SLOPES = (-0.5, 1.2)
"""Slopes count within these: neither one very steep place nor one wrong one rules the line."""

BEND = 0.1
"""Cost of a step outwards or inwards from one ray to the next, squared."""

MOST_STEP = 2
"""Longest such step, in `STEP_MM`: 27° on a border 2.3 mm from the middle."""

NO_WAY = np.float32(1e9)
"""Cost of what cannot be."""

FOOT, FOOT_SLOPE, FARTHEST_FOOT_MM = 0.5, 0.4, 1.2
"""A border's foot is where its slope has fallen to the first; it is looked for on rays whose slope
reaches the second, no farther out than the third."""


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A closed line around a deposit.

    Attributes
    ----------
    centre_px : array (2,)
        Row and column that the rays leave from.
    radius_mm : array (ANGLES,)
    slope : array (ANGLES,)
        How steep the grey falls there; 1 is usual for this deposit.
    foot_mm : float
        From the steepest place of the border out to its foot, in the middle; nan where most rays
        show no edge.
    """

    centre_px: NDArray[np.float64]
    radius_mm: NDArray[np.float64]
    slope: NDArray[np.float64]
    foot_mm: float

    def moved(self, outwards_mm: float) -> NDArray[np.float64]:
        """Radii in mm of the line when it is moved outwards."""
        return np.asarray(self.radius_mm + outwards_mm)


def find_edge(grey: Float32Array, region: BoolArray, mm: float) -> Edge:
    """Find the edge near a region's border.

    Parameters
    ----------
    grey : float32 array (rows, columns)
        The film, deposits bright.
    region : bool array (rows, columns)
        Not empty.
    mm : float
        Side of a px.
    """
    smooth = np.asarray(cv2.GaussianBlur(grey, (0, 0), max(SMOOTH_MM / mm, 0.3)), np.float32)
    within = _distance_mm(region, mm)
    off = _distance_mm(~region, mm) - within
    centre = np.array(np.unravel_index(int(within.argmax()), region.shape), np.float64)
    reach_mm = _reach_mm(region, centre, mm)
    edge = _edge_from(smooth, off, (centre, mm, reach_mm))
    # From the middle of what was found rather than from its thickest place.
    centre = centre + _middle_mm(edge.radius_mm) / mm
    return _edge_from(smooth, off, (centre, mm, reach_mm))


def directions() -> NDArray[np.float64]:
    """Row and column (ANGLES, 2) of one step along each ray."""
    angle = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    return np.column_stack([np.sin(angle), np.cos(angle)])


def closed_path(cost: Float32Array) -> NDArray[np.int_]:
    """Find the cheapest path through all rows (angles, distances) that ends where it began.

    The rows are gone through three times; the second time round the path is closed.
    """
    rows, distances = cost.shape
    # Column k of ``arrivals`` holds what it costs to come from k - MOST_STEP places farther out.
    framed = np.full(distances + 2 * MOST_STEP, NO_WAY, np.float32)
    spent = framed[MOST_STEP:-MOST_STEP]
    arrivals = sliding_window_view(framed, 2 * MOST_STEP + 1)
    steps = np.arange(-MOST_STEP, MOST_STEP + 1)
    bends = (BEND * steps**2).astype(np.float32)
    places, came_from = np.arange(distances), np.zeros((3 * rows, distances), np.int8)
    spent[:] = cost[0]
    for row in range(1, 3 * rows):
        arrived = arrivals + bends
        came_from[row] = arrived.argmin(axis=1)
        spent[:] = arrived[places, came_from[row]] + cost[row % rows]
    path = [int(spent.argmin())]
    for row in range(3 * rows - 1, 0, -1):
        path.append(path[-1] + int(came_from[row, path[-1]]) - MOST_STEP)
    return np.array(path[::-1])[rows : 2 * rows]


def _edge_from(
    smooth: Float32Array, off_mm: Float32Array, frame: tuple[NDArray[np.float64], float, float]
) -> Edge:
    centre, mm, reach_mm = frame
    radii = np.arange(NEAREST_MM, reach_mm, STEP_MM)
    fall = _fall(_along_rays(smooth, centre, radii / mm))
    usual = float(np.percentile(fall.max(axis=1), USUAL_SHARE)) + 1e-9
    slope = np.clip(fall / np.float32(usual), *SLOPES)
    beside = np.abs(_along_rays(off_mm, centre, radii / mm))
    cost = -slope + np.float32(PULL_PER_MM) * np.maximum(beside - np.float32(FREE_MM), 0)
    path = closed_path(cost.astype(np.float32))
    steep = np.take_along_axis(slope, path[:, None], axis=1)[:, 0].astype(np.float64)
    return Edge(centre, radii[path], steep, _foot_mm(fall, path, steep))


def _along_rays(
    plane: Float32Array, centre: NDArray[np.float64], radii_px: NDArray[np.float64]
) -> Float32Array:
    rows, columns = (
        (centre[axis] + directions()[:, axis, None] * radii_px).astype(np.float32)
        for axis in (0, 1)
    )
    found = cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _fall(rays: Float32Array) -> Float32Array:
    fall = np.zeros_like(rays)
    fall[:, 1:-1] = rays[:, :-2] - rays[:, 2:]
    return fall


def _foot_mm(fall: Float32Array, path: NDArray[np.int_], steep: NDArray[np.float64]) -> float:
    rays = np.flatnonzero(steep >= FOOT_SLOPE)
    if 2 * len(rays) < ANGLES:
        return float("nan")
    beyond = int(FARTHEST_FOOT_MM / STEP_MM)
    padded = np.pad(fall, ((0, 0), (0, beyond + 1)))
    after = np.stack([padded[ray, path[ray] : path[ray] + beyond + 1] for ray in rays])
    low = after <= FOOT * after[:, :1]
    low[:, -1] = True
    return float(np.median(low.argmax(axis=1))) * STEP_MM


def _middle_mm(radius_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    # Centroid of the area that a line encloses, from where its rays begin.
    shift: NDArray[np.float64] = (radius_mm[:, None] ** 3 * directions()).sum(axis=0)
    middle: NDArray[np.float64] = shift / (1.5 * np.square(radius_mm).sum())
    return middle


def _reach_mm(region: BoolArray, centre: NDArray[np.float64], mm: float) -> float:
    places = np.argwhere(region)
    farthest_mm = float(np.linalg.norm(places - centre, axis=1).max()) * mm
    disc_mm = float(np.sqrt(len(places) / np.pi)) * mm
    return min(farthest_mm, LONGEST * disc_mm) + BEYOND_MM


def _distance_mm(mask: BoolArray, mm: float) -> Float32Array:
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance, np.float32) * np.float32(mm)
