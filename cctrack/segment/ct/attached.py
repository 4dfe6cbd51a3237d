"""Find deposits that touch bone, or blur into it: parts that look like no bone.

A part hangs on its bone by a neck, or it is a bridge between the two bones of a joint.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from cctrack.model import Ct, FloatArray
from cctrack.segment.ct.basins import split_at_necks
from cctrack.segment.ct.body import Body
from cctrack.segment.ct.bone import fill_slices
from cctrack.segment.ct.bridge import holds_two_bones, split_bands
from cctrack.segment.ct.candidates import Bool, Candidate, peak_to_noise
from cctrack.segment.ct.grow import as_candidate, grow
from cctrack.segment.ct.likely import BRIDGE_LIMITS, LEAST_ATTACHED_MM3, Judges, portray, rate
from cctrack.segment.ct.part import Part, Portrait
from cctrack.segment.ct.slab import Slab, cut_slabs

FILLED, HOLLOW = True, False

LADDER = ((2.0, FILLED), (3.0, FILLED), (3.0, HOLLOW), (4.5, FILLED), (6.5, HOLLOW), (9.0, HOLLOW))
"""Thresholds tried, as multiples of the calcium threshold (260 to 1,170 HU at 120 kVp): blur fills
the gap between a deposit and the bone beside it up to one of them. With marrow filled in, bone does
not fall apart into shards; with marrow left out, a deposit in a joint does not drown in bone. Of 94
simulated deposits on bone that any of 14 such steps separates, these six separate 94."""

THICK_SLICES_MM = 2.5
"""From here on pieces of cortex, one or two slices long, may look like lumps ..."""

LEAST_LEVELS = 2
"""... but at one level only, so that a deposit must show at this many. In thin slices what shows at
fewer must be likelier than this."""

LIKELY_ALONE = 0.8
"""A piece of the shell of a small bone at one level reached 0.73."""

LEAST_PEAK_TO_NOISE = 15.0
"""As for deposits that stand free."""

DEEPEST_ATTACHED_MM = 40.0
"""Deeper than this, what sticks out of a bone is likelier a process or an osteophyte of it ..."""

DEEPEST_IN_LIMBS_MM = 60.0
"""... but on the shaft of a thick thigh, in a scan of limbs alone."""

SMALL_BONE_MM3 = 1_500.0
MOST_LINING = 0.1
"""In a bone this small, such as a sesamoid, a part is the bone's own wall when more than this share
of its surroundings is a cavity. Deposits on the thin ends of larger bones have up to 0.7."""

SURE = 0.97
"""Of parts this likely the one of the lowest level is taken, which leaves least to be grown back;
a less likely one of a low level holds bone: one of 0.9 was three times the stone it held."""

LEAST_SHOWN = 0.1
"""A part less likely than this is not even shown to a reader as a piece of bone to click on."""


@dataclass(frozen=True, slots=True, eq=False)
class Attached:
    """A part of a bone that may be a deposit.

    Attributes
    ----------
    candidate : Candidate
        Its share of the component, down to the calcium threshold.
    chance : float
        0 to 1, how likely it is one.
    bridge : bool
        Whether it lies between two bones.
    """

    candidate: Candidate
    chance: float
    bridge: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Seed:
    """A part above one level, in its slab's voxels; ``bridge`` where it holds two bones."""

    level_hu: float
    candidate: Candidate
    portrait: Portrait
    bridge: bool = False


def find_attached(
    bone: Candidate, ct: Ct, body: Body, threshold_hu: float, judges: Judges
) -> Iterator[Attached]:
    """Parts that may be deposits connected with a bone at the calcium threshold, likeliest first.

    Parameters
    ----------
    bone : Candidate
        A component that is, or contains, bone.
    ct : Ct
    body : Body
    threshold_hu : float
        The calcium threshold.
    judges : Judges
        From `load_judges`.

    Yields
    ------
    Attached
        No two of them share a voxel of their seeds.
    """
    spacing_mm = np.asarray(ct.scale.mean_mm)
    for slab in cut_slabs(bone, ct, body, deepest_mm(body)):
        seeds = list(list_seeds(slab, threshold_hu, spacing_mm))
        chances = rate([seed.portrait for seed in seeds], judges.parts)
        bridges = list(list_bridges(slab, threshold_hu, spacing_mm))
        chances += rate([bridge.portrait for bridge in bridges], judges.bridges)
        rated = zip(seeds + bridges, chances, strict=True)
        taken = np.zeros(slab.region.shape, dtype=bool)
        for seed, chance in sorted(rated, key=_precedence):
            if chance < LEAST_SHOWN:
                break
            if taken[seed.candidate.box][seed.candidate.region].any():
                continue
            if not _is_clear(_placed(seed.candidate, slab), ct, body, threshold_hu):
                continue
            whole = grow(seed.candidate, slab, seed.level_hu, spacing_mm)
            taken[whole.box] |= whole.region
            alone = not seed.bridge and _count_levels(seed, seeds) < LEAST_LEVELS
            doubted = alone and (chance < LIKELY_ALONE or spacing_mm[0] >= THICK_SLICES_MM)
            chance = 0.0 if doubted else chance
            yield Attached(_placed(whole, slab), chance, seed.bridge)


def _precedence(rated: tuple[_Seed, float]) -> tuple[float, float]:
    """Order parts: the sure ones first, and of those the one that holds most of the deposit."""
    seed, chance = rated
    return (-SURE, seed.level_hu) if chance >= SURE else (-chance, seed.level_hu)


def deepest_mm(body: Body) -> float:
    """How deep under the skin deposits on bone are looked for."""
    return DEEPEST_IN_LIMBS_MM if body.only_limbs else DEEPEST_ATTACHED_MM


def list_seeds(slab: Slab, threshold_hu: float, spacing_mm: FloatArray) -> Iterator[_Seed]:
    """Parts of a bone above each level that no rule speaks against."""
    least_mm3 = LEAST_ATTACHED_MM3
    small = np.count_nonzero(slab.region) * np.prod(spacing_mm) < SMALL_BONE_MM3
    for times, filled in LADDER:
        level_hu = times * threshold_hu
        above = slab.region & (slab.hu >= level_hu)
        closed = fill_slices(above)
        solid = (closed if filled else above) & slab.shallow
        parts = split_at_necks(solid, spacing_mm, least_mm3)
        for number, box in enumerate(ndimage.find_objects(parts), start=1):
            if box is None or not slab.owns(box):
                continue
            part = Part(number, box, parts, above, slab.solid, slab.hu)
            portrait = portray(part, spacing_mm, threshold_hu)
            if portrait is None or _is_cut(part, slab) or (small and _lines(part, closed)):
                continue
            seed = as_candidate(number, box, part.filled & above[box], spacing_mm)
            yield _Seed(level_hu, seed, portrait)


def list_bridges(slab: Slab, threshold_hu: float, spacing_mm: FloatArray) -> Iterator[_Seed]:
    """Parts between two bones, within each band of brightness, that no rule speaks against."""
    for level_hu, parts, above, bone in split_bands(
        slab, threshold_hu, spacing_mm, LEAST_ATTACHED_MM3
    ):
        for number, box in enumerate(ndimage.find_objects(parts), start=1):
            if box is None or number == bone or not slab.owns(box):
                continue
            part = Part(number, box, parts, above, slab.solid, slab.hu)
            portrait = portray(part, spacing_mm, threshold_hu, BRIDGE_LIMITS)
            if portrait is None or _is_cut(part, slab):
                continue
            if holds_two_bones(box, part.filled, slab, level_hu, spacing_mm):
                seed = as_candidate(number, box, part.filled, spacing_mm)
                yield _Seed(level_hu, seed, portrait, bridge=True)


def _count_levels(seed: _Seed, seeds: list[_Seed]) -> int:
    """At how many levels there is a lump in this place."""
    return len({other.level_hu for other in seeds if _overlap(seed.candidate, other.candidate)})


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


def _is_cut(part: Part, slab: Slab) -> bool:
    """Whether a part goes on deeper than was looked at."""
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in part.box)
    deep = part.above[wide] & ~slab.shallow[wide]
    own = ndimage.binary_dilation(part.parts[wide] == part.number)
    return bool((own & deep).any())


def _lines(part: Part, closed: Bool) -> bool:
    """Whether a part is the wall of a cavity: of what is bright and closed around it."""
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in part.box)
    own = part.parts[wide] == part.number
    around = ndimage.binary_dilation(own) & ~own
    cavity = closed[wide] & ~part.above[wide]
    return bool((around & cavity).sum() > MOST_LINING * around.sum())


def _is_clear(placed: Candidate, ct: Ct, body: Body, threshold_hu: float) -> bool:
    """Whether a part is in the body, shallow, and neither noise nor a streak."""
    places = body.at(placed.voxels)
    if body.streaked[places].any() or not body.inside[places].mean() > 0.5:
        return False
    if body.depth_mm[places].min() > deepest_mm(body):
        return False
    return peak_to_noise(placed, ct, threshold_hu) >= LEAST_PEAK_TO_NOISE


def _placed(piece: Candidate, slab: Slab) -> Candidate:
    one, two, three = (
        slice(part.start + outer.start, part.stop + outer.start)
        for part, outer in zip(piece.box, slab.box, strict=True)
    )
    return replace(piece, box=(one, two, three))
