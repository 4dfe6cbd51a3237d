"""Propose outlines of calcinosis in a clinical photo: a first draft for the reader's eye."""

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Flag, Outline, Photo
from cctrack.segment.photo.full import full_size
from cctrack.segment.photo.judge import Chosen, choose
from cctrack.segment.photo.lesion import first_outline, is_stamp, is_strip
from cctrack.segment.photo.opinion import settle
from cctrack.segment.photo.pieces import Piece, draw_piece, put_together
from cctrack.segment.photo.skin import BoolArray, SkinView, prepare
from cctrack.segment.photo.trials import blob_trial


def outline_photo(
    photo: Photo,
    *,
    ignore: BoolArray | None = None,
    roi: BoolArray | None = None,
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
    pieces = _draw(photo.pixels, chosen, view, ~skin)
    if roi is not None:
        pieces = [piece for piece in pieces if _mostly_in(roi, piece)]
    pieces.sort(key=lambda piece: -int(piece.mask.sum()))
    crowded = frozenset({Flag.CROWDED}) if chosen.crowded else frozenset()
    return put_together(photo, view, pieces, skin, crowded)


def _draw(
    pixels: NDArray[np.uint8], chosen: Chosen, view: SkinView, taken: BoolArray
) -> list[Piece]:
    """Outline each candidate; where two meet the likelier one stays."""
    pieces = []
    for item in chosen.deposits:
        first = first_outline(view, blob_trial(item, view.skin.shape))
        if is_strip(first) or is_stamp(view, first):
            continue
        piece = draw_piece(pixels, view, settle(view, chosen.judged, first), taken)
        if piece is not None:
            pieces.append(piece)
    return pieces


def _mostly_in(roi: BoolArray, piece: Piece) -> bool:
    """Whether most of a lesion lies in the region; a lesion is never cut by it."""
    return bool(2 * (roi[piece.box] & piece.mask).sum() > piece.mask.sum())
