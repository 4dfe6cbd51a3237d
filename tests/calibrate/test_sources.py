"""Squares, stickers, rulers, clicks and several tags: each scale against a camera's exact truth."""

import sys
from pathlib import Path

import numpy as np
import pytest

from cctrack.calibrate.photo import Clicks, PhotoScaleOptions, calibrate_photo, find_objects
from cctrack.model import Flag, Photo, ScaleSource

sys.path.insert(0, str(Path(__file__).parent))

from camera import (
    INK,
    PAPER,
    SHEET_PX_PER_MM,
    SKIN,
    area_error,
    camera,
    card_on_sheet,
    photograph,
    sheet_with_tags,
    to_photo,
)

RED, BLUE = (0.45, 0.04, 0.05), (0.03, 0.08, 0.40)
INCH_SIXTEENTH_MM = 25.4 / 16


FINENESS = 10
"""Pixels of the drawn sheet a mm: enough at 6 px a mm of the photo."""


def _skin():
    return np.full((160 * FINENESS, 200 * FINENESS, 3), (0.45, 0.33, 0.26), np.float32)


def _box(sheet, top_mm, left_mm, size_mm, colour):
    """Fill a rectangle; its edges fall on shares of a pixel."""
    rows, columns = (
        np.clip(
            np.minimum(np.arange(count) + 1, (low + size) * FINENESS)
            - np.maximum(np.arange(count), low * FINENESS),
            0,
            1,
        )
        for count, low, size in zip(sheet.shape, (top_mm, left_mm), size_mm, strict=False)
    )
    r, c = (np.flatnonzero(share) for share in (rows, columns))
    part = sheet[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
    share = (rows[r][:, None] * columns[c][None, :])[..., None].astype(np.float32)
    part += (np.asarray(colour, np.float32) - part) * share


def _disc(sheet, middle_mm, diameter_mm, colour):
    rows, columns = (np.arange(count) + 0.5 for count in sheet.shape[:2])
    away = np.hypot(
        rows[:, None] - middle_mm[0] * FINENESS, columns[None, :] - middle_mm[1] * FINENESS
    )
    share = np.clip(diameter_mm / 2 * FINENESS - away + 0.5, 0, 1)[..., None].astype(np.float32)
    sheet += (np.asarray(colour, np.float32) - sheet) * share


def _ticks(sheet, origin_mm, step_mm, count, *, down=False, longer=(5, 10)):
    row, column = origin_mm
    for number in range(count):
        length = 2.5 + sum(1.5 for every in longer if number % every == 0)
        along = number * step_mm - 0.09
        if down:
            _box(sheet, row + along, column, (0.18, length), INK)
        else:
            _box(sheet, row, column + along, (length, 0.18), INK)


def _taken(sheet, homography, seed=0, **more):
    rng = np.random.default_rng(seed)
    more = {"fold": 2, "px_per_mm": FINENESS if sheet.ndim == 3 else SHEET_PX_PER_MM} | more
    return Photo(photograph(sheet, homography, rng=rng, **more))


@pytest.mark.parametrize("colour", [RED, BLUE, (0.02, 0.02, 0.02), (0.8, 0.8, 0.8)])
def test_a_square_of_any_colour_gives_the_scale(colour):
    sheet, view = _skin(), camera(20)
    _box(sheet, 60.0, 80.0, (10.0, 10.0), colour)
    scale, flags = calibrate_photo(_taken(sheet, view), PhotoScaleOptions(square_mm=10.0))
    assert not flags
    assert scale.source is ScaleSource.SQUARE
    assert abs(area_error(scale, view, (80.0, 85.0))) < 0.04


def test_a_square_partly_under_glare_says_so_or_is_refused():
    sheet, view = _skin(), camera(0)
    _box(sheet, 60.0, 80.0, (10.0, 10.0), BLUE)
    _box(sheet, 59.0, 82.0, (2.5, 4.0), (1.0, 1.0, 1.0))
    scale, flags = calibrate_photo(_taken(sheet, view), PhotoScaleOptions(square_mm=10.0))
    assert (
        scale is None or Flag.MARKER_GLARE in flags or abs(area_error(scale, view, (80, 85))) < 0.03
    )


def test_two_squares_of_different_size_leave_it_open_which_is_meant():
    sheet = _skin()
    _box(sheet, 50.0, 70.0, (10.0, 10.0), RED)
    _box(sheet, 80.0, 110.0, (15.0, 15.0), RED)
    photo = _taken(sheet, camera(0))
    assert calibrate_photo(photo, PhotoScaleOptions(square_mm=10.0)) == (None, {Flag.NO_SCALE})


def test_a_square_nobody_spoke_of_gives_no_scale_and_hides_nothing():
    sheet = _skin()
    _box(sheet, 60.0, 80.0, (10.0, 10.0), RED)
    photo = _taken(sheet, camera(0))
    assert calibrate_photo(photo) == (None, {Flag.NO_SCALE})
    assert not find_objects(photo.pixels).any()
    covered = find_objects(photo.pixels, PhotoScaleOptions(square_mm=10.0))
    assert covered[335:385, 485:535].all()


@pytest.mark.parametrize("tilt_deg", [0, 30])
def test_a_round_sticker_gives_the_scale_beside_it(tilt_deg):
    sheet, view = _skin(), camera(tilt_deg)
    _disc(sheet, (80.0, 100.0), 12.0, BLUE)
    photo = _taken(sheet, view)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(sticker_mm=12.0))
    assert flags == ({Flag.TILT} if tilt_deg > 20 else set())
    assert scale.source is ScaleSource.STICKER
    assert abs(area_error(scale, view, (80.0, 100.0))) < 0.03
    near, far = scale.relative_sd_at(to_photo(view, np.array([[80.0, 100.0], [80.0, 150.0]])))
    # From one side a disc looks as from the other: away from it nothing is sure.
    assert far > 1.5 * near
    assert abs(area_error(scale, view, (80.0, 150.0))) < 2 * 1.96 * far


def test_a_disc_half_hidden_is_not_taken_for_a_smaller_one():
    sheet, view = _skin(), camera(0)
    _disc(sheet, (80.0, 100.0), 12.0, BLUE)
    _box(sheet, 70.0, 101.0, (20.0, 10.0), (0.45, 0.33, 0.26))
    scale, _ = calibrate_photo(_taken(sheet, view), PhotoScaleOptions(sticker_mm=12.0))
    assert scale is None or abs(area_error(scale, view, (80.0, 100.0))) < 0.05


def test_two_stickers_tell_the_side_from_which_the_photo_was_taken():
    sheet, view = _skin(), camera(30)
    for middle in ((60.0, 70.0), (100.0, 130.0)):
        _disc(sheet, middle, 12.0, BLUE)
    scale, _ = calibrate_photo(_taken(sheet, view), PhotoScaleOptions(sticker_mm=12.0))
    assert abs(area_error(scale, view, (80.0, 100.0))) < 0.02
    assert scale.tilt_deg == pytest.approx(30, abs=5)


def test_two_clicks_give_a_scale_that_knows_how_shaky_they_are():
    view = camera(0)
    photo = _taken(_skin(), view)
    seen = to_photo(view, np.array([[80.0, 80.0], [80.0, 120.0]]))
    far, near = (
        calibrate_photo(photo, PhotoScaleOptions(clicks=Clicks(*map(tuple, ends), mm=mm)))[0]
        for ends, mm in ((seen, 40.0), ((seen[0], seen[0] + (0, 60)), 10.0))
    )
    assert far.source is ScaleSource.CLICKS
    assert abs(area_error(far, view, (80.0, 100.0))) < 0.01
    place = seen.mean(axis=0)[None]
    assert far.relative_sd_at(place)[0] > 0.02
    assert near.relative_sd_at(place)[0] > 1.3 * far.relative_sd_at(place)[0]


def test_clicks_on_one_place_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="positive"):
        Clicks((3.0, 4.0), (3.0, 4.0), 10.0)


@pytest.mark.parametrize("tilt_deg", [0, 30])
def test_an_l_shaped_ruler_removes_the_tilt(tilt_deg):
    sheet, view = _skin(), camera(tilt_deg)
    _box(sheet, 50.0, 60.0, (14.0, 74.0), PAPER)
    _box(sheet, 50.0, 60.0, (64.0, 14.0), PAPER)
    _ticks(sheet, (59.0, 72.0), 1.0, 60)
    _ticks(sheet, (66.0, 69.0), 1.0, 45, down=True)
    photo = _taken(sheet, view)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(ruler_mm_per_tick=1.0))
    assert not flags
    assert abs(area_error(scale, view, (80.0, 90.0))) < 0.03


def _inch_ruler():
    sheet = _skin()
    _box(sheet, 70.0, 50.0, (14.0, 100.0), PAPER)
    _ticks(sheet, (71.0, 54.0), INCH_SIXTEENTH_MM, 55, longer=(2, 4, 8, 16))
    return _taken(sheet, camera(0))


def test_a_ruler_in_sixteenths_of_an_inch_is_read():
    options = PhotoScaleOptions(ruler_mm_per_tick=INCH_SIXTEENTH_MM)
    scale, _ = calibrate_photo(_inch_ruler(), options)
    assert abs(area_error(scale, camera(0), (85.0, 100.0))) < 0.03


def test_a_ruler_in_inches_is_not_taken_for_one_in_millimetres():
    scale, flags = calibrate_photo(_inch_ruler(), PhotoScaleOptions(ruler_mm_per_tick=1.0))
    assert scale is None
    assert flags == {Flag.NO_SCALE}


def test_the_edge_that_is_meant_is_found_on_a_ruler_with_two_units():
    sheet, view = _skin(), camera(0)
    _box(sheet, 70.0, 50.0, (22.0, 100.0), PAPER)
    _ticks(sheet, (71.0, 54.0), 1.0, 88)
    _ticks(sheet, (83.0, 54.0), INCH_SIXTEENTH_MM, 55, longer=(2, 4, 8, 16))
    photo = _taken(sheet, view)
    for mm in (1.0, INCH_SIXTEENTH_MM):
        scale, _ = calibrate_photo(photo, PhotoScaleOptions(ruler_mm_per_tick=mm))
        assert abs(area_error(scale, view, (80.0, 100.0))) < 0.03


def test_ticks_are_sought_along_the_line_that_was_drawn():
    sheet, view = _skin(), camera(0)
    for top, step in ((40.0, 1.0), (100.0, 1.2)):
        _box(sheet, top, 50.0, (14.0, 100.0), PAPER)
        _ticks(sheet, (top + 1, 54.0), step, 60)
    photo = _taken(sheet, view)
    assert calibrate_photo(photo, PhotoScaleOptions(ruler_mm_per_tick=1.0))[0] is None
    ends = to_photo(view, np.array([[42.0, 54.0], [42.0, 110.0]]))
    line = tuple(map(tuple, ends))
    options = PhotoScaleOptions(ruler_mm_per_tick=1.0, ruler_line_px=line)
    scale, _ = calibrate_photo(photo, options)
    assert abs(area_error(scale, view, (60.0, 90.0))) < 0.03


def test_a_square_and_a_card_that_contradict_each_other_give_no_scale():
    sheet = _skin()
    _box(sheet, 60.0, 130.0, (12.0, 12.0), RED)
    pixels = _taken(sheet, camera(0)).pixels.copy()
    card = _taken(sheet_with_tags(card_on_sheet()), camera(0)).pixels
    pixels[:, :700] = card[:, :700]
    photo = Photo(pixels)
    assert calibrate_photo(photo, PhotoScaleOptions(square_mm=12.0))[0].source is ScaleSource.MARKER
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(square_mm=10.0))
    assert scale is None
    assert Flag.SCALE_CONFLICT in flags


def _tagged(side_mm=20.0, **more):
    sheet = sheet_with_tags([("4X4_50", 7, side_mm, (60.0, 80.0))])
    view = camera(0, **{key: more.pop(key) for key in ("px_per_mm",) if key in more})
    return calibrate_photo(_taken(sheet, view, **more), PhotoScaleOptions(marker_mm=side_mm))


def test_a_tag_of_few_pixels_is_flagged():
    assert Flag.MARKER_SMALL in _tagged(5.0)[1]
    assert not _tagged(8.0)[1]


def test_a_blurred_tag_is_flagged():
    scale, flags = _tagged(8.0, blur_px=4.0)
    assert scale is None or Flag.MARKER_BLURRED in flags


def test_glare_over_a_tag_is_flagged():
    sheet = sheet_with_tags([("4X4_50", 7, 24.0, (60.0, 80.0))])
    scale = SHEET_PX_PER_MM
    sheet[60 * scale : 66 * scale, 80 * scale : 90 * scale] += 0.4
    photo = _taken(sheet, camera(0))
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(marker_mm=24.0))
    assert scale is None or Flag.MARKER_GLARE in flags


def test_two_tags_at_different_height_give_no_scale():
    places = ((40.0, 50.0), (90.0, 120.0))
    # The second one is seen a sixth larger: it lies 50 mm nearer to a camera 300 mm away.
    tags = [("4X4_50", 7, 20.0, places[0]), ("4X4_50", 9, 23.5, places[1])]
    photo = _taken(sheet_with_tags(tags), camera(0))
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(marker_mm=20.0))
    assert scale is None
    assert flags == {Flag.NO_SCALE, Flag.SCALE_CONFLICT, Flag.MARKER_OFF_PLANE}


def test_light_that_spreads_over_the_edges_does_not_shrink_a_tag():
    sheet = sheet_with_tags([("APRILTAG_36h11", 7, 20.0, (60.0, 80.0))])
    view = camera(0)
    pixels = photograph(sheet, view).astype(float) / 255
    # Over-exposed by a stop and a half, then clipped: white wins at every edge.
    light = np.clip(
        2.8 * np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4), 0, 1
    )
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    photo = Photo(np.rint(255 * srgb).astype(np.uint8))
    scale, _ = calibrate_photo(photo, PhotoScaleOptions(marker_mm=20.0))
    assert abs(area_error(scale, view, (70.0, 90.0))) < 0.01


def test_the_sheet_is_named_by_any_two_of_its_tags():
    photo = _taken(sheet_with_tags(card_on_sheet()[1:]), camera(15))
    scale, _ = calibrate_photo(photo)
    assert scale.source is ScaleSource.MARKER
    assert abs(area_error(scale, camera(15), (75.0, 90.0))) < 0.02
    assert SKIN < PAPER
