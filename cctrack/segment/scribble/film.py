"""Outline what a reader points at on a film: by a click, a box or a few strokes.

Two ensembles of trees judge every px around the strokes, by its grey in the strokes' own terms and
by what lies between it and them; the second also by what the first saw around it.
"""

from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import LabelArray, Method, Outline, Radiograph
from cctrack.segment.radiograph.grid import (
    GRID_MM,
    BoolArray,
    Float32Array,
    disc,
    film_spacing_mm,
    resample,
)
from cctrack.segment.scribble.film_context import LIKELY, context_of
from cctrack.segment.scribble.film_error import border_sd_px
from cctrack.segment.scribble.film_look import Stroked, chance_of, flat, look_at
from cctrack.segment.scribble.pen import Box, box_around, drawn, middle, numbered, outside, touched
from cctrack.segment.scribble.strokes import Strokes
from cctrack.segment.trees import load_trees

MODEL_FILE = "film_strokes.npz"
"""Trained by ``benchmarks/train_strokes.py`` on simulated films only."""

FAR_MM = 8.0
"""Film looked at beyond the strokes: a deposit of 200 mm² lies around a click with room."""

COARSEST_MM = 0.5
"""On coarser px a strand or a small stone is narrower than one."""

JOINED_MM = 0.6
"""Parts this close to each other are one deposit: where a net is faint its strands are torn."""

LEAST_CHANCE = 0.72
"""Mean chance of calcium over what was outlined below which nothing was shown. Of 69 regions that
clicks on simulated flesh and bone gave, 67 lie below; of 67 that clicks on deposits gave, seven;
after three strokes on the same deposits none: the lowest has 0.76."""

UNDER_PEN = 0.25
"""Share of a working px under the pen from which it counts as drawn on."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A part of a film as it was looked at.

    Attributes
    ----------
    box : Box
        Where it lies on the film.
    inside : bool array (rows, columns)
        Px of the film under the strokes on the deposit.
    stroked : Stroked
        The same part on the working grid.
    """

    box: Box
    inside: BoolArray
    stroked: Stroked


def look_around(film: Radiograph, strokes: Strokes) -> Looked:
    """Cut out what lies around the strokes and bring it onto the working grid."""
    film_mm = film_spacing_mm(film)
    box = box_around(strokes, film.shape, 0.0, FAR_MM / film_mm)
    beside = drawn(strokes.beside, box) | outside(strokes, box)
    inside = drawn(strokes.on_lesion, box)
    if not inside.any():
        inside = middle(strokes, box)
    step = min(1.0, film_mm / GRID_MM)
    grey = resample(film.pixels[box], step)
    small = resample(inside.astype(np.float32), step)
    under = small >= min(UNDER_PEN, float(small.max()))
    around = (resample(beside.astype(np.float32), step) > UNDER_PEN) & ~under
    mm = film_mm * inside.shape[1] / grey.shape[1]
    return Looked(box, inside, Stroked(grey, mm, under, around))


def odds_of(stroked: Stroked) -> Float32Array:
    """Log-odds of calcium of each px (rows, columns) of the working grid."""
    first, second = (load_trees(MODEL_FILE, stage) for stage in ("first", "second"))
    planes = look_at(stroked)
    odds = first.log_odds(flat(planes)).reshape(stroked.grey.shape)
    planes |= context_of(odds, stroked)
    return second.log_odds(flat(planes)).reshape(stroked.grey.shape)


def outline_on_film(
    film: Radiograph, strokes: Strokes, *, ignore: BoolArray | None = None
) -> Outline:
    """Outline the deposit, or deposits, that a reader points at.

    Parameters
    ----------
    film : Radiograph
        Bone bright. Without a scale, sizes of features rest on an assumed film size.
    strokes : Strokes
        One click is enough for a stone off bone; plates, nets and all over bone need two strokes
        on the deposit and one beside it. The same strokes give the same outline.
    ignore : bool array (rows, columns), optional
        What can be no deposit.

    Returns
    -------
    Outline
        What was drawn is calcium, a reader says so: nothing is flagged as lying over bone. Parts
        that lie within `JOINED_MM` of each other are one lesion, numbered from the largest. It is
        empty where nothing differs from what lies around.

    Raises
    ------
    ValueError
        If the px are coarser than `COARSEST_MM`.
    """
    film_mm = film_spacing_mm(film)
    _require_fine_pixels(film)
    looked = look_around(film, strokes)
    odds = odds_of(looked.stroked)
    shape = looked.inside.shape
    fine = np.asarray(cv2.resize(odds, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
    chance = chance_of(fine)
    if ignore is not None:
        chance[ignore[looked.box]] = 0
    here = _lesions(chance, looked.inside, film_mm)
    labels: LabelArray = np.zeros(film.shape, np.uint16)
    labels[looked.box] = here
    numbers = range(1, int(here.max(initial=0)) + 1)
    borders = {number: border_sd_px(chance, here == number) for number in numbers}
    widest_px = max(borders.values(), default=0.0)
    return Outline(labels, Method.READER, border_sd_px=widest_px, lesion_border_sd_px=borders)


def _require_fine_pixels(film: Radiograph) -> None:
    film_mm = film_spacing_mm(film)
    if film_mm > COARSEST_MM:
        raise ValueError(
            f"pixels of {film_mm:.2g} mm are too coarse to outline by strokes, {COARSEST_MM} mm or "
            "less are needed; give a mask"
        )


def _lesions(chance: Float32Array, inside: BoolArray, mm: float) -> LabelArray:
    """Label what the strokes touch; a strand may be torn where the film hides it."""
    likely = chance > LIKELY
    joined = cv2.dilate(likely.astype(np.uint8), disc(JOINED_MM / 2 / mm)) > 0
    labels: LabelArray = np.where(likely, numbered(touched(joined, inside)), 0).astype(np.uint16)
    shown = labels > 0
    if not shown.any() or float(chance[shown].mean()) < LEAST_CHANCE:
        labels[:] = 0
    return labels
