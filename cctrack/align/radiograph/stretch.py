"""How many mm on the later film are one on the earlier: bones keep their length, films do not.

A hand that lies nearer to the tube is magnified. Points of one rigid part keep their distances
however the fingers are spread, so what these became is asked, not what one affine made of all.
"""

import numpy as np

from cctrack.align.radiograph.features import Matches, map_points
from cctrack.align.radiograph.view import View
from cctrack.model import FloatArray

NEAREST_MM, FARTHEST_MM = 5.0, 20.0
"""Between points this far apart: closer, what a point is off by counts; farther, a joint lies
between them."""

PLAUSIBLE_MM = 6.0
"""A match that leaves the global transform by more is taken for wrong; bent fingers stay within."""

MOST_POINTS = 700
"""Of more matches evenly chosen ones do: they have a quarter of a million distances."""

LEAST_PAIRS = 300
"""Fewer distances give no median to rely on."""


def rigid_stretch(matches: Matches, matrix: FloatArray, views: tuple[View, View]) -> float | None:
    """Return the median ratio of distances in mm, later over earlier; None where it is not known.

    Parameters
    ----------
    matches : Matches
    matrix : array (3, 3)
        The global transform, working (x, y).
    views : pair of View
        The earlier and the later film.
    """
    if views[0].mm is None or views[1].mm is None or not len(matches):
        return None
    off = np.linalg.norm(map_points(matrix, matches.baseline) - matches.followup, axis=1)
    near = np.flatnonzero(off * views[1].mm < PLAUSIBLE_MM)
    near = near[:: -(-len(near) // MOST_POINTS) or 1]
    one, other = np.triu_indices(len(near), 1)
    lengths_mm = [
        np.linalg.norm(points[near[one]] - points[near[other]], axis=1) * view.mm
        for points, view in zip((matches.baseline, matches.followup), views, strict=True)
    ]
    wanted = (lengths_mm[0] > NEAREST_MM) & (lengths_mm[0] < FARTHEST_MM)
    if np.count_nonzero(wanted) < LEAST_PAIRS:
        return None
    return float(np.median(lengths_mm[1][wanted] / lengths_mm[0][wanted]))
