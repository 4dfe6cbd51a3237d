"""Recognise the calcified wall of an artery: small pieces one above the other along its course."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.candidates import Candidate, inscribed_radius_mm

LEAST_DEPTH_MM = 8.0
"""Arteries large enough to calcify lie deeper; deposits in a row along a finger don't."""

LARGEST_PIECE_MM3 = 400.0
"""Plaques are smaller: an artery of the limbs is 4 to 10 mm wide."""

THICKEST_MM = 2.3
"""Inscribed radius in a slice at half the peak: what is thicker would fill the artery, and is no
plaque of its wall. Three stones in the fat of a thigh were taken for one."""

HALF = 0.5

NEXT_MM = 30.0
"""Plaques of one artery follow each other within this distance along the body ..."""

ASIDE_MM = 5.0
"""... and aside by no more than its width ..."""

SLOPE = 0.3
"""... and its slant."""

LEAST_PIECES = 3
LEAST_LENGTH_MM = 25.0
"""Fewer pieces, or a shorter row, is no course."""


def find_chained(candidates: list[Candidate], ct: Ct, body: Body) -> list[bool]:
    """Say of each candidate whether it is one of a row along an artery.

    Parameters
    ----------
    candidates : list of Candidate
        What would count as deposits.
    ct : Ct
    body : Body
    """
    fitting = [
        place
        for place, candidate in enumerate(candidates)
        if candidate.volume_mm3 <= LARGEST_PIECE_MM3
        and body.depth_mm[body.at(candidate.voxels)].min() >= LEAST_DEPTH_MM
        and _thickness_mm(candidate, ct) < THICKEST_MM
    ]
    centres = [_centre_mm(candidates[place], ct) for place in fitting]
    order = sorted(range(len(fitting)), key=lambda item: float(centres[item][0]))
    chained = [False] * len(candidates)
    for start in order:
        row = _row_from(start, order, centres)
        length_mm = float(centres[row[-1]][0] - centres[row[0]][0])
        if len(row) >= LEAST_PIECES and length_mm >= LEAST_LENGTH_MM:
            for item in row:
                chained[fitting[item]] = True
    return chained


def _thickness_mm(candidate: Candidate, ct: Ct) -> float:
    """Inscribed radius without the blur around it."""
    hu = ct.hu[candidate.box]
    bright = candidate.region & (hu >= HALF * hu[candidate.region].max())
    return inscribed_radius_mm(replace(candidate, region=bright), ct)


def _centre_mm(candidate: Candidate, ct: Ct) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = candidate.voxels.mean(axis=0) * np.asarray(ct.scale.mean_mm)
    return centre


def _row_from(start: int, order: list[int], centres: list[NDArray[np.float64]]) -> list[int]:
    """Go on along the body from one piece to the nearest that may be the same artery's."""
    row = [start]
    for item in order[order.index(start) + 1 :]:
        step = np.abs(centres[item] - centres[row[-1]])
        aside = float(np.hypot(step[1], step[2]))
        if step[0] <= NEXT_MM and aside <= ASIDE_MM + SLOPE * step[0]:
            row.append(item)
    return row
