"""Outline calcified deposits on plain films.

Read in this order: `grid` (one working grid, air and tissue), `features`, `classify` and `context`
(what each pixel looks like: bone first, then deposit, then deposit again among its neighbours),
`regions` (what each candidate is), `expected` (what another visit shows), `border` (the line on the
film's own grid), `outline` (all of it).
"""

from cctrack.segment.radiograph.outline import outline_radiograph

__all__ = ["outline_radiograph"]
