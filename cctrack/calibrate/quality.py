"""Say when a marker was seen too small, too blurred or through glare to be trusted fully."""

from collections.abc import Sequence

from cctrack.calibrate.marker import Tag
from cctrack.calibrate.targets import DiscTarget
from cctrack.model import Flag

LEAST_MODULE_PX = 5.5
"""Below it the profiles across a tag's sides are shorter than 5 px and its tilt is hardly known;
below 4 tags are rarely found at all."""

LEAST_SIDE_PX = 40.0
"""Smallest square and disc whose size is known to 1 %: a rim is found to about 0.2 px."""

MOST_BLUR_MODULES = 0.4
"""SD of the blur, in modules, above which a side's profile no longer reaches black and white."""

MOST_BLUR_SIDES = 0.05
"""The same for a square, whose profiles are an eighth of its side long."""

MOST_SPOILED = 0.15
"""Share of a rim that may be lit or covered: the rest still holds the line."""

Flags = frozenset[Flag]


def tag_flags(tags: Sequence[Tag]) -> Flags:
    """Cautions about tags of a scale."""
    small = min(tag.module_px for tag in tags) < LEAST_MODULE_PX
    blurred = max(tag.blur_px / tag.module_px for tag in tags) > MOST_BLUR_MODULES
    return _flags(small=small, blurred=blurred, lit=max(tag.spoiled for tag in tags))


def square_flags(squares: Sequence[Tag]) -> Flags:
    """Cautions about squares of one colour."""
    small = min(square.side_px for square in squares) < LEAST_SIDE_PX
    blurred = max(square.blur_px / square.side_px for square in squares) > MOST_BLUR_SIDES
    return _flags(small=small, blurred=blurred, lit=max(square.spoiled for square in squares))


def disc_flags(discs: Sequence[DiscTarget]) -> Flags:
    """Cautions about round stickers."""
    return _flags(small=min(disc.size_px for disc in discs) < LEAST_SIDE_PX, blurred=False, lit=0)


def _flags(*, small: bool, blurred: bool, lit: float) -> Flags:
    found = {
        Flag.MARKER_SMALL: small,
        Flag.MARKER_BLURRED: blurred,
        Flag.MARKER_GLARE: lit > MOST_SPOILED,
    }
    return frozenset(flag for flag, there in found.items() if there)
