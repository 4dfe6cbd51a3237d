"""Deposits on bone: what tells them from bone, and how far they are grown back."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource
from cctrack.segment.ct import Kind, find_candidates, outline_candidates, outline_ct, reclassify
from cctrack.segment.ct.likely import load_judges, portray, rate
from cctrack.segment.ct.part import Part, describe_inside

SPACING_MM = (1.0, 0.6, 0.6)
SHAPE = (50, 60, 60)
MIDDLE_MM = (25.0, 18.0, 18.0)
FINGER_MM = 13.0
THRESHOLD_HU = 130.0


def positions_mm():
    axes = (np.arange(n) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True))
    return np.meshgrid(*axes, indexing="ij")


def finger():
    """Two bones with marrow, end to end, with a joint's gap between them."""
    along, row, column = positions_mm()
    radius = np.hypot(row - MIDDLE_MM[1], column - MIDDLE_MM[2])
    hu = np.full(SHAPE, -1000.0)
    hu[radius < FINGER_MM] = 50.0
    bone = (radius < 5.0) & (np.abs(along - MIDDLE_MM[0]) > 2.0)
    hu[bone] = 1250.0
    hu[bone & (radius < 4.0) & (np.abs(along - MIDDLE_MM[0]) > 3.0)] = 150.0
    return hu


def ball(hu, centre_mm, radius_mm, value):
    away = [axis - middle for axis, middle in zip(positions_mm(), centre_mm, strict=True)]
    inside = sum(np.square(part) for part in away) < radius_mm**2
    hu[inside] = value
    return inside


def scanned(hu, seed=1):
    blurred = ndimage.gaussian_filter(hu, [0.5 / mm for mm in SPACING_MM])
    noisy = blurred + np.random.default_rng(seed).normal(0, 10, SHAPE)
    scale = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS)
    return Ct(np.rint(noisy).astype(np.int16), np.eye(4), scale, Acquisition(kvp=120.0))


def overlap(one, two):
    return 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))


def test_a_finger_without_calcium_has_no_deposits():
    assert outline_ct(scanned(finger())).lesions == ()


def test_a_stone_beside_a_joint_that_blurs_into_both_bones_is_found():
    hu = finger()
    stone = ball(hu, (25.0, 18.0 - 5.5, 18.0), 3.0, 1300.0)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == (1,)
    assert overlap(outline.labels == 1, stone) > 0.7


def test_a_bone_island_is_no_deposit():
    hu = finger()
    ball(hu, (40.0, 18.0, 18.0), 3.0, 1400.0)
    assert outline_ct(scanned(hu)).lesions == ()


def test_a_reader_can_take_a_deposit_on_bone_away_and_give_it_back():
    hu = finger()
    ball(hu, (25.0, 18.0 - 5.5, 18.0), 3.0, 1300.0)
    scan = scanned(hu)
    found = find_candidates(scan)
    (label,) = (key for key, item in found.verdicts.items() if item.kind is Kind.DEPOSIT)
    assert 0.75 <= found.verdicts[label].score < 1.0
    none = reclassify(found, label, Kind.BONE)
    assert outline_candidates(none, scan).lesions == ()
    again = reclassify(none, label, Kind.DEPOSIT)
    assert outline_candidates(again, scan).lesions == (1,)


def lump(radii_mm, hu_inside=900.0):
    """A lump of its own, as a part of nothing."""
    axes = [
        (axis - middle) / r
        for axis, middle, r in zip(positions_mm(), MIDDLE_MM, radii_mm, strict=True)
    ]
    inside = sum(np.square(axis) for axis in axes) < 1.0
    hu = np.where(inside, hu_inside, 50.0).astype(np.int16)
    (box,) = ndimage.find_objects(inside.astype(np.int32))
    return Part(1, box, inside.astype(np.int32), hu >= 400, hu >= THRESHOLD_HU, hu)


def test_the_shape_of_a_ball_is_measured_in_mm():
    portrait = describe_inside(lump((4.0, 4.0, 4.0)), np.array(SPACING_MM), THRESHOLD_HU)
    assert portrait["radius_mm"] == pytest.approx(4.0, abs=0.5)
    assert portrait["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 64, rel=0.03)
    assert portrait["long"] == pytest.approx(1.0, abs=0.1)
    assert portrait["core"] == pytest.approx(900 / THRESHOLD_HU, rel=0.01)


@pytest.mark.parametrize(
    "part",
    [
        lump((18.0, 4.0, 4.0)),  # a ridge
        lump((6.0, 0.35, 6.0)),  # a layer of voxels
        lump((4.0, 4.0, 4.0), hu_inside=350.0),  # spongy bone
        lump((0.6, 0.4, 0.4)),  # a voxel
    ],
)
def test_what_no_deposit_can_be_is_ruled_out_before_the_trees_are_asked(part):
    assert portray(part, np.array(SPACING_MM), THRESHOLD_HU) is None


def test_a_free_stone_is_likelier_a_deposit_than_one_sunk_into_bone():
    spacing_mm = np.array(SPACING_MM)
    free = portray(lump((4.0, 4.0, 4.0)), spacing_mm, THRESHOLD_HU)
    sunk = free | {"soft_near": 0.2, "soft_far": 0.1, "alike_near": 0.7, "alike_far": 0.7}
    one, other = rate([free, sunk], load_judges().parts)
    assert one > 0.5
    assert one > other


def test_nothing_to_rate_is_no_mistake():
    assert rate([], load_judges().parts) == []
