"""Find deposits that touch bone, or blur into it: parts behind a neck that look like no bone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, FloatArray
from cctrack.segment.ct.basins import split_at_necks
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import fill_slices
from cctrack.segment.ct.candidates import Bool, Box, Candidate, peak_to_noise
from cctrack.segment.ct.part import LEAST_ATTACHED_MM3, Part, looks_like_deposit

LADDER = (1.0, 1.5, 2.0, 3.0, 4.5, 6.5)
"""Thresholds tried, as multiples of the calcium threshold (130 to 845 HU at 120 kVp): blur fills
the gap between a deposit and the bone beside it up to one of them."""

SLAB_MM = 72.0
"""Bones are searched so far along at a time, to bound memory ..."""

OVERLAP_MM = 20.0
"""... and so much beyond at both ends: half the longest deposit that is looked for on bone."""

MARGIN_VOXELS = 4
"""Room around a cut-out for the blur between a deposit and its background."""

BLUR_MM = 1.5
"""The blur of a dense deposit falls below the calcium threshold within this distance, or within
`BLUR_VOXELS` where voxels are large ..."""

BLUR_VOXELS = 1.5
GROW_MM = 4.0
"""... so what would grow further, up to here, lies on a plateau: the spongy end of a bone."""

MOST_BEYOND = 0.5
"""A seed may grow beyond its blur by at most this share of its own size."""

THICK_SLICES_MM = 2.5
"""From here on pieces of cortex, one or two slices long, may look like lumps ..."""

LEAST_LEVELS = 2
"""... but at one level only, so that a deposit must show at this many."""

LEAST_PEAK_TO_NOISE = 15.0
"""As for deposits that stand free."""

DEEPEST_ATTACHED_MM = 40.0
"""Deeper than this, what sticks out of a bone is likelier a process or an osteophyte of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Slab:
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


def find_attached(bone: Candidate, ct: Ct, body: Body, threshold_hu: float) -> Iterator[Candidate]:
    """Deposits that are connected with a bone at the calcium threshold.

    Parameters
    ----------
    bone : Candidate
        A component that is, or contains, bone.
    ct : Ct
    body : Body
    threshold_hu : float
        The calcium threshold.

    Yields
    ------
    Candidate
        The deposit's share of the component, down to the calcium threshold.
    """
    spacing_mm = np.asarray(ct.scale.mean_mm)
    least = LEAST_LEVELS if spacing_mm[0] >= THICK_SLICES_MM else 1
    for slab in _slabs(bone, ct, body):
        taken = np.zeros(slab.region.shape, dtype=bool)
        seeds = [
            (level_hu, seed)
            for level_hu in np.multiply(LADDER, threshold_hu)
            for seed in _seeds(slab, level_hu, threshold_hu, spacing_mm)
        ]
        for level_hu, seed in seeds:
            if taken[seed.box][seed.region].any() or _count_levels(seed, seeds) < least:
                continue
            if not _is_clear(_placed(seed, slab), ct, body, threshold_hu):
                continue
            whole = _grown(seed, slab, level_hu, spacing_mm)
            if whole is not None:
                taken[whole.box] |= whole.region
                yield _placed(whole, slab)


def _count_levels(seed: Candidate, seeds: list[tuple[float, Candidate]]) -> int:
    """At how many levels there is a lump in this place."""
    return len({level_hu for level_hu, other in seeds if _overlap(seed, other)})


def _overlap(one: Candidate, two: Candidate) -> bool:
    first = [max(a.start, b.start) for a, b in zip(one.box, two.box, strict=True)]
    last = [min(a.stop, b.stop) for a, b in zip(one.box, two.box, strict=True)]
    if any(start >= stop for start, stop in zip(first, last, strict=True)):
        return False
    common = [
        item.region[
            tuple(
                slice(start - side.start, stop - side.start)
                for start, stop, side in zip(first, last, item.box, strict=True)
            )
        ]
        for item in (one, two)
    ]
    return bool((common[0] & common[1]).any())


def _slabs(bone: Candidate, ct: Ct, body: Body) -> Iterator[_Slab]:
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
        shallow = body.depth_in(box) <= DEEPEST_ATTACHED_MM + OVERLAP_MM
        if (padded & shallow).any():
            solid = fill_slices(padded)
            yield _Slab(box, padded, solid, shallow, ct.hu[box], own)


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


def _seeds(
    slab: _Slab, level_hu: float, threshold_hu: float, spacing_mm: FloatArray
) -> Iterator[Candidate]:
    """Parts of a bone above one level that look like deposits."""
    above = slab.region & (slab.hu >= level_hu)
    parts = split_at_necks(fill_slices(above) & slab.shallow, spacing_mm, LEAST_ATTACHED_MM3)
    for number, box in enumerate(ndimage.find_objects(parts), start=1):
        if box is None or not _is_own(box, slab):
            continue
        part = Part(number, box, parts, above, slab.solid, slab.hu)
        if looks_like_deposit(part, spacing_mm, threshold_hu) and not _is_cut(part, slab):
            yield _candidate(number, box, part.filled & above[box], spacing_mm)


def _is_cut(part: Part, slab: _Slab) -> bool:
    """Whether a part goes on deeper than was looked at."""
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in part.box)
    deep = part.above[wide] & ~slab.shallow[wide]
    own = ndimage.binary_dilation(part.parts[wide] == part.number)
    return bool((own & deep).any())


def _candidate(number: int, box: Box, region: Bool, spacing_mm: FloatArray) -> Candidate:
    volume_mm3 = float(np.count_nonzero(region)) * float(np.prod(spacing_mm))
    one, two, three = (
        float((side.stop - side.start) * mm) for side, mm in zip(box, spacing_mm, strict=True)
    )
    return Candidate(number, box, region, volume_mm3, (one, two, three), cut=False)


def _is_own(box: Box, slab: _Slab) -> bool:
    """Whether a part lies in this slab's own slices and nowhere at the cut-out's edges."""
    middle = (box[0].start + box[0].stop) / 2
    inside = all(
        part.start > 0 and part.stop < length
        for part, length in zip(box, slab.region.shape, strict=True)
    )
    return inside and slab.own[0] <= middle < slab.own[1]


def _is_clear(placed: Candidate, ct: Ct, body: Body, threshold_hu: float) -> bool:
    """Whether a part is in the body, shallow, and neither noise nor a streak."""
    places = body.at(placed.voxels)
    if body.streaked[places].any() or not body.inside[places].mean() > 0.5:
        return False
    if body.depth_mm[places].min() > DEEPEST_ATTACHED_MM:
        return False
    return peak_to_noise(placed, ct, threshold_hu) >= LEAST_PEAK_TO_NOISE


def _placed(piece: Candidate, slab: _Slab) -> Candidate:
    one, two, three = (
        slice(part.start + outer.start, part.stop + outer.start)
        for part, outer in zip(piece.box, slab.box, strict=True)
    )
    return replace(piece, box=(one, two, three))


def _grown(
    seed: Candidate, slab: _Slab, level_hu: float, spacing_mm: FloatArray
) -> Candidate | None:
    """Let a seed take the blur around it, against the bone; None if it lies on a plateau."""
    from skimage.segmentation import watershed

    reach = np.ceil(GROW_MM / spacing_mm).astype(int)
    one, two, three = (
        slice(max(0, part.start - int(add)), min(length, part.stop + int(add)))
        for part, add, length in zip(seed.box, reach, slab.region.shape, strict=True)
    )
    wide = (one, two, three)
    inner = tuple(
        slice(part.start - outer.start, part.stop - outer.start)
        for part, outer in zip(seed.box, wide, strict=True)
    )
    markers = (slab.region[wide] & (slab.hu[wide] >= level_hu)).astype(np.int32)
    markers[inner][seed.region] = 2
    basins = watershed(-slab.hu[wide].astype(np.int32), markers, mask=slab.region[wide])
    blur_mm = np.maximum(BLUR_MM, BLUR_VOXELS * spacing_mm)
    away = ndimage.distance_transform_edt(markers != 2, sampling=spacing_mm / blur_mm)
    region = (basins == 2) & (away <= 1.0)
    beyond = np.count_nonzero((basins == 2) & (away > 1.0))
    if beyond > MOST_BEYOND * np.count_nonzero(seed.region):
        return None
    return _candidate(seed.number, wide, region, spacing_mm)
