"""Candidate transforms between two photos: matched SIFT points, and ECC on a pyramid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

WORKING_PX = 640
"""Longest side for matching: low-frequency structure (outlines, folds, veins, naevi) carries
across months, fine skin texture does not; 0.3 x of a 2000 px photo measured best."""

RATIO = 0.8
"""Lowe's ratio test (IJCV 2004), his value."""

INLIER_PX = 4.0
"""Reprojection error of an inlier at `WORKING_PX`; skin bends, so it is not tighter."""

LEAST_MATCHES = 8
"""Twice what a homography needs, before a robust fit is worth trying."""

SKIN_HUE_DEG = (-25.0, 85.0)
"""Hue of skin in CIE ab, wide enough for every skin type and white balance."""

LEAST_CHROMA = 9.0
"""Walls, floors, cloth and paper are greyer than this; so are few skins."""

LEAST_SKIN = 0.08
"""With less of the photo in the colour of skin the colours are odd and all of it is used."""

ECC_STEPS = 60
"""ECC iterations a pyramid level; it converges in 20–40 or not at all."""

ECC_LEVELS = (4, 2, 1)
"""Reduction of the working image at each level, coarse to fine."""

BoolArray = NDArray[np.bool_]
GreyArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A photo reduced for alignment.

    Attributes
    ----------
    grey : uint8 array (rows, columns)
        Lightness, locally equalised.
    valid : bool array (rows, columns)
        False where nothing may attract the alignment.
    factor : float
        Reduced size / full size.
    """

    grey: GreyArray
    valid: BoolArray
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A homography between two views, (x, y) px of the reduced images.

    Attributes
    ----------
    matrix : array (3, 3)
    inliers : int
    residual_px : float
        Median distance of the inliers, in reduced px.
    name : str
    """

    matrix: FloatArray
    inliers: int
    residual_px: float
    name: str


def reduce_view(pixels: NDArray[np.uint8], ignore: BoolArray | None) -> View:
    """Reduce a photo to its lightness at `WORKING_PX`, masks with it."""
    factor = min(1.0, WORKING_PX / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    lightness = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.uint8)[..., 0]
    grey = cv2.createCLAHE(2.0, (8, 8)).apply(np.ascontiguousarray(lightness))
    valid = np.ones(grey.shape, dtype=bool)
    if ignore is not None:
        hidden = cv2.resize(ignore.astype(np.uint8), grey.shape[::-1], interpolation=cv2.INTER_AREA)
        valid = cv2.dilate(hidden, np.ones((9, 9), np.uint8)) == 0
    skin = _skin_coloured(np.asarray(small, np.uint8))
    if (valid & skin).mean() >= LEAST_SKIN:
        valid = valid & skin
    return View(np.asarray(grey, np.uint8), np.asarray(valid, bool), factor)


def _skin_coloured(pixels: NDArray[np.uint8]) -> BoolArray:
    """Places of skin's hue, with what lies among them: floors and walls must not attract."""
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    smooth = np.asarray(cv2.GaussianBlur(lab, (0, 0), 2), np.float32)
    hue = np.rad2deg(np.arctan2(smooth[..., 2], smooth[..., 1]))
    coloured = (
        (hue > SKIN_HUE_DEG[0])
        & (hue < SKIN_HUE_DEG[1])
        & (np.hypot(smooth[..., 1], smooth[..., 2]) > LEAST_CHROMA)
    )
    opened = cv2.morphologyEx(coloured.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((21, 21), np.uint8))
    _, parts, stats, _ = cv2.connectedComponentsWithStats(closed)
    large = np.asarray(stats)[:, cv2.CC_STAT_AREA] >= LEAST_SKIN * coloured.size / 2
    large[0] = False
    return np.asarray(large[np.asarray(parts)], bool)


def match_points(baseline: View, followup: View) -> Candidate | None:
    """Homography from SIFT points, MAGSAC++ (Barath 2020) as the robust fit."""
    first, second = (_features(view) for view in (baseline, followup))
    if first is None or second is None:
        return None
    pairs = _mutual(first[1], second[1])
    if len(pairs) < LEAST_MATCHES:
        return None
    source = first[0][[one for one, _ in pairs]]
    target = second[0][[other for _, other in pairs]]
    cv2.setRNGSeed(0)
    matrix, kept = cv2.findHomography(
        source, target, cv2.USAC_MAGSAC, INLIER_PX, maxIters=5000, confidence=0.999
    )
    if np.shape(matrix) != (3, 3):
        return None
    inside = np.asarray(kept).ravel() > 0
    if inside.sum() < LEAST_MATCHES:
        return None
    fitted = np.asarray(matrix, np.float64)
    left = _transfer(fitted, source[inside]) - target[inside]
    residual = float(np.median(np.linalg.norm(left, axis=1)))
    return Candidate(fitted, int(inside.sum()), residual, "points")


def match_intensities(
    baseline: View, followup: View, start: FloatArray | None = None
) -> Candidate | None:
    """Homography by maximising the correlation (ECC, Evangelidis 2008) on a pyramid."""
    matrix = np.eye(3) if start is None else start / start[2, 2]
    for level in ECC_LEVELS:
        improved = _ecc(baseline, followup, matrix, level)
        if improved is None:
            return None
        matrix = improved
    return Candidate(matrix, 0, 0.0, "intensities")


def correlation(baseline: View, followup: View, matrix: FloatArray) -> float:
    """Correlation of the two views where both are valid, -1 to 1; 0 where they hardly overlap."""
    size = followup.grey.shape[::-1]
    moved = cv2.warpPerspective(baseline.grey, matrix, size, flags=cv2.INTER_LINEAR)
    valid = cv2.warpPerspective(baseline.valid.astype(np.uint8), matrix, size, flags=0)
    both = (np.asarray(valid) > 0) & followup.valid
    if both.mean() < 0.05:
        return 0.0
    one, other = (_high_pass(np.asarray(view)) for view in (moved, followup.grey))
    one, other = one[both] - one[both].mean(), other[both] - other[both].mean()
    return float((one * other).mean() / (one.std() * other.std() + 1e-6))


def _features(view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    detector = cv2.SIFT.create(nfeatures=3000, contrastThreshold=0.015)
    points, descriptions = detector.detectAndCompute(view.grey, view.valid.astype(np.uint8) * 255)
    if descriptions is None or len(points) < LEAST_MATCHES:
        return None
    # RootSIFT (Arandjelovic 2012): the same descriptors, compared as distributions.
    rooted = np.sqrt(descriptions / (np.abs(descriptions).sum(axis=1, keepdims=True) + 1e-7))
    return np.array([point.pt for point in points], np.float32), rooted.astype(np.float32)


def _mutual(first: NDArray[np.float32], second: NDArray[np.float32]) -> list[tuple[int, int]]:
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    forward = {
        pair[0].queryIdx: pair[0].trainIdx
        for pair in matcher.knnMatch(first, second, k=2)
        if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance
    }
    backward = {match.queryIdx: match.trainIdx for match in matcher.match(second, first)}
    return [(one, other) for one, other in forward.items() if backward.get(other) == one]


def _ecc(baseline: View, followup: View, matrix: FloatArray, level: int) -> FloatArray | None:
    shrink = np.diag([1 / level, 1 / level, 1.0])
    sizes = [(max(8, s // level) for s in view.grey.shape[::-1]) for view in (baseline, followup)]
    images = [
        cv2.resize(view.grey, tuple(size), interpolation=cv2.INTER_AREA).astype(np.float32)
        for view, size in zip((baseline, followup), sizes, strict=True)
    ]
    images = [np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32) for image in images]
    mask = cv2.resize(followup.valid.astype(np.uint8), images[1].shape[::-1], interpolation=0)
    # ECC maps template px to input px, so it takes the way back.
    back = np.linalg.inv(shrink @ matrix @ np.linalg.inv(shrink)).astype(np.float32)
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ECC_STEPS, 1e-5)
    try:
        _, found = cv2.findTransformECC(
            images[1], images[0], back / back[2, 2], cv2.MOTION_HOMOGRAPHY, rule, mask, 5
        )
    except cv2.error:
        return None
    grown = np.linalg.inv(shrink) @ np.linalg.inv(np.asarray(found, np.float64)) @ shrink
    return np.asarray(grown / grown[2, 2], np.float64)


def _high_pass(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Structure finer than a tenth of the image: shading would correlate by itself."""
    smooth = image.astype(np.float32)
    low = cv2.GaussianBlur(smooth, (0, 0), max(image.shape) / 20)
    return np.asarray(cv2.GaussianBlur(smooth, (0, 0), 1.5) - low, np.float32)


def _transfer(matrix: FloatArray, points: NDArray[np.float32]) -> FloatArray:
    mapped = np.column_stack([points, np.ones(len(points))]) @ np.asarray(matrix).T
    places: FloatArray = mapped[:, :2] / mapped[:, 2:]
    return places
