"""What the light and the camera did to a photo's colours, so that it can be shown without it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SRGB_KNEE, SRGB_POWER = 0.04045, 2.4
"""IEC 61966-2-1: below the knee sRGB is linear in light."""

BURNT = 250
"""Grey value from which a channel holds no more light; with two of them a pixel has no colour."""


@dataclass(frozen=True, slots=True, eq=False)
class ColourCorrection:
    """A photo's colours beside those printed on the sheet that lies in it.

    For viewing only: no size and no outline depends on it.

    Attributes
    ----------
    matrix : float array (3, 3)
        Linear light (red, green, blue) of the photo to that under even, neutral light.
    patches : int
        Patches it rests on.
    before, residual : float
        Mean difference of the patches from their colours in CIE Lab (CIE76), as photographed and
        after correction. 2 is just seen; a printer alone makes 5 to 10.
    """

    matrix: NDArray[np.float64]
    patches: int
    before: float
    residual: float

    def applied(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Correct sRGB pixels (..., 3); burnt-out ones have no known colour and become neutral."""
        # One look-up each way is a tenth of the work of powers.
        light = to_light(np.arange(256) / 255.0).astype(np.float32)
        mixed = light[pixels] @ self.matrix.T.astype(np.float32)
        burnt = (pixels >= BURNT).sum(axis=-1) >= 2
        mixed[burnt] = mixed[burnt].max(axis=-1, keepdims=True)
        steps = np.rint(np.clip(mixed, 0, 1) * (len(_SHOWN) - 1)).astype(np.uint16)
        return _SHOWN[steps]


def to_light(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light (0-1) of sRGB values (0-1), IEC 61966-2-1."""
    low = srgb / 12.92
    return np.where(srgb <= SRGB_KNEE, low, ((srgb + 0.055) / 1.055) ** SRGB_POWER)


def from_light(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of sRGB (0-1) of linear light (0-1): the inverse of `to_light`."""
    high = 1.055 * np.maximum(light, 0) ** (1 / SRGB_POWER) - 0.055
    return np.where(light <= SRGB_KNEE / 12.92, 12.92 * light, high)


_SHOWN = np.rint(255 * from_light(np.arange(1 << 14) / ((1 << 14) - 1))).astype(np.uint8)
"""8-bit sRGB of linear light in steps fine enough for the darkest values."""
