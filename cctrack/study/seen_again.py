"""Outline on one photo what another one of the same skin shows, and tell deposits from marks."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.photo import has_faded, same_step, step_of
from cctrack.calibrate.photo import find_objects
from cctrack.calibrate.reach import flag_far_lesions
from cctrack.model import LabelArray, Outline, Photo
from cctrack.segment.photo.expected import outline_expected
from cctrack.study.options import MeasureOptions
from cctrack.study.pipeline import Measured, quantify

BoolArray = NDArray[np.bool_]


def outline_seen_again(visit: Measured, other: Measured, places: LabelArray) -> Outline:
    """Outline deposits of another photo on this one, where its colour steps from the skin alike.

    What is gone leaves bare skin or a mark, whose colour steps less, or otherwise.

    Parameters
    ----------
    visit, other : Measured
        Of photos.
    places : uint16 array, shape of this visit's photo
        The other visit's lesions that are sought, on this one's grid.

    Raises
    ------
    TypeError
        If one is not a photo.
    """
    if not (isinstance(visit.image, Photo) and isinstance(other.image, Photo)):
        raise TypeError("two photos are needed")
    hidden = find_objects(visit.image.pixels, visit.sizes)
    taken = visit.outline.labels > 0
    found = outline_expected(visit.image, places, ignore=hidden, taken=taken)
    there = {}
    for number in np.unique(places[places > 0]).tolist():
        there[number] = step_of(other.image, other.outline.labels == number, _skin(other))
    kept = []
    for lesion in found.lesions:
        own = found.labels == lesion
        numbers = places[own & (places > 0)]
        if not numbers.size:  # Its border was placed beside where it was sought.
            continue
        known = there[int(np.bincount(numbers).argmax())]
        here = step_of(visit.image, own, _skin(visit) & ~taken)
        if known is not None and here is not None and same_step(known, here):
            kept.append(lesion)
    labels = np.where(np.isin(found.labels, kept), found.labels, 0).astype(np.uint16)
    return replace(found, labels=labels)


def without_marks(later: Measured, earlier: Measured, same: Mapping[int, int]) -> Measured:
    """Drop from the later of two photos what is only the mark of an earlier deposit.

    Parameters
    ----------
    later, earlier : Measured
        Of photos; what a reader outlined is left as it is.
    same : mapping of int to int
        The earlier visit's lesions and what shows each of them at the later one.
    """
    photos = later.image, earlier.image
    if not (isinstance(photos[0], Photo) and isinstance(photos[1], Photo)):
        return later
    marks = []
    for theirs, own in same.items():
        was = step_of(photos[1], earlier.outline.labels == theirs, _skin(earlier))
        now = step_of(photos[0], later.outline.labels == own, _skin(later))
        if was is not None and now is not None and has_faded(was, now):
            marks.append(own)
    if not marks:
        return later
    kept = np.where(np.isin(later.outline.labels, marks), 0, later.outline.labels)
    return with_outline(later, replace(later.outline, labels=kept.astype(np.uint16)))


def with_outline(visit: Measured, outline: Outline) -> Measured:
    """Measure a visit by another outline of its image."""
    if isinstance(visit.image, Photo):
        outline = flag_far_lesions(outline, visit.image.scale)
    options = MeasureOptions(sizes=visit.sizes)
    return replace(visit, outline=outline, findings=quantify(visit.image, outline, options, {}))


def _skin(visit: Measured) -> BoolArray:
    skin = visit.outline.soft_tissue
    return np.ones(visit.image.shape, dtype=bool) if skin is None else skin
