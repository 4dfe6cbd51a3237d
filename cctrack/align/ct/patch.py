"""Refine a global motion around single places: blocks to judge it by, and each deposit's own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from cctrack.align.ct.rigid import (
    Freedom,
    RigidFit,
    Samples,
    Target,
    fit_rigid,
    judge,
    samples_of,
    target_of,
)
from cctrack.align.ct.volume import (
    Volume,
    apply,
    box_around,
    cropped_volume,
    reduced_volume,
    sample,
    smoothed,
)
from cctrack.model import Ct, FloatArray, LabelArray

BLOCK_MM = 2.0
"""Grid that blocks are compared on."""

BLOCK_RADIUS_MM = 12.0
"""Reaches from fat to the next muscle or bone: enough structure to lock on to."""

BLOCK_DISTANCE_MM = 16.0
"""Blocks lie at least this far apart."""

MOST_BLOCKS = 48
"""Blocks tried; more don't change their median."""

BLOCK_CONTRAST = 0.08
"""Smallest SD of windowed values (80 HU) in a block worth comparing."""

AGREEING = 0.75
"""Correlation from which a block or a patch shows the same anatomy."""

SURROUNDINGS_MM = 12.0
"""Tissue around a deposit that its patch is fitted to."""

SEARCH_MM = 14.0
"""How far a patch may lie from the global motion: a bent finger under a rigid hand."""

LARGEST_TURN_DEG = 30.0
"""How far it may turn."""

MOST_SAMPLES = 12_000
"""Samples of a patch."""

BLOCK_FREEDOM = Freedom(shift_mm=4.0, turn_rad=0.0)
"""Blocks only shift: their turn is the limb's."""

PATCH_FREEDOM = Freedom(shift_mm=2.0, turn_rad=0.1)
"""A patch that starts where its neighbours lie needs to move by a soft tissue's give, no more."""

CLEAR_GAIN = 0.02
"""Gain in correlation that makes the neighbours' motion the better start than the global one."""

NEIGHBOURS = 3
"""Blocks nearest to a deposit whose median shift is tried as a start."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Places compared under the global motion.

    Attributes
    ----------
    centres_mm : array (n, 3)
        In the baseline; only blocks that show the same anatomy.
    shifts_mm : array (n, 3)
        How far each still lies off after the global motion.
    tried : int
        Blocks with structure that land inside the follow-up.
    """

    centres_mm: FloatArray
    shifts_mm: FloatArray
    tried: int

    @property
    def residual_mm(self) -> float:
        """Median length of the shifts; `SEARCH_MM`, the most there can be, when none agrees."""
        if not len(self.shifts_mm):
            return SEARCH_MM
        return float(np.median(np.linalg.norm(self.shifts_mm, axis=1)))


def compare_blocks(baseline: Ct, followup: Ct, matrix: FloatArray) -> Blocks:
    """Shift blocks of the baseline to their best place near the global motion."""
    fixed = reduced_volume(baseline, BLOCK_MM)
    moving = target_of(smoothed(reduced_volume(followup, BLOCK_MM), BLOCK_MM / 2))
    centres, shifts, tried = [], [], 0
    for centre in _block_centres(fixed):
        samples = _ball(fixed, centre)
        before = judge(samples, moving.volume, matrix)
        if before.inside < 0.9:
            continue
        tried += 1
        fit = fit_rigid(samples, moving, matrix, freedom=BLOCK_FREEDOM)
        if fit.correlation >= AGREEING:
            centres.append(centre)
            shifts.append(apply(fit.matrix, centre[None])[0] - apply(matrix, centre[None])[0])
    return Blocks(np.array(centres).reshape(-1, 3), np.array(shifts).reshape(-1, 3), tried)


def _block_centres(volume: Volume) -> list[FloatArray]:
    """Places with most structure, apart from each other."""
    size = np.maximum(1, np.rint(BLOCK_RADIUS_MM / volume.spacing_mm)).astype(int)
    mean = ndimage.uniform_filter(volume.values, size)
    spread = np.sqrt(np.maximum(ndimage.uniform_filter(volume.values**2, size) - mean**2, 0))
    stride = np.maximum(1, size // 2)
    coarse = np.indices(volume.values.shape)[:, :: stride[0], :: stride[1], :: stride[2]]
    indices = coarse.reshape(3, -1).T
    strength = spread[tuple(indices.T)]
    chosen: list[FloatArray] = []
    for place in np.argsort(-strength, kind="stable"):
        if strength[place] < BLOCK_CONTRAST or len(chosen) == MOST_BLOCKS:
            break
        point = volume.points_mm(indices[place][None].astype(np.float64))[0]
        if all(np.linalg.norm(point - other) >= BLOCK_DISTANCE_MM for other in chosen):
            chosen.append(point)
    return chosen


def _ball(volume: Volume, centre_mm: FloatArray) -> Samples:
    middle = volume.indices(centre_mm[None])[0]
    reach = BLOCK_RADIUS_MM / volume.spacing_mm
    low = np.maximum(np.floor(middle - reach), 0).astype(int)
    high = np.minimum(np.ceil(middle + reach) + 1, volume.values.shape).astype(int)
    grid = np.indices(high - low).reshape(3, -1).T + low
    points = volume.points_mm(grid.astype(np.float64))
    near = np.linalg.norm(points - centre_mm, axis=1) <= BLOCK_RADIUS_MM
    return Samples(points[near], volume.values[tuple(grid[near].T)])


def fit_patches(
    cts: tuple[Ct, Ct], matrix: FloatArray, blocks: Blocks, labels: LabelArray
) -> Mapping[int, FloatArray]:
    """Fit one motion (mm) per lesion, for those where it can be trusted.

    Parameters
    ----------
    cts : (Ct, Ct)
        Baseline and follow-up.
    matrix : array (4, 4)
        The global motion, baseline mm to follow-up mm.
    blocks : Blocks
        Their shifts are tried as starts.
    labels : uint16 array
        Lesions of the baseline.
    """
    coarse = target_of(smoothed(reduced_volume(cts[1], BLOCK_MM), BLOCK_MM))
    patches = {}
    for lesion, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        tissue = _tissue_around(cts[0], labels, lesion, box)
        starts = matrix, _start(blocks, matrix, tissue.corners_mm)
        fit = _fit_patch(cts[1], starts, tissue, coarse)
        if fit is not None:
            patches[lesion] = fit.matrix
    return patches


@dataclass(frozen=True, slots=True, eq=False)
class _Tissue:
    """A lesion's neighbourhood, with and without the lesion itself."""

    corners_mm: FloatArray
    whole: Samples
    without: Samples
    lesion: Samples


def _tissue_around(ct: Ct, labels: LabelArray, lesion: int, box: tuple[slice, ...]) -> _Tissue:
    margin = np.ceil(SURROUNDINGS_MM / np.asarray(ct.scale.mean_mm)).astype(int)
    one, two, three = (
        slice(max(0, part.start - int(add)), min(length, part.stop + int(add)))
        for part, add, length in zip(box, margin, ct.shape, strict=True)
    )
    volume = cropped_volume(ct, (one, two, three))
    region = labels[one, two, three] == lesion
    rim = ndimage.binary_dilation(region, iterations=2)
    ends = np.array([[part.start, part.stop - 1] for part in box], dtype=np.float64)
    corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
    return _Tissue(
        apply(ct.affine, corners),
        samples_of(volume, np.ones(region.shape, dtype=bool), MOST_SAMPLES),
        samples_of(volume, ~rim, MOST_SAMPLES),
        samples_of(volume, region, MOST_SAMPLES),
    )


def _start(blocks: Blocks, matrix: FloatArray, corners_mm: FloatArray) -> FloatArray:
    """Move the global motion as the blocks nearest to a lesion were moved, by their median."""
    if len(blocks.centres_mm) < NEIGHBOURS:
        return matrix
    away_mm = np.linalg.norm(blocks.centres_mm - corners_mm.mean(axis=0), axis=1)
    nearest = np.argsort(away_mm, kind="stable")[:NEIGHBOURS]
    moved = matrix.copy()
    moved[:3, 3] += np.median(blocks.shifts_mm[nearest], axis=0)
    return moved


def _fit_patch(
    followup: Ct, starts: tuple[FloatArray, FloatArray], tissue: _Tissue, coarse: Target
) -> RigidFit | None:
    """Fit the surroundings first, then let the lesion itself lead if it is still there.

    A lesion that vanished would drag its patch to the nearest thing as bright as it was.
    """
    box = box_around(followup, apply(starts[0], tissue.corners_mm), SURROUNDINGS_MM + SEARCH_MM)
    if box is None:
        return None
    fine = target_of(cropped_volume(followup, box))
    rough = [fit_rigid(tissue.without, coarse, start, freedom=PATCH_FREEDOM) for start in starts]
    gain = rough[1].correlation - rough[0].correlation
    best = rough[1] if gain > CLEAR_GAIN else rough[0]
    around = fit_rigid(tissue.without, fine, best.matrix, freedom=PATCH_FREEDOM)
    led = fit_rigid(tissue.whole, coarse, around.matrix, freedom=PATCH_FREEDOM)
    led = fit_rigid(tissue.whole, fine, led.matrix, freedom=PATCH_FREEDOM)
    fit = led if _still_there(tissue, fine.volume, led.matrix) else around
    return fit if _plausible(fit, starts[0], tissue.without) else None


def _still_there(tissue: _Tissue, volume: Volume, matrix: FloatArray) -> bool:
    """Whether the lesion's place is at least half as bright as it was, over its surroundings."""
    background = float(np.median(tissue.without.values))
    before = float(tissue.lesion.values.mean()) - background
    after = float(sample(volume, apply(matrix, tissue.lesion.points_mm)).mean()) - background
    return after >= 0.5 * before > 0


def _plausible(fit: RigidFit, matrix: FloatArray, samples: Samples) -> bool:
    """Whether a patch shows the same anatomy and stays near the global motion."""
    if fit.correlation < AGREEING:
        return False
    centre = samples.points_mm.mean(axis=0)[None]
    moved_mm = float(np.linalg.norm(apply(fit.matrix, centre) - apply(matrix, centre)))
    turn = Rotation.from_matrix(fit.matrix[:3, :3] @ matrix[:3, :3].T).magnitude()
    return moved_mm <= SEARCH_MM and float(np.degrees(turn)) <= LARGEST_TURN_DEG
