"""The hand: five rays of bones in a glove of skin, fingers straight and slightly spread."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cctrack.phantom.ct.anatomy import Anatomy, Bone
from cctrack.phantom.ct.column import (
    ANGLES,
    Column,
    ellipse_outline,
    make_column,
)
from cctrack.phantom.ct.grid import FloatArray

RAYS = (
    # place across the palm, spread per mm, knuckle's height, lengths of the bones in mm
    (-33.0, -0.16, -4.0, (62.0, 39.0, 22.0, 16.0)),
    (-11.0, -0.05, 2.0, (64.0, 44.0, 27.0, 18.0)),
    (10.0, 0.04, -1.0, (58.0, 41.0, 25.0, 18.0)),
    (30.0, 0.16, -9.0, (53.0, 32.0, 18.0, 16.0)),
)
"""The four fingers from the index; sizes of an adult hand, chosen for the simulation."""

JOINT_GAP_MM = 1.8
FINGER_RADIUS_MM = 8.6
PALM_RADIUS_MM = 25.0
PALM_FLATNESS = 0.36


Ray = tuple[float, float, float, tuple[float, float, float, float]]
Line = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def build_hand(rng: np.random.Generator) -> Anatomy:
    """Draw one hand without its thumb's tip, palm down."""
    size = float(rng.uniform(0.92, 1.06))
    skins, bones, tendons, vessels = [_palm(size)], [], [], []
    for ray in RAYS:
        skins.append(_finger(ray, size))
        bones.extend(_ray_bones(ray, size, rng))
        tendons.extend(_ray_tendons(ray, size))
        vessels.extend(_ray_vessels(ray, size))
    skins.append(_thumb(size))
    bones.extend(_thumb_bones(size, rng))
    fat = np.full((len(skins), ANGLES), 2.2)
    fat[0] = 2.8 + 0.8 * np.cos(np.arange(ANGLES) * 2 * np.pi / ANGLES)
    return Anatomy(
        skins=tuple(skins),
        skin_mm=float(rng.uniform(1.1, 1.6)),
        fat_mm=fat,
        muscles_mm=np.zeros((0, 4)),
        bones=tuple(bones),
        vessels=tuple(vessels),
        tendons=tuple(tendons),
    )


def _line(ray: Ray, size: float, *, row_mm: float = 0.0, aside_mm: float = 0.0) -> Line:
    """Course of a ray along the hand: row and column by height."""
    place, spread, knuckle, _ = ray

    def course(z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        column = size * (place + spread * (z_mm - knuckle) * 0.9) + aside_mm
        return np.full_like(z_mm, row_mm), column

    return course


def _palm(size: float) -> Column:
    def radius(z_mm: FloatArray) -> FloatArray:
        end = np.clip((14.0 - z_mm) / 16.0, 0.0, 1.0)
        return PALM_RADIUS_MM * size * np.sqrt(end) * (1.0 - 0.002 * np.abs(z_mm + 35.0))

    return make_column(
        (-110.0, 14.0),
        lambda z: (np.full_like(z, 1.5), np.full_like(z, -1.0)),
        radius,
        ellipse_outline(PALM_FLATNESS, np.pi / 2, np.array([[0.0, 0.0], [0.0, 0.0], [0.05, 0.3]])),
    )


def _finger(ray: Ray, size: float) -> Column:
    tip_mm = ray[2] + size * (sum(ray[3][1:]) + 2 * JOINT_GAP_MM + 4.0)

    def radius(z_mm: FloatArray) -> FloatArray:
        slim = 1.0 - 0.003 * np.clip(z_mm - ray[2], 0.0, None)
        return FINGER_RADIUS_MM * size * slim * np.sqrt(np.clip((tip_mm - z_mm) / 9.0, 0.0, 1.0))

    return make_column(
        (ray[2] - 20.0, tip_mm), _line(ray, size), radius, ellipse_outline(0.9, 1.57)
    )


def _ray_bones(ray: Ray, size: float, rng: np.random.Generator) -> list[Bone]:
    """Metacarpal below the knuckle, three phalanges above, with joint gaps between."""
    lengths = [length * size * float(rng.uniform(0.96, 1.04)) for length in ray[3]]
    top_mm = ray[2] - JOINT_GAP_MM / 2
    spans = [(top_mm - lengths[0], top_mm)]
    for length in lengths[1:]:
        start_mm = spans[-1][1] + JOINT_GAP_MM
        spans.append((start_mm, start_mm + length))
    widths = np.array([4.3, 4.2, 3.6, 2.9]) * size * rng.uniform(0.95, 1.05)
    line = _line(ray, size, row_mm=-1.0)
    return [_short_bone(span, line, width) for span, width in zip(spans, widths, strict=True)]


def _short_bone(span_mm: tuple[float, float], line: Line, width_mm: float) -> Bone:
    """Build a bone with a waist, swollen rounded ends and a thin cortex there."""
    low, high = span_mm

    def ends(z_mm: FloatArray) -> FloatArray:
        place = np.clip((z_mm - low) / (high - low), 0.0, 1.0)
        swell: FloatArray = np.abs(2.0 * place - 1.0) ** 3
        return swell

    def radius(z_mm: FloatArray) -> FloatArray:
        to_end = np.minimum(z_mm - low, high - z_mm)
        cap = np.sqrt(np.clip(to_end / 3.0, 0.0, 1.0) * (2.0 - np.clip(to_end / 3.0, 0.0, 1.0)))
        return width_mm * (0.92 + 0.62 * ends(z_mm)) * cap

    column = make_column(span_mm, line, radius, ellipse_outline(0.82, np.pi / 2))
    swell = ends(column.heights_mm())
    return Bone(column, 1.5 - 0.9 * swell, swell)


def _ray_tendons(ray: Ray, size: float) -> list[Column]:
    ends = (-110.0, ray[2] + size * sum(ray[3][1:3]))
    plan = ((5.2, 2.2), (-5.4, 1.2))
    return [
        make_column(
            ends,
            _line(ray, size, row_mm=row),
            partial(np.full_like, fill_value=width * size),
            ellipse_outline(0.7, np.pi / 2),
        )
        for row, width in plan
    ]


def _ray_vessels(ray: Ray, size: float) -> list[Column]:
    ends = (-60.0, ray[2] + size * sum(ray[3][1:]))
    return [
        make_column(
            ends, _line(ray, size, row_mm=3.0, aside_mm=side), lambda z: np.full_like(z, 0.8 * size)
        )
        for side in (-5.6 * size, 5.6 * size)
    ]


def _thumb_line(size: float) -> Line:
    def course(z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.full_like(z_mm, 5.0), size * (-44.0 - 0.35 * (z_mm + 35.0))

    return course


def _thumb(size: float) -> Column:
    def radius(z_mm: FloatArray) -> FloatArray:
        tip = np.sqrt(np.clip((2.0 - z_mm) / 9.0, 0.0, 1.0))
        root = 1.0 + 0.25 / (1.0 + np.exp((z_mm + 55.0) / 6.0))
        return 10.0 * size * tip * root

    return make_column((-100.0, 2.0), _thumb_line(size), radius, ellipse_outline(0.85, 1.57))


def _thumb_bones(size: float, rng: np.random.Generator) -> list[Bone]:
    width = 4.6 * size * float(rng.uniform(0.95, 1.05))
    spans = ((-94.0, -54.0), (-52.0, -23.0), (-21.0, -1.0 - 2.0))
    return [
        _short_bone(span, _thumb_line(size), width * k)
        for span, k in zip(spans, (1.1, 1.0, 0.8), strict=True)
    ]
