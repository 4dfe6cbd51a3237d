"""Lesions at full size, each with what is known of its border, and the outline that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Flag, LabelArray, Method, Outline, Photo
from cctrack.segment.photo.error import border_sd_px, thinned, widened_sd_px
from cctrack.segment.photo.full import Box
from cctrack.segment.photo.lesion import outline_lesion
from cctrack.segment.photo.opinion import Opinion
from cctrack.segment.photo.quality import judge_quality, lesion_flags
from cctrack.segment.photo.skin import BoolArray, SkinView
from cctrack.segment.photo.surface import surface_flags

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


def draw_piece(
    pixels: NDArray[np.uint8], view: SkinView, opinion: Opinion, taken: BoolArray
) -> Piece | None:
    """Place the border of a lesion at full size; None where most of it is taken already.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        The photo.
    view : SkinView
        Of the photo.
    opinion : Opinion
        The lesion at working size.
    taken : bool array (rows, columns)
        What is no skin, and what is outlined already. The lesion is added to it.
    """
    box, outline = outline_lesion(pixels, view, opinion.trial, taken)
    free = outline & ~taken[box]
    taken[box] |= free
    if not 2 * free.sum() > outline.sum():
        return None
    seen = thinned(pixels[box], free, taken[box] & ~free)
    sore = opinion.trial.sore
    radius = view.factor * float(np.sqrt(np.count_nonzero(free) / np.pi))
    own = border_sd_px(*seen, radius_px=radius, sore=sore) / view.factor
    sd = widened_sd_px(own, free, opinion.log_sd)
    cut = {Flag.NEAR_BORDER} if _near_frame(box, free, taken.shape) else set()
    return Piece(box, free, sd, surface_flags(*seen, sore=sore) | cut)


def put_together(
    photo: Photo,
    view: SkinView,
    pieces: Sequence[Piece],
    skin: BoolArray,
    flags: frozenset[Flag] = frozenset(),
) -> Outline:
    """Make an outline of pieces, which are numbered in their order.

    Parameters
    ----------
    photo : Photo
    view : SkinView
    pieces : sequence of Piece
    skin : bool array (rows, columns)
    flags : frozenset of Flag
        Of the photo, beside those of its quality.
    """
    labels = _painted(pieces, photo.shape)
    cautions = lesion_flags(photo.pixels, labels, [piece.box for piece in pieces])
    numbered = dict(enumerate(pieces, start=1))
    own = {key: cautions.get(key, frozenset()) | piece.flags for key, piece in numbered.items()}
    return Outline(
        labels=labels,
        method=Method.AUTOMATIC,
        border_sd_px=BORDER_SD_PX / view.factor,
        border_anew=BORDER_ANEW,
        flags=judge_quality(photo.pixels, skin) | flags,
        lesion_flags={key: found for key, found in own.items() if found},
        lesion_border_sd_px={key: piece.border_sd_px for key, piece in numbered.items()},
        detection_limit_px=DETECTION_LIMIT_PX / view.factor**2,
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
        soft_tissue=skin,
    )


def _near_frame(box: Box, outline: BoolArray, shape: tuple[int, ...]) -> bool:
    """Whether a lesion may be cut by the photo's frame."""
    places = np.argwhere(outline) + [part.start for part in box]
    nearest = min(places.min(), (np.array(shape) - 1 - places).min())
    return bool(nearest <= FRAME_SHARE * max(shape))


def _painted(pieces: Sequence[Piece], shape: tuple[int, ...]) -> LabelArray:
    """Paint the pieces, numbered in their order."""
    labels: LabelArray = np.zeros(shape, dtype=np.uint16)
    for number, piece in enumerate(pieces, start=1):
        labels[piece.box][piece.mask] = number
    return labels
