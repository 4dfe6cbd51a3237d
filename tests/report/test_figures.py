"""Pictures: what is drawn, and what must not be."""

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.model import (
    AxisScale,
    Ct,
    Mr,
    Outline,
    Photo,
    PlaneHomography,
    Radiograph,
    ScaleSource,
)
from cctrack.report import Crop, OverlayOptions, draw_overlay, encode
from cctrack.report.colours import LESION_COLOURS, lesion_colour
from cctrack.report.crops import crop_around
from cctrack.report.pen import round_length_mm

SKIN = (205, 160, 140)
SCALE = AxisScale((0.1, 0.1), ScaleSource.MARKER)
BARE = OverlayOptions(ids=False, scale_bar=False)


def labels(*boxes, shape=(600, 800)):
    drawn = np.zeros(shape, np.uint16)
    for value, (top, bottom, left, right) in enumerate(boxes, start=1):
        drawn[top:bottom, left:right] = value
    return drawn


def photo(shape=(600, 800), scale=SCALE):
    return Photo(np.full((*shape, 3), SKIN, np.uint8), scale=scale)


def count(picture, colour, tolerance=12):
    near = np.abs(picture.astype(int) - np.array(colour)).max(axis=-1) <= tolerance
    return int(near.sum())


def scan(affine_z=1.0):
    hu = np.full((30, 60, 70), 40, np.int16)
    marks = labels((10, 16, 20, 30), (40, 46, 50, 60), shape=(60, 70))
    drawn = np.zeros(hu.shape, np.uint16)
    drawn[5:9] = marks
    hu[drawn > 0] = 800
    affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [affine_z, 0, 0, 0], [0, 0, 0, 1.0]])
    scale = AxisScale((2.0, 1.0, 1.0), ScaleSource.SLICE_POSITIONS)
    return Ct(hu, affine, scale), Outline(drawn)


def test_a_lesion_is_outlined_in_its_colour_on_a_dark_halo():
    picture = draw_overlay(photo(), Outline(labels((280, 320, 380, 420))), options=BARE)
    assert count(picture, lesion_colour(1)) > 300
    assert count(picture, (16, 20, 24)) > 300


def test_the_outline_lies_on_the_border_of_the_lesion():
    drawn = labels((200, 300, 300, 500))
    picture = draw_overlay(
        photo(), drawn, crop=Crop(0, 600, 0, 800), options=OverlayOptions(800, False, False)
    )
    rows, columns = np.nonzero(
        np.abs(picture.astype(int) - np.array(lesion_colour(1))).max(axis=-1) <= 12
    )
    assert (rows.min() + 1, rows.max() - 1) == pytest.approx((199.5, 299.5), abs=1.5)
    assert (columns.min() + 1, columns.max() - 1) == pytest.approx((299.5, 499.5), abs=1.5)


def test_a_deposit_of_one_pixel_is_still_drawn():
    picture = draw_overlay(photo(), labels((300, 301, 400, 401)), options=BARE)
    assert count(picture, lesion_colour(1)) > 10


def test_the_inside_of_a_lesion_is_not_painted_over():
    picture = draw_overlay(photo(), labels((250, 350, 350, 450)), options=BARE)
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    assert tuple(middle) == SKIN


def test_the_same_id_has_the_same_colour_and_neighbours_differ():
    assert lesion_colour(3) == lesion_colour(3 + len(LESION_COLOURS))
    assert len({lesion_colour(lesion) for lesion in range(1, 9)}) == 8


def bar_pixels(picture):
    corner = picture[-60:, -picture.shape[1] // 3 :]
    return count(corner, (255, 255, 255), 2)


def test_a_scale_bar_is_drawn_exactly_when_there_is_a_scale():
    drawn = labels((280, 320, 380, 420))
    assert bar_pixels(draw_overlay(photo(), drawn)) > 200
    assert bar_pixels(draw_overlay(photo(scale=None), drawn)) == 0


def test_the_scale_bar_has_the_length_it_says():
    # 800 px at 0.1 mm shown on 800 px: the bar of 20 mm is 200 px long.
    picture = draw_overlay(
        photo(), labels(), crop=Crop(0, 600, 0, 800), options=OverlayOptions(800)
    )
    white = np.all(picture == 255, axis=-1)
    assert white.sum(axis=1).max() == pytest.approx(200, abs=2)


def test_the_scale_bar_of_a_tilted_photo_is_that_of_the_part_shown():
    matrix = np.array([[0.1, 0, 0], [0, 0.1, 0], [0, 0.0005, 1.0]])
    tilted = photo(scale=PlaneHomography(matrix, (600, 800), ScaleSource.MARKER))
    near = draw_overlay(tilted, labels(), crop=Crop(250, 350, 0, 100))
    far = draw_overlay(tilted, labels(), crop=Crop(250, 350, 700, 800))
    assert not np.array_equal(near, far)


@pytest.mark.parametrize(("most", "length"), [(9.9, 5.0), (10.0, 10.0), (0.3, 0.2), (49, 20.0)])
def test_scale_bars_have_round_lengths(most, length):
    assert round_length_mm(most) == pytest.approx(length)


def test_only_the_surroundings_of_the_lesions_are_shown():
    image = photo()
    image.pixels[:60, :60] = (255, 0, 0)  # a face, a name
    picture = draw_overlay(image, labels((280, 320, 380, 420)), options=BARE)
    assert count(picture, (255, 0, 0)) == 0


def test_without_a_lesion_the_margins_of_the_image_stay_hidden():
    image = photo()
    image.pixels[:100] = image.pixels[-100:] = (255, 0, 0)
    image.pixels[:, :150] = image.pixels[:, -150:] = (255, 0, 0)
    assert count(draw_overlay(image, labels(), options=BARE), (255, 0, 0)) == 0


def test_a_crop_stays_inside_the_image():
    crop = crop_around(labels((0, 5, 795, 800)), (0.1, 0.1))
    assert crop.top == 0
    assert crop.right == 800


def test_an_outline_of_another_grid_is_refused():
    with pytest.raises(ValueError, match="labels of"):
        draw_overlay(photo(), Outline(labels(shape=(10, 10))))


def test_a_film_is_stretched_to_the_grey_values_of_the_site():
    pixels = np.tile(np.linspace(1000, 1400, 800, dtype=np.float32), (600, 1))
    film = Radiograph(pixels, (0, 4095))
    picture = draw_overlay(film, labels(), options=BARE)
    assert picture.min() < 10
    assert picture.max() > 245


def test_a_ct_shows_a_projection_and_a_slice_with_every_lesion_outlined():
    image, outline = scan()
    picture = draw_overlay(image, outline)
    assert count(picture, lesion_colour(1)) > 300
    assert count(picture, lesion_colour(2)) > 300
    assert picture.dtype == np.uint8


def test_a_ct_is_drawn_with_the_head_up_whatever_the_slice_order():
    upwards, outline = scan()
    downwards = scan(affine_z=-1.0)[0]
    assert not np.array_equal(draw_overlay(upwards, outline), draw_overlay(downwards, outline))


def test_a_volume_without_lesions_is_shown_whole():
    image, outline = scan()
    assert draw_overlay(image, np.zeros_like(outline.labels)).size


def test_an_mr_is_drawn_with_the_readers_mask():
    image, outline = scan()
    mr = Mr(image.hu.astype(np.float32), image.affine, image.scale)
    assert count(draw_overlay(mr, outline), lesion_colour(1)) > 300


@pytest.mark.parametrize("lossless", [True, False])
def test_pictures_are_encoded_in_their_true_colours(lossless):
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[...] = (200, 40, 20)
    encoded = np.frombuffer(encode(picture, lossless=lossless), np.uint8)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(decoded.astype(int) - picture).max() <= 6


def test_only_colour_pictures_are_encoded():
    with pytest.raises(ValueError, match="uint8 array"):
        encode(np.zeros((4, 4), np.uint8))


def test_sixty_crowded_lesions_are_drawn_without_trouble():
    boxes = [
        (20 + 55 * (n % 10), 40 + 55 * (n % 10), 20 + 60 * (n // 10), 40 + 60 * (n // 10))
        for n in range(100)
    ]
    assert draw_overlay(photo(), labels(*boxes)).shape[1] == 760


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (6, 40), (2000, 3)])
@pytest.mark.parametrize("mm", [None, 0.01, 50.0])
@pytest.mark.parametrize("everywhere", [True, False])
def test_images_of_any_size_and_scale_are_drawn(shape, mm, everywhere):
    drawn = np.full(shape, 65535 if everywhere else 0, np.uint16)
    scale = None if mm is None else AxisScale((mm, mm), ScaleSource.GIVEN)
    assert encode(draw_overlay(photo(shape, scale), drawn))


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4), (1, 60, 60), (90, 2, 2)])
def test_volumes_of_any_size_are_drawn(shape):
    drawn = np.zeros(shape, np.uint16)
    drawn[0, 0, 0] = 7
    scale = AxisScale((3.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    image = Ct(np.zeros(shape, np.int16), np.eye(4), scale)
    assert encode(draw_overlay(image, drawn))
