"""Turn an image of any kind into grey or colour that a screen can show."""

import numpy as np
from numpy.typing import NDArray

from cctrack.report.pen import RgbArray

CT_WINDOW_HU = (-150.0, 850.0)
"""Soft tissue stays visible and a deposit does not burn out."""

PROJECTION_WINDOW_HU = (-100.0, 1100.0)
"""A projection picks the densest bone; a wider window keeps deposits in front of it visible."""

FILM_PERCENTILES = (1.0, 99.7)
"""The part of a film's grey values that is stretched over the screen."""


def grey(values: NDArray[np.float32], low: float, high: float) -> RgbArray:
    """Stretch ``low`` … ``high`` over 0–255 and repeat it for red, green and blue."""
    span = max(high - low, 1e-6)
    shown = np.clip((values - low) * (255.0 / span), 0.0, 255.0).astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=-1)


def film_window(pixels: NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey values to show as black and white."""
    low, high = np.percentile(pixels, FILM_PERCENTILES)
    return float(low), float(high)
