"""Which lesions of one image the other image could have shown."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.calibrate.photo import find_objects
from cctrack.model import Alignment, FloatArray, Image, LabelArray, Photo
from cctrack.study.pipeline import Measured
from cctrack.study.routes import way_back

SEEN_SHARE = 0.95
"""Less of a lesion in the other image's field than this, and what is not seen there would count as
healed."""

BoolArray = NDArray[np.bool_]


def lesions_unseen(
    before: Measured, after: Measured, alignment: Alignment
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the lesions of two visits that the other one cannot show, or not all of.

    They lie outside its frame, or, on photos, below a scale.

    Parameters
    ----------
    before, after : Measured
    alignment : Alignment
        From the earlier to the later image.
    """
    labels = before.outline.labels, after.outline.labels
    inverse = np.linalg.inv(alignment.matrix).astype(np.float64)
    cut_off = lesions_out_of_frame(labels[0], alignment.matrix, after.image.shape)
    uncovered = lesions_out_of_frame(labels[1], inverse, before.image.shape)
    covers = _objects(before), _objects(after)
    if covers[0] is None or covers[1] is None:
        return cut_off, uncovered
    there = lesions_covered(labels[0], alignment, covers[1])
    back = way_back(alignment, (before.image.shape, after.image.shape))
    here = lesions_covered(labels[1], back, covers[0])
    return cut_off | there, uncovered | here


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


def lesions_covered(labels: LabelArray, way: Alignment, cover: BoolArray | None) -> frozenset[int]:
    """Return the lesions that something lies on in another image, be it on a part of them.

    Parameters
    ----------
    labels : uint16 array
    way : Alignment
        From the image of ``labels`` to the other one.
    cover : bool array, shape of the other image, or None
        Where something lies on the skin; None where nothing does.
    """
    if cover is None or not cover.any():
        return frozenset()
    boxes = ndimage.find_objects(labels)
    return frozenset(
        lesion
        for lesion, box in enumerate(boxes, start=1)
        if box is not None and _share_covered(labels, lesion, box, way, cover) > 1.0 - SEEN_SHARE
    )


def _objects(visit: Measured) -> BoolArray | None:
    image: Image = visit.image
    return find_objects(image.pixels, visit.sizes) if isinstance(image, Photo) else None


def _share_covered(
    labels: LabelArray, lesion: int, box: tuple[slice, ...], way: Alignment, cover: BoolArray
) -> float:
    points = np.argwhere(labels[box] == lesion) + [extent.start for extent in box]
    there = np.rint(way.transform(points.astype(np.float64))).astype(int)
    inside = ((there >= 0) & (there < cover.shape)).all(axis=1)
    return float(cover[tuple(there[inside].T)].sum() / len(points))
