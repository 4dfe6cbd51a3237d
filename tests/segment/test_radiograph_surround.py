"""What surrounds a candidate tells a stone from an end of bone and from an ossicle."""

import numpy as np
import pytest

from cctrack.model import AxisScale, Radiograph, ScaleSource
from cctrack.segment.radiograph.describe import surround_features
from cctrack.segment.radiograph.grid import Grid
from cctrack.segment.radiograph.outline import ACCEPTED_ODDS, _needed
from cctrack.segment.radiograph.regions import Regions
from cctrack.segment.radiograph.window import scene_of

MM = 0.2
SHAPE = (200, 200)
FLESH, BRIGHT = 0.3, 0.8


def square(rows: tuple[int, int], columns: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


CANDIDATE = square((90, 110), (90, 110))


def seen(bone: np.ndarray, *others: np.ndarray) -> dict[str, float]:
    """Describe `CANDIDATE` beside some bone and other candidates."""
    labels = CANDIDATE.astype(np.int32)
    for number, other in enumerate(others, start=2):
        labels[other] = number
    grey = np.where(bone | (labels > 0), BRIGHT, FLESH).astype(np.float32)
    grey += np.random.default_rng(3).normal(0, 0.004, SHAPE).astype(np.float32)
    odds = np.where(labels > 0, 2.0, -6.0).astype(np.float32)
    regions = Regions(labels, odds, np.zeros(len(others) + 1, bool))
    tissue = np.ones(SHAPE, bool)
    planes = {
        "bone": np.where(bone, 4.0, -4.0).astype(np.float32),
        "first": odds,
        "noise": np.full(SHAPE, 0.004, np.float32),
    }
    features = surround_features(scene_of(regions, planes, Grid(grey, tissue, tissue, MM, 1.0)))
    return {name: float(values[0]) for name, values in features.items()}


def test_a_stone_in_flesh_has_a_border_all_round_and_no_bone_beside_it():
    stone = seen(np.zeros(SHAPE, bool))
    assert stone["slope_wrong"] < 0.05
    assert stone["step_10"] == pytest.approx(BRIGHT - FLESH, abs=0.05)
    assert stone["bone_joined"] == 0
    assert stone["bone_at_4"] == 0


def test_an_end_of_bone_goes_on_into_bone_on_one_side():
    end = seen(square((110, 200), (85, 115)))
    assert end["bone_joined"] > np.log1p(40.0)
    assert end["bone_one_side"] > 0.7
    assert end["slope_10"] < 0.5 * seen(np.zeros(SHAPE, bool))["slope_10"]


def test_an_ossicle_lies_between_two_bones():
    between = seen(square((0, 84), (85, 115)) | square((116, 200), (85, 115)))
    assert between["bone_joined"] == 0
    assert between["bone_one_side"] < 0.2
    assert between["bone_two_sides"] > 0.7


def test_pieces_of_a_net_know_of_each_other():
    alone = seen(np.zeros(SHAPE, bool))
    pieces = seen(np.zeros(SHAPE, bool), square((90, 110), (115, 135)))
    assert alone["others_3"] == 0
    assert pieces["others_3"] == pytest.approx(np.log1p(8.0), abs=0.2)
    assert pieces["alike"] == 1


def film_and_grid(*, side_px: int, scaled: bool) -> tuple[Radiograph, Grid]:
    tissue = np.ones((side_px, side_px), bool)
    grey = np.zeros(tissue.shape, np.float32)
    scale = AxisScale((MM, MM), ScaleSource.DETECTOR) if scaled else None
    return Radiograph(grey, (0.0, 1.0), scale=scale), Grid(grey, tissue, tissue, MM, 1.0)


def test_more_is_asked_of_a_region_on_a_pelvis_or_on_a_film_without_scale():
    assert _needed(*film_and_grid(side_px=500, scaled=True)) == ACCEPTED_ODDS
    assert _needed(*film_and_grid(side_px=500, scaled=False)) > ACCEPTED_ODDS
    assert _needed(*film_and_grid(side_px=1500, scaled=True)) > ACCEPTED_ODDS
