"""Replay what a reader drew on a photo or film: lesions added, corrected and erased, in order.

What is said about one image::

    {"replace": true, "edits": [
        {"add": {"click_px": [210, 340]}},
        {"add": {"strokes": [{"points_px": [[90, 80], [97, 92]], "width_px": 5},
                             {"points_px": [[60, 80], [60, 99]], "lesion": false}]}},
        {"correct": 2, "with": {"box_px": [70, 60, 120, 130]}},
        {"erase": [400, 112]}]}

``replace`` leaves out all that was proposed. A lesion is named by its number or by a place in it.
Strokes as `Strokes.to_json` writes them stand for an image with nothing else on it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.model import Because, Flag, LabelArray, Method, Outline, Photo, Radiograph
from cctrack.segment.scribble import (
    Stroke,
    Strokes,
    add_lesions,
    correct_lesion,
    erase_lesion,
    outline_from_strokes,
)
from cctrack.study.identity import labels_hash
from cctrack.study.reader import Said, list_of, place_of, require_keys

IMAGE_KEYS = ("replace", "edits", "proposal")
DRAWN_KEYS = ("strokes", "box_px", "click_px")
EDIT_KEYS = ({"add"}, {"correct", "with"}, {"erase"})

BoolArray = NDArray[np.bool_]

Drawable = Photo | Radiograph
"""What strokes can be drawn on; scans take a mask or a review."""


def edit_outline(image: Drawable, proposal: Outline, said: Said, hidden: BoolArray) -> Outline:
    """Put a reader's strokes into the outline that was proposed.

    What a reader adds or corrects counts, wherever it lies: a film cannot tell calcium over bone
    from bone, a reader can.

    Parameters
    ----------
    image : Photo or Radiograph
    proposal : Outline
        Automatic, or a reader's mask.
    said : mapping
        As in this module's description; ``proposal`` in it says which one the reader saw.
    hidden : bool array (rows, columns)
        What can be no lesion, as scale objects on a photo.

    Raises
    ------
    UnreadableImage
        If the strokes cannot be read, leave the image, outline nothing, or were drawn over
        another proposal.
    """
    try:
        edits = _edits_of(said)
        outline = _start(proposal, said)
    except ValueError as error:
        raise _refused(str(error)) from None
    for number, edit in enumerate(edits, start=1):
        try:
            outline = _apply(image, outline, edit, hidden)
        except ValueError as error:
            raise _refused(f"edit {number}: {error}") from None
    return outline


def stands_alone(said: Said) -> bool:
    """Whether strokes are all of the outline, so that it does not depend on what was proposed."""
    return bool(said.get("replace", not said.keys().isdisjoint(DRAWN_KEYS)))


def require_proposal(said: Said, labels: LabelArray, what: str) -> None:
    """Refuse numbers that a reader gave to another proposal than this one.

    Raises
    ------
    ValueError
        If ``said`` names a proposal, and it is another.
    """
    stated = said.get("proposal")
    found = labels_hash(labels)
    if stated is not None and stated != found:
        raise ValueError(
            f"{what} are others than those the reader saw (found {found}): look at them again"
        )


def lesion_at(labels: LabelArray, named: object) -> int:
    """Return the number of the lesion, or candidate, that a number or a place in it names.

    Raises
    ------
    ValueError
        If there is none.
    """
    if isinstance(named, int) and not isinstance(named, bool):
        return named
    place = place_of(named, labels.shape)
    found = int(labels[tuple(np.clip(np.rint(place), 0, np.array(labels.shape) - 1).astype(int))])
    if not found:
        raise ValueError(f"nothing is outlined at {named}")
    return found


def _refused(why: str) -> UnreadableImage:
    return UnreadableImage(Because.NOT_OUTLINED, f"strokes: {why}")


def _edits_of(said: Said) -> Sequence[Said]:
    """List the edits; bare strokes are one lesion on an empty image."""
    if not said.keys().isdisjoint(DRAWN_KEYS):
        return [{"add": require_keys(said, DRAWN_KEYS, "a drawing")}]
    require_keys(said, IMAGE_KEYS, "what is said about an image")
    return list_of(said, "edits")


def _start(proposal: Outline, said: Said) -> Outline:
    """Begin with the proposal, or with an empty one of the same skin and quality."""
    if not isinstance(said.get("replace", True), bool):
        raise ValueError('"replace" must be true or false')
    flags = proposal.flags - {Flag.CROWDED}
    reader = replace(proposal, method=Method.READER, flags=flags, selection_log_sd=0.0, doubt=0.0)
    if stands_alone(said):
        # Nothing was left to the program, which leaves out what lies over bone.
        return replace(
            reader,
            labels=np.zeros_like(proposal.labels),
            flags=flags - {Flag.OFF_BONE_ONLY},
            lesion_flags={},
            lesion_border_sd_px={},
        )
    require_proposal(said, proposal.labels, "the lesions proposed")
    return reader


def _apply(image: Drawable, outline: Outline, edit: Said, hidden: BoolArray) -> Outline:
    if not isinstance(edit, dict) or edit.keys() not in EDIT_KEYS:
        raise ValueError('one of "add", "correct" and "with", or "erase" is needed')
    if "erase" in edit:
        return erase_lesion(outline, lesion_at(outline.labels, edit["erase"]))
    drawn = outline_from_strokes(
        image, _strokes_of(edit.get("add", edit.get("with")), image.shape), ignore=hidden
    )
    if "correct" in edit:
        lesion = lesion_at(outline.labels, edit["correct"])
        return _required(correct_lesion(outline, lesion, drawn), lesion)
    first = int(outline.labels.max(initial=0)) + 1
    return _required(add_lesions(outline, drawn), first)


def _required(outline: Outline, lesion: int) -> Outline:
    """Refuse strokes that came to nothing: a total would lack the lesion without a word."""
    if lesion not in outline.lesions:
        raise ValueError(
            "nothing new differs from what lies around it there; draw a stroke on the lesion and "
            "one beside it, or correct the lesion that holds the place"
        )
    return outline


def _strokes_of(drawn: object, shape: tuple[int, ...]) -> Strokes:
    said = require_keys(drawn, DRAWN_KEYS, "a drawing")
    strokes = [_stroke_of(item, shape) for item in list_of(said, "strokes")]
    if said.get("click_px") is not None:
        strokes.append(Stroke((_point(said["click_px"], shape),)))
    if said.get("box_px") is None:
        return Strokes(tuple(strokes))
    edges = list_of(said, "box_px")
    if len(edges) != 4:
        raise ValueError("a box is [top, left, bottom, right]")
    return Strokes(tuple(strokes), (*_point(edges[:2], shape), *_point(edges[2:], shape)))


def _stroke_of(item: object, shape: tuple[int, ...]) -> Stroke:
    said = require_keys(item, ("points_px", "width_px", "lesion"), "a stroke")
    lesion, width = said.get("lesion", True), said.get("width_px", 1.0)
    if not isinstance(lesion, bool):
        raise ValueError('"lesion" of a stroke must be true or false')
    if not isinstance(width, int | float) or not 0 < width <= max(shape):
        raise ValueError(f'"width_px" of a stroke must be above 0 and at most {max(shape)}')
    points = tuple(_point(point, shape) for point in list_of(said, "points_px"))
    return Stroke(points, float(width), lesion)


def _point(said: object, shape: tuple[int, ...]) -> tuple[float, float]:
    row, column = place_of(said, shape)
    return row, column
