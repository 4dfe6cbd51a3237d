"""The steps of the CT outline: labelling by parts, splitting at necks."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import AxisScale, Ct, ScaleSource
from cctrack.segment.ct.basins import split_at_necks
from cctrack.segment.ct.body import distance_mm, find_body
from cctrack.segment.ct.components import SLICES_AT_A_TIME, find_components

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
    clouds = ndimage.gaussian_filter(rng.normal(size=hu.shape), 1.5)
    hu[(clouds > 0.12) & (hu > 0)] = 400
    scan = Ct(hu, np.eye(4), AxisScale((1.0, 1.0, 1.0), ScaleSource.SLICE_POSITIONS))
    labels = find_components(scan, find_body(scan), 130.0)
    expected, count = ndimage.label(hu >= 130)
    sizes = np.bincount(expected.ravel())[1:]
    found = np.bincount(labels.ravel())[1:]
    assert count > 20
    assert sorted(found[found >= 4]) == sorted(sizes[sizes >= 4])
    # One label of ours for each of theirs.
    pairs = np.unique(np.column_stack([labels[labels > 0], expected[labels > 0]]), axis=0)
    assert len(pairs) == len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1]))


def test_distances_do_not_depend_on_where_the_slices_are_divided():
    mask = ~ball((90, 60, 60), (40.0, 15.0, 15.0), 3.0)
    exact = ndimage.distance_transform_edt(mask, sampling=SPACING_MM)
    by_parts = distance_mm(mask, SPACING_MM, 8.0)
    near = exact <= 8.0
    np.testing.assert_allclose(by_parts[near], exact[near], rtol=1e-5)
    assert np.isinf(by_parts[~near]).all()
