"""Sites of a hand that calcinosis is scored by."""

from enum import IntEnum


class HandSite(IntEnum):
    """A finger, or the rest of the hand with its wrist; values label pixels of a film."""

    THUMB = 1
    INDEX = 2
    MIDDLE = 3
    RING = 4
    LITTLE = 5
    PALM = 6


FINGERS = (
    HandSite.THUMB,
    HandSite.INDEX,
    HandSite.MIDDLE,
    HandSite.RING,
    HandSite.LITTLE,
)
"""From the thumb on."""
