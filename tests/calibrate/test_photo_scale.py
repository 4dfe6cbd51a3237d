import sys
from pathlib import Path

import numpy as np
import pytest

from cctrack.calibrate.photo import PhotoScaleOptions, calibrate_photo, find_objects
from cctrack.model import AxisScale, Flag, Photo, PlaneHomography, ScaleSource

sys.path.insert(0, str(Path(__file__).parent))

from camera import camera, card_on_sheet, photograph, sheet_with_tags

SHAPE = (900, 1200)


def _card_photo(tilt_deg, seed=0, **more):
    homography = camera(tilt_deg, **more)
    rng = np.random.default_rng(seed)
    pixels = photograph(sheet_with_tags(card_on_sheet()), homography, rng=rng)
    return Photo(pixels), homography


def _true_area(homography, corners_px):
    back = np.linalg.inv(homography)
    mapped = np.column_stack([corners_px, np.ones(len(corners_px))]) @ back.T
    return _polygon(mapped[:, :2] / mapped[:, 2:])


def _polygon(points):
    row, column = points.T
    return 0.5 * abs(row @ np.roll(column, 1) - column @ np.roll(row, 1))


BOX = np.array([[350, 400], [350, 800], [600, 800], [600, 400]], float)


@pytest.mark.parametrize("tilt_deg", [0, 20, 40])
def test_the_card_gives_areas_within_two_percent_at_any_tilt(tilt_deg):
    photo, homography = _card_photo(tilt_deg)
    scale, flags = calibrate_photo(photo)
    assert isinstance(scale, PlaneHomography)
    assert scale.source is ScaleSource.MARKER
    assert not flags - {Flag.TILT}
    assert _polygon(scale.to_mm(BOX)) == pytest.approx(_true_area(homography, BOX), rel=0.02)
    assert scale.tilt_deg == pytest.approx(tilt_deg, abs=3)
    assert 0.005 < scale.relative_sd < 0.05


def test_corner_refinement_leaves_no_bias():
    errors = []
    for seed in range(6):
        photo, homography = _card_photo(4 * seed, seed, azimuth_deg=50 * seed)
        scale, _ = calibrate_photo(photo)
        errors.append(np.log(_polygon(scale.to_mm(BOX)) / _true_area(homography, BOX)))
    assert abs(np.mean(errors)) < 0.005


def test_a_lone_tag_needs_its_size():
    sheet = sheet_with_tags([("4X4_50", 7, 20.0, (60.0, 80.0))])
    photo = Photo(photograph(sheet, camera(10)))
    assert calibrate_photo(photo) == (
        None,
        frozenset({Flag.NO_SCALE, Flag.MARKER_SIZE_UNKNOWN}),
    )
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(marker_mm=20.0))
    assert isinstance(scale, PlaneHomography)
    assert not flags
    near = np.array([[400, 500], [400, 700], [550, 700], [550, 500]], float)
    assert _polygon(scale.to_mm(near)) == pytest.approx(_true_area(camera(10), near), rel=0.03)


@pytest.mark.parametrize("dictionary", ["5X5_50", "6X6_50", "ARUCO_ORIGINAL", "APRILTAG_36h11"])
def test_every_dictionary_is_read(dictionary):
    sheet = sheet_with_tags([(dictionary, 9, 20.0, (60.0, 80.0))])
    scale, _ = calibrate_photo(Photo(photograph(sheet, camera(5))), PhotoScaleOptions(20.0))
    assert scale is not None
    assert np.prod(scale.mean_mm) == pytest.approx(1 / 36, rel=0.03)


def test_the_cards_numbers_in_other_places_are_not_the_card():
    tags = [
        ("APRILTAG_36h11", number, 12.0, place)
        for number, place in ((500, (30.0, 60.0)), (501, (30.0, 120.0)), (502, (90.0, 60.0)))
    ]
    scale, flags = calibrate_photo(Photo(photograph(sheet_with_tags(tags), camera(0))))
    assert scale is None
    assert flags == {Flag.NO_SCALE, Flag.MARKER_SIZE_UNKNOWN}


def test_a_lone_tag_with_a_number_of_the_card_gives_no_scale():
    sheet = sheet_with_tags([("APRILTAG_36h11", 500, 25.0, (60.0, 80.0))])
    scale, flags = calibrate_photo(Photo(photograph(sheet, camera(0))))
    assert scale is None
    assert Flag.MARKER_SIZE_UNKNOWN in flags


def test_two_sources_that_disagree_give_no_scale():
    photo, _ = _card_photo(0)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(mm_per_px=0.19))
    assert scale is None
    assert flags == {Flag.NO_SCALE, Flag.SCALE_CONFLICT}


def test_two_sources_that_agree_give_the_better_one():
    photo, _ = _card_photo(0)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(mm_per_px=1 / 6.1))
    assert isinstance(scale, PlaneHomography)
    assert not flags


def test_a_wrong_size_for_the_card_is_noticed():
    photo, _ = _card_photo(0)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(marker_mm=15.0))
    assert scale is None
    assert Flag.SCALE_CONFLICT in flags


def test_a_given_spacing_is_taken():
    skin = Photo(np.full((300, 400, 3), 150, np.uint8))
    scale, flags = calibrate_photo(skin, PhotoScaleOptions(mm_per_px=0.1))
    assert isinstance(scale, AxisScale)
    assert (scale.mm, scale.source) == ((0.1, 0.1), ScaleSource.GIVEN)
    assert not flags


def test_bare_skin_has_no_scale():
    rng = np.random.default_rng(3)
    skin = Photo(rng.integers(100, 180, (300, 400, 3), dtype=np.uint8))
    assert calibrate_photo(skin) == (None, frozenset({Flag.NO_SCALE}))


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_size_is_a_mistake_of_the_caller(size):
    with pytest.raises(ValueError, match="positive"):
        PhotoScaleOptions(marker_mm=size)


def test_the_card_is_covered_and_the_skin_is_not():
    photo, homography = _card_photo(15)
    covered = find_objects(photo.pixels)
    for _, _, side, (row, column) in card_on_sheet():
        centre = homography @ [row + side / 2, column + side / 2, 1]
        r, c = np.rint(centre[:2] / centre[2]).astype(int)
        assert covered[r - 40 : r + 40, c - 40 : c + 40].all()
    assert covered.mean() < 0.25
    assert not covered[:100].any()
