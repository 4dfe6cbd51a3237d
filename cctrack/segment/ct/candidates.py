"""Everything on CT bright enough to be calcium, as connected candidates with their features."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct

LEAST_VOXELS = 4
"""A candidate of fewer voxels can't be told from noise."""

LEAST_MM3 = 2.0
"""Nor can one smaller than this, however fine the voxels (a ball 1.6 mm across)."""

SURROUNDINGS_MM = 3.0
"""The noise and the background of a candidate are read this far around it."""

SURROUNDINGS_VOXELS = 3
"""At least so many voxels, so that thick slices have surroundings too."""

BESIDE_VOXELS = 4
"""The background is what lies this close: noise on top of a cloud is no deposit."""

AIR_HU = -250.0
"""Air and the blurred skin surface say nothing of a candidate's noise."""

LEAST_SURROUNDINGS = 20
"""Fewer voxels around give no noise; the candidate is then judged by its own brightness only."""

ASSUMED_NOISE_HU = 25.0
"""Noise assumed there, typical of a body kernel at 3 mm."""

PEAK_VOXELS = 3
"""Brightest voxels that stand for a peak: one alone may be noise."""

Bool = NDArray[np.bool_]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Connected sets of voxels, by their places: an image of labels would take far more memory.

    Attributes
    ----------
    shape : tuple of int
        Of the image.
    places : int array
        Index of every voxel in the flattened image; those of a component stand together, ascending.
    starts : int array (components + 1,)
        Where in ``places`` each component starts, and the end of the last; component 0 is the
        background, of no voxels.
    """

    shape: tuple[int, ...]
    places: NDArray[np.integer]
    starts: NDArray[np.intp]

    def cut_out(self, number: int) -> tuple[Box, Bool]:
        """Bounding box of a component, and its voxels in that box."""
        places = self.places[self.starts[number] : self.starts[number + 1]]
        planes, in_plane = np.divmod(places, places.dtype.type(self.shape[1] * self.shape[2]))
        rows, columns = np.divmod(in_plane, places.dtype.type(self.shape[2]))
        axes = (planes, rows, columns)
        one, two, three = (slice(int(axis.min()), int(axis.max()) + 1) for axis in axes)
        region = np.zeros([side.stop - side.start for side in (one, two, three)], dtype=bool)
        region[planes - one.start, rows - two.start, columns - three.start] = True
        return (one, two, three), region


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A connected set of voxels above the calcium threshold.

    Attributes
    ----------
    number : int
        Tells it from the others it was found with.
    box : tuple of slice
        Bounding box in the image.
    region : bool array
        Its voxels within the box.
    volume_mm3 : float
    extents_mm : tuple of float
        Edges of the bounding box.
    cut : bool
        Reaches the image's edge: a part may lie outside.
    """

    number: int
    box: Box
    region: Bool
    volume_mm3: float
    extents_mm: tuple[float, float, float]
    cut: bool

    @property
    def voxels(self) -> NDArray[np.intp]:
        """Indices (n, 3) in the image."""
        start = [part.start for part in self.box]
        return np.argwhere(self.region) + np.asarray(start, dtype=np.intp)


def list_candidates(components: Components, ct: Ct) -> Iterator[Candidate]:
    """Candidates large enough to be more than a speck, in the order of their first voxels."""
    counts = np.diff(components.starts)
    voxel_mm3 = float(np.prod(ct.scale.mean_mm))
    least = max(LEAST_VOXELS, math.ceil(LEAST_MM3 / voxel_mm3))
    for number in np.flatnonzero(counts >= least):
        box, region = components.cut_out(int(number))
        yield Candidate(
            number=int(number),
            box=box,
            region=region,
            volume_mm3=float(counts[number]) * voxel_mm3,
            extents_mm=_extents_mm(box, ct),
            cut=any(
                part.start == 0 or part.stop == length
                for part, length in zip(box, ct.shape, strict=True)
            ),
        )


def _extents_mm(box: Box, ct: Ct) -> tuple[float, float, float]:
    one, two, three = (
        (part.stop - part.start) * mm for part, mm in zip(box, ct.scale.mean_mm, strict=True)
    )
    return one, two, three


def peak_to_noise(candidate: Candidate, ct: Ct, threshold_hu: float) -> float:
    """How far a candidate's brightest voxels stand out of what surrounds it, in SDs of the noise.

    The noise is what a small average takes away from soft tissue around. Voxels beside bone, skin
    and air are left out where enough others are there: their edges are no noise.
    """
    box = _widened(candidate, ct)
    hu = ct.hu[box].astype(np.float32)
    region = np.pad(candidate.region, _padding(candidate.box, box))
    brightest = float(np.sort(hu[region])[-PEAK_VOXELS:].mean())
    soft = (hu > AIR_HU) & (hu < threshold_hu) & ~ndimage.binary_dilation(region, iterations=2)
    if np.count_nonzero(soft) < LEAST_SURROUNDINGS:
        return brightest / ASSUMED_NOISE_HU
    window = (_thin(ct), 3, 3)
    flat = ndimage.minimum_filter(soft, window)
    if np.count_nonzero(flat) < LEAST_SURROUNDINGS:
        flat = soft
    grain = (hu - ndimage.uniform_filter(hu, window, mode="nearest"))[flat]
    # A robust SD: a fascia or the wall of a vessel is no noise.
    spread = 1.4826 * float(np.median(np.abs(grain - np.median(grain))))
    near = soft & ndimage.binary_dilation(region, iterations=BESIDE_VOXELS)
    beside = hu[near if np.count_nonzero(near) >= LEAST_SURROUNDINGS else soft]
    return (brightest - float(np.median(beside))) / max(spread, 1.0)


def inscribed_radius_mm(candidate: Candidate, ct: Ct) -> float:
    """Radius of the largest disc that fits into a candidate within one slice."""
    _, row_mm, column_mm = ct.scale.mean_mm
    planes = (
        ndimage.distance_transform_edt(np.pad(plane, 1), sampling=(row_mm, column_mm))
        for plane in candidate.region
    )
    return max(float(plane.max()) for plane in planes)


def _thin(ct: Ct) -> int:
    """Slices to average: one where they are much thicker than a pixel is wide."""
    slice_mm, row_mm, _ = ct.scale.mean_mm
    return 3 if slice_mm < 2 * row_mm else 1


def _widened(candidate: Candidate, ct: Ct) -> Box:
    one, two, three = (
        slice(max(0, part.start - margin), min(length, part.stop + margin))
        for part, margin, length in zip(candidate.box, _margins(ct), ct.shape, strict=True)
    )
    return one, two, three


def _margins(ct: Ct) -> list[int]:
    return [
        max(SURROUNDINGS_VOXELS, math.ceil(SURROUNDINGS_MM / mm)) + 1 for mm in ct.scale.mean_mm
    ]


def _padding(inner: Box, outer: Box) -> list[tuple[int, int]]:
    return [
        (small.start - large.start, large.stop - small.stop)
        for small, large in zip(inner, outer, strict=True)
    ]
