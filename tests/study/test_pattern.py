"""Sizes on two photos are weighed against what the pattern says of the growth in between."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.compare import Sizes
from cctrack.model import (
    Alignment,
    AlignmentModel,
    Event,
    LesionGroup,
    Measurement,
    Method,
    Outline,
    Photo,
    Quality,
    Quantity,
    Unit,
)
from cctrack.study.pattern import told_by_pattern
from cctrack.study.pipeline import Measured

SAME = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.5)
ROWS, COLUMNS = np.mgrid[:160, :200].astype(float)
PLACE = np.hypot(ROWS - 80, COLUMNS - 100) <= 16
KEPT = LesionGroup((1,), (1,), Event.PERSISTED)


def area(value, log_sd=0.1):
    return Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, log_sd, 0.01)


def visit(seed, *, grown=1.0, method=Method.AUTOMATIC):
    """A photo of skin with one pale nodule."""
    grain = np.random.default_rng(seed).normal(0, 3, (160, 200, 3))
    nodule = np.hypot(ROWS - 80, COLUMNS - 100) <= 16 * np.sqrt(grown)
    pale = ndimage.gaussian_filter(nodule.astype(float), 1.5)[..., None] * np.array([30, 45, 40])
    pixels = np.clip(np.array([190.0, 140.0, 120.0]) + grain + pale, 0, 255).astype(np.uint8)
    return Measured(Photo(pixels), Outline(PLACE.astype(np.uint16), method), ())


def told(before, after, *, grown=1.0, alignment=SAME, method=Method.AUTOMATIC):
    sizes = Sizes(before, area(0.0)), Sizes(after, area(0.0), carried=frozenset({1}) - {*after})
    visits = visit(1), visit(2, grown=grown, method=method)
    return told_by_pattern(sizes, visits, (KEPT,), alignment)


def log_ratio(sizes):
    return np.log(sizes[1].lesions[1].value / sizes[0].lesions[1].value)


def log_sd(sizes):
    return np.hypot(*(own.lesions[1].log_sd_own for own in sizes))


def test_outlines_of_an_unchanged_nodule_that_differ_come_nearer():
    found = told({1: area(50.0)}, {1: area(56.0)})
    assert 0 < log_ratio(found.sizes) < 0.6 * np.log(56 / 50)
    assert log_sd(found.sizes) < 0.5 * np.hypot(0.1, 0.1)
    assert found.groups == (KEPT,)


def test_an_outline_that_is_wrong_by_more_than_it_says_gives_way_to_the_pattern():
    found = told({1: area(20.0, 0.02)}, {1: area(53.0, 0.02)})
    assert log_ratio(found.sizes) == pytest.approx(0.0, abs=0.1)


def test_true_growth_stays():
    found = told({1: area(50.0)}, {1: area(80.0)}, grown=1.6)
    assert log_ratio(found.sizes) == pytest.approx(np.log(1.6), abs=0.15)


def test_a_nodule_that_one_visit_did_not_outline_has_a_size_there():
    found = told({1: area(50.0)}, {}, grown=1.25)
    after = found.sizes[1]
    assert after.lesions[1].value == pytest.approx(62.5, rel=0.15)
    assert not after.carried
    assert after.parts == {1}, "no verdict may turn on what one visit alone outlines"
    before = found.sizes[0].lesions[1]
    assert before.log_sd == pytest.approx(area(50.0).log_sd)
    assert before.log_sd_common == after.lesions[1].log_sd_common


@pytest.mark.parametrize(
    "kept",
    [
        {"alignment": replace(SAME, quality=Quality.CHECK)},
        {"method": Method.READER},
    ],
    ids=["alignment to be checked", "outlined by a reader"],
)
def test_sizes_stay_where_the_pattern_must_not_be_asked(kept):
    found = told({1: area(50.0)}, {1: area(56.0)}, **kept)
    assert found.groups == ()
    assert found.sizes[1].lesions[1] == area(56.0)


PARTED = LesionGroup((1,), (1, 2), Event.SPLIT)
GAP = np.abs(COLUMNS - 100) < 4


def told_of_halves(*, fell_apart):
    """A nodule that is outlined in two parts at the later visit, where light lies across it."""
    before, after = visit(1), visit(2)
    pixels = after.image.pixels.copy()
    if fell_apart:
        pixels[GAP] = visit(3, grown=0.0).image.pixels[GAP]
    labels = np.where(PLACE & ~GAP, np.where(COLUMNS < 100, 1, 2), 0).astype(np.uint16)
    after = replace(after, image=Photo(pixels), outline=Outline(labels, Method.AUTOMATIC))
    sizes = (
        Sizes({1: area(50.0)}, area(0.0)),
        Sizes({1: area(17.0), 2: area(17.0)}, area(0.0)),
    )
    return told_by_pattern(sizes, (before, after), (PARTED,), SAME)


def test_a_nodule_that_light_cuts_in_two_has_not_fallen_apart():
    found = told_of_halves(fell_apart=False)
    assert found.groups == (PARTED,)
    before, after = (own.sum(tuple(own.lesions)) for own in found.sizes)
    off = np.log(after.value / before.value)
    assert off == pytest.approx(0.0, abs=0.2)
    assert abs(off) < 1.5 * np.hypot(before.log_sd_own, after.log_sd_own)


def test_a_nodule_that_fell_apart_shows_another_pattern():
    found = told_of_halves(fell_apart=True)
    assert found.groups == ()
    assert found.sizes[1].lesions[1].value == 17.0
