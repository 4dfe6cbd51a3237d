"""How a photo was taken: pose, light, camera, hair and what lies beside the lesions for scale."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

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
        Side of the tag's black square, length of the ruler, diameter of the sticker; not used
        for the card, whose size is `cctrack.model.CCTRACK_CARD`.
    dictionary : str
        OpenCV's name of a single tag's dictionary without the prefix.
    tag : int
        Number of the single tag.
    turn_deg : float
        Rotation in the plane of the skin.
    place_mm : (float, float) or None
        Centre on the skin plane; None looks for a place in view and clear of the lesions.
    colour : (float, float, float)
        Of a sticker, linear RGB reflectance.
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
    shape: tuple[int, int] = PHOTO_SHAPE


_LEVEL = {Difficulty.EASY: 0.25, Difficulty.STANDARD: 0.6, Difficulty.HARD: 1.0}
"""Share of the whole range of every disturbance that a difficulty may use."""

_ROOM_MM = 12.0
"""The camera looks this far beside the lesions when a scale object lies there."""


def random_session(
    rng: np.random.Generator,
    difficulty: Difficulty | str = Difficulty.STANDARD,
    *,
    scale_object: ScaleObject | ScaleObjectKind | str = ScaleObjectKind.CARD,
    shape: tuple[int, int] = PHOTO_SHAPE,
) -> PhotoSession:
    """Draw how a photo was taken.

    Parameters
    ----------
    rng : numpy.random.Generator
    difficulty : Difficulty or str
        ``easy``, ``standard`` or ``hard``.
    scale_object : ScaleObject, ScaleObjectKind or str
        A kind draws its size, number, turn and wear.
    shape : (int, int)
        Rows and columns; mm per px is drawn for 1600 columns and kept to the same view.
    """
    level = _LEVEL[Difficulty(difficulty)]
    if not isinstance(scale_object, ScaleObject):
        scale_object = random_scale_object(ScaleObjectKind(scale_object), rng, level=level)
    return PhotoSession(
        seed=int(rng.integers(2**31)),
        pose=_random_pose(rng, level, shape, scale_object),
        light=_random_light(rng, level),
        camera=_random_camera(rng, level, shape),
        scale_object=scale_object,
        hair=HairState(rng.choice([str(item) for item in HairState])),
        tan=float(rng.normal(0, 0.15 * level)),
        flush=float(rng.normal(0, 0.2 * level)),
        renewal=float(rng.uniform(0, level)),
        shape=shape,
    )


def random_scale_object(
    kind: ScaleObjectKind, rng: np.random.Generator, *, level: float = 0.6
) -> ScaleObject:
    """Draw size, number, turn and wear of a scale object of one kind."""
    drawn = ScaleObject(
        kind=kind,
        turn_deg=float(rng.normal(0, 25 * level)),
        wear=float(rng.uniform(0, level)),
    )
    if kind is ScaleObjectKind.TAG:
        names = ("4X4_50", "5X5_50", "6X6_50", "ARUCO_ORIGINAL", "APRILTAG_36h11")
        return replace(
            drawn,
            dictionary=str(rng.choice(names)),
            tag=int(rng.integers(50)),
            size_mm=float(rng.choice((10.0, 15.0, 20.0, 25.0))),
            turn_deg=float(rng.uniform(-180, 180)),
        )
    if kind is ScaleObjectKind.RULER:
        return replace(drawn, size_mm=float(rng.choice((50.0, 60.0, 80.0, 100.0))))
    if kind is ScaleObjectKind.STICKER:
        red, green, blue = np.exp(rng.uniform(np.log(0.03), np.log(0.8), 3))
        return replace(
            drawn,
            size_mm=float(rng.choice((8.0, 10.0, 12.0, 16.0, 19.0))),
            colour=(float(red), float(green), float(blue)),
        )
    return drawn


def _random_pose(
    rng: np.random.Generator, level: float, shape: tuple[int, int], scale_object: ScaleObject
) -> Pose:
    large = scale_object.kind in (ScaleObjectKind.CARD, ScaleObjectKind.RULER)
    mm_per_px = rng.uniform(0.098 if large else 0.082, 0.15 if level > 0.5 else 0.125)
    shift = rng.normal(0, 5 * level, 2)
    if scale_object.kind is not ScaleObjectKind.NONE:
        shift = shift + np.array([0.0, _ROOM_MM])
    zoom = 1600 / shape[1]
    return Pose(
        tilt_deg=float(min(abs(rng.normal(0, 16 * level)), 40 * level)),
        tilt_direction_deg=float(rng.uniform(-180, 180)),
        turn_deg=float(rng.normal(0, 8 * level)),
        shift_mm=(float(shift[0]), float(shift[1])),
        mm_per_px=float(mm_per_px * zoom),
        focal_px=float(rng.uniform(1400, 3200) / zoom),
    )


def _random_light(rng: np.random.Generator, level: float) -> Light:
    kelvin = rng.uniform(5500 - 2300 * level, 5500 + 1500 * level)
    return Light(
        direction_deg=float(rng.uniform(-180, 180)),
        elevation_deg=float(rng.uniform(60 - 28 * level, 76)),
        distance_mm=float(np.exp(rng.uniform(np.log(2000 - 1700 * level), np.log(2500)))),
        ambient=float(rng.uniform(0.5 - 0.3 * level, 0.65)),
        kelvin=float(kelvin),
        balanced_kelvin=float(kelvin * np.exp(rng.normal(0, 0.08 * level))),
        tint=float(rng.normal(0, 0.035 * level)),
        gloss=float(rng.beta(1.5, 2.5) * (0.3 + 0.7 * level)),
    )


def _random_camera(rng: np.random.Generator, level: float, shape: tuple[int, int]) -> Camera:
    shrink = shape[1] / 1600
    return Camera(
        exposure_ev=float(rng.normal(0, 0.35 * level)),
        metering=float(rng.uniform(0.1, 0.5)),
        vignetting=float(rng.uniform(0, 0.45 * level)),
        blur_px=float((0.5 + rng.gamma(2.0, 0.4 * level)) * shrink),
        motion_px=float(rng.gamma(1.0, 1.5) * shrink) if rng.uniform() < 0.5 * level - 0.1 else 0.0,
        noise=float(rng.uniform(0.003, 0.004 + 0.022 * level)),
        sharpening=float(rng.uniform(0, 0.9)),
        saturation=float(rng.uniform(0.9, 1.22)),
        contrast=float(rng.uniform(0, 0.6)),
        jpeg_quality=int(rng.integers(round(94 - 34 * level), 97)),
    )
