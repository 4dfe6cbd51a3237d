"""Find where small blocks of skin went: what refines a transform, and what proves it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo.flat import PIXEL, Channel, FlatPair, grid_matrix, structure, swap
from cctrack.model import FloatArray

LEAST_KNOWN = 0.75
"""Share of a block that must show skin in both photos."""

LEAST_CONTRAST = 0.05
"""SD of the structure of a block, which is about 1 on skin: below it there is nothing to find."""

LEAST_SCORE = 0.15
"""Correlation of a block with its best place; what is found at less is found anywhere."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """How blocks are cut and how far they are sought.

    Attributes
    ----------
    sizes : (float, float)
        Structure that is compared.
    every : int
        Uses one of so many pixels of the flat photo.
    side, step, reach : float
    """

    sizes: tuple[float, float]
    every: int
    side: float
    step: float
    reach: float


COARSE = Blocks((2.5, 14.0), 3, 26.0, 9.0, 9.0)
"""Veins and mottling a centimetre apart last for months and forgive a first guess 9 mm off."""

FINE = Blocks((0.9, 6.0), 1, 12.0, 6.5, 3.5)
"""Small enough that the skin of a block moves as one, large enough to hold a few marks."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Where blocks of the baseline were found.

    Attributes
    ----------
    source, target : array (n, 2)
        Middles on the flat baseline, and their places on the flat follow-up.
    sought : int
        Blocks that both photos show enough of, found or not.
    """

    source: FloatArray
    target: FloatArray
    sought: int


class BlockMatcher:
    """Two flat photos made ready for one way of cutting blocks."""

    def __init__(self, pair: FlatPair, blocks: Blocks) -> None:
        self._pixel = PIXEL * blocks.every
        self._side = round(blocks.side / self._pixel)
        self._step = round(blocks.step / self._pixel)
        self._reach = round(blocks.reach / self._pixel)
        self._baseline = structure(pair.baseline, blocks.sizes, blocks.every)
        self._followup = structure(pair.followup, blocks.sizes, blocks.every)
        self._contrast = [_spread(item, self._side) for item in self._baseline[0]]

    def match(self, motion: FloatArray) -> Matches:
        """Look for each block of the baseline around the place that a motion puts it at.

        Parameters
        ----------
        motion : array (3, 3)
            From the flat baseline to the flat follow-up, homogeneous (row, column, 1).
        """
        moved, seen = self._pulled_back(motion)
        source, shifts = [], []
        corners = self._corners(seen)
        for row, column in corners:
            shift = self._seek(moved, int(row), int(column))
            if shift is not None:
                source.append((row, column))
                shifts.append(shift)
        middles = (np.array(source, float).reshape(-1, 2) + (self._side - 1) / 2) * self._pixel
        there = middles + np.array(shifts, float).reshape(-1, 2) * self._pixel
        return Matches(middles, apply_matrix(motion, there), len(corners))

    def _pulled_back(self, motion: FloatArray) -> tuple[Channel, Channel]:
        """Follow-up's structure on the baseline's grid."""
        size = self._baseline[1].shape[::-1]
        warp = swap(grid_matrix(motion, self._pixel))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        values, weight = self._followup
        moved = [cv2.warpPerspective(item, warp, size, flags=flags) for item in (*values, weight)]
        return np.asarray(moved[:2], np.float32), np.asarray(moved[2], np.float32)

    def _corners(self, seen: Channel) -> NDArray[np.intp]:
        """Upper left corners (n, 2) of the blocks that show enough skin in both photos."""
        rows, columns = (
            np.arange(self._reach, extent - self._side - self._reach, self._step)
            for extent in seen.shape
        )
        both = np.minimum(_means(self._baseline[1], self._side), _means(seen, self._side))
        down, across = np.nonzero(both[np.ix_(rows, columns)] >= LEAST_KNOWN)
        return np.column_stack([rows[down], columns[across]])

    def _seek(self, moved: Channel, row: int, column: int) -> tuple[float, float] | None:
        """Shift (row, column) in px at which a block is found, None where it is not."""
        side, reach = self._side, self._reach
        block = np.s_[row : row + side, column : column + side]
        field = np.s_[row - reach : row + side + reach, column - reach : column + side + reach]
        scores = [
            cv2.matchTemplate(there[field], here[block], cv2.TM_CCOEFF_NORMED)
            for here, there, spread in zip(self._baseline[0], moved, self._contrast, strict=True)
            # OpenCV calls everything a perfect match of what has no contrast.
            if spread[row, column] > LEAST_CONTRAST
        ]
        if not scores:
            return None
        score = np.mean(scores, axis=0)
        down, across = (int(at) for at in np.unravel_index(int(np.argmax(score)), score.shape))
        inside = 0 < down < 2 * reach and 0 < across < 2 * reach
        if not inside or score[down, across] < LEAST_SCORE:
            return None
        top = _between(score[:, across], down), _between(score[down], across)
        return top[0] - reach, top[1] - reach


def _between(values: Channel, peak: int) -> float:
    """Top of the parabola through a peak and its neighbours."""
    before, here, after = (float(values[peak + offset]) for offset in (-1, 0, 1))
    bend = before - 2 * here + after
    return peak + (0.5 * (before - after) / bend if bend < -1e-9 else 0.0)


def _means(weight: Channel, side: int) -> Channel:
    """Mean over the square that starts at each pixel."""
    sums = cv2.boxFilter(weight, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums, dtype=np.float32)


def _spread(values: Channel, side: int) -> Channel:
    """SD over the square that starts at each pixel."""
    power = _means(values * values, side) - _means(values, side) ** 2
    return np.asarray(np.sqrt(np.maximum(power, 0.0)), dtype=np.float32)
