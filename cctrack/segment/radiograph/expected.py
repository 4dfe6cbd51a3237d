"""What another visit of the same part leads to expect on a film."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import BoolArray, Grid, disc

EXPECTED_DICE = 0.3
"""A region that shares less than this with what is expected is another deposit: after a change of
size by half and a shift of a quarter of its width, the same deposit still shares more."""

EXPECTED_ODDS = 3.0
"""Log-odds that what one visit shows is there at another: 95 %."""

GATHER_MM = 0.6
"""Pieces of what is expected that lie closer than this are one deposit, like those of regions."""


def on_grid(expected: BoolArray, grid: Grid) -> BoolArray:
    """Bring a mask of the film (rows, columns) onto the working grid."""
    mask = expected.astype(np.float32)
    small = cv2.resize(mask, grid.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small) >= 0.5


def match_expected(
    labels: NDArray[np.int32], expected: BoolArray | None, mm: float
) -> NDArray[np.bool_]:
    """Say of each label whether it is an expected deposit.

    Parameters
    ----------
    labels : int32 array (rows, columns)
        0 is background.
    expected : bool array (rows, columns) or None
        On the same grid.
    mm : float
        Side of a px.

    Returns
    -------
    matched : bool array (1 + largest label,)
        True where the Dice overlap of a label with one deposit reaches `EXPECTED_DICE`.
    """
    count = int(labels.max(initial=0)) + 1
    matched = np.zeros(count, bool)
    if expected is None or not expected.any():
        return matched
    grown = cv2.dilate(expected.astype(np.uint8), disc(0.5 * GATHER_MM / mm))
    deposits = np.where(expected, cv2.connectedComponents(grown, connectivity=8)[1], 0)
    sizes = (np.bincount(labels.ravel(), minlength=count), np.bincount(deposits.ravel()))
    both = (labels > 0) & (deposits > 0)
    pairs, shared = np.unique(
        np.stack([labels[both], deposits[both]], axis=1), axis=0, return_counts=True
    )
    dice = 2.0 * shared / (sizes[0][pairs[:, 0]] + sizes[1][pairs[:, 1]])
    matched[pairs[dice >= EXPECTED_DICE, 0]] = True
    return matched
