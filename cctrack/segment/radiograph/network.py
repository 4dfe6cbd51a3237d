"""Ask the shipped network where a film shows calcium: it sees whole deposits, not single px.

The trees judge one px by numbers measured around it. The network is shown the film, what the trees
made of it and three centimetres around each px: it knows a net or a plate by its pattern.
"""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.classify import ODDS_LIMIT
from cctrack.segment.radiograph.features import Planes
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid

NETWORK_FILE = "radiograph.onnx"
"""Taught by ``benchmarks/train_network.py``. OpenCV runs it, so that no other runtime is needed."""

JUDGED = ("bone", "deposit", "over")
"""What the network tells, in its order."""

STEP_PX = 16
"""The sides of what the network is shown are multiples of this: it halves them four times."""

MARGIN_PX = 16
"""It is shown the tissue and this much around it."""

BEYOND = np.array([0.0, -1.0, -1.0, 0.0], np.float32)
"""What its planes hold beyond the film: air."""

SOFT_SCALE = 2.0
"""Brightness over the flesh around is brought to the range of the other planes."""


def network_planes(planes: Planes, grid: Grid) -> Planes:
    """Judge every px by the film around it.

    Parameters
    ----------
    planes : mapping of str to float32 array (rows, columns)
        Those of `pixel_features` and `bone_planes`, and ``first`` of `context_planes`.
    grid : Grid

    Returns
    -------
    mapping of str to float32 array (rows, columns)
        Log-odds of ``bone``, of a ``deposit`` and of a deposit that lies mainly ``over`` bone,
        within `ODDS_LIMIT`, least outside the tissue.
    """
    judged = np.full((len(JUDGED), *grid.shape), -ODDS_LIMIT, np.float32)
    window = _window(grid.tissue)
    if window is not None:
        odds = np.clip(_ask(shown_planes(planes, grid, window)), -ODDS_LIMIT, ODDS_LIMIT)
        judged[:, *window] = np.where(grid.tissue[window], odds, np.float32(-ODDS_LIMIT))
    return dict(zip(JUDGED, judged, strict=True))


def shown_planes(planes: Planes, grid: Grid, window: tuple[slice, slice]) -> Float32Array:
    """Stack what the network is shown of a film (4, rows, columns)."""
    bone, first = (planes[name][window] / np.float32(ODDS_LIMIT) for name in ("bone", "first"))
    soft = planes["over_soft_8.0"][window] * np.float32(SOFT_SCALE)
    return np.stack([grid.grey[window], bone, first, soft])


def _window(tissue: BoolArray) -> tuple[slice, slice] | None:
    # The tissue with a little air around it.
    sides = []
    for axis in (0, 1):
        shown = np.flatnonzero(tissue.any(axis=1 - axis))
        if not len(shown):
            return None
        sides.append(slice(max(int(shown[0]) - MARGIN_PX, 0), int(shown[-1]) + MARGIN_PX + 1))
    return sides[0], sides[1]


def _ask(planes: Float32Array) -> Float32Array:
    # Four neighbouring px are four channels of one: half the grid costs a quarter of the time.
    count, rows, columns = planes.shape
    high, wide = (size + -size % STEP_PX for size in (rows, columns))
    padded = np.empty((count, high, wide), np.float32)
    padded[:] = BEYOND[:, None, None]
    padded[:, :rows, :columns] = planes
    high, wide = high // 2, wide // 2
    packed = padded.reshape(count, high, 2, wide, 2).transpose(0, 2, 4, 1, 3)
    network = cv2.dnn.readNetFromONNX(_stored())
    network.setInput(np.ascontiguousarray(packed.reshape(1, 4 * count, high, wide)))
    answer = np.asarray(network.forward(), np.float32).reshape(-1, 2, 2, high, wide)
    odds = answer.transpose(0, 3, 1, 4, 2).reshape(-1, 2 * high, 2 * wide)
    return odds[:, :rows, :columns]


def _stored() -> NDArray[np.uint8]:
    path = files("cctrack.segment") / "models" / NETWORK_FILE
    return np.frombuffer(path.read_bytes(), np.uint8)
