"""Find what lies between the bones of a joint: brighter than soft tissue, darker than cortex.

A stone in the joint of a finger touches two bones, without a neck or a gap to either: no threshold
takes it off, and it bulges nowhere. Its own brightness sets it apart from the cortex on both sides,
and without it the two bones are two.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import FloatArray
from cctrack.segment.ct.basins import split_at_necks
from cctrack.segment.ct.bone import fill_slices
from cctrack.segment.ct.candidates import Bool, Box
from cctrack.segment.ct.distance import inner_mm, within_mm
from cctrack.segment.ct.slab import Slab

BANDS = ((2.0, 4.0), (2.5, 4.0), (2.0, 5.0), (2.5, 5.0), (3.0, 6.5), (4.0, 8.0))
"""Lower and upper limits of brightness, as multiples of the calcium threshold. Of 11
stones on bones of simulated hands that no level alone set apart they show 9."""

CORTEX_BLUR_MM = 0.8
"""Half the thickness of the layer that a blurred cortex leaves within a band, at most."""

REGAINED_MM = 0.2
"""What an opening by a ball of voxels takes from round corners."""

ROOM_VOXELS = 2
"""What is left of a bridge around the part that was cut out: its blur."""

LOOKED_AT_MM = 14.0
"""The bones on both sides are looked at so far around."""

LEAST_BONE_MM3 = 100.0
"""As much of a second bone must be there. Parts of real limbs that no bones meet at (717 within the
bands, 101 that hold two) were as likely as 0.9 before this was asked."""

SLENDER_MM2 = 250.0
"""Mean section of what is looked at: bones of hand and foot, of which two may hang together, and of
the forearm. In larger bones the spongy ends fill the bands."""

THICK_SLICES_MM = 2.5
"""In slices this thick bones of a joint are one for the scanner."""


def split_bands(
    slab: Slab, threshold_hu: float, spacing_mm: FloatArray, least_mm3: float
) -> Iterator[tuple[float, NDArray[np.int32], Bool, int]]:
    """Split what lies within each band of brightness into parts.

    Parameters
    ----------
    slab : Slab
    threshold_hu : float
        The calcium threshold.
    spacing_mm : array (3,)
    least_mm3 : float
        Smaller parts are left out.

    Yields
    ------
    tuple
        Lower limit in HU; labels of the parts, among them one of all that is left of the bone;
        voxels above the lower limit; the number of the bone's label.
    """
    if spacing_mm[0] >= THICK_SLICES_MM or not _is_slender(slab, spacing_mm):
        return
    for low, high in BANDS:
        above: Bool = slab.region & (slab.hu >= low * threshold_hu)
        band = above & slab.shallow & (slab.hu < high * threshold_hu)
        core = inner_mm(band, spacing_mm) > CORTEX_BLUR_MM
        if not core.any():
            continue
        thick = within_mm(core, spacing_mm, CORTEX_BLUR_MM + REGAINED_MM) & band
        parts = split_at_necks(thick, spacing_mm, least_mm3)
        bone = int(parts.max()) + 1
        parts[above & (parts == 0)] = bone
        yield low * threshold_hu, parts, above, bone


def holds_two_bones(
    box: Box, region: Bool, slab: Slab, level_hu: float, spacing_mm: FloatArray
) -> bool:
    """Whether the bone falls into two without a part of it.

    Parameters
    ----------
    box : tuple of slice
        Of the part, in the slab.
    region : bool array
        The part within its box.
    slab : Slab
    level_hu : float
        What is as bright as this is bone, and so is what it encloses.
    spacing_mm : array (3,)
    """
    import cc3d  # only needed here, and slow to load beside the rest

    wide = _widened(box, spacing_mm, slab.region.shape)
    own = np.zeros([side.stop - side.start for side in wide], dtype=bool)
    own[_within(box, wide)] = region
    cut = ndimage.binary_dilation(own, iterations=ROOM_VOXELS)
    rest = fill_slices(slab.region[wide] & (slab.hu[wide] >= level_hu)) & ~cut
    bones = cc3d.connected_components(rest, connectivity=6, binary_image=True)
    beside = np.unique(bones[ndimage.binary_dilation(cut) & rest])
    sizes_mm3 = np.bincount(bones.ravel())[beside] * float(np.prod(spacing_mm))
    return bool(np.count_nonzero(sizes_mm3 > LEAST_BONE_MM3) > 1)


def _widened(box: Box, spacing_mm: FloatArray, shape: tuple[int, ...]) -> Box:
    margin = np.ceil(LOOKED_AT_MM / spacing_mm).astype(int)
    one, two, three = (
        slice(max(0, side.start - int(add)), min(length, side.stop + int(add)))
        for side, add, length in zip(box, margin, shape, strict=True)
    )
    return one, two, three


def _within(inner: Box, outer: Box) -> Box:
    one, two, three = (
        slice(small.start - large.start, small.stop - large.start)
        for small, large in zip(inner, outer, strict=True)
    )
    return one, two, three


def _is_slender(slab: Slab, spacing_mm: FloatArray) -> bool:
    length_mm = np.count_nonzero(slab.solid.any(axis=(1, 2))) * spacing_mm[0]
    volume_mm3 = np.count_nonzero(slab.solid) * float(np.prod(spacing_mm))
    return bool(volume_mm3 <= SLENDER_MM2 * length_mm)
