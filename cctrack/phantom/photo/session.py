"""How a photo was taken: pose, light, camera, hair and what lies beside the lesions for scale."""

from dataclasses import dataclass, field
from enum import StrEnum

PHOTO_SHAPE = (1200, 1600)
"""Rows and columns of a photo unless asked otherwise: small enough to draw many of them."""


class Difficulty(StrEnum):
    """How hard a photo is to measure."""

    EASY = "easy"
    STANDARD = "standard"
    HARD = "hard"


class ScaleObjectKind(StrEnum):
    """What lies beside the lesions."""

    NONE = "none"
    CARD = "card"
    TAG = "tag"
    RULER = "ruler"
    STICKER = "sticker"
    SQUARE = "square"
    FRAME = "frame"


class HairState(StrEnum):
    """Hair of this visit: there, shaved off, or grown again at other angles and lengths."""

    ON = "on"
    OFF = "off"
    REGROWN = "regrown"


@dataclass(frozen=True, slots=True)
class ScaleObject:
    """An object of known size in the plane of the skin.

    Attributes
    ----------
    kind : ScaleObjectKind
    size_mm : float
        Side of the tag's black square or of the coloured square, length of the ruler, diameter
        of the sticker; the card is `cctrack.model.CCTRACK_CARD`, the frame is
        `cctrack.model.LARGE_FRAME` from 60 mm on, else `cctrack.model.SMALL_FRAME`.
    dictionary : str
        OpenCV's name of a single tag's dictionary without the prefix.
    tag : int
        Number of the single tag.
    turn_deg : float
        Rotation in the plane of the skin.
    place_mm : (float, float) or None
        Centre on the skin plane; None looks for a place in view and clear of the lesions, and
        lays a frame's window over their middle.
    colour : (float, float, float)
        Of a sticker or a square, linear RGB reflectance.
    wear : float
        Print and dirt: 0 is a perfect print, 1 faded and smudged. Sizes stay exact.
    """

    kind: ScaleObjectKind = ScaleObjectKind.NONE
    size_mm: float = 20.0
    dictionary: str = "4X4_50"
    tag: int = 7
    turn_deg: float = 0.0
    place_mm: tuple[float, float] | None = None
    colour: tuple[float, float, float] = (0.05, 0.20, 0.60)
    wear: float = 0.3


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the camera is.

    Attributes
    ----------
    tilt_deg : float
        Between the optical axis and the normal of the skin plane, 0–45.
    tilt_direction_deg : float
        Direction of the tilt in the image.
    turn_deg : float
        Rotation about the optical axis.
    shift_mm : (float, float)
        (row, column) on the skin plane that the camera looks at.
    mm_per_px : float
        At the point looked at, square to the optical axis.
    focal_px : float
        Focal length: the camera's distance is this times ``mm_per_px``.
    """

    tilt_deg: float = 0.0
    tilt_direction_deg: float = 0.0
    turn_deg: float = 0.0
    shift_mm: tuple[float, float] = (0.0, 0.0)
    mm_per_px: float = 0.1
    focal_px: float = 2200.0


@dataclass(frozen=True, slots=True)
class Light:
    """Where light comes from and what colour it has.

    Attributes
    ----------
    direction_deg : float
        Azimuth on the skin plane; stays with the room, not with the patient.
    elevation_deg : float
        Above the skin plane, 20–85.
    distance_mm : float
        A near lamp lights the field unevenly.
    ambient : float
        Share of light that comes from everywhere, 0–1.
    kelvin, balanced_kelvin : float
        Colour temperature of the light, and the one the camera believed in.
    tint : float
        Green (below 0) to magenta (above 0) error of the white balance.
    gloss : float
        Strength of the specular light, 0–1.
    """

    direction_deg: float = 135.0
    elevation_deg: float = 55.0
    distance_mm: float = 900.0
    ambient: float = 0.5
    kelvin: float = 5500.0
    balanced_kelvin: float = 5500.0
    tint: float = 0.0
    gloss: float = 0.25


@dataclass(frozen=True, slots=True)
class Camera:
    """What the lens, the sensor and the camera's software do to the light.

    Attributes
    ----------
    exposure_ev : float
        Stops over a white paper rendered just below white.
    metering : float
        0 keeps that exposure, 1 brings any skin to mid grey; phones do something between.
    vignetting : float
        Loss of light in the corners, 0–1.
    blur_px : float
        SD of the lens blur.
    motion_px : float
        Length of a motion blur; 0 is none.
    noise : float
        SD of the noise at mid grey, share of full scale.
    sharpening : float
        Amount of unsharp masking by the camera.
    saturation : float
        1 keeps colours as they are; phones like them stronger.
    contrast : float
        0 is the plain sRGB curve; above 0 an S-shaped one.
    jpeg_quality : int
        1–100.
    stamp : str
        Text the camera burns into the lower right corner, such as the date; empty for none.
    """

    exposure_ev: float = 0.0
    metering: float = 0.4
    vignetting: float = 0.15
    blur_px: float = 0.7
    motion_px: float = 0.0
    noise: float = 0.008
    sharpening: float = 0.4
    saturation: float = 1.1
    contrast: float = 0.3
    jpeg_quality: int = 92
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class PhotoSession:
    """One photo at one visit.

    Attributes
    ----------
    seed : int
        Noise, drape, print and renewed skin texture of this photo.
    pose, light, camera : Pose, Light, Camera
    scale_object : ScaleObject
    hair : HairState
    tan, flush : float
        Shift of melanin and of blood since the subject was drawn, in the units of a skin type
        and of a fair skin's blood; about -0.3 to 0.3.
    renewal : float
        Share of the finest skin texture that is new since the subject was drawn, 0–1: the
        horny layer sheds in weeks, while creases, veins and naevi stay.
    stretch_mm : float
        SD of a smooth shift of the skin and its lesions on the plane since the subject was
        drawn; lesions move as a whole, so that areas stay exact. 0 is none, 2 is much.
    pen : bool
        Whether someone ringed some of the lesions with a skin marker.
    ring : bool
        Whether a hand wears a ring; never drawn by lot.
    shape : (int, int)
        Rows and columns.
    """

    seed: int = 0
    pose: Pose = field(default_factory=Pose)
    light: Light = field(default_factory=Light)
    camera: Camera = field(default_factory=Camera)
    scale_object: ScaleObject = field(default_factory=ScaleObject)
    hair: HairState = HairState.ON
    tan: float = 0.0
    flush: float = 0.0
    renewal: float = 0.0
    stretch_mm: float = 0.0
    pen: bool = False
    ring: bool = False
    shape: tuple[int, int] = PHOTO_SHAPE
