"""Solids of exactly known size in series whose slices are uneven or whose gantry was tilted."""

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage

from cctrack.measure.volume import measure_ct, skew_of
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Flag,
    Method,
    Outline,
    Quantity,
    ScaleSource,
    SliceExtents,
)

TISSUE_HU, CALCIUM_HU = 45.0, 900.0
PIXEL_MM = 0.6
BLUR_MM = 0.5
FINE = 5


def scan_of(semi_mm, extents_mm, *, tilt_deg=0.0, seed=0):
    """Scan an ellipsoid: each voxel holds the mean over its own extent along the normal.

    With a tilted gantry a slice's rows slide by ``tan(tilt)`` for each mm along the normal, as in
    a real tilted series; the solid stays where it is.
    """
    rng = np.random.default_rng(seed)
    edges_mm = np.concatenate([[0.0], np.cumsum(extents_mm)])
    side = int(2 * (max(semi_mm) + 8) / PIXEL_MM)
    middle_mm = np.array([edges_mm[-1] / 2, side * PIXEL_MM / 2, side * PIXEL_MM / 2])
    middle_mm += rng.uniform(-0.3, 0.3, 3)
    slope = math.tan(math.radians(tilt_deg))
    start_mm = -slope * edges_mm[-1] / 2
    fine = (np.arange(side * FINE) + 0.5) / FINE * PIXEL_MM - PIXEL_MM / 2
    planes = []
    for low, high in itertools.pairwise(edges_mm):
        depths = low + (np.arange(9) + 0.5) / 9 * (high - low)
        share = np.zeros((side * FINE, side * FINE))
        for depth in depths:
            row = fine + start_mm + slope * (low + high) / 2 - middle_mm[1]
            column = fine - middle_mm[2]
            across = np.add.outer((row / semi_mm[1]) ** 2, (column / semi_mm[2]) ** 2)
            share += across + ((depth - middle_mm[0]) / semi_mm[0]) ** 2 <= 1
        planes.append((share / 9).reshape(side, FINE, side, FINE).mean(axis=(1, 3)))
    blurred = ndimage.gaussian_filter(np.array(planes), (0, BLUR_MM / PIXEL_MM, BLUR_MM / PIXEL_MM))
    hu = TISSUE_HU + (CALCIUM_HU - TISSUE_HU) * blurred
    return np.rint(hu).astype(np.int16)


def as_ct(hu, extents_mm, *, tilt_deg=0.0):
    step = float(np.mean(extents_mm))
    slope = math.tan(math.radians(tilt_deg))
    affine = np.array(
        [
            [0, 0, PIXEL_MM, 0],
            [slope * step, PIXEL_MM, 0, 0],
            [step, 0, 0, 0],
            [0, 0, 0, 1.0],
        ]
    )
    even = np.allclose(extents_mm, step)
    scale = (
        AxisScale((step, PIXEL_MM, PIXEL_MM), ScaleSource.SLICE_POSITIONS)
        if even
        else SliceExtents(PIXEL_MM, PIXEL_MM, tuple(float(mm) for mm in extents_mm))
    )
    return Ct(hu, affine, scale, Acquisition(kvp=120.0))


def outline_of(hu):
    labels, _ = ndimage.label(hu >= 130)
    sizes = np.bincount(labels.ravel())[1:]
    return Outline((labels == np.argmax(sizes) + 1).astype(np.uint16))


def value(findings, quantity, method=None):
    return next(
        f.measurement.value
        for f in findings
        if f.lesion == 1
        and f.measurement.quantity is quantity
        and method in (None, f.measurement.method)
    )


def uneven(total_mm, seed):
    rng = np.random.default_rng(seed)
    extents = rng.choice([0.8, 1.0, 1.5, 2.5], size=int(total_mm / 0.8))
    return extents[: int(np.searchsorted(np.cumsum(extents), total_mm))]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("semi_mm", [(9.0, 9.0, 9.0), (14.0, 7.0, 9.0)])
def test_uneven_slices_give_the_true_volume_within_a_per_cent(semi_mm, seed):
    extents_mm = uneven(2 * semi_mm[0] + 16, seed)
    hu = scan_of(semi_mm, extents_mm, seed=seed)
    findings = measure_ct(as_ct(hu, extents_mm), outline_of(hu))
    truth = 4 / 3 * math.pi * math.prod(semi_mm)
    volume = value(findings, Quantity.VOLUME, Method.PARTIAL_VOLUME)
    assert volume == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("tilt_deg", [10.0, 20.0, -25.0])
def test_a_tilted_gantry_changes_neither_volume_nor_longest_diameter(tilt_deg, seed):
    semi_mm, extents_mm = (7.0, 11.0, 8.0), np.full(34, 1.0)
    hu = scan_of(semi_mm, extents_mm, tilt_deg=tilt_deg, seed=seed)
    findings = measure_ct(as_ct(hu, extents_mm, tilt_deg=tilt_deg), outline_of(hu))
    truth = 4 / 3 * math.pi * math.prod(semi_mm)
    volume = value(findings, Quantity.VOLUME, Method.PARTIAL_VOLUME)
    assert volume == pytest.approx(truth, rel=0.01)
    assert value(findings, Quantity.MAX_DIAMETER) == pytest.approx(22.0, rel=0.01)


def test_the_diameter_of_a_ball_in_a_tilted_series_is_not_that_of_its_sheared_voxels():
    extents_mm = np.full(40, 1.0)
    hu = scan_of((9.0, 9.0, 9.0), extents_mm, tilt_deg=25.0)
    outline = outline_of(hu)
    tilted = measure_ct(as_ct(hu, extents_mm, tilt_deg=25.0), outline)
    straight = measure_ct(as_ct(hu, extents_mm), outline)
    assert value(tilted, Quantity.MAX_DIAMETER) == pytest.approx(18.0, rel=0.02)
    assert value(straight, Quantity.MAX_DIAMETER) > 20.0


def test_a_diameter_across_uneven_slices_follows_their_real_positions():
    extents_mm = uneven(44, 3)
    hu = scan_of((14.0, 6.0, 6.0), extents_mm, seed=3)
    findings = measure_ct(as_ct(hu, extents_mm), outline_of(hu))
    assert value(findings, Quantity.MAX_DIAMETER) == pytest.approx(28.0, abs=1.0)


def test_the_skew_of_a_series_says_how_its_rows_slide():
    straight, tilted = (
        as_ct(np.zeros((3, 4, 4), np.int16), np.full(3, 2.0), tilt_deg=t) for t in (0, 20)
    )
    assert skew_of(straight.affine) == pytest.approx((0.0, 0.0))
    assert skew_of(tilted.affine) == pytest.approx((math.tan(math.radians(20)), 0.0))
    reversed_slices = tilted.affine * np.array([-1.0, 1, 1, 1])
    assert skew_of(reversed_slices) == pytest.approx((-math.tan(math.radians(20)), 0.0))


def test_uneven_slices_are_scored_with_their_own_extents_and_flagged():
    extents_mm = np.array([3.0, 3.0, 1.5, 3.0, 6.0, 3.0])
    hu = np.zeros((6, 12, 12), np.int16)
    hu[1:5, 3:7, 3:8] = 450
    ct = as_ct(hu, extents_mm)
    findings = measure_ct(ct, outline_of(hu))
    (found,) = (
        f for f in findings if f.lesion == 1 and f.measurement.quantity is Quantity.AGATSTON
    )
    area_mm2 = 20 * PIXEL_MM**2
    assert found.measurement.value == pytest.approx(4 * area_mm2 * (3 + 1.5 + 3 + 6) / 3)
    assert Flag.SLICE_INCREMENT_SCALED in found.flags
