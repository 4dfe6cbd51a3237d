"""A smooth shift of the skin on top of a global transform, fitted to blocks that went astray."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from cctrack.model import FloatArray

NODE = 8.0
"""Distance of the field's nodes. Skin bends over some centimetres; a block is 12 mm wide."""

STIFFNESS = 0.3
"""Weight of a bend against the blocks around it, per node."""

PULL = 0.0003
"""Weight that draws a node without blocks back to the global transform."""

TOLERANCE = 0.5
"""A block this far off counts half; one at some mm found the wrong place and counts nothing."""

ROUNDS = 6
"""Rounds of reweighting; the field moves by less than 0.02 mm after the fourth."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Shifts in mm on a grid of nodes `NODE` apart, linear between them.

    Attributes
    ----------
    shifts : array (rows, columns, 2)
    """

    shifts: FloatArray

    def at(self, places: FloatArray) -> FloatArray:
        """Shift (n, 2) at places (n, 2) in mm; beyond the grid its border goes on."""
        grid = self.shifts.shape[:2]
        shifts: FloatArray = _weights(places, grid) @ self.shifts.reshape(-1, 2)
        return shifts


def fit_field(places: FloatArray, shifts: FloatArray, size: FloatArray) -> Field:
    """Fit a smooth field to shifts, some of which are wrong.

    Iteratively reweighted least squares with Cauchy weights (Holland and Welsch 1977) and the
    squared second differences of a thin plate as the penalty.

    Parameters
    ----------
    places, shifts : array (n, 2)
        In mm.
    size : array (2,)
        Extent of the grid along rows and columns.
    """
    rows, columns = (int(np.ceil(extent / NODE)) + 1 for extent in size)
    grid = (rows, columns)
    design = _weights(places, grid)
    penalty = _bending(grid) * STIFFNESS + sparse.eye_array(rows * columns) * PULL
    trust = np.ones(len(places))
    nodes = np.zeros((rows * columns, 2))
    for _ in range(ROUNDS):
        weighted = design.T @ sparse.diags_array(trust)
        nodes = linalg.spsolve((weighted @ design + penalty).tocsc(), weighted @ shifts)
        left = np.linalg.norm(design @ nodes - shifts, axis=1)
        trust = 1 / (1 + (left / TOLERANCE) ** 2)
    return Field(np.asarray(nodes, dtype=np.float64).reshape(rows, columns, 2))


def _weights(places: FloatArray, grid: tuple[int, int]) -> sparse.csr_array:
    """Bilinear weights (n, nodes) of the nodes around each place."""
    at = np.clip(places / NODE, 0, np.array(grid) - 1.0)
    low = np.minimum(at.astype(int), np.array(grid) - 2)
    part = at - low
    index, value = [], []
    for down in (0, 1):
        for across in (0, 1):
            index.append((low[:, 0] + down) * grid[1] + low[:, 1] + across)
            share_down = part[:, 0] if down else 1 - part[:, 0]
            share_across = part[:, 1] if across else 1 - part[:, 1]
            value.append(share_down * share_across)
    rows = np.tile(np.arange(len(places)), 4)
    entries = (np.concatenate(value), (rows, np.concatenate(index)))
    return sparse.csr_array(entries, shape=(len(places), grid[0] * grid[1]))


def _bending(grid: tuple[int, int]) -> sparse.csr_array:
    """Thin-plate energy of a grid: squared second differences, the mixed one twice."""
    second = [_difference(size, 2) for size in grid]
    first = [_difference(size, 1) for size in grid]
    along = [sparse.eye_array(size) for size in grid]
    parts = (
        sparse.kron(second[0], along[1]),
        sparse.kron(along[0], second[1]),
        np.sqrt(2.0) * sparse.kron(first[0], first[1]),
    )
    return sparse.csr_array(sum(part.T @ part for part in parts))


def _difference(size: int, order: int) -> sparse.csr_array:
    step = np.diff(np.eye(size), n=order, axis=0)
    return sparse.csr_array(step if len(step) else np.zeros((1, size)))
