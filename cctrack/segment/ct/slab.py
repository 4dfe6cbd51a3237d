"""A bone's component a stretch at a time, so that memory stays bounded in long scans."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import fill_slices
from cctrack.segment.ct.candidates import Bool, Box, Candidate

SLAB_MM = 72.0
"""Bones are searched so far along at a time, to bound memory ..."""

OVERLAP_MM = 20.0
"""... and so much beyond at both ends: half the longest deposit that is looked for on bone."""

MARGIN_VOXELS = 4
"""Room around a cut-out for the blur between a deposit and its background."""


@dataclass(frozen=True, slots=True, eq=False)
class Slab:
    """A stretch of a component that holds bone, cut out with a margin.

    Attributes
    ----------
    box : tuple of slice
        Where in the image.
    region, solid : bool arrays
        The component, and the same with marrow filled in.
    shallow : bool array
        Where deposits are looked for: not too deep under the skin.
    hu : int16 array
    own : tuple of int
        First and last + 1 slice, within the cut-out, whose deposits are reported.
    """

    box: Box
    region: Bool
    solid: Bool
    shallow: Bool
    hu: NDArray[np.int16]
    own: tuple[int, int]

    def owns(self, box: Box) -> bool:
        """Whether a part lies in this slab's own slices and nowhere at the cut-out's edges."""
        middle = (box[0].start + box[0].stop) / 2
        inside = all(
            part.start > 0 and part.stop < length
            for part, length in zip(box, self.region.shape, strict=True)
        )
        return inside and self.own[0] <= middle < self.own[1]


def cut_slabs(bone: Candidate, ct: Ct, body: Body, deepest_mm: float) -> Iterator[Slab]:
    """Cut a bone's component into stretches along the body.

    Parameters
    ----------
    bone : Candidate
    ct : Ct
    body : Body
    deepest_mm : float
        Stretches with nothing nearer to the skin are left out.
    """
    slice_mm = ct.scale.mean_mm[0]
    length = bone.region.shape[0]
    step, beyond = max(1, round(SLAB_MM / slice_mm)), round(OVERLAP_MM / slice_mm)
    if length <= step + 2 * beyond:
        step = length
    for start in range(0, length, step):
        stop = min(start + step, length)
        first, last = max(0, start - beyond), min(length, stop + beyond)
        region = bone.region[first:last]
        around = _around(region, (bone.box, first), ct)
        if around is None:
            continue
        box, padded = around
        lead = first + bone.box[0].start - box[0].start
        own = (start - first + lead, stop - first + lead)
        shallow = body.depth_in(box) <= deepest_mm + OVERLAP_MM
        if (padded & shallow).any():
            yield Slab(box, padded, fill_slices(padded), shallow, ct.hu[box], own)


def _around(region: Bool, place: tuple[Box, int], ct: Ct) -> tuple[Box, Bool] | None:
    """Box in the image of what is there of a component, and the component in it."""
    used = [np.flatnonzero(region.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    if not len(used[0]):
        return None
    whole, first = place
    inner = tuple(slice(int(part[0]), int(part[-1]) + 1) for part in used)
    starts = (whole[0].start + first, whole[1].start, whole[2].start)
    pads, box = [], []
    for part, start, length in zip(inner, starts, ct.shape, strict=True):
        low = max(0, part.start + start - MARGIN_VOXELS)
        high = min(length, part.stop + start + MARGIN_VOXELS)
        pads.append((part.start + start - low, high - part.stop - start))
        box.append(slice(low, high))
    return (box[0], box[1], box[2]), np.pad(region[inner], pads)
