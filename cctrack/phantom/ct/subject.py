"""Who is scanned: a body region, its anatomy by seed, and its deposits.

Subject coordinates are mm along (slice, row, column): towards the head, to the back, to the left.
The origin lies in the middle of the region.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cctrack.phantom.deposit import Deposit


class Region(StrEnum):
    """What part of the body is scanned."""

    FOREARM = "forearm"
    THIGH = "thigh"
    HAND = "hand"
    PELVIS = "pelvis"


class Placement(StrEnum):
    """Where a deposit lies."""

    FAT = "fat"
    FASCIA = "fascia"
    BONE = "bone"


@dataclass(frozen=True, slots=True)
class CtSubject:
    """A simulated patient's region.

    Attributes
    ----------
    region : Region
    seed : int
        Chooses the anatomy.
    deposits : tuple of Deposit
        In subject coordinates.
    placements : mapping of int to Placement
        Lesion id to where it lies: in subcutaneous fat, between or in muscles, or touching bone.
    wall_calcium : bool
        Whether an artery's wall is calcified; it is no deposit.
    oral_contrast : bool
        Whether the bowel of a pelvis holds contrast.
    highest_id : int
        Ids up to here have been used; new deposits never take an old one's name.
    """

    region: Region
    seed: int
    deposits: tuple[Deposit, ...] = ()
    placements: Mapping[int, Placement] = field(default_factory=dict)
    wall_calcium: bool = False
    oral_contrast: bool = False
    highest_id: int = 0
