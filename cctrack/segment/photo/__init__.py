"""Outline calcified deposits in clinical photos.

Read in this order: `skin` (one working size, what is skin and what covers it), `candidates` and
`context` (blobs and what surrounds them), `judge` (which are deposits), `lesion` (a first outline:
closed in `border` and `sides`, or a sore in `sore`), `trials`, `trial_look` and `opinion` (other
outlines of a place, and which is right), `full` (back to the photo's own pixels), `error` and
`surface` (how sure), `quality` (of the photo), `outline` (all of it).
"""

from cctrack.segment.photo.outline import outline_photo

__all__ = ["outline_photo"]
