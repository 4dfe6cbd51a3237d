"""What a flat marker cannot tell: how far the skin beside it has turned away.

Skin on a limb of radius R, at a distance d round the limb from where the marker touches it, is
turned by d / R. Seen at a tilt T its area is smaller by cos(d / R) - tan(T) sin(d / R), nothing of
which shows in the photo. Which way the limb runs is not known either. The error of a length's
logarithm, half of that of area, has therefore a second moment that grows with the distance:
a quarter of tan²(T) d² / R² for the first term, d⁴ / 16 R⁴ for the second, times the mean of what
the limb's direction makes of it.
"""

import numpy as np

from cctrack.calibrate.pose import CameraModel, mapped, rotation_of
from cctrack.model import FloatArray

BODY_CURVATURE = 0.009
"""Assumed root mean square of 1 / R in 1 / mm. From wrist to trunk it is 0.019: radii of 28, 45,
55, 62, 95, 160 and 260 mm, from circumferences of 17.5 (wrist), 28 (forearm), 34.5 (upper arm), 39
(calf), 60 (thigh) and 100 cm (trunk), assumed as usual, and the flat of a back that is an ellipse
of 34 by 22 cm. Intervals of that width would hide most changes, and the guide asks for a marker
along the limb: there 0.009 covers 91 % of computed placements. See decision 0012."""

KURTOSIS = 2.3
"""Mean of 1 / R⁴ of the same over the square of that of 1 / R²."""

MOST_GAP_MM = 5.0
"""A marker that is flat does not stand off the skin by more at its edges: a frame of 70 mm does not
lie flat on a calf. It bounds 1 / R to eight times this over the square of the marker's width."""

NEAR_MM = 20.0
"""From the marker's middle to a lesion beside it: there the second term, which grows with the
square of the distance, is taken over into one that grows with the distance."""

ACROSS, ALONG = 1 / 8, 1 / 4
"""Mean of sin² a sin² (a - b) over directions a of the limb is 1/8 + cos² b / 4."""

TWICE = 3 / 8
"""Mean of sin⁴."""


def curvature_terms(x: FloatArray, model: CameraModel, points_mm: FloatArray) -> FloatArray:
    """Error of lengths beside a flat marker on skin of unknown curvature.

    Parameters
    ----------
    x : array (k,)
        Pose of the camera.
    model : CameraModel
    points_mm : array (n, 2)
        Points of all targets on their plane.

    Returns
    -------
    array (3, 3)
        Second moments of the (offset, slope per row, slope per column) of a length's logarithm.
    """
    middle = (points_mm.min(axis=0) + points_mm.max(axis=0)) / 2
    projection = model.projection(x)
    centre = mapped(projection, middle[None])[0]
    to_px = _slope(projection, middle)
    slant = _slant(x, model, centre)
    curvature2 = min(BODY_CURVATURE, 8 * MOST_GAP_MM / max(_width(points_mm), 1.0) ** 2) ** 2
    first = curvature2 / 4 * (ACROSS * slant @ slant * np.eye(2) + ALONG * np.outer(slant, slant))
    second = KURTOSIS * curvature2**2 * NEAR_MM**2 * TWICE / 16 * np.eye(2)
    to_mm = np.linalg.inv(to_px)
    slopes = to_mm.T @ (first + second) @ to_mm
    return np.block(
        [[centre @ slopes @ centre, -centre @ slopes], [-(slopes @ centre)[:, None], slopes]]
    )


def _slope(matrix: FloatArray, at: FloatArray) -> FloatArray:
    """Differentiate a homography (3, 3) at a point: array (2, 2)."""
    seen = matrix @ np.array([*at, 1.0])
    slope: FloatArray = (matrix[:2, :2] - np.outer(seen[:2] / seen[2], matrix[2, :2])) / seen[2]
    return slope


def _slant(x: FloatArray, model: CameraModel, centre_px: FloatArray) -> FloatArray:
    """Direction (2,) on the plane in which it recedes there, times the tangent of the tilt."""
    away = (centre_px - model.axis_px(x)) / model.focal_px(x)
    ray = rotation_of(x).T @ np.array([*away, 1.0])
    slant: FloatArray = ray[:2] / ray[2]
    return slant


def _width(points_mm: FloatArray) -> float:
    """Smaller extent of points (n, 2): a row of ticks has none, and may lie along a limb."""
    away = points_mm - points_mm.mean(axis=0)
    axes = np.linalg.svd(away, full_matrices=False)[2]
    return float(np.ptp(away @ axes.T, axis=0).min())
