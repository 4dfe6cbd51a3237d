"""Which lesions of one image the other image could have shown."""

import numpy as np
from scipy import ndimage

from cctrack.model import FloatArray, LabelArray

SEEN_SHARE = 0.95
"""Less of a lesion inside the other frame than this, and what was cut off would count as healed."""


def lesions_out_of_frame(
    labels: LabelArray, matrix: FloatArray, shape: tuple[int, ...]
) -> frozenset[int]:
    """Return the lesions that do not land wholly inside another image's frame.

    Parameters
    ----------
    labels : uint16 array
    matrix : array (axes + 1, axes + 1)
        Maps homogeneous indices of ``labels`` to indices of the other image.
    shape : tuple of int
        Of the other image.
    """
    boxes = ndimage.find_objects(labels)
    return frozenset(
        lesion
        for lesion, box in enumerate(boxes, start=1)
        if box is not None and _share_inside(labels, lesion, box, matrix, shape) < SEEN_SHARE
    )


def _share_inside(
    labels: LabelArray,
    lesion: int,
    box: tuple[slice, ...],
    matrix: FloatArray,
    shape: tuple[int, ...],
) -> float:
    origin = [extent.start for extent in box]
    points = np.argwhere(labels[box] == lesion) + origin
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    mapped = homogeneous[:, :-1] / homogeneous[:, -1:]
    inside = ((mapped >= -0.5) & (mapped < np.asarray(shape) - 0.5)).all(axis=1)
    return float(inside.mean())
