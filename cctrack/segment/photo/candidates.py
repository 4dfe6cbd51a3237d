"""Compact blobs that depart from the skin: what could be a deposit, and how it looks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import filled
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


def find_candidates(view: SkinView, departure: Float32Array) -> list[Candidate]:
    """Cut blobs out of a map of departures, at all levels: one place may give several.

    Parameters
    ----------
    view : SkinView
    departure : float32 array (rows, columns)
        Positive towards what is sought, in SDs of plain skin.
    """
    maps = departure, slope_of(departure)
    found: list[Candidate] = []
    # Area of the last blob that was kept at each place.
    below = np.zeros(departure.shape, np.float32)
    for level in LEVELS:
        for item in _blobs(view, maps, level, below):
            place = below[box_of(item, below.shape, 0)]
            place[item.mask] = item.mask.sum()
            found.append(item)
    return found


def slope_of(departure: Float32Array) -> Float32Array:
    """Steepness of a map per px, lightly smoothed."""
    smooth = cv2.GaussianBlur(departure, (0, 0), 1.0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125)
    return np.asarray(np.hypot(down, right), np.float32)


def _blobs(
    view: SkinView, maps: tuple[Float32Array, Float32Array], level: float, below: Float32Array
) -> list[Candidate]:
    above = ((maps[0] > level) & view.skin).astype(np.uint8)
    # Hair and glints are bridges one or two pixels wide.
    opened = cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    largest = LARGEST_SHARE * float(view.skin.sum())
    blobs = []
    for part in (1 + np.flatnonzero((area[1:] >= SMALLEST_PX) & (area[1:] <= largest))).tolist():
        left, top, width, height = stats[part, :4].tolist()
        box = _grown((top, left, top + height, left + width), view.skin.shape)
        mask = filled(parts[box] == part)
        if mask.sum() > ALMOST_ALL * float(below[box][mask].max()) > 0:
            continue
        if maps[1][box][rim_of(mask)].mean() < LEAST_EDGE:
            continue
        if _chalk(view.whiteness[box][mask]) < LEAST_CHALK:
            continue
        features = _describe(mask, box, view, maps)
        blobs.append(Candidate(mask, (box[0].start, box[1].start), features))
    return blobs


def _describe(
    mask: BoolArray,
    box: tuple[slice, slice],
    view: SkinView,
    maps: tuple[Float32Array, Float32Array],
) -> NDArray[np.float64]:
    departure, slope = maps[0][box], maps[1][box]
    flat, skin, field = view.flat[box], view.skin[box], view.field[box]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RING_PX + 1, 2 * RING_PX + 1))
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    border = rim_of(mask)
    ring = (cv2.dilate(mask.astype(np.uint8), disc) > 0) & ~near
    clear = ring & skin
    around = clear if clear.any() else ring
    inside, outside = flat[mask].mean(axis=0), flat[around].mean(axis=0)
    hull, elongation = _shape_of(mask)
    return np.array(
        [
            np.log10(mask.sum()),
            departure[mask].mean() - departure[around].mean(),
            slope[border].mean(),
            quantile(slope[border], 0.25),
            mask.sum() / hull,
            elongation,
            *inside,
            outside[0],
            outside[1],
            departure[mask].std(),
            1 - (ring & field).sum() / max(1, ring.sum()),
            _chalk(view.whiteness[box][mask]),
            quantile(flat[..., 0][mask], 0.1),
        ]
    )


def _chalk(whiteness: Float32Array) -> float:
    return quantile(whiteness, 0.9)


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


CORNERS = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]], np.float32)
"""Of a pixel, from its middle."""


def _shape_of(mask: BoolArray) -> tuple[float, float]:
    """Area of the convex hull in px, and log of the ratio of the principal axes."""
    whole = mask.astype(np.uint8)
    rim = whole - np.asarray(cv2.erode(whole, np.ones((3, 3), np.uint8)))
    outer = np.asarray(cv2.findNonZero(rim), np.float32).reshape(-1, 1, 2)
    corners = (outer + CORNERS).reshape(-1, 2)
    hull = float(cv2.contourArea(cv2.convexHull(corners)))
    about = cv2.moments(whole, binaryImage=True)
    second = np.array([[about["mu20"], about["mu11"]], [about["mu11"], about["mu02"]]])
    spread = np.linalg.eigvalsh(second / max(1.0, about["m00"] - 1) + np.eye(2) / 12)
    return max(hull, 1.0), float(np.log(spread[1] / spread[0]) / 2)


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


def _grown(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[slice, slice]:
    margin = RING_PX + 2
    return (
        slice(max(box[0] - margin, 0), min(box[2] + margin, shape[0])),
        slice(max(box[1] - margin, 0), min(box[3] + margin, shape[1])),
    )
