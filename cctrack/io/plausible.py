"""Tell Hounsfield units from values that only pretend to be: a wrong sign, a lost offset."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.io.stored import Rescaled
from cctrack.model import Because

HIGHEST_HU = 31_743
"""Top of the extended scale (15 bits less 1024); a signed value read as unsigned lies above it."""

EMPTY_BELOW_HU = -1300
"""Nothing attenuates less than vacuum (-1000 HU), noise in air takes off 300 at most: what lies
below fills the corners outside the reconstructed circle (-2000, -3024), marked or not."""

DENSE_HU = 1500
"""Denser than most cortical bone: at the border of an image nothing is, but metal."""

DENSE_BORDER = 0.25
"""From this share on, the border of a slice is padding that is not marked, or air with a wrong
sign; a crop through bone reaches a tenth."""

NO_AIR_ABOVE_HU = -200
"""Fat lies at -100 HU, air and lung far below."""

BRIGHT_HU = 700
"""Soft tissue that lost the usual offset of 1024 lies above; else only cortical bone does."""

BRIGHT_SHARE = 0.15
"""A series without any air or fat in which so much is as dense as bone has lost its offset."""


def require_possible(values: Rescaled, outside: NDArray[np.bool_] | None) -> None:
    """Refuse one slice whose values cannot be Hounsfield units.

    Parameters
    ----------
    values : int16, int32 or float64 array (rows, columns)
        After the rescale, before they are clipped.
    outside : bool array or None
        Padding, which may hold anything.

    Raises
    ------
    UnreadableImage
        If there are values beyond every scale, or a border as dense as bone.
    """
    inside = values if outside is None else values[~outside]
    highest = float(inside.max(initial=-1024))
    if highest > HIGHEST_HU:
        raise UnreadableImage(
            Because.NOT_HOUNSFIELD,
            f"values up to {highest:.0f}: no matter is that dense, the sign is wrong",
        )
    border = _border(values)
    if outside is not None:
        border = border[~_border(outside)]
    if np.count_nonzero(border >= DENSE_HU) > DENSE_BORDER * border.size:
        raise UnreadableImage(
            Because.NOT_HOUNSFIELD,
            "a border denser than bone: padding that is not marked, or a wrong sign",
        )


def _border(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])


class Offset:
    """Watches the slices of a series for air and fat that are nowhere to be seen."""

    def __init__(self) -> None:
        self._lowest = 0
        self._bright = 0
        self._all = 0

    def add(self, hu: NDArray[np.int16], outside: NDArray[np.bool_] | None) -> None:
        """Take in a slice; what is no data does not count as air."""
        if self._lowest <= NO_AIR_ABOVE_HU:
            # Nothing can be lost any more; most series end up here with their first slice.
            return
        inside = hu if outside is None else hu[~outside]
        self._lowest = min(self._lowest, int(inside.min(initial=0)))
        self._bright += int(np.count_nonzero(hu > BRIGHT_HU))
        self._all += hu.size

    def require_none(self) -> None:
        """Refuse a series whose water does not lie at 0; raises `UnreadableImage`."""
        if self._lowest > NO_AIR_ABOVE_HU and self._bright > BRIGHT_SHARE * self._all:
            raise UnreadableImage(
                Because.NOT_HOUNSFIELD,
                f"no air or fat, and {100 * self._bright / self._all:.0f} % as dense as bone: "
                "the offset of the values is lost",
            )
