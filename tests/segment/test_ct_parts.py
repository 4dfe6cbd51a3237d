"""The steps of the CT outline: labelling by parts, splitting at necks."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import AxisScale, Ct, ScaleSource
from cctrack.segment.ct.basins import split_at_necks
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.components import SLICES_AT_A_TIME, find_components
from cctrack.segment.ct.distance import inner_mm, within_mm

SPACING_MM = np.array([1.0, 0.5, 0.5])


def ball(shape, centre, radius_mm):
    axes = (np.arange(n) * mm for n, mm in zip(shape, SPACING_MM, strict=True))
    grid = np.meshgrid(*axes, indexing="ij")
    away = sum((axis - middle) ** 2 for axis, middle in zip(grid, centre, strict=True))
    return away < radius_mm**2


def parts_of(solid):
    return len(np.setdiff1d(np.unique(split_at_necks(solid, SPACING_MM, 8.0)), [0]))


def test_a_stone_on_a_bone_is_split_off_at_its_neck():
    shape = (40, 80, 80)
    bone = ball(shape, (20.0, 20.0, 16.0), 9.0)
    stone = ball(shape, (20.0, 20.0, 28.0), 4.0)
    assert parts_of(bone | stone) == 2


@pytest.mark.parametrize("buried_mm", [0.0, 6.5])
def test_what_has_no_neck_stays_whole(buried_mm):
    shape = (40, 80, 80)
    bone = ball(shape, (20.0, 20.0, 18.0), 9.0)
    bump = ball(shape, (20.0, 20.0, 18.0 + buried_mm), 4.0)
    assert parts_of(bone | bump) == 1


def test_pieces_too_small_for_a_deposit_are_left_out():
    assert parts_of(ball((20, 30, 30), (10.0, 7.0, 7.0), 1.0)) == 0


def test_labels_do_not_depend_on_where_the_slices_are_divided():
    rng = np.random.default_rng(0)
    slices = 2 * SLICES_AT_A_TIME + 7
    hu = np.full((slices, 40, 40), 50, np.int16)
    hu[:, :2] = hu[:, -2:] = -1000
    uneven = ndimage.gaussian_filter(rng.normal(size=hu.shape), 1.5)
    hu[(uneven > 0.12) & (hu > 0)] = 400
    scan = Ct(hu, np.eye(4), AxisScale((1.0, 1.0, 1.0), ScaleSource.SLICE_POSITIONS))
    components = find_components(scan, find_body(scan), 130.0)
    labels = np.zeros(hu.shape, int)
    for number in range(1, len(components.starts) - 1):
        box, region = components.cut_out(number)
        labels[box][region] = number
    expected, count = ndimage.label(hu >= 130)
    sizes = np.bincount(expected.ravel())[1:]
    found = np.bincount(labels.ravel())[1:]
    assert count > 20
    assert sorted(found[found >= 4]) == sorted(sizes[sizes >= 4])
    # One label of ours for each of theirs.
    pairs = np.unique(np.column_stack([labels[labels > 0], expected[labels > 0]]), axis=0)
    assert len(pairs) == len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1]))


SPACINGS_MM = [(1.0, 0.5, 0.5), (0.8, 0.61, 0.61), (3.0, 0.7, 0.7), (1.0, 0.7, 0.9)]


def clouds(shape):
    return ndimage.gaussian_filter(np.random.default_rng(3).normal(size=shape), 4) > 0


@pytest.mark.parametrize("spacing_mm", SPACINGS_MM)
def test_distances_are_exact_in_thick_slices_and_oblong_pixels_too(spacing_mm):
    mask = clouds((40, 50, 45))
    exact = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    np.testing.assert_allclose(inner_mm(mask, np.array(spacing_mm)), exact, rtol=1e-6)


def test_nothing_is_found_beyond_the_reach_of_a_distance():
    mask = ~ball((90, 60, 60), (40.0, 15.0, 15.0), 3.0)
    exact = ndimage.distance_transform_edt(mask, sampling=SPACING_MM)
    found = inner_mm(mask, SPACING_MM, 8.0)
    near = exact <= 8.0
    np.testing.assert_allclose(found[near], exact[near], rtol=1e-6)
    assert np.isinf(found[~near]).all()


def test_what_fills_the_whole_image_has_no_outside():
    assert np.isinf(inner_mm(np.ones((5, 6, 7), bool), SPACING_MM)).all()


@pytest.mark.parametrize("spacing_mm", SPACINGS_MM)
@pytest.mark.parametrize("reach_mm", [0.4, 3.5])
def test_what_lies_within_a_reach_is_what_a_ball_covers(spacing_mm, reach_mm):
    mask = clouds((30, 40, 35))
    exact = ndimage.distance_transform_edt(~mask, sampling=spacing_mm) <= reach_mm
    np.testing.assert_array_equal(within_mm(mask, np.array(spacing_mm), reach_mm), exact)
