"""Outlines on photos and films that a reader shows by a click, a box or strokes; and their editing.

On a photo a small classifier learns the lesion's look from the strokes on the spot, a random walk
carries it to the lesion's edges, and the border is then placed at full resolution. On a film trees
that know calcium judge each px in the strokes' terms. No state, no window: a viewer passes strokes
and shows the outline.
"""

from cctrack.segment.scribble.edit import add_lesions, correct_lesion, erase_lesion
from cctrack.segment.scribble.outline import outline_from_strokes
from cctrack.segment.scribble.strokes import Stroke, Strokes, box, click, strokes_from_json

__all__ = [
    "Stroke",
    "Strokes",
    "add_lesions",
    "box",
    "click",
    "correct_lesion",
    "erase_lesion",
    "outline_from_strokes",
    "strokes_from_json",
]
