"""Outline what a reader points at on a film: by a click, a box or a few strokes."""

from dataclasses import dataclass

import numpy as np

from cctrack.model import LabelArray, Method, Outline, Radiograph
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, film_spacing_mm
from cctrack.segment.radiograph.shown import chance_on_film, joined_with, stroked_of
from cctrack.segment.radiograph.shown_error import border_sd_px
from cctrack.segment.radiograph.shown_look import Stroked
from cctrack.segment.scribble.pen import Box, box_around, drawn, middle, numbered_from, outside
from cctrack.segment.scribble.strokes import Strokes

FAR_MM = 8.0
"""Film looked at beyond the strokes: a deposit of 200 mm² lies around a click with room."""

COARSEST_MM = 0.5
"""On coarser px a strand or a small stone is narrower than one."""

LEAST_CHANCE = 0.72
"""Mean chance of calcium over what was outlined below which nothing was shown. Of 69 regions that
clicks on simulated flesh and bone gave, 67 lie below; of 67 that clicks on deposits gave, seven;
after three strokes on the same deposits none: the lowest has 0.76."""


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
    return Looked(box, inside, stroked_of(film.pixels[box], inside, beside, film_mm))


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
        that nearly touch each other are one lesion, numbered from the largest. It is
        empty where nothing differs from what lies around.

    Raises
    ------
    ValueError
        If the px are coarser than `COARSEST_MM`.
    """
    film_mm = film_spacing_mm(film)
    _require_fine_pixels(film)
    looked = look_around(film, strokes)
    chance = chance_on_film(looked.stroked, looked.inside.shape)
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
    """Label what the strokes touch; nothing where that is not likely enough."""
    labels = numbered_from(joined_with(chance, inside, mm))
    shown = labels > 0
    if not shown.any() or float(chance[shown].mean()) < LEAST_CHANCE:
        labels[:] = 0
    return labels
