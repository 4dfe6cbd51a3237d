"""Tell bone from deposit by what bone always has: size, length, a cortex around marrow."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
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

OUTSIDE = 2
"""Mark of the background that is connected with a slice's frame; 0 and 1 are taken."""

TUBE_LENGTH_MM = 15.0
"""Shorter structures are not judged as tubes ..."""

FAINT_TUBE_MM = 6.0
"""... but for faint ones, as short as this ..."""

FAINT = 2.0
"""... whose brightest tenth stays below this many times the threshold, as in small vessels."""

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
    solid = _closed(candidate, ct)
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


def _closed(candidate: Candidate, ct: Ct) -> Bool:
    """Fill what a candidate encloses, alone or with the field's edge: a bone may be cut open."""
    if ct.padding is None:
        return fill_slices(candidate.region)
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in candidate.box)
    inner = tuple(
        slice(side.start - outer.start, side.stop - outer.start)
        for side, outer in zip(candidate.box, wide, strict=True)
    )
    outside = ct.padding[wide]
    joined = outside.copy()
    joined[inner] |= candidate.region
    closed: Bool = (fill_slices(joined) & ~outside)[inner]
    return closed


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
    filled = np.zeros_like(region)
    framed = np.zeros([side + 2 for side in region.shape[1:]], np.uint8)
    for index in np.flatnonzero(region.any(axis=(1, 2))):
        framed[...] = 0
        framed[1:-1, 1:-1] = region[index]
        cv2.floodFill(framed, None, (0, 0), OUTSIDE)
        np.not_equal(framed[1:-1, 1:-1], OUTSIDE, out=filled[index])
    return filled


def compactness(candidate: Candidate, spacing_mm: FloatArray) -> float:
    """Inscribed radius over the radius of a ball of the same volume; about 1 for a ball."""
    inner_mm = ndimage.distance_transform_edt(np.pad(candidate.region, 1), sampling=spacing_mm)
    ball_mm = (3 * candidate.volume_mm3 / (4 * np.pi)) ** (1 / 3)
    return float(inner_mm.max() / ball_mm)


def is_tube(candidate: Candidate, ct: Ct, threshold_hu: float) -> bool:
    """Whether a candidate is long and round in cross-section, like a vessel full of contrast."""
    bright_hu = float(np.percentile(ct.hu[candidate.box][candidate.region], 90))
    least_mm = FAINT_TUBE_MM if bright_hu < FAINT * threshold_hu else TUBE_LENGTH_MM
    if max(candidate.extents_mm) < least_mm:
        return False
    spacing_mm = np.asarray(ct.scale.mean_mm)
    spread_mm2 = np.cov((np.argwhere(candidate.region) * spacing_mm).T)
    # Each voxel has a width of its own: a row of single voxels is no infinitely thin tube.
    spread = np.sqrt(np.linalg.eigvalsh(spread_mm2 + np.diag(np.square(spacing_mm) / 12))[::-1])
    return bool(spread[0] > TUBE_RATIO * spread[1] and spread[1] < TUBE_ROUND * spread[2])
