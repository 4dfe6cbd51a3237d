"""Lay one visit's film on another's.

Read in this order: `view` (a film on one working grid), `features` (points that look alike, and
one affine through them), `patch` (a small rigid motion for each deposit), `align` (all of it).
"""

from cctrack.align.radiograph.align import align_radiographs

__all__ = ["align_radiographs"]
