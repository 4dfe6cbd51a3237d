"""Outline on one photo what another photo of the same skin shows, if it is the same there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.photo import same_step, step_of
from cctrack.calibrate.photo import find_objects
from cctrack.model import LabelArray, Outline, Photo
from cctrack.segment.photo.expected import outline_expected
from cctrack.study.pipeline import Measured

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
        known = there[int(np.bincount(places[own & (places > 0)]).argmax())]
        here = step_of(visit.image, own, _skin(visit) & ~taken)
        if known is not None and here is not None and same_step(known, here):
            kept.append(lesion)
    labels = np.where(np.isin(found.labels, kept), found.labels, 0).astype(np.uint16)
    return replace(found, labels=labels)


def _skin(visit: Measured) -> BoolArray:
    skin = visit.outline.soft_tissue
    return np.ones(visit.image.shape, dtype=bool) if skin is None else skin
