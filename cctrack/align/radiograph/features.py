"""Match points of two films and fit one affine to them."""

from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.align.radiograph.view import View
from cctrack.model import FloatArray

MAX_FEATURES = 4000
"""SIFT points a film; more cost time quadratically and add noise."""

MATCH_RATIO = 0.85
"""Lowe's ratio. Bones of one hand resemble each other, so RANSAC, not the ratio, decides."""

ARTICULATION_PX = 10.0
"""Distance (2.5 mm) within which an articulated hand still follows one affine."""

MIN_POINTS = 6
"""Twice what an affine needs; with fewer matches RANSAC finds agreement in anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Point pairs, working (x, y) arrays (n, 2), both in the same order."""

    baseline: FloatArray
    followup: FloatArray

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.baseline)


def match_views(baseline: View, followup: View) -> Matches:
    """Pair points that look alike in both films, each other's best."""
    points, descriptors = zip(*(_describe(view) for view in (baseline, followup)), strict=True)
    if min(len(found) for found in points) < MIN_POINTS:
        return Matches(np.empty((0, 2)), np.empty((0, 2)))
    forward = _best(descriptors[0], descriptors[1])
    backward = _best(descriptors[1], descriptors[0])
    pairs = [(one, other) for one, other in forward.items() if backward.get(other) == one]
    chosen = np.array(pairs, int).reshape(-1, 2)
    return Matches(points[0][chosen[:, 0]], points[1][chosen[:, 1]])


def fit_affine(matches: Matches) -> tuple[FloatArray, np.ndarray] | None:
    """Fit an affine by RANSAC: matrix (3, 3) and the inliers (n,) bool; None if there is none."""
    if len(matches) < MIN_POINTS:
        return None
    cv2.setRNGSeed(0)
    found = cv2.estimateAffine2D(
        matches.baseline,
        matches.followup,
        method=cv2.RANSAC,
        ransacReprojThreshold=ARTICULATION_PX,
        maxIters=5000,
        confidence=0.999,
    )
    matrix, inliers = found
    if np.shape(matrix) != (2, 3):  # OpenCV gives None when there is no agreement
        return None
    return np.vstack([matrix, [0, 0, 1]]), inliers.ravel().astype(bool)


def map_points(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Apply a homogeneous affine (3, 3) to points (n, 2)."""
    mapped: FloatArray = points @ matrix[:2, :2].T + matrix[:2, 2]
    return mapped


def _describe(view: View) -> tuple[FloatArray, np.ndarray]:
    grey = np.clip(127.5 + 50.0 * view.contrast, 0, 255).astype(np.uint8)
    sift = cv2.SIFT.create(nfeatures=MAX_FEATURES, contrastThreshold=0.02)
    keypoints, descriptors = sift.detectAndCompute(grey, view.tissue.astype(np.uint8))
    if not keypoints:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    # RootSIFT: the Hellinger distance is less ruled by single strong edges.
    descriptors = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return np.array([point.pt for point in keypoints], float), descriptors


def _best(descriptors: np.ndarray, others: np.ndarray) -> dict[int, int]:
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, others, k=2)
    return {
        pair[0].queryIdx: pair[0].trainIdx
        for pair in nearest
        if len(pair) == 2 and pair[0].distance < MATCH_RATIO * pair[1].distance
    }
