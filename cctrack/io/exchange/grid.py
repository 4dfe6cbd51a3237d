"""Find the pixels of an image where another program says that they are: whole ones, or none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.model import Because, Ct, FloatArray, Mr, SliceExtents

OFF_GRID_PX = 0.1
"""A pixel may lie this far beside one of the image, by rounding; half would be the next."""

BESIDE_SLICE = 0.25
"""A contour may lie this far beside its slice, as a share of the slice's extent: programs write
whole or tenths of mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where the voxels of a volume lie, uneven slices too.

    Attributes
    ----------
    to_index : array (4, 4)
        Maps homogeneous LPS mm to (slice, row, column), slices as if they were even.
    slices : array (n,)
        Where the slices are on that axis.
    shape : tuple of int
    """

    to_index: FloatArray
    slices: FloatArray
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, image: Ct | Mr) -> "Grid":
        """Make the grid of a volume."""
        depth, rows, columns = image.shape
        places = np.arange(depth, dtype=np.float64)
        if isinstance(image.scale, SliceExtents):
            places = slice_places(image.scale.extents_mm)
        to_index: FloatArray = np.linalg.inv(image.affine).astype(np.float64)
        return cls(to_index, places, (depth, rows, columns))

    def index_of(self, points_mm: FloatArray) -> FloatArray:
        """Map points (n, 3) in mm to (slice, row, column), slices as if even."""
        homogeneous = np.column_stack([points_mm, np.ones(len(points_mm))])
        index: FloatArray = (homogeneous @ self.to_index.T)[:, :3]
        return index

    def nearest_slice(self, place: float) -> tuple[int, float]:
        """Return the slice nearest to a place on the axis of slices, and how far it is away.

        The distance is a share of the gap to its nearest neighbour.
        """
        away = np.abs(self.slices - place)
        nearest = int(np.argmin(away))
        beside = np.delete(self.slices, nearest)
        gap = float(np.abs(beside - self.slices[nearest]).min()) if len(beside) else 1.0
        return nearest, float(away[nearest]) / gap


def slice_places(extents_mm: tuple[float, ...]) -> FloatArray:
    """Place of each slice on an axis where mean gaps are 1, from the slices' own extents.

    An extent is half the gap below and half the gap above; at the ends it is the only gap.

    Examples
    --------
    >>> slice_places((1.0, 2.0, 3.0)).tolist()
    [0.0, 0.5, 2.0]
    """
    gaps_mm = [extents_mm[0]]
    for extent in extents_mm[1:-1]:
        gaps_mm.append(2 * extent - gaps_mm[-1])
    heights_mm = np.concatenate([[0.0], np.cumsum(gaps_mm)])
    places: FloatArray = heights_mm * (len(extents_mm) - 1) / heights_mm[-1]
    return places


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where a frame lies among the voxels of a volume: whole steps from voxel to voxel.

    Attributes
    ----------
    start : int array (3,)
        Index of its first pixel.
    down, across : int array (3,)
        Steps to the next row and to the next column.
    """

    start: NDArray[np.intp]
    down: NDArray[np.intp]
    across: NDArray[np.intp]

    def index_of(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
        """Index (3, n) of some of its pixels."""
        steps = self.down[:, None] * rows + self.across[:, None] * columns
        index: NDArray[np.intp] = self.start[:, None] + steps
        return index


def place_frame(
    grid: Grid, corner_mm: FloatArray, steps_mm: FloatArray, shape: tuple[int, int]
) -> Placed:
    """Find the voxels that the pixels of a frame are.

    Parameters
    ----------
    grid : Grid
    corner_mm : array (3,)
        Centre of the frame's first pixel.
    steps_mm : array (2, 3)
        To the next row and to the next column.
    shape : (int, int)
        Rows and columns of the frame.

    Raises
    ------
    UnreadableImage
        If its pixels are not voxels of the volume, in one order or another.
    """
    ends = np.array([[0, 0], [shape[0] - 1, 0], [0, shape[1] - 1]], dtype=np.float64)
    exact = _whole_slices(grid, grid.index_of(corner_mm + ends @ steps_mm))
    index = np.rint(exact)
    if float(np.abs(exact - index).max()) > OFF_GRID_PX:
        raise UnreadableImage(Because.MASK, "its pixels lie between those of the image")
    spans = index[1:] - index[0]
    counts = np.maximum(np.array(shape) - 1, 1)[:, None]
    if (spans % counts).any():
        raise UnreadableImage(Because.MASK, "its pixels have another size than those of the image")
    down, across = (spans // counts).astype(np.intp)
    return Placed(index[0].astype(np.intp), down, across)


def _whole_slices(grid: Grid, index: FloatArray) -> FloatArray:
    """Count places between uneven slices as slices; between two slices stays between them."""
    numbers = np.arange(len(grid.slices), dtype=np.float64)
    whole = index.copy()
    inside = np.interp(index[:, 0], grid.slices, numbers)
    beyond = index[:, 0] - np.clip(index[:, 0], grid.slices[0], grid.slices[-1])
    whole[:, 0] = inside + beyond
    return whole
