"""Measure again after a reader changed something: a border, a lesion, the scale."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.calibrate.photo import find_objects
from cctrack.calibrate.reach import flag_far_lesions
from cctrack.model import Ct, Flag, LabelArray, Method, Outline, Photo, Radiograph
from cctrack.model.boxes import blank_labels, label_boxes
from cctrack.segment.ct import find_candidates
from cctrack.segment.scribble import (
    Strokes,
    add_lesions,
    click,
    correct_lesion,
    erase_lesion,
    outline_from_strokes,
)
from cctrack.study.identity import labels_hash
from cctrack.study.options import MeasureOptions, parameters_of
from cctrack.study.outlining import reader_outline
from cctrack.study.pipeline import Measured, calibrate_image, quantify

SCALE_FLAGS = frozenset(
    {
        Flag.NO_SCALE,
        Flag.BAD_SPACING,
        Flag.UNKNOWN_CALIBRATION,
        Flag.MARKER_SIZE_UNKNOWN,
        Flag.MARKER_SMALL,
        Flag.MARKER_BLURRED,
        Flag.MARKER_GLARE,
        Flag.MARKER_OFF_PLANE,
        Flag.MARKER_FAR,
        Flag.SCALE_CONFLICT,
        Flag.TILT,
    }
)
"""Cautions that come with a scale and go with it."""


REACH_PX = 3
"""A click this near to a deposit in a slice of a CT means it."""


def with_labels(
    measured: Measured, labels: LabelArray, over_bone: Collection[int] | None = None
) -> Measured:
    """Take labels that a reader drew for the outline, and measure them.

    The same numbers come of the same labels given as a mask.

    Parameters
    ----------
    measured : Measured
    labels : uint16 array, shape of the image
        Kept sparsely; the caller may go on painting in its own array.
    over_bone : collection of int or None
        Lesions that are left out of totals; None for those of the present outline. A deposit over
        bone counts once a reader has said so, not because another one was corrected.
    """
    known = over_bone_of(measured.outline) if over_bone is None else over_bone
    outline = reader_outline(measured.image, sparse(labels))
    there = frozenset(known) & frozenset(outline.lesions)
    if there:
        outline = reader_outline(measured.image, outline.labels, there)
    if isinstance(measured.image, Photo):
        outline = flag_far_lesions(outline, measured.image.scale)
    return _measured(measured, outline)


def over_bone_of(outline: Outline) -> frozenset[int]:
    """Return the lesions of an outline that are left out of totals because they lie over bone."""
    return frozenset(outline.lesions) - frozenset(outline.counted())


def counting(measured: Measured, lesion: int, *, counts: bool) -> Measured:
    """Let a deposit over bone count, or leave one out of totals: a reader can tell, films cannot.

    Raises
    ------
    ValueError
        If there is no such lesion.
    """
    if lesion not in measured.outline.lesions:
        raise ValueError(f"There is no lesion L{lesion}.")
    known = over_bone_of(measured.outline)
    return with_labels(
        measured, measured.outline.labels, known - {lesion} if counts else known | {lesion}
    )


def with_drawn(measured: Measured, strokes: Strokes, lesion: int | None = None) -> Measured:
    """Add what a reader points at on a photo or film, or correct one lesion by it.

    Parameters
    ----------
    measured : Measured
        Of a photo or film.
    strokes : Strokes
    lesion : int or None
        The one to correct; None adds.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If there is no such lesion, or nothing there differs from what lies around.
    """
    image = measured.image
    if not isinstance(image, Photo | Radiograph):
        raise TypeError(f"a photo or film is needed, got a {image.modality}")
    drawn = outline_from_strokes(image, strokes, ignore=scale_objects(measured))
    if not drawn.lesions:
        raise ValueError(
            "Nothing there differs from what lies around: draw a stroke on it and one beside."
        )
    if lesion is not None:
        return with_labels(measured, correct_lesion(measured.outline, lesion, drawn).labels)
    added = add_lesions(measured.outline, drawn)
    if added.lesions == measured.outline.lesions:
        raise ValueError("A lesion is outlined there already: correct that one.")
    return with_labels(measured, added.labels)


def with_pointed(measured: Measured, place: Sequence[float]) -> Measured:
    """Add the lesion that a reader points at: on a photo or film, or in a slice of a CT.

    On CT it is what is as dense as calcium there, whatever the program had taken it for.

    Parameters
    ----------
    measured : Measured
    place : sequence of float
        (row, column) or (slice, row, column) in px.

    Raises
    ------
    ValueError
        In words for the reader, where there is nothing, or nothing can be told from a click.
    """
    if isinstance(measured.image, Photo | Radiograph):
        return with_drawn(measured, click(place[0], place[1]))
    if isinstance(measured.image, Ct):
        return with_labels(measured, _with_candidate(measured, measured.image, place))
    raise ValueError("A single click cannot outline a deposit here: paint it with the brush.")


def _with_candidate(measured: Measured, ct: Ct, place: Sequence[float]) -> LabelArray:
    found = find_candidates(ct).labels
    number = _nearest(found, place)
    if not number:
        raise ValueError("Nothing there is as dense as calcium: paint it with the brush.")
    labels = measured.outline.labels.copy()
    fresh = (found == number) & (labels == 0)
    if not fresh.any():
        raise ValueError("A lesion is outlined there already: correct that one.")
    labels[fresh] = int(labels.max(initial=0)) + 1
    return labels


def _nearest(labels: LabelArray, place: Sequence[float]) -> int:
    """Label at a place in a slice, or the nearest one within `REACH_PX` of it; 0 for none."""
    level, row, column = (round(float(value)) for value in place)
    rows = slice(max(0, row - REACH_PX), row + REACH_PX + 1)
    columns = slice(max(0, column - REACH_PX), column + REACH_PX + 1)
    part = labels[level, rows, columns]
    places = np.argwhere(part > 0)
    if not len(places):
        return 0
    apart = np.hypot(places[:, 0] + rows.start - row, places[:, 1] + columns.start - column)
    return int(part[tuple(places[int(np.argmin(apart))])])


def without_lesion(measured: Measured, lesion: int) -> Measured:
    """Take one lesion out; the others keep their numbers.

    Raises
    ------
    ValueError
        If there is no such lesion.
    """
    return with_labels(measured, erase_lesion(measured.outline, lesion).labels)


def with_sizes(measured: Measured, sizes: PhotoScaleOptions) -> Measured:
    """Calibrate anew by what a reader said about sizes, and measure the same outline."""
    image = measured.image
    if isinstance(image, Photo | Radiograph):
        image = replace(image, scale=None, flags=image.flags - SCALE_FLAGS)
    scaled, _ = calibrate_image(image, MeasureOptions(sizes=sizes))
    anew = replace(measured, image=scaled, sizes=sizes)
    if measured.outline.method is Method.READER:
        return with_labels(anew, measured.outline.labels)
    outline = measured.outline
    if isinstance(scaled, Photo):
        outline = flag_far_lesions(_without_far(outline), scaled.scale)
    return _measured(replace(anew, outline=outline), outline)


def scale_objects(measured: Measured) -> NDArray[np.bool_]:
    """Mark what a photo shows beside skin for its scale; nothing on other images."""
    if not isinstance(measured.image, Photo):
        return np.zeros(measured.image.shape[-2:], dtype=bool)
    hidden: NDArray[np.bool_] = find_objects(measured.image.pixels, measured.sizes)
    return hidden


def sparse(labels: LabelArray) -> LabelArray:
    """Copy labels so that only the memory around lesions is used: many versions can be kept."""
    copy = blank_labels(labels.shape)
    for label, box in label_boxes(labels).items():
        part = labels[box]
        copy[box][part == label] = label
    return copy


def _measured(measured: Measured, outline: Outline) -> Measured:
    by_reader = outline.method is Method.READER
    left_out = tuple(sorted(over_bone_of(outline))) if by_reader else ()
    options = MeasureOptions(sizes=measured.sizes, over_bone=left_out)
    mask_hash = labels_hash(outline.labels) if by_reader else ""
    return replace(
        measured,
        outline=outline,
        findings=quantify(measured.image, outline, options),
        parameters=parameters_of(measured.image, options, {}, mask_hash),
        said={},
    )


def _without_far(outline: Outline) -> Outline:
    flags = {lesion: kept - {Flag.MARKER_FAR} for lesion, kept in outline.lesion_flags.items()}
    return replace(
        outline,
        flags=outline.flags - {Flag.MARKER_FAR},
        lesion_flags={lesion: kept for lesion, kept in flags.items() if kept},
    )
