"""A lesion that grew has kept its shape; an outline that ran out has not."""

import numpy as np
import pytest

from cctrack.compare import has_jumped, parted_log_sd, shape_log_sd
from cctrack.compare.shape import unlikeness

ROWS, COLUMNS = np.mgrid[:200, :200]


def disc(row, column, radius, stretch=1.0):
    return (ROWS - row) ** 2 + ((COLUMNS - column) / stretch) ** 2 <= radius**2


def ellipse(row, column, radius):
    return (ROWS - row) ** 2 + ((COLUMNS - column) / 1.4) ** 2 <= radius**2


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5, 3.0])
def test_growth_elsewhere_in_the_picture_is_no_change_of_shape(factor):
    later = ellipse(110, 90, 20 * np.sqrt(factor))
    assert unlikeness(ellipse(60, 70, 20), later) < 0.03
    assert shape_log_sd(ellipse(60, 70, 20), later) == 0.0


def test_an_outline_that_ran_out_is_doubted():
    ran_out = disc(100, 80, 20) | ((abs(ROWS - 100) < 8) & (COLUMNS > 80) & (COLUMNS < 150))
    assert unlikeness(disc(100, 80, 20), ran_out) > 0.15
    assert shape_log_sd(disc(100, 80, 20), ran_out) > 0.25


def test_an_outline_with_a_bite_out_of_it_is_doubted():
    whole = disc(100, 100, 25)
    bitten = whole & ~((ROWS < 95) & (COLUMNS > 95))
    assert shape_log_sd(whole, bitten) > 0.1
    assert shape_log_sd(bitten, whole) > 0.1


def test_a_lesion_at_the_edge_of_the_picture_is_laid_there_too():
    assert unlikeness(disc(10, 10, 8), disc(12, 190, 8)) < 0.05


def test_the_halves_of_a_lesion_that_fell_apart_are_believed():
    halves = disc(100, 86, 10) | disc(100, 114, 10)
    assert parted_log_sd(halves, disc(100, 100, 20)) == 0.0


def test_parts_that_lie_elsewhere_are_doubted():
    assert parted_log_sd(disc(100, 60, 10) | disc(100, 140, 10), disc(100, 100, 20)) > 1.0


def test_a_lesion_whose_one_half_was_missed_has_jumped_and_one_that_shrank_has_not():
    whole = disc(100, 100, 20)
    assert has_jumped(whole, disc(100, 113, 10))
    assert has_jumped(disc(100, 113, 10), whole)
    assert not has_jumped(whole, disc(102, 101, 10))
