"""Lesions lie in the same arrangement at both visits: a guess where skin gives none, no proof."""

import numpy as np
import pytest

from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo import PhotoAlignOptions, align_photos
from cctrack.align.photo.constellation import guess_from_lesions
from cctrack.align.photo.flat import flatten_pair
from cctrack.errors import AlignmentFailed
from cctrack.model import AxisScale, Photo, ScaleSource

SHAPE = (300, 400)
ROWS, COLUMNS = np.mgrid[:300, :400]
PLACES = np.array([[80.0, 90.0], [110.0, 260.0], [200.0, 150.0], [220.0, 300.0]])
ANGLE = np.deg2rad(35.0)
TURN = np.array(
    [
        [np.cos(ANGLE), -np.sin(ANGLE), 95.0],
        [np.sin(ANGLE), np.cos(ANGLE), -40.0],
        [0, 0, 1.0],
    ]
)


def plain():
    return Photo(
        np.full((*SHAPE, 3), 150, np.uint8), scale=AxisScale((0.25, 0.25), ScaleSource.GIVEN)
    )


def lesions(places, radius=10):
    labels = np.zeros(SHAPE, np.uint16)
    for number, (row, column) in enumerate(places, start=1):
        labels[np.hypot(ROWS - row, COLUMNS - column) < radius] = number
    return labels


def guesses(before, after):
    pair = flatten_pair((plain(), plain()), (None, None), scaled=True)
    to_px = np.linalg.inv(pair.followup.from_px)
    return [
        to_px @ motion @ pair.baseline.from_px
        for motion in guess_from_lesions(pair, (before, after))
    ]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_the_turn_of_a_limb_is_told_by_its_lesions_though_one_is_gone_and_one_new(order):
    moved = apply_matrix(TURN, PLACES)
    after = np.vstack([moved[[one for one in order if one != 2]], [40.0, 300.0]])
    best, *_ = guesses(lesions(PLACES), lesions(after))
    assert np.linalg.norm(apply_matrix(best, PLACES) - moved, axis=1).max() < 2.0


def test_one_lesion_tells_no_turn():
    assert guesses(lesions(PLACES[:1]), lesions(PLACES)) == []
    assert guesses(lesions([]), lesions(PLACES)) == []


def test_lesions_alone_prove_no_alignment():
    same = lesions(PLACES), lesions(PLACES)
    with pytest.raises(AlignmentFailed):
        align_photos(plain(), plain(), PhotoAlignOptions(lesions=same))
