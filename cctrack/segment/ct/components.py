"""Find everything on CT as bright as calcium, a few slices at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.candidates import LEAST_VOXELS, Bool, Components

SLICES_AT_A_TIME = 16
"""Bounds what is needed beside the result: labels of a whole CT would take twice its memory."""

Numbers = NDArray[np.uint32]
Places = NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """What is bright in a few slices.

    Attributes
    ----------
    places : int array
        Index of each voxel in the flattened image.
    numbers : uint32 array
        Which part of this stretch it belongs to, from 1.
    first, last : uint32 arrays (rows, columns)
        Numbers in the slices that meet the neighbouring stretches.
    """

    places: Places
    numbers: Numbers
    first: Numbers
    last: Numbers

    @property
    def count(self) -> int:
        """How many parts there are."""
        return int(self.numbers.max(initial=0))


def find_components(ct: Ct, body: Body, threshold_hu: float) -> Components:
    """Find every connected set of voxels at or above the threshold in the body's box.

    Faces connect, corners don't: noise joined at corners would string specks together. Specks
    of fewer than `LEAST_VOXELS` voxels are dropped.
    """
    rows, columns = _body_box(body, ct)
    places, numbers, joints = [], [], []
    count, above = 0, None
    for start in range(0, len(ct.hu), SLICES_AT_A_TIME):
        part = (slice(start, start + SLICES_AT_A_TIME), rows, columns)
        stretch = _label_stretch(ct, part, threshold_hu)
        places.append(stretch.places)
        numbers.append(stretch.numbers + np.uint32(count))
        if above is not None:
            offsets = np.array([count - above.count, count])
            joints.append(_joints(above.last, stretch.first) + offsets)
        count, above = count + stretch.count, stretch
    return _grouped(ct.shape, (np.concatenate(places), np.concatenate(numbers)), (joints, count))


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


def _label_stretch(ct: Ct, part: tuple[slice, slice, slice], threshold_hu: float) -> _Stretch:
    """Label a few slices; what touches neither neighbour and is too small is left out."""
    import cc3d  # only needed here, and slow to load beside the rest

    bright: Bool = ct.hu[part] >= threshold_hu
    if ct.padding is not None:
        bright &= ~ct.padding[part]
    if not bright.any():
        nothing = np.zeros(bright.shape[1:], np.uint32)
        return _Stretch(np.zeros(0, _index_type(ct)), np.zeros(0, np.uint32), nothing, nothing)
    own = cc3d.connected_components(bright, connectivity=6, binary_image=True, out_dtype=np.uint32)
    inside = np.flatnonzero(bright)
    numbers = own.ravel()[inside]
    kept = np.bincount(numbers) >= LEAST_VOXELS
    kept[own[0]] = True
    kept[own[-1]] = True
    kept[0] = False
    renumbered = np.where(kept, np.cumsum(kept), 0).astype(np.uint32)
    numbers = renumbered[numbers]
    places = _places_in_image(inside[numbers > 0], bright.shape, part, ct)
    return _Stretch(places, numbers[numbers > 0], renumbered[own[0]], renumbered[own[-1]])


def _index_type(ct: Ct) -> type[np.integer]:
    return np.int32 if ct.hu.size <= np.iinfo(np.int32).max else np.int64


def _places_in_image(
    inside: NDArray[np.intp], shape: tuple[int, ...], part: tuple[slice, slice, slice], ct: Ct
) -> Places:
    """Index in the flattened image of what is given by its index in the flattened part."""
    planes, rows, columns = np.unravel_index(inside, shape)
    planes += part[0].start
    rows += part[1].start
    columns += part[2].start
    return ((planes * ct.shape[1] + rows) * ct.shape[2] + columns).astype(_index_type(ct))


def _joints(above: Numbers, below: Numbers) -> NDArray[np.int64]:
    """Pairs (n, 2) of parts of two stretches that are one."""
    touching = (above > 0) & (below > 0)
    pairs = np.column_stack([above[touching], below[touching]]).astype(np.int64)
    return np.unique(pairs, axis=0)


def _grouped(
    shape: tuple[int, ...],
    voxels: tuple[Places, Numbers],
    parts: tuple[list[NDArray[np.int64]], int],
) -> Components:
    """Put the voxels of parts that are one component next to each other."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    places, numbers = voxels
    joints, count = parts
    ends = np.concatenate([np.zeros((0, 2), np.int64), *joints])
    size = (count + 1, count + 1)  # Number 0 is the background, without voxels.
    pairs = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=size)
    total, component = connected_components(pairs, directed=False)
    if total <= np.iinfo(np.uint16).max:
        component = component.astype(np.uint16)  # Sorted many times as fast.
    owner = component[numbers]
    order = np.argsort(owner, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=total))])
    return Components(shape, places[order], starts.astype(np.intp))
