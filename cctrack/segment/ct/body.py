"""Where the body is on a coarse grid: its skin, how deep each place lies, and what is metal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, FloatArray
from cctrack.segment.ct.distance import inner_mm, within_mm

COARSE_MM = 2.0
"""Grid the body is found on: fine enough for a finger's skin, and cheap."""

TISSUE_HU = -400.0
"""Half-way between air and fat, so that the blurred skin surface stays in place."""

TABLE_HALF_MM = 3.5
"""Half the thickness of what is no body: table tops, cushion covers and cables are thinner than
7 mm, a child's finger is not."""

LEAST_PART = 0.15
"""Share of the largest part that a second limb or hand must reach; table edges don't."""

DEEPEST_MM = 65.0
"""Depths beyond this are not told apart: nothing so deep is outlined."""

METAL_HU = 2500.0
"""Denser than any deposit or bone (enamel is near it): metal, or a saturated reconstruction."""

METAL_REACH_MM = 25.0
"""Streaks brighter than calcium reach this far around metal, within its slices."""

LIMB_MM2 = 35_000.0
"""Cross-section of a very thick thigh (66 cm around). A trunk has more; only it holds bowel."""

CUT_MM = 30.0
"""A part of the body that meets the border of a slice along more than this is not all there."""

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The body on a coarse grid.

    Attributes
    ----------
    inside : bool array (slices, rows, columns), coarse
    depth_mm : float32 array, coarse
        Distance from the skin, in the body; infinite beyond `DEEPEST_MM`, and where no skin is in
        the image.
    streaked : bool array, coarse
        Near metal.
    metal : bool
        Whether there is any metal in the image.
    step : tuple of int
        Voxels of the image per coarse voxel along each axis.
    only_limbs : bool
        Every slice shows nothing but whole cross-sections, none thicker than a thigh.
    """

    inside: Bool
    depth_mm: NDArray[np.float32]
    streaked: Bool
    metal: bool
    step: tuple[int, int, int]
    only_limbs: bool = False

    def at(self, voxels: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
        """Coarse indices of voxels (n, 3) of the image, to index the arrays with."""
        return tuple(
            np.minimum(voxels[:, axis] // self.step[axis], self.inside.shape[axis] - 1)
            for axis in range(3)
        )

    def depth_in(self, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        """Depth of every voxel of a box of the image."""
        places = [
            np.minimum(np.arange(side.start, side.stop) // by, length - 1)
            for side, by, length in zip(box, self.step, self.depth_mm.shape, strict=True)
        ]
        depth: NDArray[np.float32] = self.depth_mm[np.ix_(*places)]
        return depth


def find_body(ct: Ct) -> Body:
    """Find the body: everything thick made of tissue, without table and air.

    Parameters
    ----------
    ct : Ct

    Returns
    -------
    Body
    """
    spacing_mm = np.asarray(ct.scale.mean_mm)
    step = tuple(max(1, round(COARSE_MM / mm)) for mm in spacing_mm)
    mean, peak = _reduce(ct.hu, step)
    coarse_mm = spacing_mm * step
    inside = _thick_parts(mean > TISSUE_HU, coarse_mm)
    metal = peak >= METAL_HU
    return Body(
        inside,
        _depth_mm(inside, coarse_mm),
        _near_in_slice(metal, coarse_mm),
        bool((metal & ndimage.binary_dilation(inside, iterations=2)).any()),
        (step[0], step[1], step[2]),
        all(_shows_limbs(piece, coarse_mm) for piece in inside),
    )


def _shows_limbs(inside: Bool, coarse_mm: FloatArray) -> bool:
    """Whether a slice (rows, columns) holds limbs only, each of them whole."""
    sides_mm = zip(
        (inside[0], inside[-1], inside[:, 0], inside[:, -1]), coarse_mm[[2, 2, 1, 1]], strict=True
    )
    if any(np.count_nonzero(side) * mm > CUT_MM for side, mm in sides_mm):
        return False
    parts, _ = ndimage.label(inside)
    areas_mm2 = np.bincount(parts.ravel())[1:] * coarse_mm[1] * coarse_mm[2]
    return bool((areas_mm2 <= LIMB_MM2).all())


def _reduce(
    hu: NDArray[np.int16], step: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Mean and maximum of blocks, a slab at a time so that no float copy of the volume exists."""
    counts = [max(1, length // by) for length, by in zip(hu.shape, step, strict=True)]
    deep, high, wide = (min(length, by) for length, by in zip(hu.shape, step, strict=True))
    total = np.zeros(counts, np.float32)
    peak = np.empty(counts, np.int16)
    rows, columns = counts[1] * high, counts[2] * wide
    for index in range(counts[0]):
        slab = hu[index * deep : (index + 1) * deep, :rows, :columns]
        # Whole rows are added before columns: those lie apart in memory and take far longer.
        planes = [plane[first::high] for plane in slab for first in range(high)]
        summed, highest = planes[0].astype(np.float32), planes[0].copy()
        for plane in planes[1:]:
            summed += plane
            np.maximum(highest, plane, out=highest)
        peak[index] = np.maximum.reduce([highest[:, first::wide] for first in range(wide)])
        for first in range(wide):
            total[index] += summed[:, first::wide]
    return total / np.float32(deep * high * wide), peak


def _thick_parts(tissue: Bool, spacing_mm: FloatArray) -> Bool:
    """Parts that survive an opening, grown back to their own surface."""
    import cc3d  # only needed here, and slow to load beside the rest

    core = ~within_mm(~tissue, spacing_mm, TABLE_HALF_MM)
    parts = cc3d.connected_components(core, connectivity=6, binary_image=True)
    sizes = _sizes(parts)
    if len(sizes) == 1:
        return np.zeros_like(tissue)
    kept = (sizes >= LEAST_PART * sizes.max())[parts]
    return within_mm(kept, spacing_mm, TABLE_HALF_MM + 1) & tissue


def _sizes(parts: NDArray[np.integer]) -> NDArray[np.intp]:
    """Voxels of each part; 0 for the background."""
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return sizes


def _depth_mm(inside: Bool, spacing_mm: FloatArray) -> NDArray[np.float32]:
    """Depth of the body below its skin. Gas in bowel and lungs is inside, not skin."""
    import cc3d

    parts = cc3d.connected_components(~inside, connectivity=6, binary_image=True)
    sizes = _sizes(parts)
    lateral = np.zeros(len(sizes), dtype=bool)
    for face in (parts[:, 0], parts[:, -1], parts[:, :, 0], parts[:, :, -1]):
        lateral[np.unique(face)] = True
    air = lateral & (sizes >= LEAST_PART * sizes.max())
    air[0] = False
    depth_mm = np.zeros(inside.shape, np.float32)
    box = _box_with_rim(inside)
    depth_mm[box] = inner_mm(~air[parts[box]], spacing_mm, DEEPEST_MM)
    return depth_mm


def _box_with_rim(inside: Bool) -> tuple[slice, slice, slice]:
    """Box of the body in all slices, and what is beside it: skin lies no farther out."""
    sides = [slice(0, len(inside))]
    for axes in ((0, 2), (0, 1)):
        used = np.flatnonzero(inside.any(axis=axes))
        sides.append(slice(max(0, used[0] - 1), used[-1] + 2) if len(used) else slice(0, 0))
    return sides[0], sides[1], sides[2]


def _near_in_slice(metal: Bool, spacing_mm: FloatArray) -> Bool:
    near = np.zeros_like(metal)
    for index in np.flatnonzero(metal.any(axis=(1, 2))):
        distance = ndimage.distance_transform_edt(~metal[index], sampling=spacing_mm[1:])
        near[max(0, index - 1) : index + 2] |= distance <= METAL_REACH_MM
    return near
