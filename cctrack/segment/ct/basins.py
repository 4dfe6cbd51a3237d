"""Split a solid at its necks: a stone that touches a bone is joined to it by a narrow waist."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import FloatArray
from cctrack.segment.ct.distance import inner_mm

SMOOTH_MM = 0.4
"""Blur of the depth map: steps of the voxel grid would make peaks of their own."""

PEAK_REACH_MM = 0.8
"""A peak of the depth map is the deepest place this far around."""

NECK = 0.85
"""Parts are one when the neck between them is nearly as thick as the thinner of them ..."""

NECK_MM = 0.25
"""... or thinner by less than half a small voxel, which is no neck but its grid."""

Bool = NDArray[np.bool_]
Labels = NDArray[np.int32]


def split_at_necks(solid: Bool, spacing_mm: FloatArray, least_mm3: float) -> Labels:
    """Label the parts of a solid that hang together by necks only.

    Parameters
    ----------
    solid : bool array (slices, rows, columns)
        Cut out with a margin: what touches the array's border goes on there.
    spacing_mm : array (3,)
    least_mm3 : float
        Separate pieces smaller than this are left out.

    Returns
    -------
    int32 array
        0 outside; parts are numbered without order, and numbers may be missing.
    """
    import cc3d

    pieces = cc3d.connected_components(solid, connectivity=6, binary_image=True)
    statistics = cc3d.statistics(pieces)
    least = least_mm3 / float(np.prod(spacing_mm))
    parts = np.zeros(solid.shape, np.int32)
    last = 0
    for number in np.flatnonzero(statistics["voxel_counts"] >= least):
        if number == 0:
            continue
        # Piece by piece: the room between bones need not be looked at.
        box = _with_rim(statistics["bounding_boxes"][number], solid.shape)
        piece = pieces[box] == number
        split = _split_piece(piece, spacing_mm)
        parts[box][piece] = split[piece] + last
        last += int(split.max())
    return parts


def _with_rim(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, side.start - 1), min(length, side.stop + 1))
        for side, length in zip(box, shape, strict=True)
    )


def _split_piece(piece: Bool, spacing_mm: FloatArray) -> Labels:
    from skimage.segmentation import watershed

    depth_mm = _smooth_depth_mm(piece, spacing_mm)
    size = [max(3, 2 * round(PEAK_REACH_MM / mm) + 1) for mm in spacing_mm]
    peaks = (depth_mm == ndimage.maximum_filter(depth_mm, size)) & piece
    markers, count = ndimage.label(peaks)
    if count < 2:
        return piece.astype(np.int32)
    basins = watershed(-depth_mm, markers, mask=piece)
    joined: Labels = _join_without_neck(basins, depth_mm, count)[basins]
    return joined


def _smooth_depth_mm(piece: Bool, spacing_mm: FloatArray) -> NDArray[np.float32]:
    depth_mm = inner_mm(piece, spacing_mm)
    smooth: NDArray[np.float32] = ndimage.gaussian_filter(depth_mm, SMOOTH_MM / spacing_mm) * piece
    return smooth


def _join_without_neck(basins: Labels, depth_mm: NDArray[np.float32], count: int) -> Labels:
    """For each basin the one it belongs to: widest necks first, the deeper one keeps its name."""
    pairs, necks = _list_necks(basins, depth_mm, count)
    peak = np.zeros(count + 1, np.float32)
    np.maximum.at(peak, basins.ravel(), depth_mm.ravel())
    parent = np.arange(count + 1, dtype=np.int32)
    for place in np.argsort(-necks, kind="stable"):
        one, two = (_root(parent, int(basin)) for basin in pairs[place])
        low = min(peak[one], peak[two])
        if one != two and (necks[place] > NECK * low or low - necks[place] < NECK_MM):
            deep, shallow = (one, two) if peak[one] >= peak[two] else (two, one)
            parent[shallow] = deep
    return np.array([_root(parent, basin) for basin in range(count + 1)], dtype=np.int32)


def _list_necks(
    basins: Labels, depth_mm: NDArray[np.float32], count: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Pairs (n, 2) of basins that touch, and the greatest depth on their common border."""
    keys, depths = [], []
    for axis in range(3):
        ahead = [slice(None)] * 3
        behind = [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        one, two = basins[tuple(behind)], basins[tuple(ahead)]
        border = (one != two) & (one > 0) & (two > 0)
        low, high = np.minimum(one[border], two[border]), np.maximum(one[border], two[border])
        keys.append(low.astype(np.int64) * (count + 1) + high)
        depths.append(np.minimum(depth_mm[tuple(behind)][border], depth_mm[tuple(ahead)][border]))
    unique, place = np.unique(np.concatenate(keys), return_inverse=True)
    necks = np.zeros(len(unique), np.float32)
    np.maximum.at(necks, place, np.concatenate(depths))
    return np.column_stack(np.divmod(unique, count + 1)).astype(np.intp), necks


def _root(parent: Labels, basin: int) -> int:
    while parent[basin] != basin:
        basin = int(parent[basin])
    return basin
