"""Outline an open sore: the outermost steep edge around it, whatever lies within.

A sore holds chalk, crust and wound bed, and the edges between them are as steep as its rim; the
skin around it is red, and fades without an edge. So the rim is the closed line around the middle
on which the colour changes most *and* outside of which it hardly changes any more. It is sought on
rays from the middle, as the cheapest closed path (dynamic programming; Timp and Karssemeijer 2004,
Med Phys 31:958).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.segment.photo.border import filled
from cctrack.segment.photo.sides import signed_distance
from cctrack.segment.photo.skin import BoolArray, Float32Array, to_lab

RAYS, LEAD_RAYS = 120, 30
"""Directions in which the rim is sought, one each 2.1 px at the working radius; and those before
and after the closed path: one that begins anywhere has found the rim by then."""

RADIUS_PX = 40.0
"""Radius of the rough sore at working size: finer grain than this is no rim."""

STEPS_PER_PX = 2

EDGE_PX = 2
"""Colours over so many px inside and outside of a place tell how steep the edge is there."""

ALONG_RAYS = 1.0
"""SD, in rays, over which colours are averaged along the rim."""

USUAL_EDGE = 0.9
"""Quantile of the edges on the skin around that is called no edge."""

LEAST_EDGE = 1.0
"""The same in CIE Lab units for skin without any texture."""

STEEPEST = 12.0
"""Edges steeper than so many usual ones count the same: a black crust is no surer a rim."""

OUTSIDE_WEIGHT = 0.95
"""The edge on the path, against those left outside. Of 63 simulated sores from 15 mm², begun from
the truth made 4 px wider, areas were 1.2 % small with 1 (SD 14 %) and 0.2 % small with this (11 %);
with 1.5 the path cuts crusts off."""

BEND_COST = 0.133
"""Cost of a step of half a pixel to the next ray, times the step squared."""

MOST_STEPS = 4
"""Steps from one ray to the next."""

FURTHER_SHARE, FURTHER_PX = 1.15, 4.0
"""The rim lies at most so far beyond the rough one; further edges are of something else."""

NEAREST_SHARE = 0.4
"""The rim lies at least so far out, as a share of the rough one, which reddened skin widens."""

NEARBY_RAYS = 10
"""Rays over which the furthest place of a rough rim is taken: it may be notched."""

SETTLED_STEPS = 6
"""Once found, the rim moves to the steepest place within so many steps. Without it areas came out
7 % too large, because the path starts outside the edge's own width."""

TRACES = 2
"""The second starts from the middle that the first found. One is enough for a trial."""

BARED_PX = 60.0
"""Radius to which a larger sore is reduced before its hairs are taken out."""

HAIR_SHARE, HAIR_PX = 0.05, (1, 5)
"""Half width of the median filter against hairs, as a share of the radius and in px."""


CRUST_DARK = 0.75
"""Lightness (CIE L*) of crust and wound bed over that of the skin: reddened skin has more."""

CRUST_REACH, CRUST_TOUCH, CRUST_FINE = 0.9, 0.12, 0.06
"""Shares of the chalk's radius: how far crust is looked for, how near to the chalk it begins, and
half width of what is too fine for a crust (hair)."""

CRUST_SHARE = 0.06
"""Crust beside chalk, as a share of the chalk, from which the two are one sore. On the photos of
seeds 300-371 and 1000-1033 it brought the median error of 13 sores from 31 to 5 %, and was found
beside none of 84 closed deposits."""

GAP_SHARE = 0.25
"""Gaps between chalk and crust up to twice this share of the radius are of the sore."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    """What is seen on rays from the middle of a sore.

    Attributes
    ----------
    middle : array (2,)
        (row, column) at working size.
    towards : float array (rays, 2)
        (row, column) from the middle at radius 1: on the ellipse of the rough sore's moments, so
        that a long sore is as round as any.
    radii : float array (steps,)
    edges : float array (rays, steps)
        Steepness over that of usual skin, less 1; 0 where there is no edge.
    within : bool array (rays, steps)
        Places that the rim may reach.
    """

    middle: FloatArray
    towards: FloatArray
    radii: FloatArray
    edges: FloatArray
    within: BoolArray


def outline_sore(
    pixels: NDArray[np.uint8], rough: BoolArray, ignore: BoolArray, *, traces: int = TRACES
) -> BoolArray:
    """Outline one open sore; arguments and result are those of `refine_border`.

    ``traces`` is how often its rim is traced, each time from the middle that the last one found.
    """
    seen, outline = _bare(pixels, rough), rough
    for _ in range(traces):
        traced = _trace(seen, outline, ignore) & ~ignore
        if not traced.any():
            break
        outline = traced
    return outline


def _bare(pixels: NDArray[np.uint8], rough: BoolArray) -> NDArray[np.uint8]:
    """Photo without hairs; that of a large sore is reduced, for it is traced at `RADIUS_PX`."""
    radius = float(np.sqrt(np.count_nonzero(rough) / np.pi))
    factor = min(1.0, BARED_PX / radius)
    size = max(1, round(rough.shape[1] * factor)), max(1, round(rough.shape[0] * factor))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    half = int(np.clip(round(HAIR_SHARE * radius * factor), *HAIR_PX))
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(small), 2 * half + 1), np.uint8)


def sore_around(pixels: NDArray[np.uint8], chalk: BoolArray, ignore: BoolArray) -> BoolArray | None:
    """Rough outline of the sore that a piece of chalk belongs to; None without crust beside it.

    Arguments are those of `refine_border`, with as much skin as the chalk's radius around it.
    """
    radius = float(np.sqrt(chalk.sum() / np.pi))
    factor = min(1.0, RADIUS_PX / radius)
    shape, radius = chalk.shape, radius * factor
    size = max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))
    bare = cv2.medianBlur(np.ascontiguousarray(pixels), 5)
    lab = to_lab(np.asarray(cv2.resize(bare, size, interpolation=cv2.INTER_AREA), np.uint8))
    own, hidden = _reduced(chalk, size) > 0.5, _reduced(ignore, size) > 0
    depth = signed_distance(own)
    skin = (depth < -0.5 * radius - 4) & ~hidden
    if not skin.any():
        return None
    dark = lab[..., 0] < CRUST_DARK * np.median(lab[..., 0][skin])
    dark &= (depth > -CRUST_REACH * radius - 4) & ~own & ~hidden
    coarse = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, _disc(CRUST_FINE * radius))
    _, parts = cv2.connectedComponents(np.asarray(coarse))
    touching = np.unique(np.asarray(parts)[depth > -CRUST_TOUCH * radius - 3])
    crust = np.isin(parts, touching[touching > 0])
    if crust.sum() < CRUST_SHARE * own.sum():
        return None
    disc = _disc(GAP_SHARE * radius)
    rim = len(disc)
    padded = np.pad((crust | own).astype(np.uint8), rim)
    joined = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc))[rim:-rim, rim:-rim]
    large = cv2.resize(filled(joined > 0).astype(np.float32), shape[::-1])
    return np.asarray(large, np.float32) > 0.5


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _trace(seen: NDArray[np.uint8], rough: BoolArray, ignore: BoolArray) -> BoolArray:
    radius = float(np.sqrt(rough.sum() / np.pi))
    shape = rough.shape
    factor = min(1.0, RADIUS_PX / radius)
    size = max(1, round(shape[1] * factor)), max(1, round(shape[0] * factor))
    small = np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.uint8)
    lab = np.asarray(cv2.GaussianBlur(to_lab(small), (0, 0), 0.7), np.float32)
    rays = _rays_of(lab, _reduced(rough, size) > 0.5, _reduced(ignore, size) > 0)
    # Half a pixel less: what fills a polygon also paints its line.
    reach = rays.radii[_rim_on(rays)] - 0.5 * factor
    rim = rays.middle + rays.towards * reach[:, None]
    corners = (rim + 0.5) * (shape[0] / size[1], shape[1] / size[0]) - 0.5
    mask = np.zeros(shape, np.uint8)
    # Sixteenths of a px.
    cv2.fillPoly(mask, [np.rint(corners[:, ::-1] * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    return mask > 0


def _reduced(mask: BoolArray, size: tuple[int, int]) -> Float32Array:
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _rays_of(lab: Float32Array, rough: BoolArray, ignore: BoolArray) -> _Rays:
    places = np.argwhere(rough)
    middle = places.mean(axis=0)
    stretch = _stretch(places)
    furthest = float(np.hypot(*((places - middle) @ np.linalg.inv(stretch)).T).max())
    angles = np.arange(RAYS) * 2 * np.pi / RAYS
    towards = np.column_stack([np.sin(angles), np.cos(angles)]) @ stretch
    steps = int(STEPS_PER_PX * (FURTHER_SHARE * furthest + 3 * FURTHER_PX))
    radii = (np.arange(steps) + 0.5) / STEPS_PER_PX
    rows, columns = (
        (middle[axis] + towards[:, axis, None] * radii).astype(np.float32) for axis in (0, 1)
    )
    seen = cv2.remap(lab, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside, hidden = (
        np.asarray(cv2.remap(mask.astype(np.float32), columns, rows, cv2.INTER_NEAREST)) > 0.5
        for mask in (rough, ignore)
    )
    shape = rough.shape
    in_view = (rows >= 0) & (columns >= 0) & (rows <= shape[0] - 1) & (columns <= shape[1] - 1)
    steep = np.where(in_view & ~hidden, _steepness(np.asarray(seen, np.float32)), 0)
    skin = in_view & ~hidden & ~inside & (radii > furthest)
    usual = np.quantile(steep[skin], USUAL_EDGE) if skin.any() else LEAST_EDGE
    edges = np.maximum(steep / max(float(usual), LEAST_EDGE) - 1, 0)
    outer = _furthest(inside, radii)[:, None]
    within = (radii >= NEAREST_SHARE * outer) & (radii <= FURTHER_SHARE * outer + FURTHER_PX)
    return _Rays(middle, towards, radii, edges, within)


def _stretch(places: NDArray[np.intp]) -> FloatArray:
    """Symmetric map (2, 2) of area 1 from a circle to the ellipse of a region's moments."""
    spread, axes = np.linalg.eigh(np.cov(places.T) + np.eye(2) / 12)
    sizes = np.sqrt(spread)
    stretch: FloatArray = (axes * (sizes / np.sqrt(sizes.prod()))) @ axes.T
    return stretch


def _furthest(inside: BoolArray, radii: FloatArray) -> FloatArray:
    """Largest radius of a rough sore on each ray and those beside it."""
    own = (inside * radii).max(axis=1)
    furthest: FloatArray = ndimage.maximum_filter1d(own, 2 * NEARBY_RAYS + 1, mode="wrap")
    return furthest


def _steepness(seen: Float32Array) -> FloatArray:
    """Difference of the mean colours just inside and just outside of each place."""
    ends = 8
    turned = np.concatenate([seen[-ends:], seen, seen[:ends]])
    smooth = np.asarray(cv2.GaussianBlur(turned, (1, 9), sigmaX=0.1, sigmaY=ALONG_RAYS))
    width, steps = EDGE_PX * STEPS_PER_PX, seen.shape[1]
    padded = np.pad(smooth[ends:-ends], ((0, 0), (width + 1, width), (0, 0)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    inner = sums[:, width : width + steps] - sums[:, :steps]
    outer = sums[:, 2 * width : 2 * width + steps] - sums[:, width : width + steps]
    steep: FloatArray = np.sqrt((((inner - outer) / width) ** 2).sum(axis=2))
    return steep


def _rim_on(rays: _Rays) -> NDArray[np.intp]:
    """Step of the rim on each ray."""
    capped = np.minimum(rays.edges, STEEPEST)
    counted = np.where(rays.within, rays.edges, 0)
    # An edge is as wide as both sides that it is seen by; all of it counts once.
    outside = np.cumsum(counted[:, ::-1], axis=1)[:, ::-1] / (2 * EDGE_PX * STEPS_PER_PX)
    cost = outside - OUTSIDE_WEIGHT * capped
    cost[~rays.within] = np.inf
    first = _cheapest_loop(np.where(np.isfinite(cost), cost, 1e6))
    off = np.abs(np.arange(cost.shape[1]) - first[:, None])
    return _cheapest_loop(np.where((off <= SETTLED_STEPS) & rays.within, -capped, 1e6))


def _cheapest_loop(cost: FloatArray) -> NDArray[np.intp]:
    """Step on each ray of the cheapest path round, which begins and ends before and after it."""
    shifts = np.arange(-MOST_STEPS, MOST_STEPS + 1)
    bend = BEND_COST * shifts[:, None] ** 2
    places = np.arange(cost.shape[1])
    padded = np.full(cost.shape[1] + 2 * MOST_STEPS, np.inf)
    total = padded[MOST_STEPS:-MOST_STEPS]
    total[:] = cost[-LEAD_RAYS]
    # Views of the one buffer: row by row, what each step from the last ray would come from.
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(places))
    turns = range(1 - LEAD_RAYS, RAYS + LEAD_RAYS)
    came_from = np.empty((len(turns), len(places)), np.int8)
    for turn, origin in zip(turns, came_from, strict=True):
        ways = windows + bend
        best = ways.argmin(axis=0)
        origin[:] = shifts[best]
        np.add(ways[best, places], cost[turn % RAYS], out=total)
    step = int(total.argmin())
    path = np.empty(RAYS, np.intp)
    for turn, origin in zip(reversed(turns), came_from[::-1], strict=True):
        if 0 <= turn < RAYS:
            path[turn] = step
        step += int(origin[step])
    return path
