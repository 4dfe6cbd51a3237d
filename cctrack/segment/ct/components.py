"""Label everything on CT as bright as calcium, a few slices at a time."""

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.candidates import LEAST_VOXELS, Bool, Components

SLICES_AT_A_TIME = 48
"""Bounds what is needed beside the result: labels of a whole CT would take twice its memory."""


def find_components(ct: Ct, body: Body, threshold_hu: float) -> Components:
    """Label every connected set of voxels at or above the threshold in the body's box.

    Faces connect, corners don't: noise joined at corners would string specks together. Specks
    of fewer than `LEAST_VOXELS` voxels are dropped.
    """
    labels: Components = np.zeros(ct.shape, dtype=np.uint16)
    parent = np.zeros(1, dtype=np.int64)
    rows, columns = _body_box(body, ct)
    for start in range(0, len(ct.hu), SLICES_AT_A_TIME):
        part = (slice(start, start + SLICES_AT_A_TIME), rows, columns)
        own, count = _label_part(ct, part, threshold_hu)
        if len(parent) + count > np.iinfo(labels.dtype).max:
            labels = labels.astype(np.uint32)
        own[own > 0] += len(parent) - 1
        parent = np.append(parent, np.arange(len(parent), len(parent) + count))
        labels[part] = own
        if start:
            _join_planes(labels[start - 1], labels[start], parent)
    _renumber(labels, parent)
    return labels


def _body_box(body: Body, ct: Ct) -> tuple[slice, slice]:
    """Rows and columns that hold the body: table and cables need not be labelled."""
    box = []
    for axis in (1, 2):
        others = tuple(other for other in range(3) if other != axis)
        used = np.flatnonzero(body.inside.any(axis=others))
        if not used.size:
            return slice(0, 0), slice(0, 0)
        last = used[-1] >= body.inside.shape[axis] - 1
        stop = ct.shape[axis] if last else (int(used[-1]) + 1) * body.step[axis]
        box.append(slice(int(used[0]) * body.step[axis], stop))
    return box[0], box[1]


def _label_part(
    ct: Ct, part: tuple[slice, slice, slice], threshold_hu: float
) -> tuple[NDArray[np.uint32], int]:
    """Label a few slices; what touches neither neighbour and is too small is left out."""
    import cc3d  # only needed here, and slow to load beside the rest

    bright: Bool = ct.hu[part] >= threshold_hu
    if ct.padding is not None:
        bright &= ~ct.padding[part]
    own = cc3d.connected_components(bright, connectivity=6, binary_image=True, out_dtype=np.uint32)
    if not own.size:
        return np.zeros(bright.shape, np.uint32), 0
    kept = cc3d.statistics(own)["voxel_counts"] >= LEAST_VOXELS
    kept[own[0]] = True
    kept[own[-1]] = True
    kept[0] = False
    numbers: NDArray[np.uint32] = np.where(kept, np.cumsum(kept), 0).astype(np.uint32)
    labels: NDArray[np.uint32] = numbers[own]
    return labels, int(np.count_nonzero(kept))


def _join_planes(above: Components, below: Components, parent: NDArray[np.int64]) -> None:
    """Note which components of two neighbouring slices are one."""
    touching = (above > 0) & (below > 0)
    for one, two in np.unique(np.column_stack([above[touching], below[touching]]), axis=0):
        low, high = sorted((_root(parent, int(one)), _root(parent, int(two))))
        parent[high] = low


def _renumber(labels: Components, parent: NDArray[np.int64]) -> None:
    """Give joined components one number each, without gaps."""
    roots = np.array([_root(parent, number) for number in range(len(parent))])
    _, numbers = np.unique(roots, return_inverse=True)
    lookup = numbers.astype(labels.dtype)
    for plane in labels:
        plane[...] = lookup[plane]


def _root(parent: NDArray[np.int64], number: int) -> int:
    while parent[number] != number:
        number = int(parent[number])
    return number
