"""Where the body is on a coarse grid: its skin, how deep each place lies, and what is metal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, FloatArray

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
        Distance from the skin; infinite beyond `DEEPEST_MM`, and where no skin is in the image.
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
    by = [min(length, size) for length, size in zip(hu.shape, step, strict=True)]
    mean = np.empty(counts, np.float32)
    peak = np.empty(counts, np.int16)
    rows, columns = counts[1] * by[1], counts[2] * by[2]
    for index in range(counts[0]):
        slab = hu[index * by[0] : (index + 1) * by[0], :rows, :columns]
        blocks = slab.reshape(len(slab), counts[1], by[1], counts[2], by[2])
        mean[index] = blocks.mean(axis=(0, 2, 4), dtype=np.float32)
        peak[index] = blocks.max(axis=(0, 2, 4))
    return mean, peak


def _thick_parts(tissue: Bool, spacing_mm: FloatArray) -> Bool:
    """Parts that survive an opening, grown back to their own surface."""
    core = distance_mm(tissue, spacing_mm, 2 * TABLE_HALF_MM) > TABLE_HALF_MM
    parts, count = ndimage.label(core)
    if count == 0:
        return np.zeros_like(tissue)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    kept = (sizes >= LEAST_PART * sizes.max())[parts]
    inside: Bool = distance_mm(~kept, spacing_mm, 2 * TABLE_HALF_MM) <= TABLE_HALF_MM + 1
    inside &= tissue
    return inside


def distance_mm(mask: Bool, spacing_mm: FloatArray, reach_mm: float) -> NDArray[np.float32]:
    """Distance to the outside of a mask, a few slices at a time; infinite beyond a reach.

    The image's border is no outside: what is cut there goes on.
    """
    margin = int(np.ceil(reach_mm / spacing_mm[0]))
    at_a_time = max(2 * margin, 1)
    distance = np.full(mask.shape, np.inf, np.float32)
    for start in range(0, len(mask), at_a_time):
        first, stop = max(0, start - margin), min(len(mask), start + at_a_time)
        part = mask[first : stop + margin]
        if part.all():
            continue
        near = ndimage.distance_transform_edt(part, sampling=spacing_mm)
        distance[start:stop] = near[start - first : stop - first]
    distance[distance > reach_mm] = np.inf
    return distance


def _depth_mm(inside: Bool, spacing_mm: FloatArray) -> NDArray[np.float32]:
    """Depth below the skin. Gas in bowel and lungs is inside, not skin."""
    parts, count = ndimage.label(~inside)
    if count == 0:
        return np.full(inside.shape, np.inf, np.float32)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    lateral = np.zeros(count + 1, dtype=bool)
    for face in (parts[:, 0], parts[:, -1], parts[:, :, 0], parts[:, :, -1]):
        lateral[np.unique(face)] = True
    air = lateral & (sizes >= LEAST_PART * sizes.max())
    air[0] = False
    return distance_mm(~air[parts], spacing_mm, DEEPEST_MM)


def _near_in_slice(metal: Bool, spacing_mm: FloatArray) -> Bool:
    near = np.zeros_like(metal)
    for index in np.flatnonzero(metal.any(axis=(1, 2))):
        distance = ndimage.distance_transform_edt(~metal[index], sampling=spacing_mm[1:])
        near[max(0, index - 1) : index + 2] |= distance <= METAL_REACH_MM
    return near
