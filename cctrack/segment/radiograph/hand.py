"""Find the fingers of one hand on a film by its outline alone, or refuse.

A hand is a palm that a large disc fits into and five long, narrow parts that leave it. Fingers that
touch, cut fingers, two hands or any other part of the body are told by their number being another
one: then a reader draws the fingers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model.hand import FINGERS, HandSite

BoolArray = NDArray[np.bool_]
SiteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

COARSE_PX = 400
"""The outline is looked at with its longer side reduced to so many pixels."""

SECOND_SHARE = 0.3
"""Another part of the body of this share of the largest is another hand."""

FINGER_SHARE = 0.5
"""A disc of this share of the palm's radius fits into the palm and the forearm, but into no
finger: those of simulated hands reach 0.3, thumbs 0.37."""

SHORTEST_SHARE, LONGEST_SHARE = 0.6, 4.0
"""Length of a finger beyond the palm in palm radii: a little finger has 1.2, what is shorter is the
edge of the palm."""

THUMB_BEHIND = 0.3
"""The thumb leaves the palm this many palm radii farther back than the little finger: 0.5 to 1.3 on
simulated hands."""

BASE_SHARE = 0.1
"""The place where a finger leaves the palm is the middle of this share of it."""

WIDEST_SHARE = 0.6
"""A reader's line takes the tissue within this share of the palm's radius to be its finger."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A long part that leaves the palm: its label, base and tip (row, column)."""

    label: int
    base: FloatArray
    tip: FloatArray


def find_hand_sites(tissue: BoolArray) -> SiteArray | None:
    """Label the fingers and the palm of the one hand on a film.

    Parameters
    ----------
    tissue : bool array (rows, columns)
        The body, bones included.

    Returns
    -------
    uint8 array (rows, columns) or None
        Values of `HandSite`, 0 off the body; None where no five fingers and a palm are told.
    """
    coarse = _coarse(tissue)
    hand = _only_one(coarse)
    if hand is None:
        return None
    centre, radius = _palm(hand)
    parts, labels = _parts(hand, centre, radius)
    fingers = _named(parts, centre, radius)
    if fingers is None:
        return None
    table = np.full(int(labels.max()) + 1, HandSite.PALM, np.uint8)
    for part, site in fingers.items():
        table[part] = site
    return _on_film(np.where(hand, table[labels], 0).astype(np.uint8), tissue)


def sites_from_lines(
    tissue: BoolArray, lines: Mapping[HandSite, Sequence[tuple[float, float]]]
) -> SiteArray:
    """Label fingers along lines that a reader drew, each from its base to its tip.

    Parameters
    ----------
    tissue : bool array (rows, columns)
    lines : mapping of HandSite to points (row, column) in px
        A finger that is absent has no pixel; what is near no line is the palm.

    Returns
    -------
    uint8 array (rows, columns)
        Values of `HandSite`, 0 off the body.
    """
    factor = COARSE_PX / max(tissue.shape)
    coarse = _coarse(tissue)
    _, radius = _palm(coarse)
    nearest = np.full(coarse.shape, WIDEST_SHARE * radius)
    sites = np.where(coarse, np.uint8(HandSite.PALM), np.uint8(0))
    for site, points in lines.items():
        drawn = np.ones(coarse.shape, np.uint8)
        ends = np.round(np.asarray(points, float)[:, ::-1] * factor).astype(np.int32)
        cv2.polylines(drawn, [ends.reshape(-1, 1, 2)], False, 0)
        away = ndimage.distance_transform_edt(drawn)
        closer = (away < nearest) & coarse & _beside(ends, coarse.shape)
        sites[closer] = site
        nearest[closer] = away[closer]
    return _on_film(sites, tissue)


def _beside(ends: NDArray[np.int32], shape: tuple[int, ...]) -> BoolArray:
    # Not behind the base: there the palm begins.
    rows, columns = np.indices(shape)
    base, along = ends[0].astype(float), (ends[-1] - ends[0]).astype(float)
    ahead: BoolArray = (columns - base[0]) * along[0] + (rows - base[1]) * along[1] >= 0
    return ahead


def _coarse(tissue: BoolArray) -> BoolArray:
    factor = COARSE_PX / max(tissue.shape)
    size = tuple(max(1, round(side * factor)) for side in tissue.shape[::-1])
    small = cv2.resize(tissue.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    filled = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(ndimage.binary_fill_holes(filled), dtype=bool)


def _only_one(mask: BoolArray) -> BoolArray | None:
    """Return the only part of the body on a film, air around it; None where there are several."""
    labels, count = ndimage.label(mask)
    sizes = np.sort(np.bincount(labels.ravel())[1:])
    if not count or mask.all() or (count > 1 and sizes[-2] > SECOND_SHARE * sizes[-1]):
        return None
    largest: BoolArray = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return largest


def _palm(hand: BoolArray) -> tuple[FloatArray, float]:
    """Centre (row, column) and radius of the largest disc in it; the film's edge is no skin."""
    inner = cv2.distanceTransform(hand.astype(np.uint8), cv2.DIST_L2, 5)
    place = np.unravel_index(int(np.argmax(inner)), inner.shape)
    return np.array(place, float), float(inner[place])


def _parts(hand: BoolArray, centre: FloatArray, radius: float) -> tuple[list[_Part], SiteArray]:
    """Cut off what no disc of half the palm's size fits into."""
    side = 2 * max(1, round(FINGER_SHARE * radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    body = cv2.morphologyEx(hand.astype(np.uint8), cv2.MORPH_OPEN, disc)
    labels, count = ndimage.label(hand & (body == 0))
    parts = []
    for label in range(1, count + 1):
        places = np.argwhere(labels == label).astype(float)
        away = np.linalg.norm(places - centre, axis=1)
        base = places[np.argsort(away)[: max(1, round(BASE_SHARE * len(places)))]].mean(axis=0)
        part = _Part(label, base, places[away.argmax()])
        length = float(np.linalg.norm(part.tip - part.base)) / radius
        if SHORTEST_SHARE <= length <= LONGEST_SHARE:
            parts.append(part)
    return parts, labels.astype(np.uint8)


def _named(parts: list[_Part], centre: FloatArray, radius: float) -> dict[int, HandSite] | None:
    """Name five fingers; None where they are not five, or no end of their row is the thumb."""
    ahead = np.sum([part.tip - centre for part in parts], axis=0)
    ahead /= np.linalg.norm(ahead) or 1.0
    row = sorted(
        (part for part in parts if (part.tip - centre) @ ahead > 0),
        key=lambda part: _turn(part.tip - centre, ahead),
    )
    if len(row) != len(FINGERS):
        return None
    first, last = (float((part.base - centre) @ ahead) / radius for part in (row[0], row[-1]))
    if abs(first - last) < THUMB_BEHIND:
        return None
    if first > last:
        row.reverse()
    return {part.label: site for part, site in zip(row, FINGERS, strict=True)}


def _turn(direction: FloatArray, ahead: FloatArray) -> float:
    across = np.array([-ahead[1], ahead[0]])
    return float(np.arctan2(direction @ across, direction @ ahead))


def _on_film(sites: SiteArray, tissue: BoolArray) -> SiteArray:
    full = cv2.resize(sites, tissue.shape[::-1], interpolation=cv2.INTER_NEAREST)
    rest = np.where(full > 0, full, np.uint8(HandSite.PALM))
    return np.where(tissue, rest, 0).astype(np.uint8)
