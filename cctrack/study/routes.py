"""Ways from one visit's image to another's, also where the two were not aligned directly."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from cctrack.align.landmarks import apply_matrix
from cctrack.model import Alignment, Bend, FloatArray, Quality

Routes = Mapping[tuple[int, int], Alignment]
"""Alignments that passed, by the numbers of the earlier and the later visit."""

FIELD_SAMPLES = 21
"""Places along each axis of an image at which the common field is counted: to about 5 %."""

BEND_NODES = 33
"""Nodes of a bend along an image's longer side, as many as an alignment's own."""

ROUNDS = 4
"""Rounds in which a bend is turned round: it shifts by some px over hundreds, so that each round
leaves a hundredth of what the one before left."""

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
    used = [_known(routes, pair) for pair in pairwise(stops)]
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
        bend=_bend(routes, stops, matrix, shapes[0]) if any(part.bend for part in used) else None,
    )


def way_back(alignment: Alignment, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> Alignment:
    """Return an alignment the other way round; ``shapes`` are those of its two images."""
    back = find_route({(0, 1): alignment}, 1, 0, (shapes[1], shapes[0]))
    if back is None:
        raise AssertionError("an alignment leads both ways")
    return back


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


def _known(routes: Routes, pair: tuple[int, int]) -> Alignment:
    return routes[pair] if pair in routes else routes[pair[1], pair[0]]


def _matrix(routes: Routes, pair: tuple[int, int]) -> FloatArray:
    matrix = _known(routes, pair).matrix
    return matrix if pair in routes else np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _bend(
    routes: Routes, stops: list[int], matrix: FloatArray, shape: tuple[int, ...]
) -> Bend | None:
    """Bend of the skin over a whole way, on top of its matrix."""
    rows, columns = shape
    step = max(shape) / (BEND_NODES - 1)
    counts = [max(2, round(size / step) + 1) for size in shape]
    axes = [np.linspace(0, size - 1, count) for size, count in zip(shape, counts, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    there = nodes
    for pair in pairwise(stops):
        way = _known(routes, pair)
        there = way.transform(there) if pair in routes else _turned_round(way, there)
    shifts = there - apply_matrix(matrix, nodes)
    return Bend(shifts.reshape(*counts, 2), (rows, columns))


def _turned_round(way: Alignment, points: FloatArray) -> FloatArray:
    """Places (n, 2) that an alignment maps to some points, found by iteration."""
    inverse = np.asarray(np.linalg.inv(way.matrix), dtype=np.float64)
    places = apply_matrix(inverse, points)
    if way.bend is not None:
        for _ in range(ROUNDS):
            places = apply_matrix(inverse, points - way.bend.at(places))
    return places


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
