"""Propose outlines of calcinosis in a clinical photo: a first draft for the reader's eye."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Flag, LabelArray, Method, Outline, Photo
from cctrack.segment.photo_border import margin_px, refine_border, refine_sore
from cctrack.segment.photo_candidates import Candidate
from cctrack.segment.photo_judge import choose, paint
from cctrack.segment.photo_quality import judge_quality
from cctrack.segment.photo_skin import SkinView, prepare

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

BoolArray = NDArray[np.bool_]


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
    skin = _full_size(view.skin, photo.shape) & ~hidden
    labels = _draw(photo.pixels, chosen.deposits, view, ~skin)
    if roi is not None:
        labels = _inside(labels, roi)
    labels = _by_size(labels)
    crowded = frozenset({Flag.CROWDED}) if chosen.crowded else frozenset()
    return Outline(
        labels=labels,
        method=Method.AUTOMATIC,
        border_sd_px=BORDER_SD_PX / view.factor,
        flags=judge_quality(photo.pixels, skin) | crowded,
        lesion_flags=_cut_off(labels),
        detection_limit_px=DETECTION_LIMIT_PX / view.factor**2,
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
        soft_tissue=skin,
    )


def _draw(
    pixels: NDArray[np.uint8],
    chosen: Sequence[tuple[Candidate, bool]],
    view: SkinView,
    ignore: BoolArray,
) -> LabelArray:
    """Refine each candidate at full resolution and number it."""
    shape = pixels.shape[:2]
    labels: LabelArray = np.zeros(shape, dtype=np.uint16)
    for number, (candidate, sore) in enumerate(chosen, start=1):
        rough = paint(candidate, view.skin.shape)
        box = _box_of(rough, view.factor, shape)
        part = _full_size(rough, shape)[box]
        taken = ignore[box] | (labels[box] > 0)
        outline = (refine_sore if sore else refine_border)(pixels[box], part, taken)
        labels[box][outline & (labels[box] == 0)] = number
    return labels


def _box_of(rough: BoolArray, factor: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    margin = margin_px(float(rough.sum()) / factor**2)
    places = np.argwhere(rough)
    low = np.floor(places.min(axis=0) / factor).astype(int) - margin
    high = np.ceil((places.max(axis=0) + 1) / factor).astype(int) + margin
    return (
        slice(max(int(low[0]), 0), min(int(high[0]), shape[0])),
        slice(max(int(low[1]), 0), min(int(high[1]), shape[1])),
    )


def _full_size(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask.astype(np.float32), size), np.float32) > 0.5


def _inside(labels: LabelArray, roi: BoolArray) -> LabelArray:
    """Keep the lesions of which most lies in the region; a lesion is never cut by it."""
    total = np.bincount(labels.ravel())
    within = np.bincount(labels[roi], minlength=len(total))
    keep = within * 2 > total
    keep[0] = False
    return np.where(keep[labels], labels, 0).astype(np.uint16)


def _by_size(labels: LabelArray) -> LabelArray:
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    order = [value for value in np.argsort(-sizes, kind="stable") if sizes[value]]
    renumber = np.zeros(len(sizes), dtype=np.uint16)
    renumber[order] = np.arange(1, len(order) + 1)
    ordered: LabelArray = renumber[labels]
    return ordered


def _cut_off(labels: LabelArray) -> dict[int, frozenset[Flag]]:
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return {int(value): frozenset({Flag.NEAR_BORDER}) for value in np.unique(rim) if value}
