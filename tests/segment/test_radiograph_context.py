"""What is told of the surroundings of each px of a film, and where borders come to lie."""

import numpy as np
import pytest

from cctrack.segment.radiograph.border import FAINT_BORDER, SURE_BORDER, border_odds, draw_labels
from cctrack.segment.radiograph.classify import ODDS_LIMIT
from cctrack.segment.radiograph.context import context_planes
from cctrack.segment.radiograph.grid import Grid, _tissue
from cctrack.segment.radiograph.regions import find_regions

MM = 0.2
SHAPE = (120, 120)


def odds_of(inside: np.ndarray, odds: float = ODDS_LIMIT) -> np.ndarray:
    return np.where(inside, odds, -ODDS_LIMIT).astype(np.float32)


@pytest.fixture
def stone() -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[50:70, 50:70] = True
    return mask


@pytest.fixture
def grid() -> Grid:
    tissue = np.ones(SHAPE, bool)
    return Grid(np.full(SHAPE, 0.3, np.float32), tissue, tissue, MM, 1.0)


def test_a_stone_in_skin_shown_black_belongs_to_the_body_but_a_marker_far_off_does_not():
    bright = np.zeros((400, 400), bool)
    bright[50:350, 50:200] = True
    bright[200:220, 215:235] = True
    bright[60:80, 350:370] = True
    tissue = _tissue(bright, np.ones(bright.shape, bool), MM)
    assert tissue[200:220, 215:235].all()
    assert not tissue[60:80, 350:370].any()


def test_grey_is_measured_on_the_way_from_flesh_to_calcium(stone):
    grey = np.where(stone, 0.6, 0.3).astype(np.float32)
    bone = odds_of(np.zeros(SHAPE, bool))
    planes = context_planes(odds_of(stone), {"grey": grey, "bone": bone}, MM)
    assert planes["share"][60, 60] == pytest.approx(1.0, abs=0.05)
    assert planes["share"][20, 20] == pytest.approx(0.0, abs=0.05)
    assert planes["over_free_5.0"][60, 60] == pytest.approx(0.3, abs=0.03)


def test_bone_is_no_flesh_to_compare_with(stone):
    grey = np.where(stone, 0.6, 0.3).astype(np.float32)
    beside = np.zeros(SHAPE, bool)
    beside[:, 75:] = True
    grey[beside] = 0.9
    planes = context_planes(odds_of(stone), {"grey": grey, "bone": odds_of(beside)}, MM)
    assert planes["over_free_5.0"][60, 60] == pytest.approx(0.3, abs=0.03)


def test_a_faint_deposit_is_outlined_further_down_than_a_sure_one(stone, grid):
    faint = find_regions(odds_of(stone, 1.0), grid)
    sure = find_regions(odds_of(stone, 6.0), grid)
    first = np.array([1])
    assert FAINT_BORDER < border_odds(faint, first)[0] < border_odds(sure, first)[0] <= SURE_BORDER


def test_a_square_stone_is_drawn_at_its_size(stone, grid):
    regions = find_regions(odds_of(stone, 3.0), grid)
    labels = draw_labels(regions, np.array([1]), SHAPE)
    assert np.count_nonzero(labels) == pytest.approx(np.count_nonzero(stone), rel=0.1)
