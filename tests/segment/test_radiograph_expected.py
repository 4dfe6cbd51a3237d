"""What one visit shows is looked for more closely at another, but never made up."""

import numpy as np
import pytest

from cctrack.model import AxisScale, Radiograph, ScaleSource
from cctrack.phantom.radiograph.draw import draw_radiograph
from cctrack.phantom.radiograph.sample import random_subject
from cctrack.phantom.radiograph.session import FilmSession
from cctrack.segment.radiograph import outline_radiograph
from cctrack.segment.radiograph.expected import match_expected
from cctrack.segment.radiograph.grid import Grid
from cctrack.segment.radiograph.regions import (
    EXPECTED_SEED_ODDS,
    SEED_ODDS,
    find_regions,
)

MM = 0.2


def square(start: int, size: int) -> np.ndarray:
    mask = np.zeros((60, 60), bool)
    mask[start : start + size, start : start + size] = True
    return mask


def test_the_same_deposit_grown_by_half_is_the_expected_one():
    labels = square(20, 10).astype(np.int32)
    assert match_expected(labels, square(19, 12), MM)[1]


def test_a_deposit_elsewhere_or_much_larger_is_not_the_expected_one():
    labels = square(20, 4).astype(np.int32)
    assert not match_expected(labels, square(40, 4), MM)[1]
    assert not match_expected(labels, square(15, 20), MM)[1]


def test_each_deposit_is_compared_alone_not_with_all_expected_ones():
    labels = square(20, 6).astype(np.int32)
    expected = square(20, 6) | square(40, 18)
    assert match_expected(labels, expected, MM)[1]


def test_a_faint_region_is_kept_only_where_a_deposit_is_expected():
    odds = np.full((60, 60), -4.0, np.float32)
    odds[square(20, 12)] = 0.5 * (SEED_ODDS + EXPECTED_SEED_ODDS)
    all_tissue = np.ones((60, 60), bool)
    grid = Grid(np.zeros((60, 60), np.float32), all_tissue, all_tissue, MM, 1.0)
    assert find_regions(odds, grid).count == 0
    again = find_regions(odds, grid, square(20, 12))
    assert again.expected.tolist() == [True]


def test_expecting_calcium_in_a_hand_without_any_finds_none():
    drawn = draw_radiograph(random_subject(np.random.default_rng(702), "hand", 0), FilmSession())
    film = Radiograph(
        drawn.radiograph.pixels,
        drawn.radiograph.full_range,
        scale=AxisScale((MM, MM), ScaleSource.DETECTOR),
    )
    expected = np.zeros(film.shape, bool)
    expected[500:520, 400:420] = True
    expected[700:725, 500:540] = True
    assert outline_radiograph(film, expected=expected).counted() == ()


def test_an_expected_mask_of_another_film_is_refused():
    film = Radiograph(np.zeros((900, 700), np.float32), (0.0, 1.0))
    with pytest.raises(ValueError, match="an expected mask of"):
        outline_radiograph(film, expected=np.ones((3, 3), bool))
