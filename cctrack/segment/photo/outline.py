"""Propose outlines of calcinosis in a clinical photo: a first draft for the reader's eye."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Flag, LabelArray, Method, Outline, Photo
from cctrack.segment.photo.error import border_sd_px, thinned, widened_sd_px
from cctrack.segment.photo.full import Box, full_size, reduced
from cctrack.segment.photo.judge import Chosen, choose
from cctrack.segment.photo.lesion import first_outline, is_stamp, is_strip, outline_lesion
from cctrack.segment.photo.opinion import settle
from cctrack.segment.photo.quality import judge_quality, lesion_flags
from cctrack.segment.photo.skin import BoolArray, SkinView, prepare
from cctrack.segment.photo.surface import surface_flags
from cctrack.segment.photo.trials import blob_trial

BORDER_SD_PX = 1.1
"""SD at working size of a border of which nothing is known; each lesion found has its own."""

BORDER_ANEW = 0.5
"""Unchanged lesions in simulated photos taken anew (seeds 6200-6205, 25 seen twice) changed by 0.43
times (68 %), 0.79 (90 %), 0.99 times (95 %) what two independent borders would."""

SELECTION_LOG_SD = 0.20
"""Lets nine of ten total areas hold the truth (69 simulated photos); the tenth had missed or
invented a large deposit, which no error can express. See decision 0009."""

DOUBT = 0.5
"""Chance that a lesion seen at one visit only is a miss or a false find. See decision 0009."""

FRAME_SHARE = 0.002
"""A lesion that comes so near the frame, as a share of the photo's longer side (two pixels at
working size), may go on beyond it."""

DETECTION_LIMIT_PX = 60.0
"""Area at working size, 2 mm across at 0.25 mm a px: of smaller deposits every fifth was missed."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A lesion at full size.

    Attributes
    ----------
    box : pair of slices
        Of the photo, with some skin around the lesion.
    mask : bool array
        Of the box.
    border_sd_px : float
    flags : frozenset of Flag
        What its surface is.
    """

    box: Box
    mask: BoolArray
    border_sd_px: float
    flags: frozenset[Flag]


def outline_photo(
    photo: Photo,
    *,
    ignore: BoolArray | None = None,
    roi: BoolArray | None = None,
    expected: BoolArray | None = None,
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
    expected : bool array (rows, columns), optional
        Where another photo of the same skin shows deposits, on this photo's grid: there less is
        enough to be taken for one.

    Returns
    -------
    Outline
        Lesions numbered from the largest; ``soft_tissue`` is the skin, lesions included. The flag
        ``crowded`` says that so much looked like a deposit that the outline is not to be trusted.
    """
    hidden = np.zeros(photo.shape, dtype=bool) if ignore is None else ignore
    view = prepare(photo.pixels, hidden)
    chosen = choose(view, None if expected is None else reduced(expected, view.skin.shape))
    skin = full_size(view.skin, photo.shape) & ~hidden
    pieces = _draw(photo.pixels, chosen, view, ~skin)
    if roi is not None:
        pieces = [piece for piece in pieces if _mostly_in(roi, piece)]
    pieces.sort(key=lambda piece: -int(piece.mask.sum()))
    labels = _painted(pieces, photo.shape)
    crowded = frozenset({Flag.CROWDED}) if chosen.crowded else frozenset()
    cautions = lesion_flags(photo.pixels, labels, [piece.box for piece in pieces])
    numbered = dict(enumerate(pieces, start=1))
    own = {key: cautions.get(key, frozenset()) | piece.flags for key, piece in numbered.items()}
    return Outline(
        labels=labels,
        method=Method.AUTOMATIC,
        border_sd_px=BORDER_SD_PX / view.factor,
        border_anew=BORDER_ANEW,
        flags=judge_quality(photo.pixels, skin) | crowded,
        lesion_flags={key: flags for key, flags in own.items() if flags},
        lesion_border_sd_px={key: piece.border_sd_px for key, piece in numbered.items()},
        detection_limit_px=DETECTION_LIMIT_PX / view.factor**2,
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
        soft_tissue=skin,
    )


def _draw(
    pixels: NDArray[np.uint8], chosen: Chosen, view: SkinView, ignore: BoolArray
) -> list[Piece]:
    """Outline each candidate; where two meet the likelier one stays."""
    taken = ignore.copy()
    pieces = []
    for item in chosen.deposits:
        first = first_outline(view, blob_trial(item, view.skin.shape))
        if is_strip(first) or is_stamp(view, first):
            continue
        opinion = settle(view, chosen.judged, first)
        box, outline = outline_lesion(pixels, view, opinion.trial, taken)
        free = outline & ~taken[box]
        if 2 * free.sum() > outline.sum():
            seen = thinned(pixels[box], free, taken[box])
            sore = opinion.trial.sore
            radius = view.factor * float(np.sqrt(np.count_nonzero(free) / np.pi))
            own = border_sd_px(*seen, radius_px=radius, sore=sore) / view.factor
            sd = widened_sd_px(own, free, opinion.log_sd)
            surface = surface_flags(*seen, sore=sore)
            cut = {Flag.NEAR_BORDER} if _near_frame(box, free, taken.shape) else set()
            pieces.append(Piece(box, free, sd, surface | cut))
        taken[box] |= free
    return pieces


def _near_frame(box: Box, outline: BoolArray, shape: tuple[int, ...]) -> bool:
    """Whether a lesion may be cut by the photo's frame."""
    places = np.argwhere(outline) + [part.start for part in box]
    nearest = min(places.min(), (np.array(shape) - 1 - places).min())
    return bool(nearest <= FRAME_SHARE * max(shape))


def _mostly_in(roi: BoolArray, piece: Piece) -> bool:
    """Whether most of a lesion lies in the region; a lesion is never cut by it."""
    return bool(2 * (roi[piece.box] & piece.mask).sum() > piece.mask.sum())


def _painted(pieces: list[Piece], shape: tuple[int, ...]) -> LabelArray:
    """Paint the pieces, numbered in their order."""
    labels: LabelArray = np.zeros(shape, dtype=np.uint16)
    for number, piece in enumerate(pieces, start=1):
        labels[piece.box][piece.mask] = number
    return labels
