"""Three ways to turn a deposit's voxels into a volume, and the surface that bounds it."""

import numpy as np
from scipy import ndimage

from cctrack.measure.diameter import positions_mm
from cctrack.measure.surroundings import Surroundings
from cctrack.model import FloatArray

HALF = 0.5
"""Symmetric blur leaves a flat border's half-way surface in place."""


def fixed_threshold_mm3(here: Surroundings, threshold_hu: float) -> float:
    """Volume of the lesion's voxels at or above the threshold."""
    sizes = np.broadcast_to(here.scale.pixel_sizes(here.hu.shape), here.hu.shape)
    return float(sizes[here.region & (here.hu >= threshold_hu)].sum())


def half_peak_surface(here: Surroundings) -> FloatArray:
    """Find the surface half-way between the lesion's own peak and its background.

    Returns
    -------
    array (triangles, 3 corners, 3 axes)
        Corners in mm along (slice normal, row, column) of the cut-out, interpolated between
        voxels; empty where there is no such surface.
    """
    # scikit-image is slow to import and only needed here.
    from skimage.measure import marching_cubes

    none: FloatArray = np.zeros((0, 3, 3))
    if here.contrast_hu <= 0:
        return none
    share = (here.hu - here.background) / np.maximum(here.peak_hu - here.background, 1.0)
    field = np.pad(np.where(here.near, share, 0.0), 1)
    above, count = ndimage.label(field > HALF)
    if not count:
        return none
    # Crumbs in the blur that do not hang on the lesion's own voxels are noise.
    own = np.unique(above[1:-1, 1:-1, 1:-1][here.region])
    field[~np.isin(above, own[own > 0]) & (above > 0)] = 0.0
    if field.max() <= HALF:
        return none
    points, faces, _, _ = marching_cubes(field, HALF)
    corners: FloatArray = positions_mm(np.asarray(points - 1, dtype=np.float64), here.scale)[faces]
    return corners


def enclosed_mm3(surface: FloatArray) -> float:
    """Volume inside a closed surface of triangles, by the divergence theorem."""
    products = np.einsum("ij,ij->i", surface[:, 0], np.cross(surface[:, 1], surface[:, 2]))
    return abs(float(products.sum())) / 6
