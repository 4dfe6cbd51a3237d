"""Name the shape of a deposit on CT: stone, plate or net, or uncertain where it does not show.

Bartoli 2016 told stones (91 %), plates (5 %) and nets (4 %) apart on radiographs. A half-peak mask
in three dimensions has three numbers of it: how compact it is, how flat, and how much of its convex
hull it fills. The limits between are those of simulated deposits (decision 0013).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull

from cctrack.measure.error import compactness
from cctrack.measure.surroundings import Surroundings
from cctrack.model import FloatArray, SeenMorphology
from cctrack.model.hounsfield import CALCIUM_HU

HALF = 0.5
"""Blur leaves a border half-way between the deposit's peak and its background in place."""

LEAST_VOXELS = 40
LEAST_MM3 = 20.0
"""Smaller deposits look round whatever they are."""

COMPACT = 0.62
"""Inscribed radius over that of a ball of the same volume: from here on it is a lump ..."""

THIN = 0.55
"""... and below this it is thin."""

ROUND = 2.0
"""A lump's middle axis is less than so many times its shortest ..."""

FLAT = 2.5
"""... and a plate's at least this many times."""

FAINT_HU = 450.0
"""A lump that stands out by less is a stone of little calcium or an amorphous deposit ("mousse"),
at 120 kVp."""

FULL = 0.4
"""A plate fills at least this share of its convex hull ..."""

LACY = 0.35
"""... and a net at most this one: there are meshes between its strands. Simulated plates have 0.43
to 0.82, nets 0.15 to 0.29."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a morphology is read from.

    Attributes
    ----------
    compact : float
        Inscribed radius over that of a ball of the same volume.
    flat : float
        Middle over shortest axis.
    full : float
        Share of the convex hull that is filled.
    contrast_hu : float
        Peak over the background.
    """

    compact: float
    flat: float
    full: float
    contrast_hu: float


def name_morphology(here: Surroundings, threshold_hu: float) -> SeenMorphology:
    """Name the shape of a deposit.

    Parameters
    ----------
    here : Surroundings
    threshold_hu : float
        The calcium threshold at the scan's tube voltage.

    Returns
    -------
    SeenMorphology
        ``uncertain`` where the image cannot tell.
    """
    shape = describe_shape(here)
    return SeenMorphology.UNCERTAIN if shape is None else decide(shape, threshold_hu)


def describe_shape(here: Surroundings) -> Shape | None:
    """Describe the half-peak mask of a deposit; None where it is too small to have a shape."""
    if here.contrast_hu <= 0:
        return None
    solid = here.near & (here.hu - here.background >= HALF * here.contrast_hu)
    spacing_mm = np.asarray(here.scale.mean_mm)
    voxel_mm3 = float(np.prod(spacing_mm))
    count = int(np.count_nonzero(solid))
    if count < LEAST_VOXELS or count * voxel_mm3 < LEAST_MM3:
        return None
    short, mean, _ = _axes_mm(solid, spacing_mm)
    hull_mm3 = _hull_mm3(solid, spacing_mm)
    return Shape(
        compactness(solid, here.scale.mean_mm),
        mean / short,
        count * voxel_mm3 / hull_mm3,
        here.contrast_hu,
    )


def decide(shape: Shape, threshold_hu: float) -> SeenMorphology:
    """Name a shape; see `name_morphology`."""
    if shape.compact >= COMPACT and shape.flat < ROUND:
        faint = shape.contrast_hu < FAINT_HU * threshold_hu / CALCIUM_HU
        return SeenMorphology.UNCERTAIN if faint else SeenMorphology.STONE
    if shape.compact >= THIN:
        return SeenMorphology.UNCERTAIN
    if shape.full <= LACY:
        return SeenMorphology.NET
    if shape.full >= FULL and shape.flat >= FLAT:
        return SeenMorphology.PLATE
    return SeenMorphology.UNCERTAIN


def _axes_mm(solid: NDArray[np.bool_], spacing_mm: FloatArray) -> tuple[float, float, float]:
    """List the standard deviations along the principal axes, each voxel with its own width."""
    spread = np.cov((np.argwhere(solid) * spacing_mm).T)
    spread += np.diag(np.square(spacing_mm) / 12.0)
    one, two, three = (math.sqrt(axis) for axis in np.linalg.eigvalsh(spread))
    return one, two, three


def _hull_mm3(solid: NDArray[np.bool_], spacing_mm: FloatArray) -> float:
    """Volume of the convex hull of all voxels, each with its six faces' middles."""
    surface = solid & ~ndimage.binary_erosion(solid)
    steps = 0.5 * np.vstack([np.eye(3), -np.eye(3)])
    points = (np.argwhere(surface)[:, None] + steps).reshape(-1, 3) * spacing_mm
    return float(ConvexHull(points).volume)
