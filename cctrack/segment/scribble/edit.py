"""Put a reader's outline into one that is there: add lesions, correct one, erase one.

What comes out is the reader's: it no longer carries the errors of an automatic choice.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Flag, LabelArray, Method, Outline

TAKEN_SHARE = 0.5
"""A drawn lesion of which more is taken is one that is outlined already: what is left of it is the
rim on which two outlines of one thing differ, and no second lesion."""


def add_lesions(outline: Outline, drawn: Outline) -> Outline:
    """Add the lesions of a second outline under new numbers; pixels that are taken stay so.

    A lesion that is mostly outlined already is left out.

    Raises
    ------
    ValueError
        If the two are not of one image.
    """
    _require_one_image(outline, drawn)
    first = int(outline.labels.max(initial=0))
    free = (drawn.labels > 0) & (outline.labels == 0) & ~_outlined_already(outline, drawn)
    labels = outline.labels.copy()
    labels[free] = drawn.labels[free] + np.uint16(first)
    numbers = {lesion: first + lesion for lesion in drawn.lesions}
    return _edited(outline, drawn, labels, numbers)


def correct_lesion(outline: Outline, lesion: int, drawn: Outline) -> Outline:
    """Replace one lesion by all that was drawn, under its own number; others keep their pixels.

    Raises
    ------
    ValueError
        If the two are not of one image, or there is no such lesion.
    """
    _require_one_image(outline, drawn)
    _require_lesion(outline, lesion)
    labels = outline.labels.copy()
    labels[labels == lesion] = 0
    labels[(drawn.labels > 0) & (labels == 0)] = lesion
    return _edited(outline, drawn, labels, dict.fromkeys(drawn.lesions, lesion))


def erase_lesion(outline: Outline, lesion: int) -> Outline:
    """Take one lesion out; the others keep their numbers.

    Raises
    ------
    ValueError
        If there is no such lesion.
    """
    _require_lesion(outline, lesion)
    labels = outline.labels.copy()
    labels[labels == lesion] = 0
    return _edited(outline, outline, labels, {})


def _edited(
    outline: Outline, drawn: Outline, labels: LabelArray, numbers: Mapping[int, int]
) -> Outline:
    """Put a drawn outline's cautions and borders beside those that stay.

    ``numbers`` are those that the drawn lesions have in the edited outline.
    """
    edited = replace(
        outline,
        labels=labels,
        method=Method.READER,
        border_sd_px=max(outline.border_sd_px, drawn.border_sd_px),
        border_anew=max(outline.border_anew, drawn.border_anew),
        flags=outline.flags - {Flag.CROWDED},
        selection_log_sd=0.0,
        doubt=0.0,
    )
    flags = {
        key: value for key, value in outline.lesion_flags.items() if key not in numbers.values()
    }
    borders = {lesion: outline.border_sd_of(lesion) for lesion in outline.lesions}
    for lesion, number in numbers.items():
        flags[number] = flags.get(number, frozenset()) | drawn.flags_of(lesion)
        borders[number] = drawn.border_sd_of(lesion)
    present = set(edited.lesions)
    return replace(
        edited,
        lesion_flags={key: value for key, value in flags.items() if key in present and value},
        lesion_border_sd_px={key: value for key, value in borders.items() if key in present},
    )


def _outlined_already(outline: Outline, drawn: Outline) -> NDArray[np.bool_]:
    """Mark the drawn lesions that are mostly taken."""
    sizes = np.bincount(drawn.labels.ravel())
    taken = np.bincount(drawn.labels[outline.labels > 0], minlength=len(sizes))
    known: NDArray[np.bool_] = (taken > TAKEN_SHARE * sizes)[drawn.labels]
    return known


def _require_one_image(outline: Outline, drawn: Outline) -> None:
    shapes = outline.labels.shape, drawn.labels.shape
    if shapes[0] != shapes[1]:
        raise ValueError(f"outlines of one image are needed, got {shapes[0]} and {shapes[1]} px")


def _require_lesion(outline: Outline, lesion: int) -> None:
    if lesion not in outline.lesions:
        raise ValueError(f"there is no lesion {lesion}; there are {outline.lesions}")
