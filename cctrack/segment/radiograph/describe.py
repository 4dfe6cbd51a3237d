"""Describe every candidate region by numbers, for the trees that judge it."""

import numpy as np
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.features import Planes
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid, disc
from cctrack.segment.radiograph.regions import Regions
from cctrack.segment.radiograph.surround import bone_around, border, others_around, texture
from cctrack.segment.radiograph.window import LARGE_BONE_MM2, Scene, scene_of, windows

Features = dict[str, Float32Array]

RING_MM = 2.0
"""Width of the surroundings a region is compared with."""

_COMPARED = (
    "grey",
    "above_2.4",
    "above_5.0",
    "above_10.0",
    "bone",
    "edge_0.3",
    "edge_0.8",
    "noise",
    "over_soft_3.0",
    "over_soft_8.0",
    "opened_2.5",
    "opened_5.0",
    "weave_1.5",
    "ridge_0.8",
    "peak_0.8",
    "peak_1.6",
    "first",
    "over_free_5.0",
    "share",
    "over",
)

ALIKE = {"size": 0.5, "over_flesh": 0.05, "odds_50": 0.8}
"""Regions that differ less than this are alike: ends of bones come in rows, stones seldom do."""


def region_features(regions: Regions, planes: Planes, grid: Grid) -> Features:
    """Describe every region by numbers, arrays (regions,)."""
    scene = scene_of(regions, planes, grid)
    rows = [
        _describe(regions, number, box, planes, grid)
        for number, box in enumerate(ndimage.find_objects(regions.labels), start=1)
        if box is not None
    ]
    if not rows:
        return {}
    return _columns(rows) | surround_features(scene)


def surround_features(scene: Scene) -> Features:
    """Describe what surrounds each region, and how it compares with the film's other regions."""
    rows = []
    for window in windows(scene):
        row = bone_around(window) | others_around(window) | border(window) | texture(window)
        rows.append(row | _extent(window.inside, window.mm))
    columns = _columns(rows)
    return columns | _among(columns, scene)


def _columns(rows: list[dict[str, float]]) -> Features:
    return {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}


def _extent(inside: BoolArray, mm: float) -> dict[str, float]:
    places = np.argwhere(inside)[:, ::-1].astype(np.int32)
    sides_px = cv2.minAreaRect(places)[1]
    pieces = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)[0] - 1
    return {
        "longest": (max(sides_px) + 1) * mm,
        "shortest": (min(sides_px) + 1) * mm,
        "pieces": float(pieces),
        "size": float(np.log(len(places) * mm**2)),
    }


def _among(columns: Features, scene: Scene) -> Features:
    # The film as a whole, and each region's place among the film's regions.
    count = len(columns["own"])
    grid, odds, over = scene.grid, columns["odds_90"], columns["over_flesh"]
    tissue_px = max(int(np.count_nonzero(grid.tissue)), 1)
    film = {
        "film_regions": float(count),
        "film_tissue": float(np.log(tissue_px * grid.mm**2)),
        "film_filled": tissue_px / grid.tissue.size,
        "film_bone": np.count_nonzero(scene.bone) / tissue_px,
        "film_bones": float(np.count_nonzero(scene.parts_mm2 > LARGE_BONE_MM2)),
        "film_bone_grey": scene.bone_grey,
    }
    alike = np.ones((count, count), bool)
    for name, most in ALIKE.items():
        values = columns[name]
        alike &= np.abs(values[:, None] - values[None, :]) < most
    found = {name: np.full(count, value, np.float32) for name, value in film.items()}
    found["alike"] = (alike.sum(axis=1) - 1).astype(np.float32)
    found["below_best"] = odds.max() - odds
    brighter = (over[:, None] < over[None, :]).sum(axis=1)
    found["brighter"] = (brighter / max(count - 1, 1)).astype(np.float32)
    return found


def _describe(
    regions: Regions, number: int, box: tuple[slice, slice], planes: Planes, grid: Grid
) -> dict[str, float]:
    window = _widened(box, round(RING_MM / grid.mm) + 2, grid.shape)
    labels = regions.labels[window]
    inside = labels == number
    wide = cv2.dilate(inside.astype(np.uint8), disc(RING_MM / grid.mm)) > 0
    close = cv2.dilate(inside.astype(np.uint8), disc(0.3 * RING_MM / grid.mm)) > 0
    ring = wide & ~close & (labels == 0) & grid.tissue[window]
    odds = regions.odds[window][inside]
    row = _shape(inside, grid.mm)
    row |= {
        "odds_mean": float(odds.mean()),
        "odds_peak": float(odds.max()),
        "odds_sure": float(np.mean(odds > 2.0)),
        "skin_least": float(planes["skin"][window][inside].min()),
        "skin_mean": float(planes["skin"][window][inside].mean()),
        "bone_inside": float(np.mean(planes["bone"][window][inside] > 0)),
        "bone_ring": float(np.mean(planes["bone"][window][ring] > 0)) if ring.any() else 0.5,
        "bone_wide": float(planes["bone_5.0"][window][inside].mean()),
        "ring_share": float(ring.sum() / max(np.count_nonzero(wide & ~close), 1)),
    }
    for name in _COMPARED:
        plane = planes[name][window]
        here = plane[inside]
        row[f"{name}_mean"] = float(here.mean())
        row[f"{name}_spread"] = float(here.std())
        row[f"{name}_step"] = float(here.mean() - plane[ring].mean()) if ring.any() else 0.0
    return row


def _shape(inside: BoolArray, mm: float) -> dict[str, float]:
    places = np.argwhere(inside) * mm
    area_mm2 = len(places) * mm**2
    cloud = np.cov(places.T, bias=True)  # a single pixel has no spread, and is no error
    spread = np.linalg.eigvalsh(cloud + 0.01 * np.eye(2))
    core = cv2.distanceTransform(np.pad(inside, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return {
        "area": float(np.log(area_mm2)),
        "slimness": float(np.sqrt(spread[1] / spread[0])),
        # 1 for an ellipse, more for branched or scattered shapes.
        "scatter": float(4 * np.pi * np.sqrt(spread[0] * spread[1]) / area_mm2),
        "core": float(core.max()) * mm,
    }


def _widened(box: tuple[slice, slice], margin: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    rows, columns = (
        slice(max(part.start - margin, 0), min(part.stop + margin, size))
        for part, size in zip(box, shape, strict=True)
    )
    return rows, columns
