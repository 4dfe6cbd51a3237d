"""Where a photo shows things of known size, so that the window can point at them."""

import numpy as np
from numpy.typing import NDArray
from skimage.measure import approximate_polygon, find_contours

from cctrack.study.edited import scale_objects
from cctrack.study.pipeline import Measured

LOOK_PX = 800
"""Longer side at which borders are followed: only to point at things."""

LEAST_SHARE = 0.02
"""Borders shorter than this share of the image's longer side are specks."""


def object_borders(measured: Measured) -> tuple[NDArray[np.float64], ...]:
    """Return a polygon (n, 2) in px round each thing that the scale may come from; photos only."""
    shown = scale_objects(measured)
    step = max(1, max(shown.shape) // LOOK_PX)
    small = np.pad(shown[::step, ::step], 1)
    borders = []
    for contour in find_contours(small.astype(float), 0.5):
        extent = np.ptp(contour, axis=0).max() * step
        if extent >= LEAST_SHARE * max(shown.shape):
            borders.append((approximate_polygon(contour, 1.0)[:-1] - 1.0) * step)
    return tuple(border for border in borders if len(border) >= 3)
