"""Outline what lies where another photo of the same skin shows a deposit.

There it need not be told from everything else that departs from skin: the other photo has done
that. What is left is to find how far it reaches here, in one piece or in several.
"""

import math
from collections.abc import Iterator

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import LabelArray, Outline, Photo
from cctrack.segment.photo.full import full_size, reduced
from cctrack.segment.photo.judge import Judged, judge_all
from cctrack.segment.photo.lesion import is_stamp, is_strip
from cctrack.segment.photo.opinion import Opinion, likeliest
from cctrack.segment.photo.pieces import Piece, draw_piece, put_together
from cctrack.segment.photo.skin import BoolArray, SkinView, prepare
from cctrack.segment.photo.trials import Trial, deepest, distinct, shown_trial, trials_at

BEYOND, LEAST_INSIDE = 0.3, 0.6
"""Rim around a place, in its radii, and share of an outline that must lie within both: a deposit
that has doubled does."""

LEAST_SHARE = 0.15
"""Share of a place below which an outline, or what is left to be outlined there, is none: halves of
simulated deposits are a fifth of the whole and more."""

SMALLEST_PX = 6
"""Places at working size that are smaller cannot be looked at."""

MOST_PARTS = 3
"""Parts of one deposit that are looked for."""

PALEST_BLUR = 0.15
"""Blur of the whiteness, in radii of a place, before its palest point is sought: horny scales and
glints are smaller."""

SAME = 0.985
"""Outlines that share so much (Dice) are one."""


def outline_expected(
    photo: Photo, places: LabelArray, *, ignore: BoolArray, taken: BoolArray
) -> Outline:
    """Outline what lies at some places of a photo.

    Parameters
    ----------
    photo : Photo
    places : uint16 array (rows, columns)
        Deposits of another photo on this one's grid, by number.
    ignore : bool array (rows, columns)
        Scale objects and anything else that is neither skin nor lesion.
    taken : bool array (rows, columns)
        What is outlined already.

    Returns
    -------
    Outline
        Of what differs from skin there; whether it is the same deposit has to be asked.
    """
    view = prepare(photo.pixels, ignore)
    judged = judge_all(view)
    skin = full_size(view.skin, photo.shape) & ~ignore
    blocked = ~skin | taken
    pieces: list[Piece] = []
    for number in np.unique(places[places > 0]).tolist():
        place = reduced(places == number, view.skin.shape)
        pieces += _parts(photo, view, (judged, place), blocked)
    return put_together(photo, view, pieces, skin)


def _parts(
    photo: Photo, view: SkinView, sought: tuple[list[Judged], BoolArray], blocked: BoolArray
) -> Iterator[Piece]:
    """Outline one place, and what is left of it, until nothing is."""
    judged, place = sought
    size = int(place.sum())
    left = place & ~reduced(blocked, place.shape)
    for _ in range(MOST_PARTS):
        if left.sum() < max(SMALLEST_PX, LEAST_SHARE * size):
            return
        opinion = _opinion(view, judged, place, left)
        piece = opinion and draw_piece(photo.pixels, view, opinion, blocked)
        if not piece:
            return
        yield piece
        found = np.zeros(blocked.shape, dtype=bool)
        found[piece.box] = piece.mask
        left &= ~_grown(reduced(found, place.shape))


def _opinion(
    view: SkinView, judged: list[Judged], place: BoolArray, left: BoolArray
) -> Opinion | None:
    """Choose among the outlines of what is left of a place; None where nothing differs from it."""
    near = _grown(place)
    tried: list[Trial] = []
    for seed in sorted({deepest(shown_trial(left, left.shape)), _palest(view, left)}):
        tried += trials_at(view, judged, seed)
    fitting = [
        trial
        for trial in distinct(tried, SAME)
        if _fits(trial, place, near, left) and not (is_strip(trial) or is_stamp(view, trial))
    ]
    return likeliest(view, fitting) if fitting else None


def _fits(trial: Trial, place: BoolArray, near: BoolArray, left: BoolArray) -> bool:
    """Whether an outline lies near a place, and what of it lies there on what is left of it."""
    size = trial.mask.sum()
    there = (trial.mask & place[trial.box]).sum()
    return bool(
        size >= LEAST_SHARE * place.sum()
        and (trial.mask & near[trial.box]).sum() >= LEAST_INSIDE * size
        and (trial.mask & left[trial.box]).sum() >= LEAST_INSIDE * there > 0
    )


def _palest(view: SkinView, place: BoolArray) -> tuple[int, int]:
    """Place (row, column) that stands out most towards the colour of chalk."""
    blur = max(1.0, PALEST_BLUR * _radius(place))
    pale = np.asarray(cv2.GaussianBlur(view.whiteness, (0, 0), blur), np.float32)
    row, column = np.unravel_index(int(np.where(place, pale, -np.inf).argmax()), place.shape)
    return int(row), int(column)


def _grown(mask: BoolArray) -> BoolArray:
    """Widen a mask by a share of its radius."""
    reach = max(2, round(BEYOND * _radius(mask)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc)) > 0


def _radius(mask: BoolArray) -> float:
    return math.sqrt(np.count_nonzero(mask) / math.pi)
