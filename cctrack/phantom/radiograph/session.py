"""One exposure: how the part lay, how the film was made and how it was stored."""

from dataclasses import dataclass
from enum import StrEnum


class Processing(StrEnum):
    """What the stored grey means."""

    LINEAR = "linear"
    """Proportional to the exposure, FOR PROCESSING."""
    LOGARITHMIC = "logarithmic"
    """Proportional to the logarithm of the exposure, FOR PROCESSING."""
    PRESENTATION = "presentation"
    """Logarithm, unsharp masking and a display curve, FOR PRESENTATION."""


class Photometric(StrEnum):
    """Whether small stored values are shown dark or bright."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"


class SpacingKind(StrEnum):
    """Which attributes about size the file carries."""

    IMAGER = "imager"
    IMAGER_MAGNIFIED = "imager_magnified"
    EQUAL = "equal"
    CALIBRATED = "calibrated"
    UNCALIBRATED = "uncalibrated"
    PIXEL_ONLY = "pixel_only"
    ZERO = "zero"
    SECONDARY = "secondary"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pose:
    """How the part lies on the detector.

    Attributes
    ----------
    rotation_deg : float
        Of the whole part, clockwise.
    shift_mm : tuple of float
        (row, column) of the part's middle from the middle of the film.
    magnification : float
        Of the anatomy on the detector, 1 or more.
    joints : float
        Strength of the random re-positioning of every joint; 1 is usual, 0 the resting pose.
    mirrored : bool
        True for the other side of the body.
    """

    rotation_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    magnification: float = 1.01
    joints: float = 1.0
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """Beam and detector.

    Attributes
    ----------
    kvp : float
        Tube voltage, 40–150.
    quanta : float
        Quanta per mm² that an open beam leaves in the detector.
    scatter : float
        Scattered over primary radiation where the line integral of μ is 1.
    focal_blur_mm, detector_blur_mm : float
        Standard deviation of the blur before and after the quanta are counted.
    heel : float
        Relative fall of the open beam from one end of the film to the other.
    """

    kvp: float = 55.0
    quanta: float = 60_000.0
    scatter: float = 0.12
    focal_blur_mm: float = 0.06
    detector_blur_mm: float = 0.12
    heel: float = 0.08


@dataclass(frozen=True, slots=True)
class Objects:
    """What lies on the film beside the patient.

    Attributes
    ----------
    letter : str
        Lead side marker, ``L``, ``R`` or empty.
    ring : bool
        A metal ring on the fourth finger of a hand.
    wedge : bool
        An aluminium step wedge.
    collimation : tuple of float
        Closed part of the film at top, right, bottom and left, as a share of its side.
    collimation_deg : float
        Rotation of the collimator.
    dust : int
        Number of specks and scratches.
    """

    letter: str = "L"
    ring: bool = False
    wedge: bool = False
    collimation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    collimation_deg: float = 0.0
    dust: int = 0


@dataclass(frozen=True, slots=True)
class Storage:
    """How the film becomes stored values.

    Attributes
    ----------
    processing : Processing
    photometric : Photometric
    bits : int
        10–16.
    gamma : float
        Of the display curve; 1 is straight.
    contrast : float
        Slope of the display curve in its middle, 1 for none.
    unsharp, unsharp_mm : float
        Weight and width of the unsharp mask.
    window_share : float
        Share of the stored range that the anatomy fills.
    window_start : float
        Where the darkest grey lies: 0 at the open beam, 1 at the thinnest tissue.
    spacing : SpacingKind
    """

    processing: Processing = Processing.PRESENTATION
    photometric: Photometric = Photometric.MONOCHROME2
    bits: int = 12
    gamma: float = 1.0
    contrast: float = 1.0
    unsharp: float = 0.4
    unsharp_mm: float = 1.5
    window_share: float = 0.85
    window_start: float = 0.0
    spacing: SpacingKind = SpacingKind.IMAGER


@dataclass(frozen=True, slots=True)
class FilmSession:
    """One exposure of a subject.

    Attributes
    ----------
    seed : int
        Noise, joint angles and dust.
    shape : tuple of int
        Rows and columns.
    spacing_mm : float
        Pixel of the detector, mm.
    """

    seed: int = 0
    shape: tuple[int, int] = (1400, 1000)
    spacing_mm: float = 0.2
    pose: Pose = Pose()
    exposure: Exposure = Exposure()
    objects: Objects = Objects()
    storage: Storage = Storage()
