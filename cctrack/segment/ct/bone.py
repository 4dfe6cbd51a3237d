"""Tell bone from deposit by what bone always has: size, length, a cortex around marrow."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, FloatArray
from cctrack.segment.ct.candidates import Bool, Candidate

LONGEST_DEPOSIT_MM = 70.0
"""Longer connected structures are bone or vessel; deposits of this size occur but merge with
bone, and a reader outlines them."""

LARGEST_DEPOSIT_MM3 = 20_000.0
"""Larger ones are bone; 8,000 mm³ is a very large single deposit."""

CORTEX_MM = 2.5
"""The cortex, blurred, lies within this depth of a bone's surface."""

MARROW_MM = 2.5
"""A core at least this deep is needed to see whether there is marrow."""

MARROW_RATIO = 0.8
"""A core darker than this share of its own shell is marrow: deposits are densest inside."""

CAVITY_SHARE = 0.03
"""More than this share of a filled outline below the threshold is a marrow cavity."""

LEAST_CAVITY_MM3 = 10.0
"""Smaller holes are noise, or the gaps of a net-like deposit."""

TUBE_LENGTH_MM = 15.0
"""Shorter structures are not judged as tubes."""

TUBE_RATIO = 3.0
"""A tube is this much longer than wide ..."""

TUBE_ROUND = 2.5
"""... and at most this much wider than thick: a plate is wider."""


def is_large(candidate: Candidate) -> bool:
    """Whether a candidate is larger than any deposit that stands free."""
    longest = max(candidate.extents_mm)
    return candidate.volume_mm3 > LARGEST_DEPOSIT_MM3 or longest > LONGEST_DEPOSIT_MM


def has_marrow(candidate: Candidate, ct: Ct) -> bool:
    """Whether a bright shell surrounds a darker core or a cavity."""
    spacing_mm = np.asarray(ct.scale.mean_mm)
    solid = fill_slices(candidate.region)
    cavity = solid & ~candidate.region
    cavity_mm3 = float(np.count_nonzero(cavity)) * float(np.prod(spacing_mm))
    if cavity_mm3 > LEAST_CAVITY_MM3 and cavity_mm3 > CAVITY_SHARE * candidate.volume_mm3:
        return True
    inner_mm = ndimage.distance_transform_edt(np.pad(solid, 1), sampling=spacing_mm)
    inner_mm = inner_mm[1:-1, 1:-1, 1:-1]
    core = inner_mm > max(MARROW_MM, 0.7 * float(inner_mm.max()))
    if not core.any():
        return False
    return _core_is_darker(ct.hu[candidate.box], solid, inner_mm, core)


def _core_is_darker(hu: NDArray[np.int16], solid: Bool, inner_mm: FloatArray, core: Bool) -> bool:
    """Compare the core with the brightest layer of the shell around it."""
    step_mm = 0.5
    layers = (inner_mm[solid] / step_mm).astype(int)
    values = hu[solid].astype(np.float64)
    count = np.bincount(layers)
    mean = np.bincount(layers, weights=values) / np.maximum(count, 1)
    shell = mean[: max(2, int(CORTEX_MM / step_mm))]
    return float(np.median(hu[core])) < MARROW_RATIO * float(shell.max())


def fill_slices(region: Bool) -> Bool:
    """Fill holes slice by slice: a marrow cavity is open at the ends but closed around."""
    return np.stack([ndimage.binary_fill_holes(plane) for plane in region])


def compactness(candidate: Candidate, spacing_mm: FloatArray) -> float:
    """Inscribed radius over the radius of a ball of the same volume; about 1 for a ball."""
    inner_mm = ndimage.distance_transform_edt(np.pad(candidate.region, 1), sampling=spacing_mm)
    ball_mm = (3 * candidate.volume_mm3 / (4 * np.pi)) ** (1 / 3)
    return float(inner_mm.max() / ball_mm)


def is_tube(candidate: Candidate, ct: Ct) -> bool:
    """Whether a candidate is long and round in cross-section, like a vessel full of contrast."""
    if max(candidate.extents_mm) < TUBE_LENGTH_MM:
        return False
    points_mm = np.argwhere(candidate.region) * np.asarray(ct.scale.mean_mm)
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(points_mm.T))[::-1], 0.01))
    return bool(spread[0] > TUBE_RATIO * spread[1] and spread[1] < TUBE_ROUND * spread[2])
