"""Landmarks say how well they fit while they are set, and a reader can move what was found."""

import numpy as np
import pytest

from cctrack.align.landmarks import apply_matrix
from cctrack.errors import AlignmentFailed
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    Ct,
    Photo,
    PlaneHomography,
    Quality,
    ScaleSource,
    SliceExtents,
    Unit,
)
from cctrack.study.by_hand import centred, check_landmarks, moved, points_in_mm

FINE, COARSE = (AxisScale((mm, mm), ScaleSource.GIVEN) for mm in (0.1, 0.2))
PLACES = np.array([[100.0, 100.0], [100.0, 500.0], [400.0, 300.0], [300.0, 150.0]])


def _photo(scale=None, shape=(600, 800)):
    return Photo(np.zeros((*shape, 3), np.uint8), scale=scale)


def _pairs(source, target):
    return list(zip(source.tolist(), target.tolist(), strict=True))


def test_the_same_spots_seen_from_another_distance_fit_without_rest():
    check = check_landmarks(_photo(FINE), _photo(COARSE), _pairs(PLACES, PLACES / 2 + 30))
    assert check.unit is Unit.MM
    assert check.model is AlignmentModel.RIGID
    assert check.typical == pytest.approx(0, abs=1e-9)


def test_a_landmark_set_3_mm_beside_its_spot_is_told_by_the_fit_to_the_others():
    target = PLACES.copy()
    target[1] += [30.0, 0.0]
    check = check_landmarks(_photo(FINE), _photo(FINE), _pairs(PLACES, target))
    assert int(np.argmax(check.left_out)) == 1
    assert check.left_out[1] == pytest.approx(3.0, rel=0.05)
    assert check.residuals[1] < check.left_out[1]


def test_without_a_scale_the_rest_is_told_in_px_and_never_in_mm():
    check = check_landmarks(_photo(), _photo(FINE), _pairs(PLACES, PLACES * 1.7))
    assert check.unit is Unit.PX
    assert check.model is AlignmentModel.SIMILARITY


def test_two_landmarks_are_too_few_to_show_a_fit():
    with pytest.raises(AlignmentFailed, match="found 2 landmark pairs, 3 are needed"):
        check_landmarks(_photo(), _photo(), _pairs(PLACES[:2], PLACES[:2]))


def test_three_landmarks_on_one_spot_are_refused():
    same = np.repeat(PLACES[:1], 3, axis=0)
    with pytest.raises(AlignmentFailed, match="one point"):
        check_landmarks(_photo(), _photo(), _pairs(same, same))


def test_uneven_slices_are_placed_where_they_were_taken():
    scale = SliceExtents(0.5, 0.5, (1.0, 4.0, 7.0))
    placed = points_in_mm(scale, np.array([[0.0, 0, 0], [1.0, 2, 4], [2.0, 0, 0]]))
    assert placed[:, 0].tolist() == [0.5, 3.0, 8.5]
    assert placed[1, 1:].tolist() == [1.0, 2.0]


def test_a_tilted_photo_is_placed_on_its_plane():
    scale = PlaneHomography(np.diag([0.1, 0.1, 1.0]), (600, 800), ScaleSource.MARKER)
    assert points_in_mm(scale, np.array([[10.0, 20.0]])).tolist() == [[1.0, 2.0]]


def test_an_alignment_turns_about_the_middle_and_not_about_the_corner():
    found = Alignment(AlignmentModel.RIGID, np.eye(3), Quality.GOOD, residual_px=0.5)
    turned = moved(found, _photo(FINE), (0.0, 0.0), 10.0)
    middle = np.array([[299.5, 399.5]])
    assert apply_matrix(turned.matrix, middle) == pytest.approx(middle)
    assert turned.quality is Quality.CHECK


def test_a_shift_by_hand_is_undone_by_the_opposite_one():
    found = Alignment(AlignmentModel.RIGID, np.eye(3), Quality.GOOD, residual_px=0.5)
    there = moved(found, _photo(), (5.0, -3.0), 0.0)
    back = moved(there, _photo(), (-5.0, 3.0), 0.0)
    assert there.matrix[:2, 2].tolist() == [5.0, -3.0]
    assert back.matrix == pytest.approx(np.eye(3))


def test_scans_laid_centre_on_centre_keep_their_size_in_mm():
    def scan(spacing, slices):
        return Ct(
            np.zeros((slices, 8, 8), np.int16), np.eye(4), AxisScale(spacing, ScaleSource.GIVEN)
        )

    start = centred(scan((2.0, 0.5, 0.5), 10), scan((1.0, 0.5, 0.5), 20))
    assert np.diag(start.matrix).tolist() == [2.0, 1.0, 1.0, 1.0]
    assert apply_matrix(start.matrix, np.array([[4.5, 3.5, 3.5]])).tolist() == [[9.5, 3.5, 3.5]]
