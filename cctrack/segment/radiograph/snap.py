"""Lay the border of compact deposits on the film's own edge.

The odds of px know calcium from bone, but where it ends only to a px or two, and a stone beside
bone leaks into it. The film's steepest fall of grey around a stone is there again at every visit.
"""

import numpy as np
from scipy import ndimage
from skimage.draw import polygon
from skimage.morphology import convex_hull_image

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.radiograph.border import Redrawn
from cctrack.segment.radiograph.edge import Edge, directions, find_edge
from cctrack.segment.radiograph.grid import BoolArray, Float32Array

SMALLEST_MM2 = 3.0
"""Of fewer px than this is, an edge of blur and noise says no more than they do."""

LEAST_SLOPE, SURE_SLOPE, SLOPE_CENTILE = 0.35, 0.6, 20.0
"""At this centile of its rays a stone's edge still is as steep as the first share of its usual
slope. Nets, plates and stones that fade out have no such edge and keep the border of their odds.
From the second on the edge is believed whatever the odds say."""

FADING, LEAKING = 0.42, 1.1
"""More of a region than the first share outside its edge is a net's strands, unless it is as bright
as the second, in multiples of the deposit's brightness over the flesh: then it is bone."""

LEAST_DICE, MOST_ADDED = 0.4, 0.36
"""Below this Dice of both outlines, or where so much of the new one lies outside the old, the edge
is that of something else."""

BORDER_SD_MM, UNSURE_SD_MM = 0.1, 0.5
"""SD of the position of an edge, and what more of it each share of a slope below `SURE_SLOPE`
adds."""

BLUR_MM = 0.14
"""So much of the way from the steepest place to the foot of a border is the film's blur. Chosen on
163 stones of simulated films, whose true border lay 0.20 mm outside the steepest place; by their
own feet it was met to 0.07 mm."""

OUTWARDS_MM, OUTWARDS_SHARE = (0.05, 0.35), 0.18
"""A line is moved outwards by this much, and by no more than this share of its radius."""

HULL_MM2, HULL_SHARE = 10.0, 0.75
"""From this size on the edge is looked for around a region's convex hull, where the largest piece
fills this share of it: what of a stone is as bright as bone is missing from its odds."""

ROOM_MM = 2.5
"""Film around a region that is looked at."""

FLESH_MM, FLESH_CENTILE = (0.4, 1.2), 25
"""Flesh lies this far outside; bone beside is brighter than this centile of the px there."""


def snap_borders(
    pixels: Float32Array, labels: LabelArray, mm: float, leave: frozenset[int] = frozenset()
) -> Redrawn:
    """Move the borders of compact deposits onto their edges.

    Parameters
    ----------
    pixels : float32 array (rows, columns)
        The film, bone bright.
    labels : uint16 array (rows, columns)
    mm : float
        Side of a px.
    leave : frozenset of int
        Lesions that are left as they are: over bone there is no edge to flesh.
    """
    drawn, known = labels.copy(), {}
    for lesion, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or lesion in leave:
            continue
        window = widened(box, int(ROOM_MM / mm) + 1, labels.shape)
        within, slope = _snapped(pixels[window], labels[window] == lesion, mm)
        if within is None:
            continue
        here = drawn[window]
        here[here == lesion] = 0
        here[within & (here == 0)] = lesion
        known[lesion] = _border_sd_mm(slope) / mm
    return Redrawn(drawn, known)


def _snapped(pixels: Float32Array, region: BoolArray, mm: float) -> tuple[BoolArray | None, float]:
    """Return what lies within a region's edge, None where there is none to trust, and its slope."""
    if np.count_nonzero(region) * mm**2 < SMALLEST_MM2:
        return None, 0.0
    edge = find_edge(pixels, _hull(region, mm), mm)
    slope = float(np.percentile(edge.slope, SLOPE_CENTILE))
    if slope < LEAST_SLOPE or not np.isfinite(edge.foot_mm):
        return None, slope
    within = _filled(edge, edge.moved(_outwards_mm(edge)), region.shape, mm)
    return (within if _believed(pixels, region, (within, slope), mm) else None), slope


def _hull(region: BoolArray, mm: float) -> BoolArray:
    """Fill the dents of a large region's largest piece; others are returned as they are."""
    pieces, _ = ndimage.label(region, np.ones((3, 3)))
    sizes = np.bincount(pieces[region])
    if sizes.max() * mm**2 < HULL_MM2:
        return region
    hull: BoolArray = convex_hull_image(pieces == sizes.argmax())
    return hull if sizes.max() > HULL_SHARE * np.count_nonzero(hull) else region


def _believed(
    pixels: Float32Array, region: BoolArray, found: tuple[BoolArray, float], mm: float
) -> bool:
    within, slope = found
    if not _alike(region, within):
        return False
    beyond = region & ~within
    if slope >= SURE_SLOPE or np.count_nonzero(beyond) <= FADING * np.count_nonzero(region):
        return True
    return _brightness(pixels, beyond, (region | within, within), mm) >= LEAKING


def _border_sd_mm(slope: float) -> float:
    return BORDER_SD_MM + UNSURE_SD_MM * max(0.0, SURE_SLOPE - slope)


def _outwards_mm(edge: Edge) -> float:
    wanted = float(np.clip(edge.foot_mm - BLUR_MM, *OUTWARDS_MM))
    return min(wanted, OUTWARDS_SHARE * float(np.median(edge.radius_mm)))


def _filled(edge: Edge, radius_mm: np.ndarray, shape: tuple[int, ...], mm: float) -> BoolArray:
    rows, columns = (edge.centre_px + directions() * (radius_mm / mm)[:, None]).T
    filled = np.zeros(shape, bool)
    filled[polygon(rows, columns, shape)] = True
    return filled


def _alike(region: BoolArray, within: BoolArray) -> bool:
    both = np.count_nonzero(within & region)
    sizes = np.count_nonzero(within), np.count_nonzero(region)
    added = sizes[0] - both
    return bool(2 * both >= LEAST_DICE * sum(sizes) and added <= MOST_ADDED * sizes[0])


def _brightness(
    pixels: Float32Array, part: BoolArray, deposit: tuple[BoolArray, BoolArray], mm: float
) -> float:
    """How bright a part is over the flesh around, in multiples of what the deposit is."""
    whole, core = deposit
    out_mm = cv2.distanceTransform((~whole).astype(np.uint8), cv2.DIST_L2, 5) * mm
    beside = (out_mm > FLESH_MM[0]) & (out_mm < FLESH_MM[1])
    if not beside.any():
        return 0.0
    flesh = float(np.percentile(pixels[beside], FLESH_CENTILE))
    own = float(np.median(pixels[core])) - flesh
    return (float(np.median(pixels[part])) - flesh) / own if own > 0 else 0.0


def widened(box: tuple[slice, ...], by: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Take in so many px around a box, as far as an image of some shape goes."""
    return tuple(
        slice(max(side.start - by, 0), min(side.stop + by, size))
        for side, size in zip(box, shape, strict=True)
    )
