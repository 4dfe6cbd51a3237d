"""Where the voxels of a scan lie in the subject."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cctrack.phantom.ct.session import CtSession
from cctrack.phantom.deposit import Deposit, moved, turned

Float32Array = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Window = tuple[slice, slice, slice]
WINDOW_MARGIN_PX = 2


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Subject coordinates in mm of the voxels of a window: three float32 arrays of its shape."""

    z: Float32Array
    y: Float32Array
    x: Float32Array

    def within(self, window: Window) -> "Places":
        """Coordinates of a part of the grid."""
        return Places(self.z[window], self.y[window], self.x[window])


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A scan's voxels and the pose that links them to the subject.

    Attributes
    ----------
    shape : tuple of int
        Slices, rows, columns.
    spacing_mm : array (3,)
    rotation : array (3, 3)
        From subject to scanner.
    translation_mm : array (3,)
    twist : float
        Turn about the long axis in radians per mm.
    """

    shape: tuple[int, int, int]
    spacing_mm: FloatArray
    rotation: FloatArray
    translation_mm: FloatArray
    twist: float

    @property
    def first_mm(self) -> FloatArray:
        """Scanner coordinates of the first voxel's centre; 0 is the middle of the grid."""
        first: FloatArray = -self.spacing_mm * (np.array(self.shape) - 1) / 2.0
        return first

    def axes_mm(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Scanner coordinates of the voxel centres along each axis."""
        axes = [
            start + step * np.arange(count)
            for start, step, count in zip(self.first_mm, self.spacing_mm, self.shape, strict=True)
        ]
        return axes[0], axes[1], axes[2]

    def places(self, *, slice_shift_mm: float = 0.0) -> Places:
        """Subject coordinates of all voxels, with the slices shifted in the scanner."""
        z, y, x = (axis.astype(np.float32) for axis in self.axes_mm())
        turn = self.rotation.T.astype(np.float32)
        shift = -(turn @ self.translation_mm).astype(np.float32)
        along, row, column = (
            (turn[k, 0] * (z + np.float32(slice_shift_mm)) + shift[k])[:, None, None]
            + (turn[k, 1] * y)[:, None]
            + turn[k, 2] * x
            for k in range(3)
        )
        if self.twist:
            sine, cosine = np.sin(self.twist * along), np.cos(self.twist * along)
            row, column = cosine * row + sine * column, cosine * column - sine * row
        return Places(along, row, column)

    def window(self, low_mm: FloatArray, high_mm: FloatArray) -> Window | None:
        """Part of the grid that holds a box of the subject; None when they don't meet."""
        corners = np.array(np.meshgrid(*zip(low_mm, high_mm, strict=True))).reshape(3, -1).T
        index = (self.to_scanner(corners) - self.first_mm) / self.spacing_mm
        # A twisted box bulges between its corners by the angle's sagitta.
        bulge = abs(self.twist) * (high_mm[0] - low_mm[0]) * np.abs(corners[:, 1:]).max()
        margin = WINDOW_MARGIN_PX + bulge / self.spacing_mm
        first = np.maximum(np.floor(index.min(axis=0) - margin), 0).astype(int)
        stop = np.minimum(np.ceil(index.max(axis=0) + margin) + 1, self.shape).astype(int)
        if np.any(stop <= first):
            return None
        a, b, c = (slice(int(i), int(j)) for i, j in zip(first, stop, strict=True))
        return a, b, c

    def to_scanner(self, points_mm: FloatArray) -> FloatArray:
        """Scanner coordinates (n, 3) of points (n, 3) of the subject."""
        angle = self.twist * points_mm[:, 0]
        sine, cosine = np.sin(angle), np.cos(angle)
        row = cosine * points_mm[:, 1] - sine * points_mm[:, 2]
        column = cosine * points_mm[:, 2] + sine * points_mm[:, 1]
        twisted = np.column_stack([points_mm[:, 0], row, column])
        mapped: FloatArray = twisted @ self.rotation.T + self.translation_mm
        return mapped

    def carried(self, deposit: Deposit) -> Deposit:
        """Return the deposit in scanner coordinates: moved rigidly, whatever the posture."""
        centre = np.array(deposit.centre_mm)
        angle = self.twist * centre[0]
        local = Rotation.from_rotvec([angle, 0.0, 0.0]).as_matrix()
        posed = turned(deposit, self.rotation @ local, np.zeros(3))
        shift = self.to_scanner(centre[None])[0] - posed.centre_mm
        return moved(posed, (float(shift[0]), float(shift[1]), float(shift[2])))


def grid_of(session: CtSession) -> Grid:
    """Lay the session's voxels around the middle of the subject."""
    spacing = np.array([session.increment_mm, session.spacing_mm, session.spacing_mm])
    rotation = Rotation.from_rotvec(session.rotation).as_matrix()
    translation = np.array(session.translation_mm)
    return Grid(
        session.shape, spacing, rotation, translation, np.deg2rad(session.twist_deg) / 100.0
    )
