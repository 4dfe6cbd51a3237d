"""Which finger each lesion of a photo lies on: as a reader says, or by the finger's own edges.

What is said about one photo is one of::

    {"auto": true}
    {"edges_px": [[row, column], [row, column]]}
    {"fingers": [{"edges_px": [[...], [...]], "lesions": [1, [row, column]]}, ...]}

Two points on opposite edges, straight across the finger beside the lesion. The second form is for
all lesions; in the third, lesions that no finger carries are flat.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.measure.cylinder import (
    STEEPEST,
    Cylinder,
    PointPx,
    cylinder_radius,
    offsets_of,
)
from cctrack.model import Because, Outline, Photo
from cctrack.segment.finger import find_body, find_finger
from cctrack.study.reader import Said, list_of, place_of, require_keys
from cctrack.study.strokes import lesion_at

AUTO: Said = {"auto": True}
"""What is said about every photo by ``--finger auto``."""

WIDTH_MM = (7.0, 28.0)
"""Chosen: a child's little finger to a large thumb. Two fingers of an adult that touch are wider,
and so are a wrist, a palm and a foot: in 4 of 26 photos of feet the edges alone were taken for
a finger's."""

HIDDEN_SHARE = 0.05
"""So much of a lesion may lie where a finger turns away (`STEEPEST`): a pixel there stands for
three or more, or lies beside the finger."""

FORMS = ({"auto"}, {"edges_px"}, {"fingers"})

BoolArray = NDArray[np.bool_]


def find_cylinders(
    photo: Photo, outline: Outline, said: Said, hidden: BoolArray
) -> Mapping[int, Cylinder]:
    """Return the finger of each lesion; a lesion that is absent is flat.

    Parameters
    ----------
    photo : Photo
        With its scale.
    outline : Outline
    said : mapping
        As in this module's description.
    hidden : bool array (rows, columns)
        Scale objects: an edge of skin against one of them is no finger's.

    Raises
    ------
    UnreadableImage
        If what is said cannot be read, no finger is found, or a lesion does not lie on its finger.
    """
    try:
        if said.keys() not in FORMS:
            raise ValueError('one of "auto", "edges_px" or "fingers" is needed')
        if "auto" in said:
            fingers = _find_all(photo, outline, hidden) if said["auto"] is True else {}
        elif "fingers" in said:
            fingers = _named(list_of(said, "fingers"), outline)
        else:
            fingers = dict.fromkeys(outline.lesions, _cylinder_of(said, photo.shape))
    except ValueError as error:
        raise UnreadableImage(Because.NO_FINGER, f"finger: {error}") from None
    for lesion, finger in fingers.items():
        _require_on(finger, outline, lesion)
    return fingers


def _find_all(photo: Photo, outline: Outline, hidden: BoolArray) -> dict[int, Cylinder]:
    if not outline.lesions:
        return {}
    if photo.scale is None:
        raise ValueError("without a scale a finger is not told from a wrist or a palm")
    body = outline.soft_tissue if outline.soft_tissue is not None else find_body(photo, hidden)
    fingers = {
        lesion: Cylinder(*find_finger(body, outline.labels == lesion, hidden=hidden))
        for lesion in outline.lesions
    }
    for lesion, finger in fingers.items():
        width_mm = 2 * cylinder_radius(finger, photo.scale)
        if not WIDTH_MM[0] <= width_mm <= WIDTH_MM[1]:
            raise ValueError(
                f"what L{lesion} lies on is {width_mm:.0f} mm wide; a finger has "
                f"{WIDTH_MM[0]:.0f} to {WIDTH_MM[1]:.0f} mm"
            )
    return fingers


def _named(fingers: list[object], outline: Outline) -> dict[int, Cylinder]:
    found: dict[int, Cylinder] = {}
    for item in fingers:
        said = require_keys(item, ("edges_px", "lesions"), "a finger")
        finger = _cylinder_of(said, outline.labels.shape)
        for named in list_of(said, "lesions"):
            lesion = lesion_at(outline.labels, named)
            if lesion not in outline.lesions or lesion in found:
                raise ValueError(f"there is no lesion {lesion}, or it lies on two fingers")
            found[lesion] = finger
    return found


def _cylinder_of(said: Said, shape: tuple[int, ...]) -> Cylinder:
    edges = list_of(said, "edges_px")
    if len(edges) != 2:
        raise ValueError('"edges_px" must be two points [row, column] on opposite edges')
    first, second = (_point(edge, shape) for edge in edges)
    return Cylinder(first, second)


def _point(said: object, shape: tuple[int, ...]) -> PointPx:
    row, column = place_of(said, shape)
    return row, column


def _require_on(finger: Cylinder, outline: Outline, lesion: int) -> None:
    offsets = np.abs(offsets_of(finger, np.argwhere(outline.labels == lesion).astype(np.float64)))
    if float((offsets > STEEPEST).mean()) > HIDDEN_SHARE:
        raise UnreadableImage(
            Because.NO_FINGER,
            f"L{lesion} lies beside its finger, or so far round its side that it cannot be seen "
            "whole; measure it flat, or in a photo from its side",
        )
