"""Carry labels of the baseline onto the follow-up's grid."""

from itertools import product

import numpy as np
from scipy import ndimage

from cctrack.align.landmarks import apply_matrix, fit_points
from cctrack.model import Alignment, AlignmentModel, FloatArray, LabelArray

Box = tuple[slice, ...]

ROOM_PX = 10.0
"""Skin around a lesion that says how it moved: a small one's own corners lie too close together."""

MARGIN_PX = 2
"""Room around a lesion's mapped box, so that rounding never cuts its rim."""


def warp_labels(labels: LabelArray, alignment: Alignment, shape: tuple[int, ...]) -> LabelArray:
    """Baseline labels on the follow-up's grid, nearest neighbour.

    Each lesion goes by its own patch where the alignment has one, else with the skin around it.
    Where two lesions fall onto
    the same pixel the smaller one keeps it: a small deposit must not vanish below a large one.

    Parameters
    ----------
    labels : uint16 array, two or three axes
        Of the baseline.
    alignment : Alignment
        From baseline to follow-up.
    shape : tuple of int
        Of the follow-up.

    Returns
    -------
    labels : uint16 array of ``shape``
        What falls outside is cut off.

    Raises
    ------
    ValueError
        If the labels, the alignment and the shape differ in their number of axes.
    """
    axes = labels.ndim
    if len(shape) != axes or alignment.matrix.shape != (axes + 1, axes + 1):
        raise ValueError(
            f"labels of {axes} axes, a transform {alignment.matrix.shape} and a shape {shape}"
        )
    warped: LabelArray = np.zeros(shape, dtype=np.uint16)
    sizes = np.bincount(labels.ravel())
    boxes = ndimage.find_objects(labels)
    present = [lesion for lesion in np.flatnonzero(sizes) if lesion]
    for lesion in sorted(present, key=lambda value: -sizes[value]):
        box = boxes[lesion - 1]
        _paint(warped, labels, (int(lesion), box), _matrix_at(box, int(lesion), alignment))
    return warped


def _matrix_at(box: Box, lesion: int, alignment: Alignment) -> FloatArray:
    """Transform of one lesion: its own patch, or what the bend of the skin makes of the whole."""
    if alignment.bend is None or lesion in alignment.patches:
        return alignment.patches.get(lesion, alignment.matrix)
    corners = np.array(
        list(product(*((side.start - ROOM_PX, side.stop + ROOM_PX) for side in box))), np.float64
    )
    # Over one lesion a bend is as good as affine, and an affine transform can be turned round.
    return fit_points(corners, alignment.transform(corners), AlignmentModel.AFFINE)


def _paint(
    warped: LabelArray, labels: LabelArray, lesion: tuple[int, Box], matrix: FloatArray
) -> None:
    """Paint one lesion into ``warped`` by pulling each pixel of its mapped box back."""
    value, box = lesion
    target = _mapped_box(box, matrix, warped.shape)
    if any(side.stop <= side.start for side in target):
        return
    grid = np.stack(
        np.meshgrid(*(np.arange(side.start, side.stop) for side in target), indexing="ij"), -1
    )
    inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    back = apply_matrix(inverse, grid.reshape(-1, labels.ndim).astype(np.float64))
    near = np.rint(back).astype(np.int64)
    inside = np.all((near >= 0) & (near < labels.shape), axis=1)
    hit = np.zeros(len(near), dtype=bool)
    hit[inside] = labels[tuple(near[inside].T)] == value
    warped[target][hit.reshape(grid.shape[:-1])] = value


def _mapped_box(box: Box, matrix: FloatArray, shape: tuple[int, ...]) -> Box:
    ends = [(side.start - 0.5, side.stop - 0.5) for side in box]
    outer = np.array(list(product(*ends)), dtype=np.float64)
    corners = apply_matrix(matrix, outer)
    low = np.floor(corners.min(axis=0)).astype(int) - MARGIN_PX
    high = np.ceil(corners.max(axis=0)).astype(int) + MARGIN_PX + 1
    return tuple(
        slice(max(int(start), 0), min(int(stop), size))
        for start, stop, size in zip(low, high, shape, strict=True)
    )
