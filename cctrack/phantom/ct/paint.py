"""Tissue of a subject in the voxels of a scan, without deposits, blur and noise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cctrack.phantom.ct.anatomy import FOREARM, THIGH, Anatomy, Bone, Loop, build_limb
from cctrack.phantom.ct.column import Column
from cctrack.phantom.ct.grid import Float32Array, Grid, Places, Window
from cctrack.phantom.ct.hand import build_hand
from cctrack.phantom.ct.pelvis import build_pelvis
from cctrack.phantom.ct.subject import CtSubject, Region
from cctrack.phantom.deposit import contrast_at_kvp

AIR_HU, FAT_HU, SKIN_HU, MUSCLE_HU, TENDON_HU, BLOOD_HU = -1000.0, -100.0, 40.0, 55.0, 85.0, 45.0
"""HU of soft tissue: textbook values, chosen for the simulation."""

CONTRAST_BLOOD_HU = 250.0
CORTEX_HU, MARROW_HU, SPONGY_HU = 1350.0, -20.0, 320.0
"""HU of bone at 120 kVp; what lies above soft tissue follows the tube voltage as calcium does."""

WALL_CALCIUM_HU, WALL_MM = 700.0, 0.5
GAS_HU, STONE_HU, BOWEL_WALL_MM = -950.0, 600.0, 2.0
SEPTUM_MM = 0.7
"""Fat between two muscles."""

SUPERFICIAL_MARGIN_MM = 2.5
"""Skin and fat that stay on top of a deposit: larger ones raise the skin."""

FULL: Window = (slice(None), slice(None), slice(None))


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Voxels being painted.

    Attributes
    ----------
    grid : Grid
    places : Places
    hu, bone : float32 arrays of the grid's shape
        HU so far, and the share of bone.
    width_mm : float
        Width of a border's ramp: a voxel, so that a border's voxels hold their true mixture.
    """

    grid: Grid
    places: Places
    hu: Float32Array
    bone: Float32Array
    width_mm: float

    def share(self, outside_mm: Float32Array) -> Float32Array:
        """Part of each voxel inside a surface, from the distance to it."""
        inside: Float32Array = np.clip(0.5 - outside_mm / np.float32(self.width_mm), 0.0, 1.0)
        return inside

    def lay(self, window: Window, share: Float32Array, hu: Float32Array | float) -> None:
        """Replace a share of what is there."""
        under = self.hu[window]
        self.hu[window] = under + (hu - under) * share


def build_anatomy(subject: CtSubject) -> Anatomy:
    """Draw the subject's anatomy from its seed."""
    rng = np.random.default_rng(subject.seed)
    if subject.region is Region.HAND:
        return build_hand(rng)
    if subject.region is Region.PELVIS:
        return build_pelvis(rng, oral_contrast=subject.oral_contrast)
    return build_limb(FOREARM if subject.region is Region.FOREARM else THIGH, rng)


def paint(
    subject: CtSubject, grid: Grid, tissue: Mapping[str, float], *, slice_shift_mm: float = 0.0
) -> Canvas:
    """Paint all tissue.

    Parameters
    ----------
    subject : CtSubject
    grid : Grid
    tissue : mapping of str to float
        ``kvp`` and ``blood`` (HU of the vessels).
    slice_shift_mm : float
        Where within the slices' thickness to sample.
    """
    hu = np.full(grid.shape, AIR_HU, np.float32)
    places = grid.places(slice_shift_mm=slice_shift_mm)
    canvas = Canvas(grid, places, hu, np.zeros(grid.shape, np.float32), float(grid.spacing_mm[1]))
    anatomy = build_anatomy(subject)
    rng = np.random.default_rng((subject.seed, 1))
    _paint_body(canvas, anatomy, subject, rng)
    for vessel in anatomy.vessels:
        _paint_column(canvas, vessel, tissue["blood"])
    for tendon in anatomy.tendons:
        _paint_column(canvas, tendon, TENDON_HU)
    gain = contrast_at_kvp(tissue["kvp"])
    for loop in anatomy.loops:
        _paint_loop(canvas, loop, gain)
    for stone in anatomy.stones:
        _paint_column(canvas, stone, MUSCLE_HU + (STONE_HU - MUSCLE_HU) * gain)
    if subject.wall_calcium and anatomy.vessels:
        for number in anatomy.calcified:
            _paint_wall(canvas, anatomy.vessels[number], gain)
    for bone in anatomy.bones:
        _paint_bone(canvas, bone, gain, rng)
    return canvas


def _paint_body(
    canvas: Canvas, anatomy: Anatomy, subject: CtSubject, rng: np.random.Generator
) -> None:
    outside = np.full(canvas.grid.shape, 30.0, np.float32)
    fat = np.zeros(canvas.grid.shape, np.float32)
    for skin, fat_mm in zip(anatomy.skins, anatomy.fat_mm.astype(np.float32), strict=True):
        window = canvas.grid.window(*skin.bounds_mm())
        if window is None:
            continue
        distance, entry = skin.outside_mm(canvas.places.within(window))
        nearer = distance < outside[window]
        outside[window] = np.where(nearer, distance, outside[window])
        fat[window] = np.where(nearer, fat_mm[entry], fat[window])
    _raise_skin(outside, canvas, subject)
    canvas.lay(FULL, canvas.share(outside), SKIN_HU)
    beneath = outside + np.float32(anatomy.skin_mm)
    canvas.lay(FULL, canvas.share(beneath), _fat_hu(canvas.places, rng))
    canvas.lay(FULL, canvas.share(beneath + fat), _flesh_hu(canvas, anatomy, rng))


def _raise_skin(outside: Float32Array, canvas: Canvas, subject: CtSubject) -> None:
    """Let deposits near the surface bulge the skin instead of breaking through it."""
    for deposit in subject.deposits:
        half = np.multiply(deposit.reach, deposit.aspect) * deposit.size_mm * 0.85
        half = half + SUPERFICIAL_MARGIN_MM
        reach = np.abs(deposit.axes) @ half
        centre = np.array(deposit.centre_mm)
        window = canvas.grid.window(centre - reach, centre + reach)
        if window is None:
            continue
        near = canvas.places.within(window)
        away = np.stack([near.z - centre[0], near.y - centre[1], near.x - centre[2]], axis=-1)
        local = away.astype(np.float32) @ (deposit.axes / half).astype(np.float32)
        bulge = (np.sqrt(np.einsum("...i,...i", local, local)) - 1.0) * np.float32(half.min())
        outside[window] = np.minimum(outside[window], bulge)


def _fat_hu(places: Places, rng: np.random.Generator) -> Float32Array:
    """Fat lobules with thin septa of connective tissue between them."""
    lobules = _waves(places, rng, (4.0, 9.0))
    septa = np.clip(1.0 - np.abs(lobules) / 0.10, 0.0, 1.0) * np.float32(45.0)
    hu: Float32Array = np.float32(FAT_HU) + septa + np.float32(4.0) * lobules
    return hu


def _flesh_hu(canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator) -> Float32Array:
    """Muscles with fat between them and fatty streaks inside."""
    places = canvas.places
    hu: Float32Array = np.float32(MUSCLE_HU) + 6.0 * _waves(places, rng, (3.0, 8.0), long=4.0)
    if len(anatomy.muscles_mm):
        nearest = np.full(hu.shape, np.inf, np.float32)
        second = nearest.copy()
        for row, column, drift_row, drift_column in anatomy.muscles_mm.astype(np.float32):
            away = np.hypot(
                places.y - row - drift_row * places.z, places.x - column - drift_column * places.z
            )
            second = np.minimum(second, np.maximum(nearest, away))
            nearest = np.minimum(nearest, away)
        gap = 0.5 * (second - nearest) - np.float32(SEPTUM_MM) * (
            0.4 + _waves(places, rng, (12.0, 25.0))
        )
        hu += canvas.share(gap) * np.float32(0.7 * (FAT_HU - MUSCLE_HU))
    return hu


def _waves(
    places: Places, rng: np.random.Generator, lengths_mm: tuple[float, float], *, long: float = 1.0
) -> Float32Array:
    """Smooth noise fixed to the subject, about unit variance; ``long`` stretches it along."""
    total = np.zeros(places.z.shape, np.float32)
    for _ in range(4):
        vector = rng.normal(size=3)
        vector *= 2.0 * np.pi / (rng.uniform(*lengths_mm) * np.linalg.norm(vector))
        z, y, x = (vector / [long, 1.0, 1.0]).astype(np.float32)
        phase = np.float32(rng.uniform(0, 2 * np.pi))
        total += np.sin(z * places.z + y * places.y + x * places.x + phase)
    return total * np.float32(np.sqrt(0.5))


def _paint_column(canvas: Canvas, column: Column, hu: float) -> None:
    window = canvas.grid.window(*column.bounds_mm())
    if window is None:
        return
    outside, _ = column.outside_mm(canvas.places.within(window))
    canvas.lay(window, canvas.share(outside), hu)


def _paint_loop(canvas: Canvas, loop: Loop, gain: float) -> None:
    """Fill a piece of bowel: a wall of muscle, fluid that settles at the back, gas above it."""
    window = canvas.grid.window(*loop.column.bounds_mm())
    if window is None:
        return
    near = canvas.places.within(window)
    outside, _ = loop.column.outside_mm(near)
    fluid_hu, gas_above_mm = loop.content.fluid_hu, np.float32(loop.content.gas_above_mm)
    fluid_hu = MUSCLE_HU + (fluid_hu - MUSCLE_HU) * gain if fluid_hu > MUSCLE_HU else fluid_hu
    gas = canvas.share(near.y - gas_above_mm)
    canvas.lay(window, canvas.share(outside - np.float32(BOWEL_WALL_MM)), MUSCLE_HU)
    canvas.lay(window, canvas.share(outside), fluid_hu + (GAS_HU - fluid_hu) * gas)


def _paint_wall(canvas: Canvas, artery: Column, gain: float) -> None:
    """Calcify patches of the artery's wall."""
    window = canvas.grid.window(*artery.bounds_mm())
    if window is None:
        return
    near = canvas.places.within(window)
    outside, entry = artery.outside_mm(near)
    patches = np.sin(near.z / 6.0) + np.sin(entry * np.float32(np.pi / 90.0) + near.z / 11.0) > 0.5
    share = canvas.share(np.abs(outside) - np.float32(WALL_MM)) * patches
    canvas.lay(window, share, MUSCLE_HU + (WALL_CALCIUM_HU - MUSCLE_HU) * gain)


def _paint_bone(canvas: Canvas, bone: Bone, gain: float, rng: np.random.Generator) -> None:
    window = canvas.grid.window(*bone.column.bounds_mm())
    if window is None:
        return
    near = canvas.places.within(window)
    outside, _ = bone.column.outside_mm(near)
    sample = bone.column.samples(near)
    share = canvas.share(outside)
    canvas.bone[window] = np.maximum(canvas.bone[window], share)
    canvas.lay(window, share, MUSCLE_HU + (CORTEX_HU - MUSCLE_HU) * gain)
    spongy = bone.spongy.astype(np.float32)[sample]
    mesh = SPONGY_HU + 60.0 * _waves(near, rng, (1.6, 3.0))
    inside = MARROW_HU + (mesh * np.float32(gain) - MARROW_HU) * spongy
    hollow = canvas.share(outside + bone.cortex_mm.astype(np.float32)[sample])
    canvas.lay(window, hollow, inside)
