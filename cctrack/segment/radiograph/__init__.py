"""Outline calcified deposits on plain films.

Read in this order: `grid` (one working grid, air and tissue), `features`, `classify` and `context`
(what each pixel looks like by itself: bone first, then deposit), `network` (what it is among its
neighbours), `pixels` (all of that), `regions` and `describe` (what each candidate is), `expected`
(what another visit shows), `border` (the line on the film's own grid), `snap` and `edge` (stones
end at an edge), `grow` and `shown` (nets and plates have none), `outline` (all of it). `width`
tells how thick a part of the body is.
"""

from cctrack.segment.radiograph.outline import outline_radiograph

__all__ = ["outline_radiograph"]
