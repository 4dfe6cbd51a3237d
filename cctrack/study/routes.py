"""Ways from one visit's image to another's, also where the two were not aligned directly."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from cctrack.align.landmarks import apply_matrix
from cctrack.model import Alignment, FloatArray, Quality

Routes = Mapping[tuple[int, int], Alignment]
"""Alignments that passed, by the numbers of the earlier and the later visit."""

FIELD_SAMPLES = 21
"""Places along each axis of an image at which the common field is counted: to about 5 %."""

WORST_FIRST = (Quality.FAILED, Quality.CHECK, Quality.GOOD)
"""A way over several alignments is as good as the worst of them."""


def find_route(
    routes: Routes, start: int, end: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> Alignment | None:
    """Return the alignment from one visit to another, over others where there is no direct one.

    Parameters
    ----------
    routes : Routes
    start, end : int
        Numbers of the visits.
    shapes : pair of tuple of int
        Of the two visits' images.
    """
    if (start, end) in routes:
        return routes[start, end]
    stops = _shortest(routes, start, end)
    if stops is None:
        return None
    matrix = np.eye(len(shapes[0]) + 1)
    for pair in pairwise(stops):
        matrix = _matrix(routes, pair) @ matrix
    used = [routes.get((a, b)) or routes[b, a] for a, b in pairwise(stops)]
    known_mm = [part.residual_mm for part in used if part.residual_mm is not None]
    return Alignment(
        model=used[0].model,
        matrix=matrix,
        quality=min((part.quality for part in used), key=WORST_FIRST.index),
        residual_px=float(np.hypot.reduce([part.residual_px for part in used])),
        residual_mm=float(np.hypot.reduce(known_mm)) if len(known_mm) == len(used) else None,
        inliers=min(part.inliers for part in used),
        coverage=_common_field(matrix, shapes),
        reason="Aligned by way of another visit.",
    )


def _shortest(routes: Routes, start: int, end: int) -> list[int] | None:
    paths = [[start]]
    seen = {start}
    for path in paths:
        if path[-1] == end:
            return path
        for one, other in routes:
            step = other if one == path[-1] else one if other == path[-1] else None
            if step is not None and step not in seen:
                seen.add(step)
                paths.append([*path, step])
    return None


def _matrix(routes: Routes, pair: tuple[int, int]) -> FloatArray:
    if pair in routes:
        return routes[pair].matrix
    return np.asarray(np.linalg.inv(routes[pair[1], pair[0]].matrix), dtype=np.float64)


def _common_field(matrix: FloatArray, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> float:
    """Share of the smaller field that both images show, 0-1."""
    back = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    there, here = _share_inside(matrix, *shapes), _share_inside(back, shapes[1], shapes[0])
    return max(there, here)


def _share_inside(matrix: FloatArray, shape: tuple[int, ...], other: tuple[int, ...]) -> float:
    axes = [np.linspace(0.0, size - 1.0, FIELD_SAMPLES) for size in shape]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
    mapped = apply_matrix(matrix, points)
    inside = ((mapped >= -0.5) & (mapped < np.asarray(other) - 0.5)).all(axis=1)
    return float(inside.mean())
