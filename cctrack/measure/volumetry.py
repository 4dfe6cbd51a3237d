"""Three ways to turn a deposit's voxels into a volume."""

import numpy as np

from cctrack.measure.diameter import positions_mm
from cctrack.measure.surroundings import Surroundings


def fixed_threshold_mm3(here: Surroundings, threshold_hu: float) -> float:
    """Volume of the lesion's voxels at or above the threshold."""
    sizes = np.broadcast_to(here.scale.pixel_sizes(here.hu.shape), here.hu.shape)
    return float(sizes[here.region & (here.hu >= threshold_hu)].sum())


def partial_volume_mm3(here: Surroundings) -> float:
    """Volume weighted by how much of each voxel is calcium.

    The weight is (HU − background) / (peak − background). Blur moves calcium to neighbouring
    voxels but loses none, so the sum over the neighbourhood is the volume of the deposit at its
    own density.
    """
    if here.contrast_hu <= 0:
        return 0.0
    share = (here.hu - here.background) / np.maximum(here.peak_hu - here.background, 1.0)
    sizes = np.broadcast_to(here.scale.pixel_sizes(here.hu.shape), here.hu.shape)
    return max(0.0, float((share * sizes)[here.near].sum()))


def half_peak_mm3(here: Surroundings) -> float:
    """Volume inside the surface half-way between the lesion's own peak and its background.

    Symmetric blur leaves a flat border's half-way surface in place. The surface is interpolated
    between voxels and its volume follows from the divergence theorem.
    """
    # scikit-image is slow to import and only needed here.
    from skimage.measure import marching_cubes

    if here.contrast_hu <= 0:
        return 0.0
    share = (here.hu - here.background) / np.maximum(here.peak_hu - here.background, 1.0)
    field = np.pad(np.where(here.near, share, 0.0), 1)
    if field.max() <= 0.5:
        return 0.0
    points, faces, _, _ = marching_cubes(field, 0.5)
    corners = positions_mm(np.asarray(points - 1, dtype=np.float64), here.scale)[faces]
    tetrahedra = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return abs(float(tetrahedra.sum())) / 6
