"""What a region is made of: skin, fat, muscles, bones, vessels and tendons as columns."""

from dataclasses import dataclass

import numpy as np

from cctrack.phantom.ct.column import ANGLES, Column, ellipse_outline, make_column
from cctrack.phantom.ct.grid import FloatArray

HALF_LENGTH_MM = 130.0
"""Limbs are drawn this far to both sides of the middle: longer than any scan of the phantom."""


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """A bone with its cortex and its ends.

    Attributes
    ----------
    column : Column
    cortex_mm : float32 array, one a sample of the column
        Thickness of the cortex.
    spongy : float32 array, one a sample of the column
        0 where the inside is marrow, 1 where it is all trabeculae.
    """

    column: Column
    cortex_mm: FloatArray
    spongy: FloatArray


@dataclass(frozen=True, slots=True)
class Content:
    """What fills a piece of bowel: HU of the fluid, and the row in mm above which there is gas."""

    fluid_hu: float
    gas_above_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A piece of bowel and what fills it."""

    column: Column
    content: Content


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """A region of one subject.

    Attributes
    ----------
    skins : tuple of Column
        Their union is the body.
    skin_mm : float
        Thickness of the skin.
    fat_mm : array (skins, ANGLES)
        Thickness of subcutaneous fat by angle.
    muscles_mm : array (n, 4)
        Muscle bellies: row and column in the middle, and their drift per mm along the limb.
    bones : tuple of Bone
    vessels : tuple of Column
        The first is the main artery.
    tendons : tuple of Column
    calcified : tuple of int
        Which of the vessels have calcium in their walls where the subject has any.
    loops : tuple of Loop
        Bowel.
    stones : tuple of Column
        Phleboliths: rounded calcium in veins, no deposits.
    """

    skins: tuple[Column, ...]
    skin_mm: float
    fat_mm: FloatArray
    muscles_mm: FloatArray
    bones: tuple[Bone, ...]
    vessels: tuple[Column, ...]
    tendons: tuple[Column, ...] = ()
    calcified: tuple[int, ...] = (0,)
    loops: tuple[Loop, ...] = ()
    stones: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class LimbBuild:
    """Sizes of a limb in mm: means about which subjects vary."""

    radius_mm: float
    taper: float
    fat_mm: tuple[float, float]
    bones: tuple[tuple[float, float, float, float], ...]
    """Row, column, radius and cortex of each long bone."""
    muscles: int
    end_mm: float | None
    """Height where the bones widen towards a joint; None for a mere shaft."""


FOREARM = LimbBuild(
    radius_mm=38.0,
    taper=0.0022,
    fat_mm=(3.5, 8.0),
    bones=((3.0, 14.0, 7.2, 2.6), (5.0, -12.0, 6.6, 2.4)),
    muscles=9,
    end_mm=-38.0,
)
THIGH = LimbBuild(
    radius_mm=68.0,
    taper=0.0012,
    fat_mm=(5.0, 14.0),
    bones=((-6.0, 8.0, 14.0, 5.5),),
    muscles=10,
    end_mm=None,
)


def build_limb(build: LimbBuild, rng: np.random.Generator) -> Anatomy:
    """Draw one limb."""
    size = rng.uniform(0.92, 1.04)
    lumps = np.column_stack([rng.uniform(0.0, [0.03, 0.035, 0.02]), rng.uniform(0, 6.28, 3)])
    body = make_column(
        (-HALF_LENGTH_MM, HALF_LENGTH_MM),
        lambda z: (np.zeros_like(z), np.zeros_like(z)),
        lambda z: build.radius_mm * size * (1.0 + build.taper * z),
        ellipse_outline(rng.uniform(0.82, 0.95), rng.uniform(0, 3.14), lumps),
    )
    bones = tuple(_long_bone(place, build.end_mm, rng) for place in build.bones)
    return Anatomy(
        skins=(body,),
        skin_mm=float(rng.uniform(1.3, 2.0)),
        fat_mm=_fat_table(build.fat_mm, rng)[None],
        muscles_mm=_bellies(build.muscles, build.radius_mm * size, rng),
        bones=bones,
        vessels=_limb_vessels(build, size, rng),
    )


def _fat_table(fat_mm: tuple[float, float], rng: np.random.Generator) -> FloatArray:
    angle = np.arange(ANGLES) * 2.0 * np.pi / ANGLES
    wave = sum(
        rng.uniform(0.2, 0.5) * np.cos(order * angle + rng.uniform(0, 6.28)) for order in (1, 2, 3)
    )
    table: FloatArray = rng.uniform(*fat_mm) * np.clip(1.0 + wave, 0.25, 2.2)
    return table


def _long_bone(
    place: tuple[float, float, float, float], end_mm: float | None, rng: np.random.Generator
) -> Bone:
    row, column, radius, cortex = place * rng.uniform(0.93, 1.07, size=4)
    bend = rng.uniform(-4e-4, 4e-4, size=2)
    lumps = np.column_stack([rng.uniform(0.0, [0.06, 0.06]), rng.uniform(0, 6.28, 2)])

    def end(z: FloatArray) -> FloatArray:
        if end_mm is None:
            return np.zeros_like(z)
        swell: FloatArray = 1.0 / (1.0 + np.exp((z - end_mm) / 7.0))
        return swell

    shaft = make_column(
        (-HALF_LENGTH_MM, HALF_LENGTH_MM),
        lambda z: (row + bend[0] * z**2, column * (1 - 0.12 * end(z)) + bend[1] * z**2),
        lambda z: radius * (1.0 + 0.65 * end(z)),
        ellipse_outline(rng.uniform(0.8, 0.98), rng.uniform(0, 3.14), lumps),
    )
    swell = end(shaft.heights_mm())
    return Bone(shaft, cortex * (1.0 - 0.62 * swell), swell)


def _bellies(count: int, radius_mm: float, rng: np.random.Generator) -> FloatArray:
    """Muscle bellies spread over the cross-section by best candidate, drifting along the limb."""
    chosen = np.zeros((0, 2))
    while len(chosen) < count:
        spots = rng.uniform(-0.8, 0.8, size=(24, 2)) * radius_mm
        spots = spots[np.hypot(*spots.T) < 0.8 * radius_mm]
        apart = [np.min(np.linalg.norm(chosen - spot, axis=1), initial=1e3) for spot in spots]
        chosen = np.vstack([chosen, spots[int(np.argmax(apart))]])
    return np.column_stack([chosen, rng.normal(scale=0.06, size=(count, 2))])


def _limb_vessels(build: LimbBuild, size: float, rng: np.random.Generator) -> tuple[Column, ...]:
    """Artery and vein side by side near the bones, and two veins in the fat."""
    angle, width = rng.uniform(0, 6.28), 0.045 * build.radius_mm
    deep = 0.42 * build.radius_mm * size
    shallow = build.radius_mm * size * 0.93 - build.fat_mm[0] / 2
    plan = [(deep, angle, width), (deep + 2.2 * width, angle + 0.08, 1.2 * width)]
    plan += [(shallow, rng.uniform(0, 6.28), 0.7 * width) for _ in range(2)]
    return tuple(_vessel(*item, rng) for item in plan)


def _vessel(away_mm: float, angle: float, radius_mm: float, rng: np.random.Generator) -> Column:
    sway, phase = rng.uniform(0.5, 2.5), rng.uniform(0, 6.28)
    return make_column(
        (-HALF_LENGTH_MM, HALF_LENGTH_MM),
        lambda z: (
            away_mm * np.cos(angle) + sway * np.sin(z / 30.0 + phase),
            away_mm * np.sin(angle) + sway * np.cos(z / 37.0 + phase),
        ),
        lambda z: np.full_like(z, radius_mm),
        ellipse_outline(float(rng.uniform(0.75, 1.0)), float(rng.uniform(0, 3.14))),
    )
