"""Volumes must be right for any sharpness of the image, not only for that of the simulator."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.measure.volume import measure_ct
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Method,
    Outline,
    Quantity,
    ScaleSource,
)

RADIUS_MM = 5.183
TRUTH_MM3 = 583.2
NOISE_HU = 10
DENSE_HU = 1000


def sphere(spacing_mm, background_hu, blur_mm):
    """How full of the sphere each voxel is, and its HU; blurred and noisy."""
    fine = 5
    shape = tuple(int(30 / step) // 2 * 2 + 1 for step in spacing_mm)
    axes = [
        (np.arange(count * fine) - (count * fine - 1) / 2) * step / fine
        for count, step in zip(shape, spacing_mm, strict=True)
    ]
    inside = sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij", sparse=True)) <= RADIUS_MM**2
    full = inside.reshape(shape[0], fine, shape[1], fine, shape[2], fine).mean(axis=(1, 3, 5))
    if blur_mm:
        full = ndimage.gaussian_filter(full, [blur_mm / step for step in spacing_mm])
    noise = np.random.default_rng(1).normal(0, NOISE_HU, shape)
    hu = background_hu + full * (DENSE_HU - background_hu) + noise
    return full, np.rint(hu).astype(np.int16)


def volume_mm3(spacing_mm, hu, mask, method):
    ct = Ct(
        hu=hu,
        affine=np.diag([*spacing_mm, 1.0]),
        scale=AxisScale(spacing_mm, ScaleSource.SLICE_POSITIONS),
        acquisition=Acquisition(kvp=120.0, slice_thickness_mm=spacing_mm[0]),
    )
    outline = Outline(labels=mask.astype(np.uint16), method=method, border_sd_px=0.3)
    (total,) = (
        finding.measurement.value
        for finding in measure_ct(ct, outline)
        if finding.lesion == 0
        and finding.measurement.quantity is Quantity.VOLUME
        and finding.measurement.method is Method.PARTIAL_VOLUME
    )
    return total


SPACINGS = [((0.5, 0.5, 0.5), 0.03), ((1.0, 0.7, 0.7), 0.03), ((2.5, 0.7, 0.7), 0.05)]


@pytest.mark.parametrize("blur_mm", [0.0, 0.3, 0.6])
@pytest.mark.parametrize(("spacing_mm", "within"), SPACINGS)
def test_a_sphere_in_tissue_keeps_its_volume(spacing_mm, within, blur_mm):
    _, hu = sphere(spacing_mm, 50, blur_mm)
    found = volume_mm3(spacing_mm, hu, hu > 130, Method.AUTOMATIC)
    assert found == pytest.approx(TRUTH_MM3, rel=within)


@pytest.mark.parametrize("blur_mm", [0.0, 0.3, 0.6])
@pytest.mark.parametrize(("spacing_mm", "within"), SPACINGS)
def test_so_does_one_that_a_reader_outlined_at_half_height(spacing_mm, within, blur_mm):
    full, hu = sphere(spacing_mm, 50, blur_mm)
    found = volume_mm3(spacing_mm, hu, full >= 0.5, Method.READER)
    assert found == pytest.approx(TRUTH_MM3, rel=within)


@pytest.mark.parametrize("spacing_mm", [(0.5, 0.5, 0.5), (1.0, 0.7, 0.7)])
def test_so_does_a_phantom_in_air(spacing_mm):
    full, hu = sphere(spacing_mm, -1000, 0.0)
    found = volume_mm3(spacing_mm, hu, full >= 0.5, Method.READER)
    assert found == pytest.approx(TRUTH_MM3, rel=0.05)
