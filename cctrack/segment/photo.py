"""Propose outlines of calcinosis in a clinical photo: a first draft for the reader's eye."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Flag, LabelArray, Method, Outline, Photo
from cctrack.segment.photo_border import refine_border
from cctrack.segment.photo_full import Box, enlarge, full_size
from cctrack.segment.photo_judge import Judged, choose, paint
from cctrack.segment.photo_quality import judge_quality, lesion_flags
from cctrack.segment.photo_skin import BoolArray, SkinView, prepare
from cctrack.segment.scribble.region import regrow

BORDER_SD_PX = 1.1
"""SD of a border at working size. With 0.9, 88 % of 113 deposits found on simulated photos that
taught nothing (seeds 30000-30035) had their true area within the 95 % interval."""

SELECTION_LOG_SD = 0.20
"""Lets nine of ten total areas hold the truth (69 simulated photos); the tenth had missed or
invented a large deposit, which no error can express. See decision 0009."""

DOUBT = 0.5
"""Chance that a lesion seen at one visit only is a miss or a false find. See decision 0009."""

DETECTION_LIMIT_PX = 60.0
"""Area at working size, 2 mm across at 0.25 mm a px: of smaller deposits every fifth was missed."""

Piece = tuple[Box, BoolArray]
"""A lesion: its box with some skin around it, and its mask there."""


def outline_photo(
    photo: Photo, *, ignore: BoolArray | None = None, roi: BoolArray | None = None
) -> Outline:
    """Outline what departs from the skin like a deposit: compact, lighter, sharply bordered.

    Parameters
    ----------
    photo : Photo
        Its scale is not needed.
    ignore : bool array (rows, columns), optional
        Scale objects and anything else that is neither skin nor lesion.
    roi : bool array (rows, columns), optional
        Lesions are sought inside only; the skin is learned from all of the photo.

    Returns
    -------
    Outline
        Lesions numbered from the largest; ``soft_tissue`` is the skin, lesions included. The flag
        ``crowded`` says that so much looked like a deposit that the outline is not to be trusted.
    """
    hidden = np.zeros(photo.shape, dtype=bool) if ignore is None else ignore
    view = prepare(photo.pixels, hidden)
    chosen = choose(view)
    skin = full_size(view.skin, photo.shape) & ~hidden
    pieces = _draw(photo.pixels, chosen.deposits, view, ~skin)
    if roi is not None:
        pieces = [piece for piece in pieces if _mostly_in(roi, piece)]
    pieces.sort(key=lambda piece: -int(piece[1].sum()))
    labels = _painted(pieces, photo.shape)
    crowded = frozenset({Flag.CROWDED}) if chosen.crowded else frozenset()
    return Outline(
        labels=labels,
        method=Method.AUTOMATIC,
        border_sd_px=BORDER_SD_PX / view.factor,
        flags=judge_quality(photo.pixels, skin) | crowded,
        lesion_flags=lesion_flags(photo.pixels, labels, [box for box, _ in pieces]),
        detection_limit_px=DETECTION_LIMIT_PX / view.factor**2,
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
        soft_tissue=skin,
    )


def _draw(
    pixels: NDArray[np.uint8], chosen: Sequence[Judged], view: SkinView, ignore: BoolArray
) -> list[Piece]:
    """Refine each candidate at full resolution; where two meet the likelier one stays."""
    taken = ignore.copy()
    pieces = []
    for item in chosen:
        box, part = enlarge(paint(item.candidate, view.skin.shape), view.factor, taken.shape)
        refine = regrow if item.sore else refine_border
        outline = refine(pixels[box], part, taken[box]) & ~taken[box]
        taken[box] |= outline
        if outline.any():
            pieces.append((box, outline))
    return pieces


def _mostly_in(roi: BoolArray, piece: Piece) -> bool:
    """Whether most of a lesion lies in the region; a lesion is never cut by it."""
    box, outline = piece
    return bool(2 * (roi[box] & outline).sum() > outline.sum())


def _painted(pieces: list[Piece], shape: tuple[int, ...]) -> LabelArray:
    """Paint the pieces, numbered in their order."""
    labels: LabelArray = np.zeros(shape, dtype=np.uint16)
    for number, (box, outline) in enumerate(pieces, start=1):
        labels[box][outline] = number
    return labels
