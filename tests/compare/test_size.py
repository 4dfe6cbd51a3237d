"""Two scales that contradict what both images show give no change that is to be believed."""

import numpy as np
import pytest

from cctrack.compare.size import SKIN_LOG_SD, compare_sizes, size_ratio, skin_log_sd
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    Photo,
    PlaneHomography,
    Quality,
    Radiograph,
    ScaleSource,
)

SHAPE = (120, 160)
DOUBLED = np.diag([2.0, 2.0, 1.0])


def film(mm, shape=SHAPE):
    scale = None if mm is None else AxisScale((mm, mm), ScaleSource.DETECTOR)
    return Radiograph(np.zeros(shape, np.float32), (0.0, 1.0), scale=scale)


def photo(matrix, shape=SHAPE):
    scale = PlaneHomography(np.asarray(matrix, float), shape, ScaleSource.MARKER, 0.01)
    return Photo(np.zeros((*shape, 3), np.uint8), scale=scale)


def fit(matrix):
    return Alignment(AlignmentModel.HOMOGRAPHY, np.asarray(matrix, float), Quality.GOOD, 0.5)


def test_bones_that_grew_by_a_tenth_tell_that_a_films_scale_is_wrong():
    # The later film has twice the pixels and should say 0.1 mm.
    later = (240, 320)
    assert not compare_sizes(film(0.2), film(0.1, later), fit(DOUBLED)).text
    found = compare_sizes(film(0.2), film(0.11, later), fit(DOUBLED))
    assert found.comparable
    assert "+10% in length on the later one" in found.text
    # An area that seems a fifth larger for that alone is no change.
    assert found.log_sd == pytest.approx(2 * np.log(1.1))


def test_a_scale_that_is_off_by_a_fifth_allows_no_comparison():
    found = compare_sizes(film(0.2), film(0.24), fit(np.eye(3)))
    assert found.obstacle.endswith("one of the two scales must be wrong.")


def test_a_bent_hand_or_a_film_without_scale_tells_nothing_of_size():
    bent = [[1.02, 0.03, 4.0], [-0.02, 0.98, 2.0], [0.0, 0.0, 1.0]]
    assert not compare_sizes(film(0.2), film(0.2), fit(bent)).text
    assert not compare_sizes(film(None), film(0.2), fit(1.4 * np.eye(3))).text


def test_two_photos_of_one_plane_are_of_one_size_from_wherever_they_were_taken():
    first = np.array([[0.1, 0.01, 2.0], [0.0, 0.12, 1.0], [2e-4, 1e-4, 1.0]])
    second = np.array([[0.08, 0.0, 0.0], [0.01, 0.09, 3.0], [0.0, 3e-4, 1.0]])
    across = fit(np.linalg.inv(second) @ first)
    assert size_ratio(photo(first), photo(second), across) == pytest.approx(1.0, abs=0.005)
    larger = np.diag([1.08, 1.08, 1.0]) @ second
    assert size_ratio(photo(first), photo(larger), across) == pytest.approx(1.08, abs=0.005)
    assert "+8%" in compare_sizes(photo(first), photo(larger), across).text


def test_images_that_share_no_place_tell_nothing_of_size():
    away = [[1.0, 0.0, 900.0], [0.0, 1.0, 900.0], [0.0, 0.0, 1.0]]
    assert size_ratio(film(0.2), film(0.3), fit(away)) == 1.0


def skin_around(later, places=((60.0, 80.0),), across=None):
    pair = photo(np.diag([0.1, 0.1, 1.0])), photo(later)
    where = np.array(places)
    return skin_log_sd(pair, across or fit(np.eye(3)), where, np.ones(len(where)))


def test_scales_that_the_skin_around_a_lesion_confirms_hardly_err():
    assert skin_around(np.diag([0.1, 0.1, 1.0])) == pytest.approx(SKIN_LOG_SD)


def test_scales_that_differ_on_the_same_skin_err_by_as_much():
    found = skin_around(np.diag([0.105, 0.105, 1.0]))
    assert found == pytest.approx(np.hypot(SKIN_LOG_SD, 2 * np.log(1.05)), rel=1e-3)


def test_skin_that_the_later_photo_does_not_show_confirms_nothing():
    away = fit([[1.0, 0.0, 900.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert skin_around(np.diag([0.1, 0.1, 1.0]), across=away) == np.inf
