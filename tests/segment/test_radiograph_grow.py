"""What was found of a faint plate shows the rest of it; what has an edge is left alone."""

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grow import grow_faint

MM = 0.2
SHAPE = (150, 150)
ROWS, COLUMNS = np.indices(SHAPE) * MM


@pytest.fixture(scope="module")
def plate():
    return ((ROWS - 15) / 3.0) ** 2 + ((COLUMNS - 15) / 7.0) ** 2 < 1


@pytest.fixture(scope="module")
def pixels(plate):
    grey = 1000 + 250 * cv2.GaussianBlur(plate.astype(np.float32), (0, 0), 0.3 / MM)
    noise = np.random.default_rng(4).normal(0, 12, SHAPE)
    return (grey + noise).astype(np.float32)


@pytest.fixture(scope="module")
def end(plate):
    return (plate & (COLUMNS < 15)).astype(np.uint16)


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def grown(pixels, labels, leave=frozenset()):
    return grow_faint(pixels, labels, np.zeros(SHAPE, bool), MM, leave)


def test_half_of_a_plate_shows_more_of_it(pixels, plate, end):
    found = grown(pixels, end)
    assert dice(end > 0, plate) < 0.7
    assert dice(found.labels == 1, plate) > 0.75
    assert found.border_sd_px.keys() == {1}


def test_what_has_an_edge_is_left_as_it_is(pixels, end):
    found = grown(pixels, end, frozenset({1}))
    assert (found.labels == end).all()
    assert not found.border_sd_px


def test_a_neighbour_keeps_its_px(pixels, plate, end):
    labels = end.copy()
    labels[plate & (COLUMNS > 18)] = 2
    found = grown(pixels, labels, frozenset({2}))
    assert ((found.labels == 2) == (labels == 2)).all()
