"""The ways between visits: there and back, and over a third visit, with the bend of the skin."""

import numpy as np
import pytest

from cctrack.model import Alignment, AlignmentModel, Bend, Quality
from cctrack.study.routes import find_route

SHAPE = (300, 400)
PLACES = np.array([[40.0, 60.0], [150.0, 200.0], [222.0, 333.0]])


def way(turn_deg, shift_px):
    """An alignment that turns and shifts, with skin that bends by up to 6 px."""
    angle = np.deg2rad(turn_deg)
    matrix = np.array(
        [
            [np.cos(angle), -np.sin(angle), shift_px[0]],
            [np.sin(angle), np.cos(angle), shift_px[1]],
            [0.0, 0.0, 1.0],
        ]
    )
    down, across = np.meshgrid(np.linspace(0, 1, 25), np.linspace(0, 1, 33), indexing="ij")
    bend = np.stack([6 * np.sin(3 * across), 4 * np.cos(2 * down)], axis=-1)
    return Alignment(AlignmentModel.HOMOGRAPHY, matrix, Quality.GOOD, 0.5, bend=Bend(bend, SHAPE))


def test_the_way_back_undoes_the_bend_of_the_skin():
    there = way(5.0, (8.0, -6.0))
    back = find_route({(0, 1): there}, 1, 0, (SHAPE, SHAPE))
    assert back.transform(there.transform(PLACES)) == pytest.approx(PLACES, abs=0.3)


def test_a_way_over_a_third_visit_bends_twice():
    first, second = way(5.0, (8.0, -6.0)), way(-3.0, (2.0, 9.0))
    over = find_route({(0, 1): first, (1, 2): second}, 0, 2, (SHAPE, SHAPE))
    expected = second.transform(first.transform(PLACES))
    assert over.transform(PLACES) == pytest.approx(expected, abs=0.3)


def test_visits_that_nothing_joins_have_no_way():
    assert find_route({(0, 1): way(0.0, (0.0, 0.0))}, 0, 2, (SHAPE, SHAPE)) is None
