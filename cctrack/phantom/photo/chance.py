"""Draw by lot how a photo was taken, over all that a clinic does."""

from dataclasses import replace
from itertools import combinations

import numpy as np

from cctrack.phantom.change import ChangePlan
from cctrack.phantom.photo.session import (
    PHOTO_SHAPE,
    Camera,
    Difficulty,
    HairState,
    Light,
    PhotoSession,
    Pose,
    ScaleObject,
    ScaleObjectKind,
)
from cctrack.phantom.photo.subject import PhotoSubject, SkinLesion

_LEVEL = {Difficulty.EASY: 0.25, Difficulty.STANDARD: 0.6, Difficulty.HARD: 1.0}
"""Share of the whole range of every disturbance that a difficulty may use."""

SPREAD = 0.25
"""SD of ln of single lesions' factors: lesions of one patient do not move as one."""

VANISHES, SPLITS = 0.06, 0.25
"""Chance of a lesion to vanish in a stable disease, and of one large lesion to fall in two."""

MERGING_GAP_MM = 5.0
"""Neighbours closer than this may run into each other."""

SPLITS_FROM_MM2 = 80.0
"""Smaller lesions do not fall into two that a photo could tell apart."""

_ROOM_MM = 12.0
"""The camera looks this far beside the lesions when a scale object lies there."""


_LARGE = (ScaleObjectKind.CARD, ScaleObjectKind.RULER, ScaleObjectKind.FRAME)
"""Objects for which the camera stands back."""


def random_session(
    rng: np.random.Generator,
    difficulty: Difficulty | str = Difficulty.STANDARD,
    *,
    scale_object: ScaleObject | ScaleObjectKind | str = ScaleObjectKind.CARD,
    shape: tuple[int, int] = PHOTO_SHAPE,
    stretch_mm: float = 0.0,
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
    stretch_mm : float
        Given, not drawn: with it two visits no longer match by one homography.
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
        stretch_mm=stretch_mm,
        pen=bool(rng.uniform() < 0.25 * level),
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
    if kind is ScaleObjectKind.FRAME:
        return replace(drawn, size_mm=float(rng.choice((38.0, 80.0))))
    if kind in (ScaleObjectKind.STICKER, ScaleObjectKind.SQUARE):
        red, green, blue = np.exp(rng.uniform(np.log(0.03), np.log(0.8), 3))
        return replace(
            drawn,
            size_mm=float(rng.choice((8.0, 10.0, 12.0, 16.0, 19.0))),
            colour=(float(red), float(green), float(blue)),
        )
    return drawn


def random_plan(
    subject: PhotoSubject, rng: np.random.Generator, *, trend: float = 1.0
) -> ChangePlan:
    """Draw what happens to a subject's lesions until the next visit.

    Parameters
    ----------
    subject : PhotoSubject
    rng : numpy.random.Generator
    trend : float
        Median factor on the lesions' areas, above 0: 1 is a stable disease.
    """
    factors = {
        lesion.id: float(trend * np.exp(rng.normal(0, SPREAD))) for lesion in subject.lesions
    }
    for id_ in factors:
        if rng.uniform() < min(VANISHES / trend, 0.5):
            factors[id_] = 0.0
    kept = [lesion for lesion in subject.lesions if factors[lesion.id] > 0]
    pairs = [pair for pair in combinations(kept, 2) if _gap_mm(*pair) < MERGING_GAP_MM]
    merge = tuple((one.id, other.id) for one, other in pairs[:1])
    large = [item.id for item in kept if item.area_mm2 > SPLITS_FROM_MM2]
    free = [id_ for id_ in large if id_ not in {joined for pair in merge for joined in pair}]
    split = tuple(free[:1]) if free and rng.uniform() < SPLITS else ()
    return ChangePlan(factors, new=int(rng.poisson(0.4 * trend)), merge=merge, split=split)


def _gap_mm(one: SkinLesion, other: SkinLesion) -> float:
    apart = float(np.hypot(*np.subtract(one.centre_mm, other.centre_mm)))
    return apart - one.radius_mm - other.radius_mm


def _random_pose(
    rng: np.random.Generator, level: float, shape: tuple[int, int], scale_object: ScaleObject
) -> Pose:
    large = scale_object.kind in _LARGE
    mm_per_px = rng.uniform(0.098 if large else 0.082, 0.15 if level > 0.5 else 0.125)
    shift = rng.normal(0, 5 * level, 2)
    if scale_object.kind is not ScaleObjectKind.NONE:
        shift = shift + np.array([0.0, _ROOM_MM])
    zoom = 1600 / shape[1]
    return Pose(
        tilt_deg=float(min(abs(rng.normal(0, 21 * level)), 40 * level)),
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
        tint=float(rng.normal(0, 0.02 * level)),
        gloss=float(rng.beta(1.5, 2.5) * (0.3 + 0.7 * level)),
    )


def _random_camera(rng: np.random.Generator, level: float, shape: tuple[int, int]) -> Camera:
    shrink = shape[1] / 1600
    return Camera(
        exposure_ev=float(rng.normal(0, 0.45 * level)),
        metering=float(rng.uniform(0.1, 0.5)),
        vignetting=float(rng.uniform(0, 0.45 * level)),
        blur_px=float((0.5 + rng.gamma(2.0, 0.55 * level)) * shrink),
        motion_px=float(rng.gamma(1.0, 1.5) * shrink) if rng.uniform() < 0.5 * level - 0.1 else 0.0,
        noise=float(rng.uniform(0.003, 0.004 + 0.022 * level)),
        sharpening=float(rng.uniform(0, 0.9)),
        saturation=float(rng.uniform(0.9, 1.22)),
        contrast=float(rng.uniform(0, 0.6)),
        jpeg_quality=int(rng.integers(round(94 - 34 * level), 97)),
        stamp=_random_stamp(rng) if rng.uniform() < 0.2 * level else "",
    )


def _random_stamp(rng: np.random.Generator) -> str:
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(2010, 2026)
    return f"{day:02d}/{month:02d}/{year}"
