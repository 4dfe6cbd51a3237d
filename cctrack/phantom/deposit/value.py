"""A deposit as a value: where, how large, what shape, how dense."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Morphology
from cctrack.phantom.deposit.shape import HALF_BOX, unit_occupancy

Point = tuple[float, float, float]
FloatArray = NDArray[np.float64]

UNIT_GRID = {
    Morphology.STONE: (72, 72, 72),
    Morphology.PLATE: (96, 72, 72),
    Morphology.NET: (72, 150, 150),
    Morphology.AMORPHOUS: (64, 64, 64),
}
"""Cells along the axes of the grid that integrates a unit shape: volume within 0.3 %."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """One calcified deposit. Build it with `make_deposit`.

    Attributes
    ----------
    id : int
        Lesion id, 1 or more: its value in label images.
    morphology : Morphology
    centre_mm : tuple of float
        Origin of the shape, (slice, row, column).
    volume_mm3 : float
        Integral of `occupancy` over space, exact by construction: the size follows from it, so
        ``dataclasses.replace(deposit, volume_mm3=...)`` gives the same shape at another size.
    seed : int
        Chooses the shape within its morphology.
    density_g_cm3 : float
        Hydroxyapatite in g/cm³ where occupancy is 1, on top of soft tissue.
    aspect : tuple of float
        Stretch along the shape's own three axes.
    rotation : tuple of float
        Rotation vector in radians that turns the shape's axes into the phantom's.
    unit_volume : float
        Volume of the unit shape before the stretch.
    reach : tuple of float
        Half the edges of a box around the origin of the unit shape that holds it.
    texture : float
        Relative standard deviation of the density within the deposit, 0–0.4.
    """

    id: int
    morphology: Morphology
    centre_mm: Point
    volume_mm3: float
    seed: int
    density_g_cm3: float
    aspect: Point
    rotation: Point
    unit_volume: float
    reach: Point
    texture: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.volume_mm3) and self.volume_mm3 > 0):
            raise ValueError(f"a deposit needs a positive volume, got {self.volume_mm3} mm3")

    @property
    def size_mm(self) -> float:
        """Length in mm of one unit of the shape."""
        return math.cbrt(self.volume_mm3 / (self.unit_volume * math.prod(self.aspect)))

    @property
    def axes(self) -> FloatArray:
        """Shape (3, 3): columns are the shape's axes in the phantom's coordinates."""
        return rotation_matrix(self.rotation)

    @property
    def radius_mm(self) -> float:
        """Radius in mm of a sphere around the centre that holds the deposit."""
        return self.size_mm * math.hypot(*np.multiply(self.reach, self.aspect))


@dataclass(frozen=True, slots=True)
class DepositLook:
    """What may be chosen about a deposit beside place and size.

    Attributes
    ----------
    density_g_cm3 : float
        Hydroxyapatite in g/cm³; see `cctrack.phantom.deposit.attenuation`.
    aspect : tuple of float
    rotation : tuple of float
        Rotation vector in radians.
    texture : float
        Relative unevenness of the density, 0–0.4.
    """

    density_g_cm3: float = 0.5
    aspect: Point = (1.0, 1.0, 1.0)
    rotation: Point = (0.0, 0.0, 0.0)
    texture: float = 0.0


DEFAULT_LOOK = DepositLook()


def make_deposit(
    place: tuple[int, Point],
    morphology: Morphology,
    volume_mm3: float,
    seed: int,
    look: DepositLook = DEFAULT_LOOK,
) -> Deposit:
    """Make a deposit of exactly this volume.

    Parameters
    ----------
    place : (int, (float, float, float))
        Lesion id and centre in mm.
    morphology : Morphology
    volume_mm3 : float
        Integral of its occupancy, mm³.
    seed : int
        The same seed gives the same shape.
    look : DepositLook

    Raises
    ------
    ValueError
        If the volume is not positive and finite.
    """
    unit_volume, reach = _measure_unit(morphology, seed)
    return Deposit(
        id=place[0],
        morphology=morphology,
        centre_mm=place[1],
        volume_mm3=volume_mm3,
        seed=seed,
        density_g_cm3=look.density_g_cm3,
        aspect=look.aspect,
        rotation=look.rotation,
        unit_volume=unit_volume,
        reach=reach,
        texture=look.texture,
    )


def rotation_matrix(vector: Point) -> FloatArray:
    """Rotation matrix (3, 3) of a rotation vector in radians (Rodrigues)."""
    angle = math.hypot(*vector)
    if angle == 0:
        return np.eye(3)
    x, y, z = (value / angle for value in vector)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: FloatArray = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return turned


def _measure_unit(morphology: Morphology, seed: int) -> tuple[float, Point]:
    half = np.array(HALF_BOX[morphology])
    counts = UNIT_GRID[morphology]
    cell = 2.0 * half / counts
    axes = [
        (np.arange(n) + 0.5) * step - n * step / 2 for n, step in zip(counts, cell, strict=True)
    ]
    grid = np.meshgrid(*axes, indexing="ij")
    points = np.column_stack([axis.ravel() for axis in grid]).astype(np.float32)
    filled = unit_occupancy(morphology, seed, points)
    reach = np.abs(points[filled > 0]).max(axis=0) + cell
    first, second, third = (float(value) for value in np.minimum(reach, half))
    return float(filled.sum(dtype=np.float64) * cell.prod()), (first, second, third)
