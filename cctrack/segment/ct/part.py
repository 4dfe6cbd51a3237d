"""Tell a deposit from a piece of the bone it hangs on, by its shape and density alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import FloatArray
from cctrack.segment.ct.candidates import Bool, Box

LEAST_ATTACHED_MM3 = 8.0
"""Smaller pieces that come off a bone are shards of its own cortex."""

LARGEST_ATTACHED_MM3 = 8_000.0
"""Larger pieces are bones."""

LEAST_RADIUS_MM = 0.95
"""Inscribed radius: a plate of cortex is thinner above the level at which it comes off."""

LEAST_PEAK = 3.5
"""Brightest tenth of a piece over the calcium threshold (455 HU at 120 kVp): ribs that thick
slices cut obliquely stay below, deposits of 0.3 g/cm³ and more reach it."""

BRIGHTEST = 90
"""Percentile that stands for the brightest tenth."""

MOST_HOLLOW = 0.03
"""Share of a piece that lies below its level: marrow, which 90 % of bones' pieces show."""

LEAST_CORE = 0.85
"""Median HU of a piece's core over the mean of its brightest layer. Deposits are as dense in
their middle (0.87 and more in 98 of 100), bones are not (0.2 and less in 90 of 100)."""

LEAST_COMPACT = 0.62
"""Inscribed radius over that of a ball of the same volume; shards and plates are flat."""

LEAST_EXPOSED = 0.5
"""Share of a piece's surroundings that must be soft tissue. A shard of cortex lies on its bone."""

WIDEST_NECK = 2.6
"""Root of the contact area over the inscribed radius: a ball cut in half has 1.8."""

MOST_CONTACT = 0.2
"""Share of a piece's surface in contact with other pieces."""

LONGEST = 2.0
"""Longest over middle axis: bones and their ridges are longer."""

SHELL_MM = (1.0, 2.5)
"""Where surroundings are looked at: beyond the blur of the piece itself."""

LAYER_MM = 0.5
"""Thickness of the layers the density is read in."""

CORE = 0.6
"""The core lies deeper than this share of the inscribed radius."""

CORTEX_LAYERS = 5
"""The brightest of the outer 2.5 mm stands for the cortex."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a bone's component above some level.

    Attributes
    ----------
    number : int
        Its value in ``parts``.
    box : tuple of slice
    parts : int32 array
        All parts of the cut-out.
    above : bool array
        Voxels above the level.
    solid : bool array
        The whole component at the calcium threshold, marrow filled in.
    hu : int16 array
    """

    number: int
    box: Box
    parts: NDArray[np.int32]
    above: Bool
    solid: Bool
    hu: NDArray[np.int16]

    @property
    def filled(self) -> Bool:
        """The part within its box."""
        filled: Bool = self.parts[self.box] == self.number
        return filled


def looks_like_deposit(part: Part, spacing_mm: FloatArray, threshold_hu: float) -> bool:
    """Whether a part is a solid lump that sticks out of a bone.

    Parameters
    ----------
    part : Part
    spacing_mm : array (3,)
    threshold_hu : float
        The calcium threshold.
    """
    filled = part.filled
    count = np.count_nonzero(filled)
    volume_mm3 = float(count) * float(np.prod(spacing_mm))
    if not LEAST_ATTACHED_MM3 <= volume_mm3 <= LARGEST_ATTACHED_MM3:
        return False
    if np.count_nonzero(filled & part.above[part.box]) < (1 - MOST_HOLLOW) * count:
        return False
    inner_mm = ndimage.distance_transform_edt(np.pad(filled, 1), sampling=spacing_mm)
    inner_mm = inner_mm[1:-1, 1:-1, 1:-1]
    radius_mm = float(inner_mm.max())
    ball_mm = (3 * volume_mm3 / (4 * np.pi)) ** (1 / 3)
    if radius_mm < max(LEAST_RADIUS_MM, LEAST_COMPACT * ball_mm):
        return False
    if np.percentile(part.hu[part.box][filled], BRIGHTEST) < LEAST_PEAK * threshold_hu:
        return False
    return (
        _core_ratio(part.hu[part.box], filled, inner_mm) >= LEAST_CORE
        and _elongation(filled, spacing_mm) <= LONGEST
        and _hangs_by_a_neck(part, spacing_mm, radius_mm)
        and _exposed_share(part, spacing_mm) >= LEAST_EXPOSED
    )


def _core_ratio(hu: NDArray[np.int16], filled: Bool, inner_mm: FloatArray) -> float:
    layers = (inner_mm[filled] / LAYER_MM).astype(int)
    count = np.bincount(layers)
    mean = np.bincount(layers, weights=hu[filled].astype(float)) / np.maximum(count, 1)
    core = filled & (inner_mm > CORE * float(inner_mm.max()))
    return float(np.median(hu[core])) / float(mean[:CORTEX_LAYERS].max())


def _elongation(filled: Bool, spacing_mm: FloatArray) -> float:
    spread = np.cov((np.argwhere(filled) * spacing_mm).T)
    # A voxel's own width keeps a piece of one slice from being infinitely flat.
    axes = np.linalg.eigvalsh(spread + np.diag(np.square(spacing_mm) / 12.0))
    return float(np.sqrt(axes[2] / axes[1]))


def _hangs_by_a_neck(part: Part, spacing_mm: FloatArray, radius_mm: float) -> bool:
    """Whether little of the surface is in contact with the rest of the bone."""
    around = part.parts[_widened(part, np.ones(3, int))]
    own = around == part.number
    contact_mm2 = free_mm2 = 0.0
    for axis in range(3):
        face_mm2 = float(np.prod(spacing_mm) / spacing_mm[axis])
        one, two = (np.moveaxis(array, axis, 0) for array in (own, around))
        border = one[1:] != one[:-1]
        other = np.where(one[1:], two[:-1], two[1:])[border]
        touching = np.count_nonzero(other)
        contact_mm2 += face_mm2 * touching
        free_mm2 += face_mm2 * (len(other) - touching)
    narrow = np.sqrt(contact_mm2) < WIDEST_NECK * radius_mm
    return bool(narrow and contact_mm2 < MOST_CONTACT * (contact_mm2 + free_mm2))


def _exposed_share(part: Part, spacing_mm: FloatArray) -> float:
    """Share of the shell around a part that is neither bone nor the marrow within."""
    wide = _widened(part, np.ceil(SHELL_MM[1] / spacing_mm).astype(int) + 1)
    own = part.parts[wide] == part.number
    away_mm = ndimage.distance_transform_edt(~own, sampling=spacing_mm)
    shell = (away_mm > SHELL_MM[0]) & (away_mm <= SHELL_MM[1])
    return float(1.0 - part.solid[wide][shell].mean()) if shell.any() else 0.0


def _widened(part: Part, margin: NDArray[np.int_]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, side.start - int(add)), min(length, side.stop + int(add)))
        for side, add, length in zip(part.box, margin, part.parts.shape, strict=True)
    )
