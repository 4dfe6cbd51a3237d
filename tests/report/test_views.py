"""Before and after: the same place of the body, the later picture laid on the earlier one."""

import re

import numpy as np
import pytest
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    Ct,
    Outline,
    Photo,
    Quality,
    Radiograph,
    ScaleSource,
)
from cctrack.report.colours import lesion_colour
from cctrack.report.pen import with_notice
from cctrack.report.sheet import draw_sheet
from cctrack.report.views import NOTHING, draw_thumbnail, draw_views, pair_panels

SCALE = AxisScale((0.1, 0.1), ScaleSource.MARKER)
DATES = ("3 March 2019", "17 August 2022")
SHIFT = (30, -45)


def skin(seed=1, shape=(600, 800)):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 4)
    grey = 150 + 60 * noise / noise.std() / 3
    return np.clip(grey[..., None] + (30, 0, -20), 0, 255).astype(np.uint8)


def labels(*boxes, shape=(600, 800)):
    drawn = np.zeros(shape, np.uint16)
    for value, (top, bottom, left, right) in enumerate(boxes, start=1):
        drawn[top:bottom, left:right] = value
    return drawn


def moved(shift=SHIFT, quality=Quality.GOOD):
    matrix = np.eye(3)
    matrix[:2, 2] = shift
    return Alignment(AlignmentModel.RIGID, matrix, quality, 0.5)


def decoded(picture):
    return cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def corners(border):
    """Left, top, right, bottom of what is drawn."""
    steps = np.array(re.findall(r"-?[0-9.]+", border.path), float).reshape(-1, 2)
    numbers = np.cumsum(steps, axis=0)
    return np.concatenate([numbers.min(axis=0), numbers.max(axis=0)])


def shifted_pair():
    before = skin()
    after = np.roll(before, SHIFT, (0, 1))
    first = labels((250, 300, 350, 420))
    outlines = Outline(first), Outline(np.roll(first, SHIFT, (0, 1)))
    return (Photo(before, scale=SCALE), Photo(after, scale=SCALE)), outlines


def test_an_unchanged_site_looks_the_same_at_both_visits():
    (view,) = draw_views(*shifted_pair(), moved(), DATES)
    assert view.laid_over
    first, second = decoded(view.before).astype(int), decoded(view.after).astype(int)
    assert first.shape == second.shape
    assert np.abs(first - second).mean() < 4
    # The test can fail: without the alignment the two differ much more.
    assert np.abs(first - np.roll(second, 20, 1)).mean() > 12


def test_its_outline_lies_at_the_same_place():
    (view,) = draw_views(*shifted_pair(), moved(), DATES)
    (one,), (other,) = view.before.borders, view.after.borders
    assert corners(one) == pytest.approx(corners(other), abs=1.5)
    left, top, right, bottom = corners(one)
    size_mm = np.array([right - left, bottom - top]) * view.before.mm_per_px
    assert size_mm == pytest.approx((7.0, 5.0), abs=0.15)


@pytest.mark.parametrize("alignment", [None, moved(quality=Quality.FAILED)])
def test_a_failed_alignment_leaves_each_visit_on_its_own(alignment):
    images, _ = shifted_pair()
    outlines = Outline(labels((250, 300, 350, 420))), Outline(labels((20, 40, 20, 60)))
    (view,) = draw_views(images, outlines, alignment, DATES)
    assert not view.laid_over
    assert view.before.borders
    assert view.after.borders


def test_what_the_later_image_does_not_show_is_left_plain():
    before, after = Photo(skin(), scale=SCALE), Photo(skin()[:, :400], scale=SCALE)
    outlines = Outline(labels((250, 300, 350, 420))), Outline(labels(shape=(600, 400)))
    (view,) = draw_views((before, after), outlines, moved((0, 0)), DATES)
    right = decoded(view.after)[:, -40:]
    assert np.abs(right.astype(int) - NOTHING).max() < 12


def test_a_large_photo_is_made_small_without_dots():
    hairs = np.zeros((3000, 4000, 3), np.uint8)
    hairs[::2] = 255
    images = Photo(hairs), Photo(hairs)
    marks = labels((1000, 2000, 1000, 2500), shape=(3000, 4000))
    (view,) = draw_views(images, (Outline(marks),) * 2, moved((0, 0)), DATES)
    assert decoded(view.before)[20:-20, 20:-20].std() < 12


def scan(shift=0):
    hu = np.full((30, 60, 70), 40, np.int16)
    drawn = np.zeros(hu.shape, np.uint16)
    drawn[5 + shift : 9 + shift, 10:16, 20:30] = 1
    drawn[5 + shift : 9 + shift, 40:46, 50:60] = 2
    hu[drawn > 0] = 800
    scale = AxisScale((2.0, 1.0, 1.0), ScaleSource.SLICE_POSITIONS)
    affine = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]])
    return Ct(hu, affine, scale), Outline(drawn)


def test_two_scans_are_shown_from_the_front_and_in_one_slice():
    before, after = scan(), scan(shift=6)
    matrix = np.eye(4)
    matrix[0, 3] = 6
    alignment = Alignment(AlignmentModel.RIGID, matrix, Quality.GOOD, 0.3)
    front, cut = draw_views((before[0], after[0]), (before[1], after[1]), alignment, DATES)
    for view in (front, cut):
        first, second = decoded(view.before).astype(int), decoded(view.after).astype(int)
        assert np.abs(first - second).mean() < 2
        assert [border.lesion for border in view.after.borders] == [1, 2]
    assert "slice" in cut.before.caption
    assert "the same place" in cut.after.caption


def test_a_scan_that_could_not_be_aligned_is_still_shown():
    before, after = scan(), scan(shift=6)
    views = draw_views((before[0], after[0]), (before[1], after[1]), None, DATES)
    assert [view.laid_over for view in views] == [False, False]
    assert "slice 12 of 30" in views[1].after.caption


def test_a_scan_is_never_shown_beside_a_film():
    film = Radiograph(np.zeros((60, 70), np.float32), (0, 1))
    image, outline = scan()
    with pytest.raises(TypeError, match="beside a flat image"):
        draw_views((image, film), (outline, Outline(labels(shape=(60, 70)))), None, DATES)


@pytest.mark.parametrize("kind", ["photo", "scan"])
def test_a_thumbnail_is_small_and_names_no_visit(kind):
    image, outline = scan() if kind == "scan" else (shifted_pair()[0][0], shifted_pair()[1][0])
    picture = draw_thumbnail(image, outline, 120, "photo of 3 March 2019")
    assert max(picture.width, picture.height) == 120
    assert len(picture.jpeg) < 10_000
    assert picture.description == "photo of 3 March 2019"


def white(picture):
    return int((picture.min(axis=-1) > 235).sum())


def test_one_picture_shows_both_visits_and_how_they_fit():
    images, outlines = shifted_pair()
    good = draw_sheet(images, outlines, moved(), DATES)
    panels = pair_panels(images, outlines, moved())[0]
    height, width = panels[0].pixels.shape[:2]
    assert good.shape[1] == 3 * width + 20
    assert len(good) > height
    # What is shown in turn looks like either visit: nothing has moved.
    last = good[27 : 27 + height, -width:].astype(int)
    assert np.abs(last - panels[0].pixels).mean() < 6


@pytest.mark.parametrize("alignment", [None, moved(quality=Quality.FAILED)])
def test_a_failed_alignment_still_gives_a_picture_without_names(alignment):
    images, outlines = shifted_pair()
    failed = draw_sheet(images, outlines, alignment, DATES)
    named = draw_sheet(images, outlines, moved(), DATES)
    blue = np.abs(failed.astype(int) - lesion_colour(1)).max(axis=-1) < 12
    assert blue.sum() == 0
    assert (np.abs(named.astype(int) - lesion_colour(1)).max(axis=-1) < 12).sum() > 300
    assert failed.shape[1] < named.shape[1]


def test_pictures_carry_what_they_may_be_used_for():
    picture = np.full((100, 400, 3), 90, np.uint8)
    noted = with_notice(picture)
    assert np.array_equal(noted[:100], picture)
    assert white(noted[100:]) > 100
