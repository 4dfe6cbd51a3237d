"""Side, view, pose and light of two images of one site."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import compare_taking
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    Flag,
    Photo,
    PlaneHomography,
    Quality,
    Radiograph,
    ScaleSource,
)

RULER = AxisScale((0.1, 0.1), ScaleSource.RULER, 0.02)
NOTHING = (frozenset(), frozenset())


def fit(matrix=None, quality=Quality.GOOD, reason=""):
    return Alignment(
        AlignmentModel.HOMOGRAPHY, np.eye(3) if matrix is None else matrix, quality, 0.5,
        reason=reason,
    )  # fmt: skip


def photo(brightness=120, scale=RULER):
    return Photo(np.full((80, 100, 3), brightness, np.uint8), scale=scale)


def film(view="PA", laterality="L"):
    pixels = np.zeros((20, 20), np.float32)
    return Radiograph(pixels, (0.0, 1.0), view=view, laterality=laterality)


def taken(before, after, flags=NOTHING, **how):
    return compare_taking((before, after), flags, fit(**how))


def test_images_taken_alike_need_no_word():
    assert taken(photo(), photo()).text == ""
    assert taken(film(), film()).text == ""


def test_a_left_hand_is_not_compared_with_a_right_one():
    found = taken(film(), film(laterality="R"))
    assert not found.comparable
    assert found.obstacle == "The earlier image is of the left side, the later one of the right."


def test_a_side_or_view_that_the_file_does_not_tell_is_no_obstacle():
    assert taken(film(view="", laterality=""), film()).comparable
    assert taken(film(laterality="B"), film()).comparable


def test_two_views_of_one_hand_are_two_shadows():
    assert not taken(film(), film(view="LL")).comparable
    turned = taken(film(), film(view="AP"))
    assert turned.comparable
    assert turned.log_sd == pytest.approx(0.04)


@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_a_photo_taken_from_another_side_is_stretched_and_less_certain(turn):
    cos, sin = np.cos(turn), np.sin(turn)
    rotated = np.array([[cos, -sin, 3.0], [sin, cos, 2.0], [0.0, 0.0, 1.0]])
    tilted = np.diag([np.cos(np.radians(30)), 1.0, 1.0]) @ rotated
    assert taken(photo(), photo(), matrix=rotated).text == ""
    found = taken(photo(), photo(), matrix=tilted)
    assert "stretched by 15%" in found.text
    # What was seen aslant measures less, by the cosine; that is part of the error.
    assert "-7% in length" in found.text
    assert found.log_sd == pytest.approx(np.hypot(0.072, 0.144), abs=0.001)


def test_four_corners_of_a_marker_correct_the_direction():
    tilted = np.diag([0.8, 1.0, 1.0])
    plane = PlaneHomography(np.diag([0.1, 0.1, 1.0]), (80, 100), ScaleSource.MARKER, 0.02)
    flat = photo(scale=plane)
    aslant = replace(plane, matrix=np.diag([0.1 / 0.8, 0.1, 1.0]))
    assert taken(flat, photo(scale=aslant), matrix=tilted).text == ""
    assert taken(flat, photo(), matrix=tilted).log_sd > 0.1


def test_a_photo_in_half_the_light_is_worth_a_word():
    found = taken(photo(180), photo(100))
    assert "The later photo is much darker" in found.text
    assert taken(photo(180), photo(150)).text == ""


def test_what_spoils_one_photo_only_is_told():
    found = taken(photo(), photo(), (frozenset(), frozenset({Flag.BLUR, Flag.GLARE})))
    assert "The later photo is blurred, the other is not." in found.warnings
    both = frozenset({Flag.BLUR})
    assert taken(photo(), photo(), (both, both)).warnings == ()


def test_an_alignment_to_be_checked_says_why():
    found = taken(film(), film(), quality=Quality.CHECK, reason="only 9 points agree")
    assert found.warnings == ("Look at how the images were aligned: only 9 points agree.",)
