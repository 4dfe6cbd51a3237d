"""Stones, plates and nets are named by their shape, and what is too small or faint is not."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.measure.volume import measure_ct
from cctrack.model import Acquisition, AxisScale, Ct, Outline, ScaleSource, SeenMorphology
from cctrack.study.rows import MEASUREMENT_COLUMNS

SPACING_MM = (0.8, 0.5, 0.5)
BLUR_MM = 0.55
Z, Y, X = np.meshgrid(
    *(mm * (np.arange(size) - size / 2) for mm, size in zip(SPACING_MM, (40, 72, 72), strict=True)),
    indexing="ij",
)


def ball(radius_mm):
    return np.sqrt(Z**2 + Y**2 + X**2) <= radius_mm


def plate():
    return (np.abs(Y) <= 0.8) & (np.hypot(Z, X) <= 8.0)


def net():
    strands = (np.abs((Z + 24) % 8.0 - 4.0) <= 0.6) | (np.abs((X + 24) % 8.0 - 4.0) <= 0.6)
    return strands & (np.abs(Y) <= 0.7) & (np.maximum(np.abs(Z), np.abs(X)) <= 13.0)


def seen(solid, hu=900.0):
    """What a deposit blurred as a scanner blurs is taken for."""
    blurred = ndimage.gaussian_filter(solid * hu, [BLUR_MM / mm for mm in SPACING_MM])
    image = np.rint(blurred + 40.0).astype(np.int16)
    scale = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS)
    ct = Ct(image, np.diag([*SPACING_MM, 1.0]), scale, Acquisition(120.0, "STANDARD", 0.8))
    findings = measure_ct(ct, Outline((image >= 130).astype(np.uint16)))
    (found,) = {finding.morphology for finding in findings if finding.lesion == 1}
    assert {finding.morphology for finding in findings if finding.lesion == 0} == {None}
    return found


@pytest.mark.parametrize(
    ("solid", "named"),
    [
        (ball(4.0), SeenMorphology.STONE),
        (plate(), SeenMorphology.PLATE),
        (net(), SeenMorphology.NET),
    ],
)
def test_a_large_deposit_is_named_by_its_shape(solid, named):
    assert seen(solid) is named


def test_a_deposit_of_a_few_voxels_has_no_shape_to_name():
    assert seen(ball(1.4)) is SeenMorphology.UNCERTAIN


def test_a_faint_lump_may_be_a_stone_or_mousse():
    assert seen(ball(4.0), hu=300.0) is SeenMorphology.UNCERTAIN


def test_the_table_ends_with_the_morphology():
    assert MEASUREMENT_COLUMNS[-1] == "morphology"
