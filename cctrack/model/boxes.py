"""Label images that are background nearly everywhere: make one, and find what lies where."""

import math
import mmap

import numpy as np
from numpy.typing import NDArray

from cctrack.model.outline import LabelArray

ROWS_AT_A_TIME = 16
"""Slices of a volume, or rows of an image, looked at together: no second image is needed."""


def blank_labels(shape: tuple[int, ...]) -> LabelArray:
    """Make a label image of background only, which takes memory only where labels are written.

    `numpy.zeros` asks for pages of megabytes, of which the deposits of a CT touch nearly all:
    filling those takes as much memory as the CT, and as much time as finding its body.

    Parameters
    ----------
    shape : tuple of int

    Returns
    -------
    uint16 array
        Writable.
    """
    count = math.prod(shape)
    size = max(1, count * np.dtype(np.uint16).itemsize)
    pages = mmap.mmap(-1, size, access=mmap.ACCESS_COPY)  # Shared ones are filled when only read.
    labels: LabelArray = np.frombuffer(pages, np.uint16, count).reshape(shape)
    return labels


def label_boxes(labels: LabelArray) -> dict[int, tuple[slice, ...]]:
    """Bounding box of every label present, ascending.

    Nearly all of a CT is background, so that only the rest is looked at voxel by voxel.

    Parameters
    ----------
    labels : uint16 array
        0 is background.

    Returns
    -------
    dict of int to tuple of slice
        A slice for each axis.
    """
    places, values = _labelled(labels)
    order = np.argsort(values, kind="stable")
    present, starts = np.unique(values[order], return_index=True)
    if not len(present):
        return {}
    axes = [axis[order] for axis in np.unravel_index(places, labels.shape)]
    first = np.column_stack([np.minimum.reduceat(axis, starts) for axis in axes])
    stop = np.column_stack([np.maximum.reduceat(axis, starts) for axis in axes]) + 1
    return {
        label: tuple(slice(*ends) for ends in zip(low, high, strict=True))
        for label, low, high in zip(present.tolist(), first.tolist(), stop.tolist(), strict=True)
    }


def _labelled(labels: LabelArray) -> tuple[NDArray[np.intp], LabelArray]:
    """Index in the flattened image, and value, of all that is not background."""
    places, values = [np.zeros(0, np.intp)], [np.zeros(0, labels.dtype)]
    row_px = int(np.prod(labels.shape[1:]))
    for start in range(0, len(labels), ROWS_AT_A_TIME):
        part = labels[start : start + ROWS_AT_A_TIME].ravel()
        found = np.flatnonzero(part != 0)
        places.append(found + start * row_px)
        values.append(part[found])
    return np.concatenate(places), np.concatenate(values)
