"""First guesses by trying every turn and shift of one flat photo on another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cctrack._cv2 import cv2
from cctrack.align.photo.blocks import COARSE
from cctrack.align.photo.flat import PIXEL, Channel, FlatPair, grid_matrix, structure, swap
from cctrack.model import FloatArray

EVERY = 4
"""Uses one of so many pixels of the flat photos: 1.4 mm, for structure of 2.5 mm and more."""

SEARCH = PIXEL * EVERY

TURN_STEP_DEG = 6.0
"""At 60 mm from the middle half a step is 3 mm, still within the structure correlated."""

ZOOMS = (0.64, 0.8, 1.0, 1.25, 1.56)
"""Tried where no scale says how large one photo is beside the other."""

LEAST_OVERLAP = 0.25
"""Share of the smaller field that both photos must show; less and chance wins."""

GUESSES = 5
"""Best turns that are looked at closer."""

APART_DEG = 13.0
"""Neighbouring turns are one guess, not two."""


def search(pair: FlatPair) -> list[FloatArray]:
    """Motions (3, 3) in mm from the flat baseline to the flat follow-up, the best first."""
    values, weight = structure(pair.baseline, COARSE.sizes, EVERY)
    zooms = (1.0,) if pair.scaled else ZOOMS
    found: list[tuple[float, float, FloatArray]] = []
    side = int(np.ceil(np.hypot(*weight.shape) * max(zooms))) + 1
    followup = structure(pair.followup, COARSE.sizes, EVERY)
    target = _Spectrum.of(followup, side, float(weight.sum()))
    for zoom in zooms:
        for turn in np.arange(-180.0, 180.0, TURN_STEP_DEG):
            turned = _turn(weight.shape, float(turn), zoom, side)
            score, shift = _best_shift((values, weight), turned, target)
            found.append((score, float(turn), grid_matrix(_shift(shift) @ turned, 1 / SEARCH)))
    found.sort(key=lambda item: -item[0])
    return _distinct(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Spectrum:
    """Transforms of the follow-up that every turn is correlated with."""

    shape: tuple[int, int]
    side: int
    structure: NDArray[np.complex64]
    power: NDArray[np.complex64]
    weight: NDArray[np.complex64]
    area: float

    @classmethod
    def of(cls, followup: tuple[Channel, Channel], side: int, area: float) -> "_Spectrum":
        """Transform a follow-up's structure for a turned baseline of some side and area."""
        values, weight = followup
        rows, columns = (fft.next_fast_len(size + side, real=True) for size in weight.shape)
        shape = (rows, columns)
        return cls(
            shape=shape,
            side=side,
            structure=fft.rfft2(values, shape),
            power=fft.rfft2((values**2).sum(axis=0), shape),
            weight=fft.rfft2(weight, shape),
            area=min(float(weight.sum()), area),
        )


def _best_shift(
    baseline: tuple[Channel, Channel], turned: FloatArray, target: _Spectrum
) -> tuple[float, FloatArray]:
    """Best correlation over all shifts of the turned baseline."""
    warp, size = swap(turned)[:2], (target.side, target.side)
    values = np.stack([_moved(item, warp, size) for item in baseline[0]])
    weight = _moved(baseline[1], warp, size)

    def correlate(item: Channel, spectrum: NDArray[np.complex64]) -> Channel:
        product = np.conj(fft.rfft2(item, target.shape)) * spectrum
        whole = product if product.ndim == 2 else product.sum(axis=0)
        return np.asarray(fft.irfft2(whole, target.shape), dtype=np.float32)

    own = correlate((values**2).sum(axis=0), target.weight)
    other = correlate(weight, target.power)
    score = correlate(values, target.structure) / np.sqrt(np.maximum(own * other, 1e-3))
    # A small overlap correlates well by chance: its noise grows with one over the root of it.
    share = np.clip(correlate(weight, target.weight) / target.area, 0.0, 1.0)
    score = np.where(share >= LEAST_OVERLAP, score * np.sqrt(share), -1.0)
    peak = np.unravel_index(int(np.argmax(score)), score.shape)
    last = zip(peak, target.shape, strict=True)
    shift = [int(at) - size if at > size - target.side else int(at) for at, size in last]
    return float(score[peak]), np.array(shift, dtype=np.float64)


def _moved(values: Channel, warp: FloatArray, size: tuple[int, int]) -> Channel:
    return np.asarray(cv2.warpAffine(values, warp, size), dtype=np.float32)


def _turn(shape: tuple[int, ...], turn_deg: float, zoom: float, side: int) -> FloatArray:
    """Turn and zoom a grid about its middle into a square that holds it at every angle."""
    angle = np.deg2rad(turn_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(shape) - 1) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = zoom * rotation
    matrix[:2, 2] = (side - 1) / 2 - zoom * rotation @ middle
    return matrix


def _shift(offset: FloatArray) -> FloatArray:
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix


def _distinct(found: list[tuple[float, float, FloatArray]]) -> list[FloatArray]:
    """Best motions of turns that lie apart."""
    kept: list[tuple[float, FloatArray]] = []
    for _, turn, motion in found:
        apart = [abs((turn - other + 180) % 360 - 180) for other, _ in kept]
        if len(kept) < GUESSES and min(apart, default=np.inf) > APART_DEG:
            kept.append((turn, motion))
    return [motion for _, motion in kept]
