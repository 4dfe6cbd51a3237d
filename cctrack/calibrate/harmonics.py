"""Look for finer ticks beside a row of ticks, also where blur leaves no single one to be seen.

A row through the tips of the ticks of 5 and 10 mm misses the millimetres that end before it. They
still show as a rhythm: along a line beside the row, light repeats two, four, five, eight or ten
times a step, and does so more than any number of times beside it.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.calibrate.ticks import TickRow
from cctrack.model import FloatArray

PARTS = (2, 4, 5, 8, 10)
"""Into how many finer ones a step of a ruler is divided."""

LINES = np.linspace(-3.0, 3.0, 25)
"""Lines beside the row, in lengths of its ticks from their middle."""

SAMPLES = 40
"""Per step: four for the finest rhythm."""

LEAST_PERIOD_PX = 2.2
"""No photo shows a finer rhythm than two pixels."""

ABOVE_NEXT = 2.5
"""How much stronger a rhythm is than those of one part more or less: a comb of narrow ticks holds
all of them, in almost equal strength."""

ABOVE_NOISE = 6.0
"""The same relative to the median strength of what is no part of a step."""


def finer_rhythm(light: NDArray[np.float32], row: TickRow) -> bool:
    """Whether light beside a row repeats in a part of its step.

    Parameters
    ----------
    light : float32 array (rows, columns)
    row : TickRow
    """
    parts = [part for part in PARTS if row.step_px / part >= LEAST_PERIOD_PX]
    stroke = float(np.median(row.lengths_px)) * np.array([np.cos(row.angle), np.sin(row.angle)])
    found = [_rhythms(_profile(light, row, line * stroke), parts) for line in LINES]
    # Ticks are long enough for two lines; texture repeats by chance in one.
    return any(one & other for one, other in pairwise(found))


def _profile(light: NDArray[np.float32], row: TickRow, aside: FloatArray) -> FloatArray:
    """Light along a line beside the row, without what changes more slowly than a step."""
    numbers = np.arange(row.last * SAMPLES, dtype=np.float64) / SAMPLES
    places = (row.places_px(numbers) + aside).T
    values = ndimage.map_coordinates(light, places, order=1, mode="nearest").astype(np.float64)
    profile: FloatArray = values - ndimage.uniform_filter1d(values, SAMPLES, mode="nearest")
    return profile


def _rhythms(profile: FloatArray, parts: list[int]) -> set[int]:
    count = max((*parts, 1)) + 2
    times: FloatArray = np.arange(count, dtype=np.float64)
    whole = _strengths(profile, times)
    noise = float(np.median(_strengths(profile, times[1:] + 0.5)))
    return {
        part
        for part in parts
        if whole[part] > ABOVE_NEXT * max(whole[part - 1], whole[part + 1])
        and whole[part] > ABOVE_NOISE * noise
    }


def _strengths(profile: FloatArray, times_a_step: FloatArray) -> FloatArray:
    """Amplitude (n,) at so many repeats a step, through a Hann window."""
    at = np.arange(len(profile)) / SAMPLES
    waves = np.exp(-2j * np.pi * times_a_step[:, None] * at[None, :])
    strengths: FloatArray = np.abs(waves @ (profile * np.hanning(len(profile))))
    return strengths
