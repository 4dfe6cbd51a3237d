"""Let the seed of a deposit on bone take the blur around it, and stop where bone begins."""

import numpy as np
from scipy import ndimage

from cctrack.model import FloatArray
from cctrack.segment.ct.candidates import Bool, Box, Candidate
from cctrack.segment.ct.slab import Slab

BLUR_MM = 1.5
"""The blur of a dense deposit falls below the calcium threshold within this distance, or within
`BLUR_VOXELS` where voxels are large ..."""

BLUR_VOXELS = 1.5
GROW_MM = 4.0
"""... so what would grow further, up to here, lies on a plateau: the spongy end of a bone."""

MOST_BEYOND = 0.5
"""A seed may grow beyond its blur by at most this share of its own size ..."""

HALF = 0.5
"""... or it stops half-way down to the plateau, where the border of two blurred bodies lies."""


def grow(seed: Candidate, slab: Slab, level_hu: float, spacing_mm: FloatArray) -> Candidate:
    """Grow a seed over its own blur; where that runs out into bone it stays as it is.

    Parameters
    ----------
    seed : Candidate
        In the slab's voxels.
    slab : Slab
    level_hu : float
        The level at which the seed comes off: what else is brighter keeps its own blur.
    spacing_mm : array (3,)
    """
    box = _reach(seed.box, slab, spacing_mm)
    own_hu = float(np.median(slab.hu[seed.box][seed.region]))
    floor_hu = float(slab.hu.min())
    for _ in ("down to the threshold", "down to the plateau"):
        basin, away = _flood(seed, slab, (level_hu, floor_hu), spacing_mm)
        beyond = basin & (away > 1.0)
        if np.count_nonzero(beyond) <= MOST_BEYOND * np.count_nonzero(seed.region):
            return as_candidate(seed.number, box, basin & (away <= 1.0), spacing_mm)
        plateau_hu = float(np.median(slab.hu[box][beyond]))
        floor_hu = own_hu - HALF * (own_hu - plateau_hu)
    return seed


def _flood(
    seed: Candidate, slab: Slab, levels_hu: tuple[float, float], spacing_mm: FloatArray
) -> tuple[Bool, FloatArray]:
    """Find the seed's basin in brightness, and distances from it in multiples of the blur."""
    from skimage.segmentation import watershed

    wide = _reach(seed.box, slab, spacing_mm)
    inner = tuple(
        slice(part.start - outer.start, part.stop - outer.start)
        for part, outer in zip(seed.box, wide, strict=True)
    )
    region, hu = slab.region[wide], slab.hu[wide]
    markers = (region & (hu >= levels_hu[0])).astype(np.int32)
    markers[inner][seed.region] = 2
    mask = region & ((hu >= levels_hu[1]) | (markers > 0))
    basin: Bool = watershed(-hu.astype(np.int32), markers, mask=mask) == 2
    blur_mm = np.maximum(BLUR_MM, BLUR_VOXELS * spacing_mm)
    away = ndimage.distance_transform_edt(markers != 2, sampling=spacing_mm / blur_mm)
    return basin, away


def _reach(box: Box, slab: Slab, spacing_mm: FloatArray) -> Box:
    reach = np.ceil(GROW_MM / spacing_mm).astype(int)
    one, two, three = (
        slice(max(0, part.start - int(add)), min(length, part.stop + int(add)))
        for part, add, length in zip(box, reach, slab.region.shape, strict=True)
    )
    return one, two, three


def as_candidate(number: int, box: Box, region: Bool, spacing_mm: FloatArray) -> Candidate:
    """Make a candidate of voxels within a box."""
    volume_mm3 = float(np.count_nonzero(region)) * float(np.prod(spacing_mm))
    one, two, three = (
        float((side.stop - side.start) * mm) for side, mm in zip(box, spacing_mm, strict=True)
    )
    return Candidate(number, box, region, volume_mm3, (one, two, three), cut=False)
