"""Which lesions of one image the other image could have shown."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.calibrate.photo import find_objects
from cctrack.model import Alignment, Event, FloatArray, LabelArray, LesionGroup, Photo
from cctrack.study.pipeline import Measured
from cctrack.study.routes import way_back

SEEN_SHARE = 0.95
"""Less of a lesion in the other image's field than this, and what is not seen there would count as
healed."""

BESIDE_SHARE = 0.004
"""Distance from a scale, as a share of the photo's longer side, up to which an outline ends at it:
half a millimetre in a usual close-up."""

BoolArray = NDArray[np.bool_]
Both = tuple[frozenset[int], frozenset[int]]
"""Lesions of the earlier and of the later visit."""


def with_visibility(
    groups: Sequence[LesionGroup], visits: tuple[Measured, Measured], alignment: Alignment
) -> tuple[LesionGroup, ...]:
    """Mark the groups that one of the images shows in part only, or not at all.

    They reach beyond its frame, or, on photos, below a scale.

    Parameters
    ----------
    groups : sequence of LesionGroup
        By the labels of the outlines.
    visits : pair of Measured
    alignment : Alignment
        From the earlier to the later image.
    """
    labels = visits[0].outline.labels, visits[1].outline.labels
    inverse = np.linalg.inv(alignment.matrix).astype(np.float64)
    beyond = (
        lesions_out_of_frame(labels[0], alignment.matrix, labels[1].shape),
        lesions_out_of_frame(labels[1], inverse, labels[0].shape),
    )
    unseen = {group for group in groups if _any_of(group, beyond)}
    covers = _objects(visits[0]), _objects(visits[1])
    if covers[0] is not None and covers[1] is not None:
        back = way_back(alignment, (labels[0].shape, labels[1].shape))
        below = (
            lesions_covered(labels[0], alignment, covers[1]),
            lesions_covered(labels[1], back, covers[0]),
        )
        beside = lesions_beside(labels[0], covers[0]), lesions_beside(labels[1], covers[1])
        unseen |= {group for group in groups if _is_hidden(group, below, beside)}
    return tuple(
        replace(group, event=Event.NOT_IMAGED) if group in unseen else group for group in groups
    )


def _any_of(group: LesionGroup, lesions: Both) -> bool:
    return not (lesions[0].isdisjoint(group.baseline) and lesions[1].isdisjoint(group.followup))


def _is_hidden(group: LesionGroup, below: Both, beside: Both) -> bool:
    """Whether a scale hides a group, or a part of it, at the visit that shows less.

    What has only grown to where a scale lay before was seen in full at both visits.
    """
    hidden_later = not below[0].isdisjoint(group.baseline)
    hidden_earlier = not below[1].isdisjoint(group.followup)
    if group.baseline and group.followup:
        hidden_later &= not beside[1].isdisjoint(group.followup)
        hidden_earlier &= not beside[0].isdisjoint(group.baseline)
    return hidden_later or hidden_earlier


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


def lesions_beside(labels: LabelArray, cover: BoolArray) -> frozenset[int]:
    """Return the lesions that end where something lies on the skin of their own image."""
    reach = max(1, round(BESIDE_SHARE * max(labels.shape)))
    near = labels[cv2.dilate(cover.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0]
    return frozenset(int(label) for label in np.unique(near) if label)


def _objects(visit: Measured) -> BoolArray | None:
    if not isinstance(visit.image, Photo):
        return None
    found: BoolArray = find_objects(visit.image.pixels, visit.sizes)
    return found


def _share_covered(
    labels: LabelArray, lesion: int, box: tuple[slice, ...], way: Alignment, cover: BoolArray
) -> float:
    points = np.argwhere(labels[box] == lesion) + [extent.start for extent in box]
    there = np.rint(way.transform(points.astype(np.float64))).astype(int)
    inside = ((there >= 0) & (there < cover.shape)).all(axis=1)
    return float(cover[tuple(there[inside].T)].sum() / len(points))
