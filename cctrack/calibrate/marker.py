"""Find ArUco and AprilTag squares in a photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.bleeding import undo_bleeding
from cctrack.calibrate.corners import Corners, linear_light, refine_corners
from cctrack.calibrate.reduced import Reduced
from cctrack.model import FloatArray, MarkerSheet

MODULES = {
    "APRILTAG_36h11": 8,
    "6X6_50": 8,
    "5X5_50": 7,
    "4X4_50": 6,
    "ARUCO_ORIGINAL": 7,
}
"""Dictionaries tried, from the least to the most likely to be seen in mere texture, with the
width of their tags in modules (data and one black module all round)."""

WINDOWS_PX = (9, 49, 20)
"""First, last and step of the windows of the local threshold in the reduced photo: a small one sees
only the rims of large tags, a large one melts small tags into their surroundings."""

SMALL_TAG_WINDOWS_PX = (9, 9, 20)
"""The same at full size, where only tags are left that were too small in the reduced photo: of
tags of 24 px and more it finds 99 of 100, as six windows do (300 tags pasted into photos)."""

SMALLEST_SIDE_PX = 16.0
"""A side below two px a module is decoded by luck."""

MARGIN = 0.5
"""Surroundings cut out with a tag, as a share of its longest side."""


@dataclass(frozen=True, slots=True, eq=False)
class Tag:
    """A tag seen in a photo.

    Attributes
    ----------
    dictionary : str
        OpenCV's name without the prefix.
    number : int
        Its id in the dictionary.
    corners_px : array (4, 2)
        (row, column), clockwise from the tag's own upper left.
    corner_sd_px : float
        Standard deviation of a coordinate of a corner.
    blur_px : float
        SD of the blur across its sides.
    spoiled : float
        Share of its rim on which light is reflected or something lies.
    """

    dictionary: str
    number: int
    corners_px: FloatArray
    corner_sd_px: float
    blur_px: float = 0.0
    spoiled: float = 0.0

    @property
    def side_px(self) -> float:
        """Mean length of the four sides."""
        gaps = self.corners_px - np.roll(self.corners_px, -1, axis=0)
        return float(np.linalg.norm(gaps, axis=1).mean())

    @property
    def module_px(self) -> float:
        """Width of one of its modules."""
        return self.side_px / MODULES[self.dictionary]


def find_tags(pixels: NDArray[np.uint8], reduced: Reduced) -> tuple[Tag, ...]:
    """Find every readable tag of the known dictionaries.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    reduced : Reduced
        Where they are sought first; all of the photo is searched when there are none.

    Returns
    -------
    tuple of Tag
        Corners refined at full resolution; no two overlap.
    """
    rough = _detect(reduced, WINDOWS_PX)
    if not rough and reduced.fold > 1:
        rough = _detect(Reduced(pixels, 1), SMALL_TAG_WINDOWS_PX)
    refined = (_refine(pixels, tag) for tag in _without_overlaps(rough))
    return tuple(tag for tag in refined if tag is not None)


def tags_of(sheet: MarkerSheet, tags: Sequence[Tag]) -> tuple[Tag, ...]:
    """Those tags that bear a number of a sheet, each number once."""
    numbers = {number for number, _ in sheet.places_mm}
    seen = [tag for tag in tags if tag.dictionary == sheet.dictionary and tag.number in numbers]
    once = {tag.number for tag in seen}
    return tuple(seen) if len(once) == len(seen) else ()


def draw_tag(dictionary: str, number: int, side_px: int) -> NDArray[np.uint8]:
    """Draw a tag's black square without its white margin, array (side, side), 0 and 255."""
    image = cv2.aruco.generateImageMarker(_dictionary(dictionary), number, side_px)
    return np.asarray(image, dtype=np.uint8)


@cache
def _dictionary(name: str) -> "cv2.aruco.Dictionary":
    return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{name}"))


def _detect(photo: Reduced, windows_px: tuple[int, int, int]) -> list[Tag]:
    grey = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
    parameters = cv2.aruco.DetectorParameters()
    parameters.minMarkerPerimeterRate = 4 * SMALLEST_SIDE_PX / max(grey.shape)
    parameters.adaptiveThreshWinSizeMin, parameters.adaptiveThreshWinSizeMax = windows_px[:2]
    parameters.adaptiveThreshWinSizeStep = windows_px[2]
    # Tags of 4 to 6 px a module are sampled wrongly with the default of 4.
    parameters.perspectiveRemovePixelPerCell = 8
    names = tuple(MODULES)
    detector = cv2.aruco.ArucoDetector([_dictionary(name) for name in names], parameters)
    quads, numbers, _, which = detector.detectMarkersMultiDict(grey)
    if not len(quads):
        return []
    # OpenCV's points are (x, y).
    corners = [np.asarray(quad, np.float64).reshape(4, 2)[:, ::-1] for quad in quads]
    return [
        Tag(names[int(index)], int(number), photo.to_whole(points), 0.5)
        for points, number, index in zip(corners, numbers.ravel(), which.ravel(), strict=True)
    ]


def _without_overlaps(tags: Sequence[Tag]) -> list[Tag]:
    order = list(MODULES)
    kept: list[Tag] = []
    for tag in sorted(tags, key=lambda item: (order.index(item.dictionary), -item.side_px)):
        centre = tag.corners_px.mean(axis=0)
        apart = (
            np.linalg.norm(centre - other.corners_px.mean(axis=0)) > 0.6 * other.side_px
            for other in kept
        )
        if tag.side_px >= SMALLEST_SIDE_PX and all(apart):
            kept.append(tag)
    return kept


def _refine(pixels: NDArray[np.uint8], tag: Tag) -> Tag | None:
    margin = MARGIN * tag.side_px
    low = np.maximum(np.floor(tag.corners_px.min(axis=0) - margin), 0).astype(int)
    high = np.ceil(tag.corners_px.max(axis=0) + margin).astype(int) + 1
    light = linear_light(pixels[low[0] : high[0], low[1] : high[1]])
    corners: Corners | None = refine_corners(
        light, tag.corners_px - low, modules=MODULES[tag.dictionary]
    )
    if corners is None:
        return None
    cells = draw_tag(tag.dictionary, tag.number, MODULES[tag.dictionary])
    points = undo_bleeding(light, corners.points_px, cells) + low
    return Tag(tag.dictionary, tag.number, points, corners.sd_px, corners.blur_px, corners.spoiled)
