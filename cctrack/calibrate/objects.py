"""Where in a photo the things lie that were put there for scale: no skin, no lesions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.discs import rim_px
from cctrack.calibrate.marker import Tag, tags_of
from cctrack.calibrate.seen import Seen
from cctrack.model import CCTRACK_CARD, KNOWN_SHEETS, QUIET_MM, FloatArray, MarkerSheet

BoolArray = NDArray[np.bool_]

WORKING_PX = 1000
"""Longest side at which paper is followed: its edge is then smoothed by the dilation anyway."""

PAPER_LIGHT = 14.0
"""Furthest CIE L of paper from that beside the print: shading across a card."""

PAPER_COLOUR = 9.0
"""Furthest CIE ab distance of paper from that beside the print; skin of most types is further."""

RECTANGULAR = 0.85
"""Share of its bounding rectangle that a piece of paper fills; where less, fair skin was taken
for paper and the print alone is covered."""

LARGEST_SHARE = 0.3
"""Paper covers no more of a clinical photo than this."""

STRIP_LEVELS = (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 88.0)
"""CIE L above which a pale strip is sought: it may be grey plastic or over-exposed paper."""

STRIP_COLOUR = 16.0
"""CIE ab distance from grey of paper, plastic and steel in any room's light."""

STRIP_SHARES = (0.003, 0.2)
"""Share of the photo that a ruler covers."""

STRIP_FILL = 0.88
"""Share of its bounding rectangle that a ruler fills; plaques of calcinosis have no corners."""

STRIP_ASPECT = 2.0
"""A ruler is at least so many times as long as wide."""

STRIP_PRINT = 18.0
"""CIE L between a ruler and its print; a pale limb on dark cloth bears no print."""

DILATION = 0.012
"""Growth of the mask at the end, as a share of the longer side: hides the shadow of the edge."""


def cover_objects(seen: Seen) -> BoolArray:
    """Mask of tags, rulers, stated squares and stickers, and of the paper they are printed on.

    Parameters
    ----------
    seen : Seen

    Returns
    -------
    bool array (rows, columns)
    """
    factor = min(1.0, WORKING_PX / max(seen.shape))
    size = [round(side * factor) for side in reversed(seen.shape)]
    small = cv2.resize(seen.reduced, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    mask = _printed_strips(lab)
    for sheet in KNOWN_SHEETS:
        mask |= _frame_of(sheet, seen.tags, factor, lab.shape)
    for corners in _printed(seen.tags):
        # Tags of one sheet lie on one paper: once followed, it covers the others.
        if not mask[_filled(_grown(corners * factor, 1.1), lab.shape)].all():
            mask |= _paper_of(lab, corners * factor)
    for outline in _stated(seen):
        mask |= _filled(outline * factor, lab.shape)
    return _enlarged(mask, seen.shape)


def _frame_of(
    sheet: MarkerSheet, tags: Sequence[Tag], factor: float, shape: tuple[int, ...]
) -> BoolArray:
    """Cover a frame with its quiet border, but not its window."""
    seen = tags_of(sheet, tags)
    if not sheet.window_mm or len(seen) < 2:
        return np.zeros(shape[:2], dtype=bool)
    own = np.vstack([np.array(sheet.corners_mm(tag.number)) for tag in seen])
    places = factor * np.vstack([tag.corners_px for tag in seen])
    to_px = np.asarray(cv2.findHomography(own, places)[0], dtype=np.float64)
    middle = sheet.extent_mm / 2
    frame, window = (
        _filled(_mapped_square(to_px, middle, half), shape)
        for half in (middle + QUIET_MM, sheet.window_mm / 2)
    )
    covered: BoolArray = frame & ~window
    return covered


def _mapped_square(to_px: FloatArray, middle: float, half: float) -> FloatArray:
    square = middle + half * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    mapped = np.column_stack([square, np.ones(4)]) @ to_px.T
    corners: FloatArray = mapped[:, :2] / mapped[:, 2:]
    return corners


def _stated(seen: Seen) -> list[FloatArray]:
    """Outlines (n, 2) of the square and the stickers that the user says are there."""
    squares = [square.corners_px for square in seen.squares]
    return squares + [rim_px(disc.ellipse) for disc in seen.discs]


def _printed_strips(lab: NDArray[np.float32]) -> BoolArray:
    """Find pale rectangles with dark print on them: rulers whose ticks could not be read."""
    mask = np.zeros(lab.shape[:2], dtype=bool)
    pale = np.hypot(lab[..., 1], lab[..., 2]) < STRIP_COLOUR
    for level in STRIP_LEVELS:
        bright = ((lab[..., 0] > level) & pale).astype(np.uint8)
        closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
        outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            if _is_strip(np.asarray(outline, np.int32), lab):
                cv2.drawContours(_as_bytes(mask), [outline], -1, 1, cv2.FILLED)
    return mask


def _is_strip(outline: NDArray[np.int32], lab: NDArray[np.float32]) -> bool:
    area = cv2.contourArea(outline)
    if not STRIP_SHARES[0] < area / lab[..., 0].size < STRIP_SHARES[1]:
        return False
    (_, size, _) = cv2.minAreaRect(outline)
    if area < STRIP_FILL * size[0] * size[1] or max(size) < STRIP_ASPECT * min(size):
        return False
    left, top, width, height = cv2.boundingRect(outline)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [outline - np.array([left, top])], -1, 1, cv2.FILLED)
    lightness = lab[top : top + height, left : left + width, 0][inside > 0]
    return bool(np.median(lightness) - np.quantile(lightness, 0.03) > STRIP_PRINT)


def _as_bytes(mask: BoolArray) -> NDArray[np.uint8]:
    """View a mask as bytes, for OpenCV to draw into."""
    return mask.view(np.uint8)


def _printed(tags: Sequence[Tag]) -> list[FloatArray]:
    """Corners of what is printed together: the card as one square, other tags alone."""
    seen = tags_of(CCTRACK_CARD, tags)
    if len(seen) != len(CCTRACK_CARD.places_mm):
        return [tag.corners_px for tag in tags]
    upper, right, lower = (tag.corners_px for tag in sorted(seen, key=lambda tag: tag.number))
    fourth = lower[2] + right[2] - upper[2]
    whole = np.array([upper[0], right[1], fourth, lower[3]])
    return [whole, *(tag.corners_px for tag in tags if tag not in seen)]


def _paper_of(lab: NDArray[np.float32], corners: FloatArray) -> BoolArray:
    """Follow the paper around a print; the print itself and its margin are always covered."""
    shape = lab.shape[:2]
    sure = _filled(_grown(corners, 1.25), shape)
    beside = _filled(_grown(corners, 1.14), shape) & ~_filled(_grown(corners, 1.05), shape)
    if not beside.any():
        return sure
    white = np.median(lab[beside], axis=0)
    colour = np.hypot(lab[..., 1] - white[1], lab[..., 2] - white[2])
    paper = (np.abs(lab[..., 0] - white[0]) < PAPER_LIGHT) & (colour < PAPER_COLOUR)
    joined = _joined(paper, sure, corners)
    lines, _ = cv2.findContours(_as_bytes(joined), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    (_, size, _) = cv2.minAreaRect(np.vstack([np.asarray(line) for line in lines]))
    fills = joined.sum() / max(1.0, size[0] * size[1])
    if fills < RECTANGULAR or joined.mean() > LARGEST_SHARE:
        return sure
    return joined


def _joined(paper: BoolArray, sure: BoolArray, corners: FloatArray) -> BoolArray:
    """Paper connected to the print, without the whiskers that leave it."""
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    reach = max(2, round(float(sides.min()) / 12))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    both = (paper | sure).astype(np.uint8)
    closed = cv2.morphologyEx(both, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disc)
    _, parts = cv2.connectedComponents(np.maximum(opened, sure.astype(np.uint8)))
    own = np.asarray(parts)
    joined: BoolArray = np.isin(own, np.unique(own[sure]))
    return joined


def _enlarged(small: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Bring a mask of a reduced image to full size, dilated."""
    reach = max(1, round(DILATION * max(small.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(small.astype(np.uint8), disc)
    large = cv2.resize(grown, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(large) > 0


def _grown(corners: FloatArray, factor: float) -> FloatArray:
    """Push the corners of a quadrilateral out by a share of its shorter side."""
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    ahead = np.roll(corners, -1, axis=0) - corners
    behind = np.roll(corners, 1, axis=0) - corners
    outward = -(_unit(ahead) + _unit(behind))
    grown: FloatArray = corners + (factor - 1) / 2 * float(sides.min()) * outward
    return grown


def _unit(vectors: FloatArray) -> FloatArray:
    lengths: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return lengths


def _filled(corners: FloatArray, shape: tuple[int, ...]) -> BoolArray:
    mask = np.zeros(shape[:2], dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners[:, ::-1]).astype(np.int32), 1)
    return mask > 0
