"""Compact blobs that depart from the skin: what could be a deposit, and how it looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import filled
from cctrack.segment.photo.full import widened
from cctrack.segment.photo.skin import BoolArray, Float32Array, SkinView

LEVELS = (2.2, 2.8, 3.6, 4.6, 6.0, 8.0, 11.0, 15.0, 21.0, 30.0)
"""Levels of departure, in SDs of plain skin, at which blobs are cut out: each deposit shows its
own border best at one of them."""

ALMOST_ALL = 0.92
"""A blob that keeps so much of the one it was cut out of, a level below, is the same blob: the
steeper its border, the more levels would show it again."""

SMALLEST_PX = 14
"""Area at working size below which a blob is a hair's end or a glint."""

LARGEST_SHARE = 0.15
"""A deposit covers no more of the skin in view; a larger blob is a change of light."""

LEAST_EDGE = 0.25
"""Mean slope over the border below which nothing is described at all: 19 of 20 deposits of the
simulated photos have 0.43 or more, mottling of the skin 0.14-0.37."""

LEAST_CHALK = 2.5
"""Whiteness, in SDs of skin, that the palest tenth of any deposit reaches: 19 of 20 simulated ones
have 3.5 or more. However sharp its border, a naevus or a red spot holds no chalk."""

RING_PX = 4
"""Width at working size of the ring that stands for the skin around a blob."""

CHALK_SHARE = 0.9
"""Quantile of the whiteness inside a blob that stands for its palest part."""

AROUND = np.ones((3, 3), np.uint8)
RING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING_PX + 1, 2 * RING_PX + 1))
"""A pixel and its neighbours, and the disc that makes the ring."""

Bytes = NDArray[np.uint8]

MOST_OVERLAP = 0.2
"""Two blobs that share more of the smaller one are the same thing cut at two levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A blob at working size.

    Attributes
    ----------
    mask : bool array
        Of the box.
    corner : (int, int)
        Row and column of the box's first pixel in the working image.
    features : float array (len(FEATURES),)
    """

    mask: BoolArray
    corner: tuple[int, int]
    features: NDArray[np.float64]

    @property
    def edge(self) -> float:
        """Mean slope across the border."""
        return float(self.features[FEATURES.index("edge")])


FEATURES = (
    "log_area",
    "contrast",
    "edge",
    "weakest_edge",
    "solidity",
    "elongation",
    "light",
    "red",
    "yellow",
    "ring_light",
    "ring_red",
    "spread",
    "on_rim",
    "chalk",
    "dark",
)
"""What a candidate is judged by: log10 of its area, departure over its ring in SDs of skin, mean
and lower-quartile slope over the border, area over hull area, log of the axes' ratio, mean Lab
departure, that of its ring, SD of the departure inside, share of the ring off the body, 90th
percentile of whiteness and 10th of lightness inside."""


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """Maps of the working image that blobs are described by.

    Attributes
    ----------
    look : float32 array (rows, columns, 4)
        Departure, and Lab relative to the skin: means of all four are taken at once.
    slope : float32 array (rows, columns)
        Of the departure.
    """

    look: Float32Array
    slope: Float32Array


def find_candidates(view: SkinView, departure: Float32Array) -> list[Candidate]:
    """Cut blobs out of a map of departures, at all levels: one place may give several.

    Parameters
    ----------
    view : SkinView
    departure : float32 array (rows, columns)
        Positive towards what is sought, in SDs of plain skin.
    """
    look = np.asarray(cv2.merge([departure, *cv2.split(view.flat)]), np.float32)
    maps = _Maps(look, slope_of(departure))
    found: list[Candidate] = []
    # Area of the last blob that was kept at each place.
    below = np.zeros(departure.shape, np.float32)
    for level in LEVELS:
        above = ((departure > level) & view.skin).astype(np.uint8)
        for item in _blobs(view, maps, above, below):
            place = below[box_of(item, below.shape, 0)]
            place[item.mask] = np.count_nonzero(item.mask)
            found.append(item)
    return found


def slope_of(departure: Float32Array) -> Float32Array:
    """Steepness of a map per px, lightly smoothed."""
    smooth = cv2.GaussianBlur(departure, (0, 0), 1.0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    return np.asarray(np.hypot(down, right), np.float32)


def _blobs(view: SkinView, maps: _Maps, above: Bytes, below: Float32Array) -> list[Candidate]:
    # Hair and glints are bridges one or two pixels wide.
    opened = np.asarray(
        cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), np.uint8
    )
    _, labelled = cv2.connectedComponents(opened, connectivity=4)
    parts = np.asarray(labelled, np.int32)
    area = np.bincount(parts[opened > 0], minlength=2)
    largest = LARGEST_SHARE * np.count_nonzero(view.skin)
    places = ndimage.find_objects(parts)
    blobs = []
    for part in np.flatnonzero((area >= SMALLEST_PX) & (area <= largest)).tolist():
        box = widened(places[part - 1], RING_PX + 2, view.skin.shape)
        mask = filled(parts[box] == part)
        if np.count_nonzero(mask) > ALMOST_ALL * float(below[box][mask].max()) > 0:
            continue
        features = _describe(mask, box, view, maps)
        if features is not None:
            blobs.append(Candidate(mask, (box[0].start, box[1].start), features))
    return blobs


def _describe(
    mask: BoolArray, box: tuple[slice, slice], view: SkinView, maps: _Maps
) -> NDArray[np.float64] | None:
    """`FEATURES` of a blob; None for one without an edge or without chalk."""
    whole = mask.view(np.uint8)
    near = np.asarray(cv2.dilate(whole, AROUND), np.uint8)
    core = np.asarray(cv2.erode(whole, AROUND), np.uint8)
    slope = maps.slope[box][near > core]
    edge = float(slope.sum()) / len(slope)
    chalk = quantile(view.whiteness[box][mask], CHALK_SHARE)
    if edge < LEAST_EDGE or chalk < LEAST_CHALK:
        return None
    ring = np.asarray(cv2.dilate(whole, RING)) - near
    clear = ring & view.skin[box].view(np.uint8)
    means, sds = cv2.meanStdDev(maps.look[box], mask=whole)
    inside, spread = means[:, 0], float(sds[0, 0])
    outside = cv2.mean(maps.look[box], clear if clear.any() else ring)
    on_body = np.count_nonzero(ring & view.field[box].view(np.uint8))
    area = np.count_nonzero(mask)
    hull, elongation = _shape_of(whole, core)
    return np.array(
        [
            np.log10(area),
            inside[0] - outside[0],
            edge,
            quantile(slope, 0.25),
            area / hull,
            elongation,
            *inside[1:],
            outside[1],
            outside[2],
            spread,
            1 - on_body / max(1, int(np.count_nonzero(ring))),
            chalk,
            quantile(maps.look[box][mask, 1], 0.1),
        ]
    )


def quantile(values: Float32Array, share: float) -> float:
    """Linear quantile of a flat array, not empty: a tenth of the time that numpy's takes on few."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    sorted_there = np.partition(values, (low, high))
    return float(sorted_there[low] + (place - low) * (sorted_there[high] - sorted_there[low]))


def rim_of(mask: BoolArray) -> BoolArray:
    """Pixels on both sides of a blob's border."""
    whole, around = mask.astype(np.uint8), np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(whole, around)) > np.asarray(cv2.erode(whole, around))


SECOND = ("mu20", "mu02", "mu11")
"""Names of the second moments."""

CORNERS = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]], np.float32)
"""Of a pixel, from its middle."""


def _shape_of(whole: Bytes, core: Bytes) -> tuple[float, float]:
    """Area of the convex hull in px, and log of the ratio of the principal axes."""
    outer = np.asarray(cv2.findNonZero(whole - core), np.float32).reshape(-1, 1, 2)
    corners = (outer + CORNERS).reshape(-1, 2)
    hull = float(cv2.contourArea(cv2.convexHull(corners)))
    about = cv2.moments(whole, binaryImage=True)
    share = 1 / max(1.0, float(about["m00"]) - 1)
    one, other, both = (share * float(about[name]) for name in SECOND)
    middle, half = 0.5 * (one + other) + 1 / 12, float(np.hypot(0.5 * (one - other), both))
    return max(hull, 1.0), float(np.log((middle + half) / (middle - half)) / 2)


def sharpest(found: list[Candidate], shape: tuple[int, ...]) -> list[Candidate]:
    """Of blobs cut from the same place at several levels, the one with the sharpest border."""
    taken = np.zeros(shape, dtype=bool)
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda item: -item.edge):
        rows, columns = candidate.mask.shape
        top, left = candidate.corner
        place = taken[top : top + rows, left : left + columns]
        if (place & candidate.mask).sum() > MOST_OVERLAP * candidate.mask.sum():
            continue
        place |= candidate.mask
        kept.append(candidate)
    return kept


def box_of(item: Candidate, shape: tuple[int, ...], margin: int) -> tuple[slice, slice]:
    """Box of a candidate in the working image, ``margin`` px wider where the image allows."""
    rows, columns = item.mask.shape
    top, left = item.corner
    return (
        slice(max(top - margin, 0), min(top + rows + margin, shape[0])),
        slice(max(left - margin, 0), min(left + columns + margin, shape[1])),
    )
