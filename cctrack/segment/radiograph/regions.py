"""Join pixels that look like calcium into regions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.expected import match_expected
from cctrack.segment.radiograph.features import blur
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid, disc

SMOOTH_MM = 0.25
"""The odds are smoothed by this before they are cut: the border of one px row is no border."""

EDGE_ODDS = -1.2
"""Log-odds at a region's border. Of a faint plate few px are likelier calcium than not, yet they
belong together; what a region is, is judged afterwards, and its border drawn anew."""

SEED_ODDS = -0.3
"""A region needs a px this sure; fainter ones are noise or trabeculae."""

EXPECTED_SEED_ODDS = -1.0
"""Where another visit shows a deposit, any px above the border will do."""

JOIN_MM = 0.6
"""Pieces closer than this are one deposit: the strands of a net, the grains of a plaque."""

SMALLEST_MM2 = 0.8
"""Smaller spots are noise, dust or trabeculae more often than calcium."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Candidate deposits on the working grid.

    Attributes
    ----------
    labels : int32 array (rows, columns)
        1 to count; 0 is background.
    odds : float32 array (rows, columns)
        Smoothed log-odds the regions were cut from.
    expected : bool array (count,)
        Regions that lie where another visit shows a deposit.
    """

    labels: NDArray[np.int32]
    odds: Float32Array
    expected: BoolArray

    @property
    def count(self) -> int:
        """Number of regions."""
        return int(self.labels.max(initial=0))


def find_regions(odds: Float32Array, grid: Grid, expected: BoolArray | None = None) -> Regions:
    """Cut the odds into candidate regions, generously.

    Parameters
    ----------
    odds : float32 array (rows, columns)
        Log-odds of a deposit.
    grid : Grid
    expected : bool array (rows, columns) or None
        Where another visit shows deposits, on the grid: fainter regions are kept there.
    """
    smooth = blur(odds, SMOOTH_MM / grid.mm)
    inside = (smooth > EDGE_ODDS) & grid.tissue
    grown = cv2.dilate(inside.astype(np.uint8), disc(0.5 * JOIN_MM / grid.mm))
    _, groups = cv2.connectedComponents(grown, connectivity=8)
    labels = np.where(inside, groups, 0)
    matched = match_expected(labels, expected, grid.mm)
    kept = _worth_keeping(labels, smooth, matched, grid.mm)
    numbers = np.zeros(len(kept), np.int32)
    numbers[kept] = np.arange(1, np.count_nonzero(kept) + 1)
    return Regions(numbers[labels], smooth, matched[kept])


def surest(odds: Float32Array, labels: NDArray[np.int32]) -> Float32Array:
    """Highest odds (1 + largest label,) of each label; those of the background are the least."""
    peaks = np.full(int(labels.max(initial=0)) + 1, -np.inf, np.float32)
    inside = labels > 0
    np.maximum.at(peaks, labels[inside], odds[inside])
    return peaks


def _worth_keeping(
    labels: NDArray[np.int32], odds: Float32Array, matched: BoolArray, mm: float
) -> BoolArray:
    count = int(labels.max(initial=0)) + 1
    areas_mm2 = np.bincount(labels.ravel(), minlength=count) * mm**2
    peaks = surest(odds, labels)
    least = np.where(matched, EXPECTED_SEED_ODDS, SEED_ODDS)
    kept: BoolArray = (areas_mm2 >= SMALLEST_MM2) & (peaks >= least)
    kept[0] = False
    return kept
