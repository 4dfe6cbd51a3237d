"""From a first guess to a transform that blocks of skin agree on, and how many of them do."""

from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo.bend import Field, fit_field
from cctrack.align.photo.blocks import COARSE, FINE, BlockMatcher, Matches
from cctrack.align.photo.flat import BoolArray, FlatPair, swap
from cctrack.model import FloatArray

COARSE_NEAR, FINE_NEAR = 3.0, 2.5
"""Blocks that agree with one plane transform lie within this of it: skin stretches by 1 to 2 mm."""

AGREES = 0.8
"""A block agrees that was found within this of the place at which the other blocks expect it."""

LEAST_BLOCKS = 6
"""Twice what an affine transform needs."""

LEAST_LIKELY, RIVAL, RIVALS = 0.25, 0.6, 2
"""A guess is followed up when more than this share of its large blocks agree, and this share of
the best guess's; at most so many of them."""

APART = 5.0
"""Motions that put the middle further apart than this are different."""


Approach = tuple[FloatArray, FloatArray]
"""A motion as large blocks have improved it, and the guess that it began with."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A transform between two flat photos, and what speaks for it.

    Attributes
    ----------
    motion : array (3, 3)
        In mm.
    field : Field or None
        Shift on top of it.
    source : array (n, 2)
        Middles of the blocks in mm of the flat baseline.
    agrees : bool array (n,)
        Blocks that lie where the half of the blocks that they are not in expects them.
    sought : int
        Blocks that both photos show, those that were not found among them.
    left : array (n,)
        How far they lie from there.
    """

    motion: FloatArray
    field: Field | None
    source: FloatArray
    sought: int
    agrees: BoolArray
    left: FloatArray

    @property
    def share(self) -> float:
        """Share of all blocks that agree, 0 to 1."""
        return float(self.agrees.sum()) / max(self.sought, 1)

    def carry(self, places: FloatArray) -> FloatArray:
        """Map places (n, 2) of the flat baseline onto the flat follow-up."""
        moved = apply_matrix(self.motion, places)
        return moved if self.field is None else moved + self.field.at(places)


class Fitter:
    """Two flat photos with all that fitting needs of them."""

    def __init__(self, pair: FlatPair) -> None:
        self._size = pair.baseline.size
        self._coarse = BlockMatcher(pair, COARSE)
        self._fine = BlockMatcher(pair, FINE)
        self._settled = "affine" if pair.scaled else "homography"

    def approach(self, guesses: list[FloatArray]) -> list[Approach]:
        """Improve guesses by large blocks and keep those that could be right, the likeliest first.

        Guesses that end at the same place are one.
        """
        tried = [(*self._by_large_blocks(guess), guess) for guess in guesses]
        tried.sort(key=lambda item: -item[0])
        kept: list[Approach] = []
        for share, motion, guess in tried:
            likely = share > LEAST_LIKELY and share > RIVAL * tried[0][0]
            if likely and len(kept) < RIVALS and all(self._apart(motion, one) for one, _ in kept):
                kept.append((motion, guess))
        return kept

    def _by_large_blocks(self, guess: FloatArray) -> tuple[float, FloatArray]:
        """Share of the large blocks that agree on a motion near a guess, and the motion."""
        share, motion = 0.0, guess
        for model in ("similarity", "affine"):
            matches = self._coarse.match(motion)
            found = _plane_fit(matches, COARSE_NEAR, model)
            if found is None:
                return 0.0, motion
            motion = found
            left = np.linalg.norm(apply_matrix(motion, matches.source) - matches.target, axis=1)
            share = float(np.sum(left < COARSE_NEAR)) / matches.sought
        return share, motion

    def _apart(self, motion: FloatArray, other: FloatArray) -> bool:
        middle = self._size[None] / 2
        return bool(
            np.linalg.norm(apply_matrix(motion, middle) - apply_matrix(other, middle)) > APART
        )

    def settle(self, motion: FloatArray) -> Fit:
        """Fit small blocks: a plane transform, then the bend of the skin."""
        matches = self._fine.match(motion)
        found = _plane_fit(matches, FINE_NEAR, self._settled)
        if found is not None:
            motion = found
            matches = self._fine.match(motion)
        left = matches.target - apply_matrix(motion, matches.source)
        held_out = np.full(len(left), np.inf)
        if len(left) >= LEAST_BLOCKS:
            for half in _halves(matches.source):
                field = fit_field(matches.source[~half], left[~half], self._size)
                missed = left[half] - field.at(matches.source[half])
                held_out[half] = np.linalg.norm(missed, axis=1)
        field = fit_field(matches.source, left, self._size)
        return Fit(motion, field, matches.source, matches.sought, held_out < AGREES, held_out)


def _halves(places: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Split blocks like the fields of a chess board, each field as wide as a block."""
    field = np.floor(places / FINE.side).astype(int)
    dark: BoolArray = field.sum(axis=1) % 2 == 0
    return dark, ~dark


def _plane_fit(matches: Matches, within: float, model: str) -> FloatArray | None:
    """Robust transform of the plane through matched blocks; None where they do not carry one."""
    if len(matches.source) < LEAST_BLOCKS:
        return None
    source, target = (
        np.ascontiguousarray(points[:, ::-1], np.float32)
        for points in (matches.source, matches.target)
    )
    cv2.setRNGSeed(0)
    if model == "homography":
        fitted, _ = cv2.findHomography(source, target, cv2.RANSAC, within, maxIters=2000)
        return swap(np.asarray(fitted)) if np.shape(fitted) == (3, 3) else None
    fit = cv2.estimateAffine2D if model == "affine" else cv2.estimateAffinePartial2D
    fitted, _ = fit(source, target, ransacReprojThreshold=within, maxIters=2000)
    return swap(np.vstack([fitted, [0, 0, 1]])) if np.shape(fitted) == (2, 3) else None
