"""Lay one visit's photo on another's.

Read in this order: `flat` (both on one plane, in mm where they can be) and `skin` (what of them),
`search` and `points` (first guesses), `blocks` and `fit` (pieces of skin that prove each other),
`bend` (skin is not rigid), `judge` and `describe` (how good it is), `landmarks` (by hand instead),
`align` (all of it); `alike` (whether two photos show the same at one place), `grown` (how much
larger it is on one of them), `step` and `bare` (whether it is on one of them at all).
"""

from cctrack.align.photo.align import PhotoAlignOptions, align_photos
from cctrack.align.photo.alike import Likeness, compare_places
from cctrack.align.photo.bare import shows_bare_skin
from cctrack.align.photo.grown import Growth, compare_growth
from cctrack.align.photo.step import has_faded, same_step, step_of

__all__ = [
    "Growth",
    "Likeness",
    "PhotoAlignOptions",
    "align_photos",
    "compare_growth",
    "compare_places",
    "has_faded",
    "same_step",
    "shows_bare_skin",
    "step_of",
]
