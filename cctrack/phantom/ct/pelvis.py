"""The pelvis at the height of the hips: what a scanner shows there that is no deposit.

Bowel with contrast, gas and water, iliac arteries, phleboliths and bones of many shapes; deposits
lie in the fat and fascia of hip and buttock and on the bones, as calcinosis of the trunk does.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from cctrack.phantom.ct.anatomy import HALF_LENGTH_MM, Anatomy, Bone, Content, Loop
from cctrack.phantom.ct.column import ANGLES, Column, ellipse_outline, make_column
from cctrack.phantom.ct.grid import FloatArray

BODY_RADIUS_MM, BODY_FLATNESS = 122.0, 0.66
"""About 300 mm wide and 200 mm deep: a slim adult at the hips."""

FAT_MM = (14.0, 26.0)
BELLIES = 9
CORTEX_MM = 1.8

BONES = (
    # row, column, radius in mm, flatness, turn, lowest and highest place in mm
    (2.0, 92.0, 23.0, 0.95, 0.0, -14.0, 26.0),  # head of the femur in its socket
    (10.0, 118.0, 17.0, 0.85, 0.4, -130.0, 6.0),  # trochanter and shaft
    (42.0, 58.0, 16.0, 0.7, 0.5, -75.0, -8.0),  # ischium
    (14.0, 70.0, 26.0, 0.3, 0.9, 20.0, 130.0),  # ilium
    (-52.0, 18.0, 11.0, 0.6, 1.1, -45.0, -8.0),  # pubis
)
"""Bones of the left side; the right side mirrors them. Sizes chosen for the simulation."""

SACRUM = (66.0, 0.0, 24.0, 0.45, np.pi / 2, -30.0, 130.0)

ARTERIES = ((-42.0, 52.0, 4.5), (-40.0, -52.0, 4.5))
"""Row, column and radius of the iliac arteries."""

LOOPS, LOOP_RADIUS_MM = 7, (8.0, 16.0)
ORAL_CONTRAST_HU = (150.0, 400.0)
STOOL_HU = 25.0

PHLEBOLITHS, PHLEBOLITH_RADIUS_MM = 3, (1.2, 2.6)
"""Rounded stones in the veins beside the bladder; half of all adults have some."""

Line = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def build_pelvis(rng: np.random.Generator, *, oral_contrast: bool) -> Anatomy:
    """Draw one pelvis.

    Parameters
    ----------
    rng : numpy Generator
    oral_contrast : bool
        Whether the bowel holds contrast; without it, water, stool and gas.
    """
    size = float(rng.uniform(0.94, 1.02))
    lumps = np.column_stack([rng.uniform(0.0, [0.02, 0.03, 0.02]), rng.uniform(0, 6.28, 3)])
    body = make_column(
        (-HALF_LENGTH_MM, HALF_LENGTH_MM),
        partial(_straight, row_mm=0.0, column_mm=0.0),
        lambda z: BODY_RADIUS_MM * size * (1.0 - 0.0004 * z),
        ellipse_outline(BODY_FLATNESS, np.pi / 2, lumps),
    )
    return Anatomy(
        skins=(body,),
        skin_mm=float(rng.uniform(1.5, 2.2)),
        fat_mm=_fat_table(rng)[None],
        muscles_mm=_bellies(rng),
        bones=_bones(size, rng),
        vessels=tuple(_artery(place, rng) for place in ARTERIES),
        calcified=(0, 1),
        loops=tuple(_loop(rng, oral_contrast=oral_contrast) for _ in range(LOOPS)),
        stones=tuple(_phlebolith(rng) for _ in range(int(rng.integers(0, PHLEBOLITHS + 1)))),
    )


def _straight(
    z_mm: FloatArray, *, row_mm: float, column_mm: float
) -> tuple[FloatArray, FloatArray]:
    return np.full_like(z_mm, row_mm), np.full_like(z_mm, column_mm)


def _fat_table(rng: np.random.Generator) -> FloatArray:
    """Fat under the skin: thickest at the buttocks and the flanks."""
    angle = np.arange(ANGLES) * 2.0 * np.pi / ANGLES
    table: FloatArray = rng.uniform(*FAT_MM) * (
        1.0 + 0.35 * np.cos(angle) ** 2 * np.sign(np.cos(angle))
    )
    return table


def _bellies(rng: np.random.Generator) -> FloatArray:
    """Gluteal and pelvic muscles, with fat between them."""
    angle = np.linspace(0, 2 * np.pi, BELLIES, endpoint=False) + rng.uniform(-0.2, 0.2, BELLIES)
    places = np.column_stack([62.0 * np.cos(angle), 98.0 * np.sin(angle)])
    return np.column_stack([places, rng.normal(scale=0.04, size=(BELLIES, 2))])


def _bones(size: float, rng: np.random.Generator) -> tuple[Bone, ...]:
    sides = [
        np.array(bone) * np.array([1, side, 1, 1, side, 1, 1]) for bone in BONES for side in (1, -1)
    ]
    return tuple(_bone(bone, size, rng) for bone in (*sides, np.array(SACRUM)))


def _bone(build: FloatArray, size: float, rng: np.random.Generator) -> Bone:
    row, column, radius, flatness, turn, low, high = build
    radius *= size * float(rng.uniform(0.95, 1.05))
    lumps = np.column_stack([rng.uniform(0.0, [0.06, 0.06]), rng.uniform(0, 6.28, 2)])

    def rounded(z_mm: FloatArray) -> FloatArray:
        """End in a cap, as long as the bone is wide."""
        ends = np.minimum(z_mm - low, high - z_mm) / radius
        cap = np.sqrt(np.clip(ends * (2.0 - np.clip(ends, 0.0, 1.0)), 0.0, 1.0))
        width: FloatArray = radius * cap
        return width

    shaft = make_column(
        (low, high),
        partial(_straight, row_mm=row * size, column_mm=column * size),
        rounded,
        ellipse_outline(flatness, turn, lumps),
    )
    count = len(shaft.radii_mm)
    return Bone(shaft, np.full(count, CORTEX_MM), np.full(count, 0.8))


def _artery(place: tuple[float, float, float], rng: np.random.Generator) -> Column:
    row, column, radius = place
    phase = rng.uniform(0, 6.28)

    def course(z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        return row + 8.0 * np.sin(z_mm / 45.0 + phase), column + 5.0 * np.cos(z_mm / 40.0 + phase)

    return make_column(
        (-HALF_LENGTH_MM, HALF_LENGTH_MM), course, partial(np.full_like, fill_value=radius)
    )


def _loop(rng: np.random.Generator, *, oral_contrast: bool) -> Loop:
    """Bowel that winds through the front of the pelvis: contrast below, gas above."""
    row, column = rng.uniform(-50.0, -5.0), rng.uniform(-45.0, 45.0)
    sway, length, phase = rng.uniform(8, 22), rng.uniform(9, 22), rng.uniform(0, 6.28)
    middle, half = rng.uniform(-40, 60), rng.uniform(20, 60)
    radius = float(rng.uniform(*LOOP_RADIUS_MM))

    def course(z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        return (
            row + 0.6 * sway * np.cos(z_mm / length + phase),
            column + sway * np.sin(z_mm / length),
        )

    def width(z_mm: FloatArray) -> FloatArray:
        ends = np.clip(half - np.abs(z_mm - middle), 0.0, radius) / radius
        pinched: FloatArray = radius * np.sqrt(ends) * (0.75 + 0.25 * np.sin(z_mm / 6.0 + phase))
        return pinched

    bowel = make_column((middle - half, middle + half), course, width)
    contrast = float(rng.uniform(*ORAL_CONTRAST_HU))  # drawn in any case: the rest stays the same
    gas_mm = float(row + rng.uniform(-1.2, 0.6) * radius)
    return Loop(bowel, Content(contrast if oral_contrast else STOOL_HU, gas_mm))


def _phlebolith(rng: np.random.Generator) -> Column:
    radius = float(rng.uniform(*PHLEBOLITH_RADIUS_MM))
    row, column = rng.uniform(5, 35), rng.choice([-1, 1]) * rng.uniform(25, 42)
    height = rng.uniform(-40, 20)

    def ball(z_mm: FloatArray) -> FloatArray:
        width: FloatArray = np.sqrt(np.clip(radius**2 - (z_mm - height) ** 2, 0.0, None))
        return width

    middle = partial(_straight, row_mm=row, column_mm=column)
    return make_column((height - radius, height + radius), middle, ball)
