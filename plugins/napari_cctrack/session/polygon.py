"""A line drawn round a lesion becomes its outline."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon

from cctrack.model import LabelArray

MOSTLY = 0.5
"""A lesion of which so much lies within the line is the one that was meant."""


def drawn_round(labels: LabelArray, corners: Sequence[Sequence[float]]) -> LabelArray:
    """Return labels in which what a line encloses is one lesion.

    A lesion that lies mostly within gets this border; where several do they become one; where none
    does it is a new one, or in a scan the one that the slice above or below shows there. Pixels of
    other lesions stay.

    Parameters
    ----------
    labels : uint16 array (rows, columns) or (slices, rows, columns)
    corners : sequence of (row, column) or (slice, row, column)
        In px; all in one slice.

    Raises
    ------
    ValueError
        If the line encloses nothing, or there are more lesions than numbers.
    """
    places = np.asarray(corners, dtype=float).reshape(len(corners), -1)
    drawn = labels.copy()
    level = round(float(places[0, 0])) if labels.ndim == 3 else 0
    planes = drawn if labels.ndim == 3 else drawn[None]
    inside = tuple(polygon(places[:, -2], places[:, -1], planes.shape[-2:]))
    if len(places) < 3 or not len(inside[0]):
        raise ValueError("The line goes round nothing: set three corners or more.")
    plane = planes[level]
    mine = _meant(plane, inside)
    lesion = mine[0] if mine else _beside(planes, level, inside) or int(labels.max(initial=0)) + 1
    if lesion > np.iinfo(np.uint16).max:
        raise ValueError("There are more lesions than can be numbered.")
    plane[np.isin(plane, mine)] = 0
    free = plane[inside] == 0
    plane[inside[0][free], inside[1][free]] = lesion
    return drawn


def _meant(plane: LabelArray, inside: tuple[NDArray[np.intp], ...]) -> list[int]:
    """Lesions of a slice that lie mostly within, the largest part first."""
    within = np.bincount(plane[inside], minlength=int(plane.max(initial=0)) + 1)
    sizes = np.bincount(plane.ravel(), minlength=len(within))
    found = [n for n in np.flatnonzero(within) if n and within[n] >= MOSTLY * sizes[n]]
    return sorted((int(n) for n in found), key=lambda n: -int(within[n]))


def _beside(planes: LabelArray, level: int, inside: tuple[NDArray[np.intp], ...]) -> int:
    """Lesion that a neighbouring slice shows at the same place; 0 for none."""
    levels = [near for near in (level - 1, level + 1) if 0 <= near < len(planes)]
    return next((found[0] for near in levels if (found := _meant(planes[near], inside))), 0)
