"""Outline what a reader points at on a photo: by a click, a box or a few strokes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import FloatArray, LabelArray, Method, Outline, Photo
from cctrack.segment.photo.border import refine_border
from cctrack.segment.photo.error import border_sd_px, thinned, widened_sd_px
from cctrack.segment.photo.full import Box
from cctrack.segment.photo.judge import judge_all
from cctrack.segment.photo.lesion import first_outline, outline_lesion
from cctrack.segment.photo.opinion import settle
from cctrack.segment.photo.pieces import BORDER_ANEW
from cctrack.segment.photo.quality import lesion_flags
from cctrack.segment.photo.sides import look_at_border
from cctrack.segment.photo.skin import WORKING_PX, BoolArray, prepare
from cctrack.segment.photo.surface import surface_flags
from cctrack.segment.scribble.click import region_at
from cctrack.segment.scribble.pen import box_around, drawn, middle, numbered, outside, touched
from cctrack.segment.scribble.region import complete
from cctrack.segment.scribble.strokes import Strokes

BORDER_SD_SHARE = 0.0011
"""SD of the border over the longer side of the photo (1.1 px of 1000): the same as of an automatic
outline, whose last step it shares."""

PLAIN = 0.965
"""Plainness above which the border is placed by the colours on both sides of it: nine of ten
simulated deposits. Below (open sores, naevi) that would follow a colour and not the lesion."""

NEAR_SHARE, NEAR_PX = 0.12, 6.0
"""Skin looked at beyond the strokes, as a share of their extent, when some lie beside it."""

FAR_SHARE, FAR_PX = 1.0, 10.0
"""The same when all lie on it: then the rim of what is looked at is taken for skin."""

RIM_SHARE = 0.06
"""Width of that rim."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What a reader showed: a part of the photo, the region in it, and how it was outlined.

    ``sore`` says that its colours are too many to place a border between two of them; ``log_sd``
    is the SD of ln(area) between outlines that a click may have meant.
    """

    box: Box
    region: BoolArray
    sore: bool
    log_sd: float = 0.0


def outline_on_photo(photo: Photo, strokes: Strokes, *, ignore: BoolArray | None = None) -> Outline:
    """Outline the lesion, or lesions, that a reader points at.

    Parameters
    ----------
    photo : Photo
    strokes : Strokes
        One click is enough for most deposits; a stroke on the lesion and one beside it for
        anything else. The same strokes give the same outline.
    ignore : bool array (rows, columns), optional
        Scale objects and anything else that is neither skin nor lesion.

    Returns
    -------
    Outline
        Every connected part that a stroke touches is a lesion, numbered from the largest. It may
        be empty: where nothing differs from skin a click finds nothing.
    """
    hidden = np.zeros(photo.shape, dtype=bool) if ignore is None else ignore
    clicked = _clicked(strokes)
    if clicked is None:
        shown = _from_strokes(photo.pixels, strokes, hidden)
    else:
        shown = _from_click(photo.pixels, clicked, hidden)
    labels: LabelArray = np.zeros(photo.shape, dtype=np.uint16)
    if shown.region.size:  # OpenCV does not survive an empty image.
        labels[shown.box] = numbered(shown.region)
    numbers = range(1, int(labels[shown.box].max(initial=0)) + 1)
    cautions = lesion_flags(photo.pixels, labels, [shown.box] * len(numbers))
    part, covered = photo.pixels[shown.box], hidden[shown.box]
    borders = {}
    for number in numbers:
        own = labels[shown.box] == number
        around = covered | ((labels[shown.box] > 0) & ~own)
        seen = thinned(part, own, around)
        fold = max(1.0, max(photo.shape) / WORKING_PX)
        radius = float(np.sqrt(np.count_nonzero(own) / np.pi)) / fold
        sd_px = fold * border_sd_px(*seen, radius_px=radius, sore=shown.sore)
        borders[number] = widened_sd_px(sd_px, own, shown.log_sd)
        surface = surface_flags(*seen, sore=shown.sore)
        cautions[number] = cautions.get(number, frozenset()) | surface
    return Outline(
        labels=labels,
        method=Method.READER,
        border_sd_px=BORDER_SD_SHARE * max(photo.shape),
        border_anew=BORDER_ANEW,
        lesion_flags={number: flags for number, flags in cautions.items() if flags},
        lesion_border_sd_px=borders,
    )


def _clicked(strokes: Strokes) -> FloatArray | None:
    """Place of a single click, when that is all there is."""
    if strokes.box_px is not None or len(strokes.strokes) != 1:
        return None
    places = np.asarray(strokes.strokes[0].points_px, dtype=np.float64)
    return places[0] if len(places) == 1 else None


def _from_click(pixels: Pixels, place: FloatArray, hidden: BoolArray) -> _Shown:
    view = prepare(pixels, hidden)
    inside = np.clip(place, 0, np.array(hidden.shape) - 1)
    row, column = ((inside + 0.5) * view.factor).astype(int)
    judged = judge_all(view)
    rough = region_at(view, judged, (int(row), int(column)))
    if rough is None:
        return _Shown(np.s_[0:0, 0:0], np.zeros((0, 0), dtype=bool), False)
    opinion = settle(view, judged, first_outline(view, rough))
    box, outline = outline_lesion(pixels, view, opinion.trial, hidden)
    return _Shown(box, outline, opinion.trial.sore, opinion.log_sd)


def _from_strokes(pixels: Pixels, strokes: Strokes, hidden: BoolArray) -> _Shown:
    box = _frame_of(strokes, hidden.shape)
    part, covered = pixels[box], hidden[box]
    on_lesion = drawn(strokes.on_lesion, box)
    beside = (drawn(strokes.beside, box) | outside(strokes, box)) & ~on_lesion
    if not beside.any():
        beside = _rim(covered.shape) & ~on_lesion
    if not on_lesion.any():
        on_lesion = middle(strokes, box) & ~beside
    region = touched(complete(part, on_lesion, beside, covered), on_lesion)
    if not region.any() or look_at_border(part, region, covered).plainness < PLAIN:
        return _Shown(box, region, True)
    return _Shown(box, refine_border(part, region, covered | beside), False)


def _frame_of(strokes: Strokes, shape: tuple[int, ...]) -> Box:
    """Choose the part of the photo that is looked at."""
    surrounded = bool(strokes.beside) or strokes.box_px is not None
    share, least_px = (NEAR_SHARE, NEAR_PX) if surrounded else (FAR_SHARE, FAR_PX)
    return box_around(strokes, shape, share, least_px)


def _rim(shape: tuple[int, ...]) -> BoolArray:
    width = max(2, round(RIM_SHARE * max(shape)))
    rim = np.ones(shape, dtype=bool)
    rim[width:-width, width:-width] = False
    return rim
