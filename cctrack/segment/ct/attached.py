"""Find deposits that touch bone: what comes off at a higher threshold and sticks out of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import compactness, fill_slices
from cctrack.segment.ct.candidates import Bool, Box, Candidate, peak_to_noise

LADDER = (1.5, 2.0, 3.0, 4.5, 6.5)
"""Thresholds tried, as multiples of the calcium threshold (195 to 845 HU at 120 kVp): the blur
between a deposit and the bone beside it falls apart at one of them."""

LEAST_ATTACHED_MM3 = 8.0
"""Smaller pieces that come off a bone are shards of its own cortex."""

LARGEST_ATTACHED_MM3 = 6_000.0
"""Larger pieces are bones."""

LEAST_EXPOSED = 0.72
"""Share of a piece's surroundings that must be soft tissue. A shard of cortex lies on its bone."""

LEAST_COMPACT = 0.5
"""Inscribed radius over the radius of a ball of the same volume; shards and plates are flat."""

SHELL_MM = (1.0, 2.5)
"""Where surroundings are looked at: beyond the blur of the piece itself."""

DEEPEST_ATTACHED_MM = 20.0
"""Deeper than this, what sticks out of a bone is a process of it."""

LEAST_PEAK_TO_NOISE = 15.0
"""As for deposits that stand free."""


@dataclass(frozen=True, slots=True, eq=False)
class _Bone:
    """A component that holds bone, cut out with a margin."""

    box: Box
    region: Bool
    solid: Bool
    hu: NDArray[np.int16]
    spacing_mm: NDArray[np.float64]
    shape: tuple[int, ...]


def find_attached(bone: Candidate, ct: Ct, body: Body, threshold_hu: float) -> Iterator[Candidate]:
    """Deposits that are connected with a bone at the calcium threshold, but only by blur.

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
    held = _cut_out(bone, ct)
    seeds: list[Bool] = []
    taken = np.zeros(held.region.shape, dtype=bool)
    for factor in LADDER:
        for piece in _pieces(held, factor * threshold_hu):
            where = np.zeros_like(taken)
            where[piece.box] = piece.region
            if (where & taken).any() or not _is_deposit(piece, held, ct, body):
                continue
            taken |= where
            seeds.append(where)
    yield from _grown(seeds, held)


def _cut_out(bone: Candidate, ct: Ct) -> _Bone:
    one, two, three = (
        slice(max(0, part.start - 4), min(length, part.stop + 4))
        for part, length in zip(bone.box, ct.shape, strict=True)
    )
    margins = [
        (inner.start - outer.start, outer.stop - inner.stop)
        for inner, outer in zip(bone.box, (one, two, three), strict=True)
    ]
    region = np.pad(bone.region, margins)
    return _Bone(
        (one, two, three),
        region,
        fill_slices(region),
        ct.hu[one, two, three],
        np.asarray(ct.scale.mean_mm),
        ct.shape,
    )


def _pieces(held: _Bone, level_hu: float) -> Iterator[Candidate]:
    """List connected parts of a bone's component above a level, of a deposit's size."""
    import cc3d

    parts = cc3d.connected_components(
        held.region & (held.hu >= level_hu), connectivity=6, binary_image=True
    )
    statistics = cc3d.statistics(parts)
    voxel_mm3 = float(np.prod(held.spacing_mm))
    volumes = statistics["voxel_counts"] * voxel_mm3
    sized = (volumes >= LEAST_ATTACHED_MM3) & (volumes <= LARGEST_ATTACHED_MM3)
    for number in np.flatnonzero(sized):
        box = statistics["bounding_boxes"][number]
        if number == 0 or _at_image_edge(box, held):
            continue
        one, two, three = (
            (part.stop - part.start) * mm for part, mm in zip(box, held.spacing_mm, strict=True)
        )
        region = parts[box] == number
        yield Candidate(int(number), box, region, float(volumes[number]), (one, two, three), False)


def _at_image_edge(box: Box, held: _Bone) -> bool:
    return any(
        part.start + outer.start <= 1 or part.stop + outer.start >= length - 1
        for part, outer, length in zip(box, held.box, held.shape, strict=True)
    )


def _is_deposit(piece: Candidate, held: _Bone, ct: Ct, body: Body) -> bool:
    if (
        compactness(piece, held.spacing_mm) < LEAST_COMPACT
        or _exposed_share(piece, held) < LEAST_EXPOSED
    ):
        return False
    placed = _placed(piece, held)
    places = body.at(placed.voxels)
    if body.streaked[places].any() or not body.inside[places].mean() > 0.5:
        return False
    if body.depth_mm[places].min() > DEEPEST_ATTACHED_MM:
        return False
    return peak_to_noise(placed, ct) >= LEAST_PEAK_TO_NOISE


def _placed(piece: Candidate, held: _Bone) -> Candidate:
    one, two, three = (
        slice(part.start + outer.start, part.stop + outer.start)
        for part, outer in zip(piece.box, held.box, strict=True)
    )
    return Candidate(
        piece.number, (one, two, three), piece.region, piece.volume_mm3, piece.extents_mm, False
    )


def _exposed_share(piece: Candidate, held: _Bone) -> float:
    """Share of the shell around a piece that is neither bone nor the marrow within."""
    margin = np.ceil(SHELL_MM[1] / held.spacing_mm).astype(int) + 1
    wide = tuple(
        slice(max(0, part.start - int(add)), min(length, part.stop + int(add)))
        for part, add, length in zip(piece.box, margin, held.region.shape, strict=True)
    )
    own = np.zeros(held.region.shape, dtype=bool)[wide]
    inner = tuple(
        slice(part.start - outer.start, part.stop - outer.start)
        for part, outer in zip(piece.box, wide, strict=True)
    )
    own[inner] = piece.region
    away_mm = ndimage.distance_transform_edt(~own, sampling=held.spacing_mm)
    shell = (away_mm > SHELL_MM[0]) & (away_mm <= SHELL_MM[1])
    return float(1.0 - held.solid[wide][shell].mean()) if shell.any() else 0.0


def _grown(seeds: list[Bool], held: _Bone) -> Iterator[Candidate]:
    """Give each voxel of the component to the seed, or the bone, it runs uphill to."""
    from skimage.segmentation import watershed

    if not seeds:
        return
    markers = np.zeros(held.region.shape, dtype=np.int32)
    far = np.ones(held.region.shape, dtype=bool)
    for number, seed in enumerate(seeds, start=2):
        markers[seed] = number
        far &= ~ndimage.binary_dilation(seed, iterations=4)
    markers[held.region & far & (markers == 0)] = 1
    basins = watershed(-held.hu.astype(np.int32), markers, mask=held.region)
    voxel_mm3 = float(np.prod(held.spacing_mm))
    for number, box in enumerate(ndimage.find_objects(basins), start=1):
        if number == 1 or box is None:
            continue
        region = basins[box] == number
        one, two, three = (
            (part.stop - part.start) * mm for part, mm in zip(box, held.spacing_mm, strict=True)
        )
        volume_mm3 = float(np.count_nonzero(region)) * voxel_mm3
        grown = Candidate(number, box, region, volume_mm3, (one, two, three), False)
        yield _placed(grown, held)
