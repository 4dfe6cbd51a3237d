"""Outline calcium that something shows: a reader's strokes, or a part of it that was found.

Two ensembles of trees judge every px around, by its grey in the terms of what is shown and by what
lies between it and there; the second also by what the first saw around it.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import GRID_MM, BoolArray, Float32Array, disc, resample
from cctrack.segment.radiograph.shown_context import LIKELY, context_of
from cctrack.segment.radiograph.shown_look import Stroked, chance_of, flat, look_at
from cctrack.segment.trees import load_trees

MODEL_FILE = "film_strokes.npz"
"""Trained by ``benchmarks/train_strokes.py`` on simulated films only."""

JOINED_MM = 0.6
"""Parts this close to each other are one deposit: where a net is faint its strands are torn."""

UNDER_PEN = 0.25
"""Share of a working px under the pen from which it counts as drawn on."""


def stroked_of(
    pixels: Float32Array, inside: BoolArray, beside: BoolArray, film_mm: float
) -> Stroked:
    """Bring a part of a film and what is shown on it onto the working grid.

    Parameters
    ----------
    pixels : float32 array (rows, columns)
    inside, beside : bool arrays (rows, columns)
        Px that are calcium (never empty), and px that are none.
    film_mm : float
        Side of a px.
    """
    step = min(1.0, film_mm / GRID_MM)
    grey = resample(pixels, step)
    small = resample(inside.astype(np.float32), step)
    under = small >= min(UNDER_PEN, float(small.max()))
    around = (resample(beside.astype(np.float32), step) > UNDER_PEN) & ~under
    return Stroked(grey, film_mm * inside.shape[1] / grey.shape[1], under, around)


def odds_of(stroked: Stroked) -> Float32Array:
    """Log-odds of calcium of each px (rows, columns) of the working grid."""
    first, second = (load_trees(MODEL_FILE, stage) for stage in ("first", "second"))
    planes = look_at(stroked)
    odds = first.log_odds(flat(planes)).reshape(stroked.grey.shape)
    planes |= context_of(odds, stroked)
    return second.log_odds(flat(planes)).reshape(stroked.grey.shape)


def chance_on_film(stroked: Stroked, shape: tuple[int, ...]) -> Float32Array:
    """Chance of calcium of each px of the film's own grid, 0-1."""
    odds = odds_of(stroked)
    fine = cv2.resize(odds, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return chance_of(np.asarray(fine, np.float32))


def joined_with(chance: Float32Array, inside: BoolArray, mm: float) -> NDArray[np.int32]:
    """Label the likely px that hang together with what is shown; a strand may be torn.

    Parameters
    ----------
    chance : float32 array (rows, columns)
        Of calcium, 0-1.
    inside : bool array (rows, columns)
        What is shown.
    mm : float
        Side of a px.
    """
    likely = chance > LIKELY
    grown = cv2.dilate(likely.astype(np.uint8), disc(JOINED_MM / 2 / mm))
    parts = np.asarray(cv2.connectedComponents(grown)[1], np.int32)
    touched = np.unique(parts[inside & (parts > 0)])
    return np.where(likely & np.isin(parts, touched), parts, 0)
