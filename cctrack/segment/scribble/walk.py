"""Let the classes of pixels spread to their neighbours: a random walk that edges stop.

Grady 2005 (CVPR, "Multilabel random walker image segmentation using prior models"): the smoothest
map on the grid of pixels that stays near what each pixel's own colour says and near the strokes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

PRIOR = 0.05
"""Pull of a pixel's own class against one neighbour of the same colour."""

LEAST_TIE = 0.002
"""Even over the sharpest edge a little is passed on."""

STROKE = 50.0
"""Pull of a stroke: as good as fixed."""

TOLERANCE, MOST_STEPS = 1e-4, 400


def spread(
    lab: Float32Array, odds: Float32Array, lesion: BoolArray, beside: BoolArray
) -> Float32Array:
    """Probability of lesion at each pixel, array (rows, columns).

    Parameters
    ----------
    lab : float32 array (rows, columns, 3)
    odds : float32 array (rows, columns)
        Log-odds of lesion by the pixel's own look.
    lesion, beside : bool arrays (rows, columns)
        Pixels whose class is known.
    """
    own = 1 / (1 + np.exp(-np.clip(odds, -8, 8).astype(np.float64)))
    # What may be either pulls little.
    pull = PRIOR * np.abs(2 * own - 1) + 1e-4
    pull[lesion | beside] = STROKE
    wanted = np.where(lesion, 1.0, np.where(beside, 0.0, own))
    down, right = (_ties(lab, axis) for axis in (0, 1))
    system = _system(down, right, pull)
    diagonal = sparse.diags_array(1 / system.diagonal())
    goal = (pull * wanted).ravel()
    start = np.where(lesion | beside, wanted, own).ravel()
    found, _ = cg(system, goal, start, rtol=TOLERANCE, maxiter=MOST_STEPS, M=diagonal)
    return np.asarray(found, np.float32).reshape(odds.shape)


def _ties(lab: Float32Array, axis: int) -> NDArray[np.float64]:
    """Weight between each pixel and the next along an axis."""
    squares = (np.diff(lab, axis=axis) ** 2).sum(axis=2).astype(np.float64)
    ties: NDArray[np.float64] = np.exp(-squares / (2 * squares.mean() + 1e-6)) + LEAST_TIE
    return ties


def _system(
    down: NDArray[np.float64], right: NDArray[np.float64], pull: NDArray[np.float64]
) -> sparse.csr_array:
    """Laplacian of the grid plus the pulls."""
    rows, columns = pull.shape
    below = down.ravel()
    beside = np.zeros((rows, columns))
    beside[:, :-1] = right
    beside = beside.ravel()[:-1]
    total = pull.copy()
    total[:-1] += down
    total[1:] += down
    total[:, :-1] += right
    total[:, 1:] += right
    bands = [total.ravel(), -below, -below, -beside, -beside]
    return sparse.csr_array(sparse.diags_array(bands, offsets=[0, columns, -columns, 1, -1]))
