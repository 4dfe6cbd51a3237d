"""The network that has the last word on px: any film fits, and it knows calcium from bone."""

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.model import Modality
from cctrack.segment.radiograph.classify import ODDS_LIMIT
from cctrack.segment.radiograph.grid import Grid, grid_of
from cctrack.segment.radiograph.network import network_planes
from cctrack.segment.radiograph.pixels import judge_pixels
from cctrack.study.validate.drawing import draw_one
from cctrack.study.validate.truth import OFF_BONE


def flat_film(shape, tissue):
    grid = Grid(np.full(shape, 0.3, np.float32), np.ones(shape, bool), tissue, 0.2, 1.0)
    names = ("bone", "first", "over_soft_8.0")
    return grid, {name: np.zeros(shape, np.float32) for name in names}


@pytest.mark.parametrize("shape", [(1, 1), (33, 70), (128, 96)])
def test_a_film_of_any_size_is_judged_px_by_px(shape):
    grid, planes = flat_film(shape, np.ones(shape, bool))
    judged = network_planes(planes, grid)
    assert set(judged) == {"bone", "deposit", "over"}
    for odds in judged.values():
        assert odds.shape == shape
        assert np.abs(odds).max() <= ODDS_LIMIT


def test_nothing_is_looked_for_beside_the_body():
    tissue = np.zeros((90, 80), bool)
    tissue[30:60, 20:50] = True
    judged = network_planes(*reversed(flat_film(tissue.shape, tissue)))
    assert (judged["deposit"][~tissue] == -ODDS_LIMIT).all()


def test_a_film_without_tissue_shows_nothing():
    judged = network_planes(*reversed(flat_film((40, 40), np.zeros((40, 40), bool))))
    assert all((odds == -ODDS_LIMIT).all() for odds in judged.values())


def resized(labels, shape):
    return cv2.resize(labels, shape[::-1], interpolation=cv2.INTER_NEAREST)


@pytest.fixture(scope="module")
def hand():
    truth = draw_one(Modality.XRAY, 6301)
    grid = grid_of(truth.image)
    return resized(truth.labels, grid.shape), truth.places, judge_pixels(grid)


def test_calcium_off_bone_is_told_from_bone(hand):
    labels, places, planes = hand
    beside = [label for label, place in places.items() if place == OFF_BONE]
    calcium = np.isin(labels, beside)
    bone = (planes["bone"] > 0) & (labels == 0)
    assert np.median(planes["deposit"][calcium]) > 0
    assert np.percentile(planes["deposit"][bone], 99) < -1
