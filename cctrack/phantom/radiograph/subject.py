"""Who is on the simulated film: a body part, its build and its deposits."""

from dataclasses import dataclass
from enum import StrEnum

from cctrack.phantom.deposit import Deposit


class Field(StrEnum):
    """The body part that a film shows."""

    HAND = "hand"
    FOREARM = "forearm"
    KNEE = "knee"
    HIP = "hip"
    SHOULDER = "shoulder"
    CHEST = "chest"


class Placement(StrEnum):
    """Where a deposit was meant to lie relative to bone; the film's truth is computed anew."""

    OFF = "off"
    BESIDE = "beside"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The build of a subject.

    Attributes
    ----------
    seed : int
        Chooses every detail of shape and every trabecula.
    size : float
        Length of all bones relative to an average adult.
    stoutness : float
        Width of bones relative to their length.
    mineral : float
        1 for healthy bone, 0.5 for severe osteopenia: scales shell and mesh.
    flesh : float
        Thickness of soft tissue relative to the average.
    fat : float
        Share of that thickness that is fat, 0–1.
    age_years : float
        Below 17 the growth plates are open.
    """

    seed: int = 0
    size: float = 1.0
    stoutness: float = 1.0
    mineral: float = 1.0
    flesh: float = 1.0
    fat: float = 0.25
    age_years: float = 45.0


@dataclass(frozen=True, slots=True)
class PlacedDeposit:
    """A deposit fixed to a part of the body.

    Attributes
    ----------
    deposit : Deposit
        Its axes are (depth, along, across) of the part's own frame, in mm.
    part : str
        Name of the bone it moves with.
    placement : Placement
    """

    deposit: Deposit
    part: str
    placement: Placement = Placement.OFF


@dataclass(frozen=True, slots=True)
class RadiographSubject:
    """One body part of one simulated patient.

    Attributes
    ----------
    field : Field
    anatomy : Anatomy
    deposits : tuple of PlacedDeposit
    """

    field: Field = Field.HAND
    anatomy: Anatomy = Anatomy()
    deposits: tuple[PlacedDeposit, ...] = ()
