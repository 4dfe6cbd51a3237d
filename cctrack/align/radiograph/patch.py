"""Refine a global alignment around each deposit by one small rigid patch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.align.radiograph.features import Matches, map_points
from cctrack.align.radiograph.view import View, to_grid
from cctrack.model import FloatArray, LabelArray

MARGINS_PX = (28, 12)
"""Surroundings of a deposit in its patch: first 7 mm, which reaches the nearest bone or skin
border, then 3 mm, in which the deposit itself rules."""

SEARCHES_PX = (16, 5)
"""How far a patch may move from its start: 4 mm is what articulation leaves under the start, a
bit over 1 mm what the wide patch leaves to the narrow one."""

NEIGHBOURHOODS_PX = (60.0, 120.0)
"""Matches within 15 or 30 mm of a deposit move with it: the wider ring has more of them, the
closer one none of the next finger. Both are tried."""

LOOSE_PX = 120.0
"""A match that leaves the global transform by more than 30 mm is wrong; a finger spread
differently goes that far when the transform rests on the palm."""

LOCAL_PX = 4.0
"""Points of one rigid part agree within 1 mm."""

MIN_NEIGHBOURS = 6
"""Fewer neighbours fix no rigid start; the global transform is used."""

MAX_LOCAL_STRETCH = 1.1
"""Neighbours of one rigid part keep their distances; a similarity that does not is chance."""

MIN_CORRELATION, MIN_BLIND_CORRELATION = 0.7, 0.8
"""A patch below this correlation looks at something else and is dropped; more is asked of one
that no neighbouring points led to its place. Right patches of simulated pairs reached 0.84 and
more, wrong ones 0.69 and less."""

SURE_CORRELATION = 0.95
"""From here on no other start is tried."""

MAX_TURN_DEG = 12.0
"""A patch that turns further against its start has locked on to noise."""


@dataclass(frozen=True, slots=True, eq=False)
class _Crop:
    """Boxes of one deposit cut from both films in the baseline's frame.

    The second is larger by ``margin`` on all sides.
    """

    template: NDArray[np.float32]
    search: NDArray[np.float32]
    corner: FloatArray
    margin: int


def fit_patches(
    views: tuple[View, View], matrix: FloatArray, matches: Matches, labels: LabelArray
) -> Mapping[int, FloatArray]:
    """Fit one transform per deposit, working (x, y), for those where a patch is trustworthy."""
    near = _plausible(matches, matrix)
    patches = {}
    for lesion in np.unique(labels[labels > 0]).tolist():
        points = to_grid(np.argwhere(labels == lesion).astype(float), views[0])
        centre = points.mean(axis=0)
        patch = _best_patch(views, _starts(centre, near, matrix), points)
        if patch is not None:
            patches[lesion] = patch
    return patches


def _starts(
    centre: FloatArray, matches: Matches, matrix: FloatArray
) -> list[tuple[FloatArray, float]]:
    # Where to begin, and the correlation asked of what is found from there.
    found = [_local_start(centre, matches, matrix, reach) for reach in NEIGHBOURHOODS_PX]
    local = [(start, MIN_CORRELATION) for start in found if start is not None]
    return [*local, (_rigid_like(matrix, centre), MIN_BLIND_CORRELATION)]


def _best_patch(
    views: tuple[View, View], starts: list[tuple[FloatArray, float]], points: FloatArray
) -> FloatArray | None:
    best, highest = None, 0.0
    for start, least in starts:
        patch, correlation = _refine(views, start, points, least)
        if patch is not None and correlation > highest:
            best, highest = patch, correlation
        if highest > SURE_CORRELATION:
            break
    return best


def _plausible(matches: Matches, matrix: FloatArray) -> Matches:
    if not len(matches):
        return matches
    gap = np.linalg.norm(map_points(matrix, matches.baseline) - matches.followup, axis=1)
    return Matches(matches.baseline[gap < LOOSE_PX], matches.followup[gap < LOOSE_PX])


def _local_start(
    centre: FloatArray, matches: Matches, matrix: FloatArray, reach: float
) -> FloatArray | None:
    # The rigid move on which the points around a deposit agree.
    close = np.linalg.norm(matches.baseline - centre, axis=1) < reach
    if np.count_nonzero(close) < MIN_NEIGHBOURS:
        return None
    cv2.setRNGSeed(0)
    local, inliers = cv2.estimateAffinePartial2D(
        matches.baseline[close],
        matches.followup[close],
        method=cv2.RANSAC,
        ransacReprojThreshold=LOCAL_PX,
    )
    if np.shape(local) != (2, 3) or np.count_nonzero(inliers) < MIN_NEIGHBOURS:
        return None
    move = np.vstack([local, [0, 0, 1]])
    stretch = _scale(move) / _scale(matrix)
    if not 1 / MAX_LOCAL_STRETCH < stretch < MAX_LOCAL_STRETCH:
        return None
    return _rigid_like(move, centre, scale=_scale(matrix))


def _scale(matrix: FloatArray) -> float:
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def _rigid_like(matrix: FloatArray, centre: FloatArray, scale: float | None = None) -> FloatArray:
    # Keep the turn and where the centre goes; shear would distort the deposit's area.
    left, _, right = np.linalg.svd(matrix[:2, :2])
    turn = left @ right * (_scale(matrix) if scale is None else scale)
    rigid = np.eye(3)
    rigid[:2, :2] = turn
    rigid[:2, 2] = map_points(matrix, centre[None])[0] - turn @ centre
    return rigid


def _refine(
    views: tuple[View, View], start: FloatArray, points: FloatArray, least: float
) -> tuple[FloatArray | None, float]:
    # The refined transform, None when there is none, and its correlation.
    matrix, best = start, 0.0
    for margin, search in zip(MARGINS_PX, SEARCHES_PX, strict=True):
        crop = _crop(views, matrix, points, (margin, search))
        if crop is None:
            break
        turned, correlation = _fine(crop, _coarse_shift(crop))
        if turned is None or correlation < least:
            break
        there, back = np.eye(3), np.eye(3)
        there[:2, 2], back[:2, 2] = crop.corner, -crop.corner
        matrix, best = matrix @ there @ turned @ back, correlation
    return (matrix, best) if best else (None, 0.0)


def _crop(
    views: tuple[View, View], start: FloatArray, points: FloatArray, sizes: tuple[int, int]
) -> _Crop | None:
    margin, search = sizes
    shape = np.array(views[0].contrast.shape[::-1])
    low = np.maximum(np.floor(points.min(axis=0)) - margin, 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0)) + margin + 1, shape).astype(int)
    width, height = high - low
    if min(width, height) < margin:
        return None
    template = views[0].contrast[low[1] : high[1], low[0] : high[0]]
    offset = np.eye(3)
    offset[:2, 2] = low - search
    found = cv2.warpAffine(
        views[1].contrast,
        (start @ offset)[:2],
        (int(width) + 2 * search, int(height) + 2 * search),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _Crop(
        np.ascontiguousarray(template), np.asarray(found, np.float32), low.astype(float), search
    )


def _coarse_shift(crop: _Crop) -> FloatArray:
    scores = cv2.matchTemplate(crop.search, crop.template, cv2.TM_CCOEFF_NORMED)
    _, _, _, place = cv2.minMaxLoc(scores)
    return np.array(place, float)


def _fine(crop: _Crop, shift: FloatArray) -> tuple[FloatArray | None, float]:
    warp = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    everywhere = np.full(crop.search.shape, 255, np.uint8)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    try:
        correlation, found = cv2.findTransformECC(
            crop.template, crop.search, warp, cv2.MOTION_EUCLIDEAN, criteria, everywhere, 3
        )
    except cv2.error:  # it did not converge
        return None, 0.0
    turned = np.vstack([found, [0, 0, 1]]).astype(float)
    turned[:2, 2] -= crop.margin
    angle_deg = np.degrees(np.arctan2(turned[1, 0], turned[0, 0]))
    return (turned if abs(angle_deg) <= MAX_TURN_DEG else None), float(correlation)
