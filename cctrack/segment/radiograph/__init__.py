"""Outline calcified deposits on plain films.

Read in this order: `grid` (one working grid, air and tissue), `features` and `classify` (what each
pixel looks like: bone first, then deposit), `regions` (what each candidate is), `border` (the line
on the film's own grid), `outline` (all of it).
"""

from cctrack.segment.radiograph.outline import outline_radiograph

__all__ = ["outline_radiograph"]
