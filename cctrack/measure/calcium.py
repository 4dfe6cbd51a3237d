"""Score calcium on CT: Agatston's score, and its mass where the scan was calibrated for it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model.hounsfield import CALCIUM_HU
from cctrack.model.scale import FloatArray

HounsfieldArray = NDArray[np.int16] | NDArray[np.float32]

AGATSTON_EDGES_HU = (130.0, 200.0, 300.0, 400.0)
"""From which peak on a component weighs 1, 2, 3 and 4 (Agatston 1990), at 120 kVp."""

AGATSTON_LEAST_MM2 = 1.0
"""Smaller components of a slice are noise by definition and score nothing."""

AGATSTON_INCREMENT_MM = 3.0
"""Slice increment the score is defined at; others are scaled to it, and flagged."""

TOUCHING_IN_SLICE = np.ones((3, 3), dtype=bool)
"""Pixels of a slice belong together also across a corner."""

ROUNDING = 1e-9
"""Keeps four pixels of 0.5 mm x 0.5 mm at 1 mm² in spite of floating point."""


def agatston_score(
    hu: HounsfieldArray,
    region: NDArray[np.bool_],
    sizes_mm3: FloatArray,
    extents_mm: FloatArray,
    *,
    threshold_hu: float = CALCIUM_HU,
) -> float:
    """Score the calcium of one region, slice by slice.

    Parameters
    ----------
    hu : array (slices, rows, columns)
        Hounsfield units, slices axial.
    region : bool array of the same shape
        Only voxels in it count.
    sizes_mm3 : array, broadcastable to the volume
        Size of each voxel.
    extents_mm : array (slices,)
        Increment from slice to slice.
    threshold_hu : float
        The calcium threshold at the scan's tube voltage; the higher weights' edges move in
        proportion, so that 120 kVp gives exactly Agatston's.

    Returns
    -------
    float
        Agatston's score at a 3 mm increment, without unit.
    """
    edges_hu = np.asarray(AGATSTON_EDGES_HU) * (threshold_hu / CALCIUM_HU)
    areas_mm2 = np.broadcast_to(sizes_mm3 / extents_mm[:, None, None], hu.shape)
    score = 0.0
    for index in range(len(hu)):
        calcified = region[index] & (hu[index] >= edges_hu[0])
        if calcified.any():
            area_score = _score_slice(hu[index], calcified, areas_mm2[index], edges_hu)
            score += area_score * extents_mm[index] / AGATSTON_INCREMENT_MM
    return float(score)


def _score_slice(
    hu: HounsfieldArray,
    calcified: NDArray[np.bool_],
    areas_mm2: FloatArray,
    edges: FloatArray,
) -> float:
    components, count = ndimage.label(calcified, structure=TOUCHING_IN_SLICE)
    which = np.arange(1, count + 1)
    areas = ndimage.sum_labels(areas_mm2, components, which)
    peaks = ndimage.maximum(hu, components, which)
    weights = np.searchsorted(edges, peaks, side="right")
    return float(np.sum((areas * weights)[areas >= AGATSTON_LEAST_MM2 - ROUNDING]))


def calcium_mass_mg(excess_hu_mm3: float, mg_per_mm3_hu: float) -> float:
    """Mass of calcium hydroxyapatite in a deposit.

    Parameters
    ----------
    excess_hu_mm3 : float
        Volume of the deposit times its density over soft tissue, HU mm³.
    mg_per_mm3_hu : float
        The scan's calibration ``c = ρ / (HU_hydroxyapatite − HU_water)``, mg/mm³ per HU, from a
        phantom of known density. There is no default: without one there is no mass.

    Returns
    -------
    float
        mg, never negative.

    Raises
    ------
    ValueError
        If the calibration is not positive and finite.
    """
    if not (np.isfinite(mg_per_mm3_hu) and mg_per_mm3_hu > 0):
        raise ValueError(f"a calibration must be positive and finite: {mg_per_mm3_hu}")
    return max(0.0, excess_hu_mm3 * mg_per_mm3_hu)
