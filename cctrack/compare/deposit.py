"""Deposits as sets of pixels: how far apart two of them are and how alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack.model import FloatArray, LabelArray
from cctrack.model.boxes import label_boxes

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Deposit:
    """One lesion on the common grid.

    Attributes
    ----------
    label : int
    points : int array (n, axes)
        Its pixels.
    border : array (m, axes)
        Its border pixels times the spacing.
    centre : array (axes,)
        Centroid times the spacing.
    radius : float
        Of the disc or ball of the same size, in the unit of the spacing.
    """

    label: int
    points: IntArray
    border: FloatArray
    centre: FloatArray
    radius: float


def find_deposits(labels: LabelArray, spacing: Sequence[float]) -> list[Deposit]:
    """List the lesions of a label image, ascending by label."""
    return [
        _deposit(labels, value, box, np.asarray(spacing, float))
        for value, box in label_boxes(labels).items()
    ]


def distances(before: Sequence[Deposit], after: Sequence[Deposit], gate: float) -> FloatArray:
    """Measure gaps between borders, array (before, after); 0 for overlap, inf beyond the gate."""
    from scipy.spatial import cKDTree

    gaps = np.full((len(before), len(after)), np.inf)
    if not before or not after:
        return gaps
    trees = [cKDTree(deposit.border) for deposit in after]
    for i, j in np.argwhere(_boxes_apart(before, after) <= gate):
        gap = float(trees[j].query(before[i].border)[0].min())
        if gap > 0 and _overlap(before[i].points, after[j].points):
            gap = 0.0
        if gap <= gate:
            gaps[i, j] = gap
    return gaps


def likeness(before: Sequence[Deposit], after: Sequence[Deposit]) -> float:
    """Intersection over union of two shapes laid centre on centre, 0–1."""
    one = np.concatenate([deposit.points for deposit in before])
    other = np.concatenate([deposit.points for deposit in after])
    shift = np.rint(other.mean(axis=0) - one.mean(axis=0)).astype(np.int64)
    common = _overlap(one + shift, other)
    return common / (len(one) + len(other) - common)


def shared(one: Deposit, other: Deposit) -> int:
    """Count the pixels that two deposits share."""
    return _overlap(one.points, other.points)


def moved(deposit: Deposit, shift: FloatArray, spacing: Sequence[float]) -> Deposit:
    """Return a deposit at another place; ``shift`` is in the unit of the spacing."""
    shift_px = np.rint(shift / np.asarray(spacing)).astype(np.int64)
    return replace(
        deposit,
        points=deposit.points + shift_px,
        border=deposit.border + shift,
        centre=deposit.centre + shift,
    )


def _deposit(
    labels: LabelArray, value: int, box: tuple[slice, ...], spacing: FloatArray
) -> Deposit:
    from scipy import ndimage

    inside = np.pad(labels[box] == value, 1)
    origin = np.array([side.start - 1 for side in box])
    points = np.argwhere(inside) + origin
    border = np.argwhere(inside & ~ndimage.binary_erosion(inside)) + origin
    axes = len(spacing)
    amount = len(points) * float(np.prod(spacing))
    radius = np.sqrt(amount / np.pi) if axes == 2 else np.cbrt(0.75 * amount / np.pi)
    return Deposit(value, points, border * spacing, points.mean(axis=0) * spacing, float(radius))


def _boxes_apart(before: Sequence[Deposit], after: Sequence[Deposit]) -> FloatArray:
    """Measure gaps between bounding boxes, array (before, after): at most those of the borders."""
    low, high = (
        np.array([edge(deposit.border, axis=0) for deposit in before]) for edge in (np.min, np.max)
    )
    other_low, other_high = (
        np.array([edge(deposit.border, axis=0) for deposit in after]) for edge in (np.min, np.max)
    )
    gap = np.maximum(low[:, None] - other_high[None], other_low[None] - high[:, None])
    apart: FloatArray = np.linalg.norm(np.maximum(gap, 0.0), axis=-1)
    return apart


def _overlap(one: IntArray, other: IntArray) -> int:
    """Count the pixels that two sets share."""
    low = np.minimum(one.min(axis=0), other.min(axis=0))
    high = np.maximum(one.max(axis=0), other.max(axis=0))
    shape = tuple(int(size) for size in high - low + 1)
    first = np.ravel_multi_index(tuple((one - low).T), shape)
    second = np.ravel_multi_index(tuple((other - low).T), shape)
    return len(np.intersect1d(first, second, assume_unique=True))
