"""Everything that is known of each px of a film: numbers around it, trees, the network."""

from cctrack.segment.radiograph.classify import MODEL_FILE, bone_planes, odds_of
from cctrack.segment.radiograph.context import context_planes
from cctrack.segment.radiograph.features import Planes, pixel_features
from cctrack.segment.radiograph.grid import Grid
from cctrack.segment.radiograph.network import network_planes
from cctrack.segment.trees import load_trees


def judge_pixels(grid: Grid) -> Planes:
    """Compute all planes that regions are described by, float32 arrays (rows, columns).

    Among them the log-odds of ``bone``, of a ``deposit``, and of one ``over`` bone.
    """
    planes = tree_planes(grid)
    return planes | network_planes(planes, grid)


def tree_planes(grid: Grid) -> Planes:
    """Compute the planes that need no network; their ``bone`` is what the trees think."""
    bone, first = (load_trees(MODEL_FILE, stage) for stage in ("bone", "first"))
    planes = pixel_features(grid)
    planes |= bone_planes(odds_of(planes, grid, bone), planes["grey"], grid.mm)
    return planes | context_planes(odds_of(planes, grid, first), planes, grid.mm)
