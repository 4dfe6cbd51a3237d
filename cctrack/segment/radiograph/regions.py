"""Join pixels that look like calcium into regions and say what each region is like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.expected import match_expected
from cctrack.segment.radiograph.features import Planes, blur
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid, disc

SMOOTH_MM = 0.25
"""The odds are smoothed by this before they are cut: the border of one px row is no border."""

EDGE_ODDS = -1.2
"""Log-odds at a region's border. Of a faint plate few px are likelier calcium than not, yet they
belong together; what a region is, is judged afterwards, and its border drawn anew."""

SEED_ODDS = 0.3
"""A region needs a px this sure; fainter ones are noise or trabeculae."""

EXPECTED_SEED_ODDS = -1.0
"""Where another visit shows a deposit, any px above the border will do."""

JOIN_MM = 0.6
"""Pieces closer than this are one deposit: the strands of a net, the grains of a plaque."""

SMALLEST_MM2 = 0.8
"""Smaller spots are noise, dust or trabeculae more often than calcium."""

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
)


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Candidate deposits on the working grid.

    Attributes
    ----------
    labels : int32 array (rows, columns)
        1 to count; 0 is background.
    odds : float32 array (rows, columns)
        Smoothed log-odds the regions were cut from.
    expected : bool array (count,)
        Regions that lie where another visit shows a deposit.
    """

    labels: NDArray[np.int32]
    odds: Float32Array
    expected: BoolArray

    @property
    def count(self) -> int:
        """Number of regions."""
        return int(self.labels.max(initial=0))


def find_regions(odds: Float32Array, grid: Grid, expected: BoolArray | None = None) -> Regions:
    """Cut the odds into candidate regions, generously.

    Parameters
    ----------
    odds : float32 array (rows, columns)
        Log-odds of a deposit.
    grid : Grid
    expected : bool array (rows, columns) or None
        Where another visit shows deposits, on the grid: fainter regions are kept there.
    """
    smooth = blur(odds, SMOOTH_MM / grid.mm)
    inside = (smooth > EDGE_ODDS) & grid.tissue
    grown = cv2.dilate(inside.astype(np.uint8), disc(0.5 * JOIN_MM / grid.mm))
    _, groups = cv2.connectedComponents(grown, connectivity=8)
    labels = np.where(inside, groups, 0)
    matched = match_expected(labels, expected, grid.mm)
    kept = _worth_keeping(labels, smooth, matched, grid.mm)
    numbers = np.zeros(len(kept), np.int32)
    numbers[kept] = np.arange(1, np.count_nonzero(kept) + 1)
    return Regions(numbers[labels], smooth, matched[kept])


def _worth_keeping(
    labels: NDArray[np.int32], odds: Float32Array, matched: BoolArray, mm: float
) -> BoolArray:
    count = int(labels.max(initial=0)) + 1
    areas_mm2 = np.bincount(labels.ravel(), minlength=count) * mm**2
    peaks = ndimage.maximum(odds, labels, np.arange(count))
    least = np.where(matched, EXPECTED_SEED_ODDS, SEED_ODDS)
    kept: BoolArray = (areas_mm2 >= SMALLEST_MM2) & (np.asarray(peaks) >= least)
    kept[0] = False
    return kept


def region_features(regions: Regions, planes: Planes, grid: Grid) -> dict[str, Float32Array]:
    """Describe every region by numbers, arrays (regions,)."""
    rows = [
        _describe(regions, number, box, planes, grid)
        for number, box in enumerate(ndimage.find_objects(regions.labels), start=1)
        if box is not None
    ]
    if not rows:
        return {}
    return {name: np.array([row[name] for row in rows], np.float32) for name in rows[0]}


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
