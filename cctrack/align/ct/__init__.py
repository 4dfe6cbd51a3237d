"""Lay one visit's CT on another's.

Read in this order: `volume` (a scan in mm), `rigid` (the best rigid motion of some samples),
`whole` (of the whole scan), `patch` (of the surroundings of each deposit), `align` (all of it).
"""

from cctrack.align.ct.align import align_cts

__all__ = ["align_cts"]
