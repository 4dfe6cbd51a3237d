"""Lay bones and deposits onto the film as exact paths in mm."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Morphology
from cctrack.model.image import Float32Array
from cctrack.model.scale import FloatArray
from cctrack.phantom.deposit import Deposit, density_ratio, occupancy
from cctrack.phantom.radiograph.attenuation import Material
from cctrack.phantom.radiograph.bone import ORGAN_PATCH_MM, Bone, build_patch, organ_path
from cctrack.phantom.radiograph.model import Organ
from cctrack.phantom.radiograph.pose import FilmGrid, Place
from cctrack.phantom.radiograph.subject import PlacedDeposit

TRUTH_SHARE = 0.05
"""A deposit's border lies where its path falls to this share of its longest path.

A sphere loses 0.25 % of its area by it; a deposit of the same shape and twice the size keeps the
same border, so that the area follows the volume to the power 2/3.
"""

MOST_POINTS = 900_000
"""Points in space at which one deposit is evaluated; keeps a film under 3 s."""

FINEST_STEP = {
    Morphology.STONE: 0.07,
    Morphology.AMORPHOUS: 0.07,
    Morphology.PLATE: 0.025,
    Morphology.NET: 0.025,
}
"""Step along a ray relative to the deposit's size: a fifth of a sheet's or strand's thickness."""

Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class BoneMaps:
    """Paths through bone in mm and where bone lies, arrays of the film's shape."""

    mineral_mm: Float32Array
    marrow_mm: Float32Array
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """One deposit on the film.

    Attributes
    ----------
    window : tuple of slice
        Where it lies on the film.
    path_mm : float32 array
        Calcified length along the ray, mean of each pixel, within the window.
    mineral_mm : float32 array
        The same weighted by the unevenness of the deposit's density.
    inside : float32 array
        Share of each pixel within the deposit's border.
    centre_px : tuple of float
        (row, column) of the origin of its shape.
    """

    window: Window
    path_mm: Float32Array
    mineral_mm: Float32Array
    inside: Float32Array
    centre_px: tuple[float, float]


def draw_bones(
    bones: Sequence[Bone], places: Mapping[str, Place], grid: FilmGrid, seed: int
) -> BoneMaps:
    """Draw every bone at its place; ``seed`` makes the trabeculae, the same at every visit."""
    mineral, marrow = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    for number, bone in enumerate(bones):
        patch = build_patch(bone, np.random.default_rng((seed, 2, number)))
        matrix = _patch_to_film(places[bone.name], grid, patch.origin_mm, patch.pixel_mm)
        box = _box(matrix, patch.mineral_mm.shape, grid.shape)
        if box is None:
            continue
        # Seen at a slant a body is shorter and its paths are longer: the volume stays.
        slant = 1.0 / abs(float(np.linalg.det(places[bone.name].turn[1:, 1:])))
        for target, source in ((mineral, patch.mineral_mm), (marrow, patch.marrow_mm)):
            target[box] += np.float32(slant) * _warp(source, matrix, box)
    return BoneMaps(mineral, marrow, (mineral + marrow) > 0)


def draw_organs(
    organs: Sequence[Organ], places: Mapping[str, Place], grid: FilmGrid
) -> dict[Material, Float32Array]:
    """Draw the path through each material of the organs, mm."""
    paths: dict[Material, Float32Array] = {}
    for organ in organs:
        path, origin_mm = organ_path(organ.outline_mm, organ.half_depth_mm, organ.edge_mm)
        matrix = _patch_to_film(places[organ.part], grid, origin_mm, ORGAN_PATCH_MM)
        box = _box(matrix, path.shape, grid.shape)
        if box is not None:
            target = paths.setdefault(organ.material, np.zeros(grid.shape, np.float32))
            target[box] += _warp(path, matrix, box)
    return paths


def cast_shadow(placed: PlacedDeposit, place: Place, grid: FilmGrid) -> Shadow | None:
    """Project a deposit onto the film; None when it lies outside."""
    deposit = placed.deposit
    centre_mm = place.to_film_mm(np.array([deposit.centre_mm]))[0]
    centre_px = grid.to_px(centre_mm)
    half_mm = _half_box_mm(deposit, place)
    reach_px = half_mm[1:] / grid.pixel_mm + 1.0
    low = np.maximum(np.floor(centre_px - reach_px).astype(int), 0)
    high = np.minimum(np.ceil(centre_px + reach_px).astype(int) + 1, grid.shape)
    if np.any(low >= high):
        return None
    steps = _depth_steps(deposit, float(half_mm[0]))
    fine = int(np.clip(math.sqrt(MOST_POINTS / (steps * float((high - low).prod()))), 1, 6))
    path, mineral = _fine_path(
        placed, place, grid, _Rays(low, high, fine, float(half_mm[0]), steps)
    )
    border = TRUTH_SHARE * float(path.max())
    inside = (path > border).astype(np.float32)
    return Shadow(
        (slice(low[0], high[0]), slice(low[1], high[1])),
        _bin(path, fine),
        _bin(mineral, fine),
        _bin(inside, fine),
        (float(centre_px[0]), float(centre_px[1])),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Rays:
    # Film pixels low to high, fine x fine rays in each, steps along half_mm before and behind.
    low: NDArray[np.int_]
    high: NDArray[np.int_]
    fine: int
    half_mm: float
    steps: int


def _half_box_mm(deposit: Deposit, place: Place) -> FloatArray:
    # Half the box along (depth, row, column) that holds the deposit as it lies in this session.
    own = np.multiply(deposit.reach, deposit.aspect) * deposit.size_mm
    half: FloatArray = np.abs(place.turn @ deposit.axes) @ own
    return half


def _depth_steps(deposit: Deposit, half_mm: float) -> int:
    # Thin sheets and strands need finer steps than lumps, whatever their slant.
    share = FINEST_STEP[deposit.morphology] * deposit.size_mm
    return int(np.clip(2.0 * half_mm / share, 16, 120))


def _fine_path(
    placed: PlacedDeposit, place: Place, grid: FilmGrid, rays: _Rays
) -> tuple[Float32Array, Float32Array]:
    deposit = placed.deposit
    spans = zip(rays.low, rays.high, grid.shape, strict=True)
    row, column = (
        ((np.arange(a * rays.fine, b * rays.fine) + 0.5) / rays.fine - 0.5 - (n - 1) / 2.0)
        * grid.pixel_mm
        for a, b, n in spans
    )
    step_mm = 2.0 * rays.half_mm / rays.steps
    middle = float((place.turn @ np.array(deposit.centre_mm))[0])
    depth = middle - rays.half_mm + step_mm * (np.arange(rays.steps) + 0.5)
    lines = (depth, row - place.origin_mm[0], column - place.origin_mm[1])
    film = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    points = film @ place.turn
    filled = occupancy(deposit, points)
    path: Float32Array = filled.sum(axis=0) * np.float32(step_mm)
    if deposit.texture == 0:
        return path, path
    solid = filled > 0
    filled[solid] *= density_ratio(deposit, points[solid])
    mineral: Float32Array = filled.sum(axis=0) * np.float32(step_mm)
    return path, mineral


def _bin(fine_map: Float32Array, fine: int) -> Float32Array:
    rows, columns = fine_map.shape[0] // fine, fine_map.shape[1] // fine
    binned: Float32Array = fine_map.reshape(rows, fine, columns, fine).mean(axis=(1, 3))
    return binned


def _patch_to_film(
    place: Place, grid: FilmGrid, origin_mm: tuple[float, float], pixel_mm: float
) -> FloatArray:
    # 2 × 3 matrix from patch (column, row) to film (column, row), as OpenCV wants it.
    corner, down, right = grid.to_px(
        place.to_film_mm(
            np.array(
                [
                    [0.0, *origin_mm],
                    [0.0, origin_mm[0] + pixel_mm, origin_mm[1]],
                    [0.0, origin_mm[0], origin_mm[1] + pixel_mm],
                ]
            )
        )
    )
    return np.column_stack([(right - corner)[::-1], (down - corner)[::-1], corner[::-1]])


def _box(matrix: FloatArray, patch: tuple[int, ...], film: tuple[int, int]) -> Window | None:
    rows, columns = patch
    corners = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]]) @ matrix.T
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, film[::-1]).astype(int)
    if np.any(low >= high):
        return None
    return slice(low[1], high[1]), slice(low[0], high[0])


def _warp(source: Float32Array, matrix: FloatArray, box: Window) -> Float32Array:
    moved = matrix.copy()
    moved[:, 2] -= (box[1].start, box[0].start)
    size = (box[1].stop - box[1].start, box[0].stop - box[0].start)
    return np.asarray(cv2.warpAffine(source, moved, size, flags=cv2.INTER_LINEAR), np.float32)
