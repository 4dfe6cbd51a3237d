"""The building block of anatomy: a tube along the limb of any outline, centre and width."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.phantom.ct.grid import Float32Array, FloatArray, Places

ANGLES = 360
"""Entries of an outline table: 1°, finer than a voxel on any bone."""

STEP_MM = 0.25
"""Sampling along the limb."""

BEYOND_MM = 4.0
"""How far outside a closed column's end its distance is taken to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A tube along the slice axis.

    Attributes
    ----------
    start_mm : float
        First sample along the limb; samples are `STEP_MM` apart.
    centres_mm : float32 array (n, 2)
        Row and column.
    radii_mm : float32 array (n,)
        Mean radius; negative outside the column's ends.
    outline : float32 array (ANGLES,)
        Radius by angle relative to the mean.
    """

    start_mm: float
    centres_mm: Float32Array
    radii_mm: Float32Array
    outline: Float32Array

    def samples(self, places: Places) -> NDArray[np.intp]:
        """Index of the sample along the limb for each place."""
        index = np.rint((places.z - np.float32(self.start_mm)) / np.float32(STEP_MM))
        sample: NDArray[np.intp] = np.clip(index, 0, len(self.radii_mm) - 1).astype(np.intp)
        return sample

    def outside_mm(self, places: Places) -> tuple[Float32Array, NDArray[np.intp]]:
        """Distance in mm to the surface, negative inside, and the outline's index by angle."""
        sample = self.samples(places)
        row = places.y - self.centres_mm[sample, 0]
        column = places.x - self.centres_mm[sample, 1]
        angle = np.arctan2(column, row)
        entry = (angle * np.float32(ANGLES / (2 * np.pi)) + ANGLES).astype(np.intp) % ANGLES
        distance = np.hypot(row, column) - self._radius_mm(places) * self.outline[entry]
        return distance, entry

    def _radius_mm(self, places: Places) -> Float32Array:
        """Radius between samples: a bone's round end would show steps otherwise."""
        place = (places.z - np.float32(self.start_mm)) / np.float32(STEP_MM)
        place = np.clip(place, 0.0, len(self.radii_mm) - 1.001)
        lower = place.astype(np.intp)
        part = place - lower.astype(np.float32)
        between: Float32Array = (
            self.radii_mm[lower] * (1.0 - part) + self.radii_mm[lower + 1] * part
        )
        return between

    def bounds_mm(self) -> tuple[FloatArray, FloatArray]:
        """Corners of a box of the subject that holds the column."""
        inside = np.flatnonzero(self.radii_mm > 0)
        reach = (self.radii_mm[inside] * self.outline.max())[:, None]
        ends = self.start_mm + STEP_MM * inside[[0, -1]]
        low = (self.centres_mm[inside] - reach).min(axis=0)
        high = (self.centres_mm[inside] + reach).max(axis=0)
        return np.array([ends[0], *low], float), np.array([ends[1], *high], float)

    def heights_mm(self) -> FloatArray:
        """Height of each sample in mm."""
        heights: FloatArray = self.start_mm + STEP_MM * np.arange(len(self.radii_mm), dtype=float)
        return heights

    def at(self, z_mm: float) -> tuple[float, float, float]:
        """Row, column and mean radius in mm at one height."""
        sample = int(np.clip(round((z_mm - self.start_mm) / STEP_MM), 0, len(self.radii_mm) - 1))
        row, column = self.centres_mm[sample]
        return float(row), float(column), float(self.radii_mm[sample])

    def radius_towards(self, z_mm: float, angle: float) -> float:
        """Distance in mm from the centre to the surface at a height and angle (0 is along rows)."""
        return self.at(z_mm)[2] * float(self.outline[int(np.rad2deg(angle) % 360) % ANGLES])


def make_column(
    ends_mm: tuple[float, float],
    centre: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    radius: Callable[[FloatArray], FloatArray],
    outline: FloatArray | None = None,
) -> Column:
    """Sample a column between two heights.

    Parameters
    ----------
    ends_mm : (float, float)
    centre, radius : callable
        Row and column, and radius, in mm at heights in mm; a radius ≤ 0 is outside the ends.
    outline : array (ANGLES,) or None
        None is round.
    """
    z_mm = np.arange(ends_mm[0], ends_mm[1] + STEP_MM, STEP_MM)
    row, column = centre(z_mm)
    radii = np.where((z_mm >= ends_mm[0]) & (z_mm <= ends_mm[1]), radius(z_mm), 0.0)
    radii = np.where(radii > 0, radii, -BEYOND_MM)
    shape = np.ones(ANGLES) if outline is None else outline
    centres = np.column_stack(
        [np.broadcast_to(row, z_mm.shape), np.broadcast_to(column, z_mm.shape)]
    )
    return Column(
        float(z_mm[0]),
        centres.astype(np.float32),
        radii.astype(np.float32),
        shape.astype(np.float32),
    )


def ellipse_outline(flatness: float, turn: float, lumps: FloatArray | None = None) -> FloatArray:
    """Outline of an ellipse, ``flatness`` times as wide as long, turned by radians.

    ``lumps`` holds (amplitude, phase) for the harmonics from the second on.
    """
    angle = np.arange(ANGLES) * 2.0 * np.pi / ANGLES
    along, across = np.cos(angle - turn), np.sin(angle - turn)
    root = np.sqrt(flatness)
    outline: FloatArray = 1.0 / np.hypot(along * root, across / root)
    for order, (size, phase) in enumerate(lumps if lumps is not None else (), start=2):
        outline = outline * (1.0 + size * np.cos(order * angle + phase))
    return outline
