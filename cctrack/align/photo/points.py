"""First guesses from points that look alike."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.align.photo.flat import PIXEL, Flat, FlatPair, structure, swap
from cctrack.model import FloatArray

SIZES = ((0.7, 10.0, 1), (1.4, 20.0, 2))
"""Structure that points are sought in, and of how many pixels one is used: fine texture settles
photos of one week, coarse one those of months."""

RATIO = 0.85
"""Lowe's ratio test (IJCV 2004) with his 0.8 loosened: the similarity sorts out the rest."""

INLIER = 2.5
"""Points of one site obey one similarity within this; a tilt that no scale says adds to it."""

LEAST_POINTS = 6
"""Three times what a similarity needs. What it proves is left to the blocks."""

MOST_POINTS = 2500
"""Strongest points of a photo; more are noise and cost time."""

ZOOMS = {True: (0.8, 1.25), False: (0.2, 5.0)}
"""Ratio of sizes of matched points: about 1 where both photos are in mm."""

Points = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def match_points(pair: FlatPair) -> list[FloatArray]:
    """Similarities (3, 3) in mm from the flat baseline to the flat follow-up, a guess each."""
    guesses = [_match(pair, *sizes) for sizes in SIZES]
    return [guess for guess in guesses if guess is not None]


def _match(pair: FlatPair, fine: float, coarse: float, every: int) -> FloatArray | None:
    first, second = (
        _points(flat, (fine, coarse), every) for flat in (pair.baseline, pair.followup)
    )
    if min(len(first[0]), len(second[0])) < LEAST_POINTS:
        return None
    pairs = _mutual(first[1], second[1])
    if len(pairs) < LEAST_POINTS:
        return None
    zoom = second[2][pairs[:, 1]] / first[2][pairs[:, 0]]
    low, high = ZOOMS[pair.scaled]
    pairs = pairs[(zoom > low) & (zoom < high)]
    if len(pairs) < LEAST_POINTS:
        return None
    cv2.setRNGSeed(0)
    fitted, kept = cv2.estimateAffinePartial2D(
        first[0][pairs[:, 0]],
        second[0][pairs[:, 1]],
        ransacReprojThreshold=INLIER,
        maxIters=5000,
        confidence=0.999,
    )
    if np.shape(fitted) != (2, 3) or np.asarray(kept).sum() < LEAST_POINTS:
        return None
    return swap(np.vstack([fitted, [0, 0, 1]]))


def _points(flat: Flat, sizes: tuple[float, float], every: int) -> Points:
    """Places in mm as (x, y), RootSIFT descriptions (Arandjelovic 2012) and sizes."""
    values, weight = structure(flat, sizes, every)
    grey = np.clip(128 + 50 * values[0], 0, 255).astype(np.uint8)
    detector = cv2.SIFT.create(nfeatures=MOST_POINTS, contrastThreshold=0.02)
    inside = cv2.erode((weight > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    points, found = detector.detectAndCompute(grey, inside)
    places = np.array([point.pt for point in points], np.float32).reshape(-1, 2)
    zooms = np.array([point.size for point in points], np.float32)
    known = np.zeros((0, 128), np.float32) if not len(points) else found
    rooted = np.sqrt(known / (np.abs(known).sum(axis=1, keepdims=True) + 1e-7))
    return places * np.float32(PIXEL * every), np.asarray(rooted, np.float32), zooms


def _mutual(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.intp]:
    """Pairs (n, 2) that are each other's best and clearly better than the second."""
    alike = first @ second.T
    best = alike.argmax(axis=1)
    own = np.arange(len(first))
    top = alike[own, best]
    alike_second = alike.copy()
    alike_second[own, best] = -1.0
    distance, rival = (np.sqrt(np.maximum(2 - 2 * a, 0)) for a in (top, alike_second.max(axis=1)))
    keep = (alike.argmax(axis=0)[best] == own) & (distance < RATIO * rival)
    return np.column_stack([own[keep], best[keep]])
