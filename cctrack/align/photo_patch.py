"""Refine a photo's alignment around each lesion: skin bends, one homography does not."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.align.photo_features import BoolArray, View
from cctrack.model import FloatArray, LabelArray

WINDOW = 0.08
"""Half side of the window around a lesion, as a share of the longer side: wide enough to hold
veins and folds, narrow enough that skin in it moves as one piece."""

MOST_FLOW = 0.04
"""A place that seems to have moved further, as a share of the longer side, is a false match."""

ROUND_TRIP_PX = 1.0
"""Flow there and back must come home to within this, at working size."""

LEAST_PLACES = 60
"""Places at working size with a trusted flow; fewer do not carry a transform."""

LEAST_GAIN = 0.03
"""A patch is kept when it makes the window correlate better by this much."""


def refine_patches(
    views: tuple[View, View], matrix: FloatArray, labels: LabelArray
) -> dict[int, FloatArray]:
    """Transform for the surroundings of each baseline lesion, where the flow agrees on one.

    Parameters
    ----------
    views : (View, View)
        Baseline and follow-up.
    matrix : array (3, 3)
        Global homography between the reduced views, (x, y).
    labels : uint16 array (rows, columns)
        Baseline lesions at full size.

    Returns
    -------
    mapping of lesion to array (3, 3)
        Between the reduced views, (x, y); lesions without a better patch are left out.
    """
    baseline, followup = views
    size = (baseline.grey.shape[1], baseline.grey.shape[0])
    inverse = np.asarray(np.linalg.inv(matrix), np.float64)
    moved = np.asarray(cv2.warpPerspective(followup.grey, inverse, size), np.uint8)
    seen = np.asarray(cv2.warpPerspective(followup.valid.astype(np.uint8), inverse, size, flags=0))
    small = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    lesions = np.asarray(cv2.dilate((small > 0).astype(np.uint8), np.ones((5, 5), np.uint8))) > 0
    flow, trusted = _flow(baseline.grey, moved)
    trusted &= baseline.valid & (seen > 0) & ~lesions
    patches = {}
    for lesion in (int(value) for value in np.unique(small) if value):
        window = _window(small == lesion)
        shift = _fit(flow, trusted, window)
        if shift is not None and _gain(baseline.grey, moved, trusted, window, shift) > LEAST_GAIN:
            patches[lesion] = matrix @ shift
    return patches


def _flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], BoolArray]:
    """DIS flow (Kroeger 2016) from the first to the second, and where it comes home."""
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there = np.asarray(finder.calc(first, second, np.zeros((*first.shape, 2), np.float32)))
    back = np.asarray(finder.calc(second, first, np.zeros((*first.shape, 2), np.float32)))
    rows, columns = np.indices(first.shape).astype(np.float32)
    home = cv2.remap(back, columns + there[..., 0], rows + there[..., 1], cv2.INTER_LINEAR)
    left = np.linalg.norm(there + np.asarray(home), axis=2)
    far = np.linalg.norm(there, axis=2) > MOST_FLOW * max(first.shape)
    return np.asarray(there, np.float32), (left < ROUND_TRIP_PX) & ~far


def _window(lesion: BoolArray) -> tuple[slice, slice]:
    places = np.argwhere(lesion)
    half = round(WINDOW * max(lesion.shape))
    low, high = places.min(axis=0) - half, places.max(axis=0) + half + 1
    return (
        slice(max(int(low[0]), 0), min(int(high[0]), lesion.shape[0])),
        slice(max(int(low[1]), 0), min(int(high[1]), lesion.shape[1])),
    )


def _fit(
    flow: NDArray[np.float32], trusted: BoolArray, window: tuple[slice, slice]
) -> FloatArray | None:
    """Similarity (x, y) that follows the trusted flow of a window."""
    rows, columns = np.nonzero(trusted[window])
    if len(rows) < LEAST_PLACES:
        return None
    start = np.column_stack([columns + window[1].start, rows + window[0].start]).astype(np.float32)
    end = start + flow[window][rows, columns]
    fitted, kept = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=1.5)
    if np.shape(fitted) != (2, 3) or np.asarray(kept).sum() < 0.5 * len(rows):
        return None
    return np.vstack([np.asarray(fitted, np.float64), [0.0, 0.0, 1.0]])


def _gain(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    trusted: BoolArray,
    window: tuple[slice, slice],
    shift: FloatArray,
) -> float:
    size = (first.shape[1], first.shape[0])
    shifted = cv2.warpPerspective(second, np.asarray(np.linalg.inv(shift)), size)
    use = trusted[window]
    before = np.corrcoef(first[window][use], second[window][use])[0, 1]
    after = np.corrcoef(first[window][use], np.asarray(shifted)[window][use])[0, 1]
    return float(np.nan_to_num(after) - np.nan_to_num(before))
