"""Judging is judged: outlines made from the truth must come out perfect, and others must not."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cctrack.model import (
    AxisScale,
    Event,
    Finding,
    Measurement,
    Method,
    Modality,
    Outline,
    Photo,
    Quantity,
    ScaleSource,
    Unit,
)
from cctrack.phantom.change import ChangePlan
from cctrack.study.pipeline import Measured
from cctrack.study.validate.drawing import draw_one, draw_two
from cctrack.study.validate.scenario import Scenario, plan_for, reversed_groups, true_groups
from cctrack.study.validate.single import ImageTask, compare_with_truth
from cctrack.study.validate.truth import DEEP, OVER_BONE, SIMULATORS, Truth
from cctrack.study.validate.visible import counted_alike, is_mostly_hidden

TASK = ImageTask(Modality.PHOTO, 1)


def truth_of(labels, sizes):
    return Truth(
        image=Photo(np.zeros((*labels.shape, 3), np.uint8)),
        labels=labels,
        sizes=sizes,
        kinds=dict.fromkeys(sizes, "papule"),
        places=dict.fromkeys(sizes, "skin"),
        cut=frozenset(),
        points_px={},
        about={"skin type": "II"},
        to_mm=lambda points: points,
    )


def measured_as(truth, labels):
    sizes = {int(n): float((labels == n).sum()) for n in np.unique(labels) if n}
    area = {
        n: Measurement(Quantity.AREA, v, Unit.MM2, Method.AUTOMATIC, 0.1) for n, v in sizes.items()
    }
    total = Measurement(Quantity.AREA, sum(sizes.values()), Unit.MM2, Method.AUTOMATIC, 0.1)
    findings = tuple(Finding(n, m) for n, m in {0: total, **area}.items())
    image = Photo(truth.image.pixels, scale=AxisScale((1.0, 1.0), ScaleSource.GIVEN))
    return Measured(image, Outline(labels), findings)


@pytest.fixture
def two_squares():
    labels = np.zeros((60, 60), np.uint16)
    labels[10:20, 10:20] = 1
    labels[40:50, 30:40] = 2
    return labels


def test_the_truth_itself_is_judged_perfect(two_squares):
    truth = truth_of(two_squares, {1: 100.0, 2: 100.0})
    case = compare_with_truth(TASK, truth, measured_as(truth, two_squares))
    assert [item.dice for item in case.deposits] == [1.0, 1.0]
    assert [item.log_error for item in case.deposits] == [0.0, 0.0]
    assert case.false_finds == 0


def test_an_outline_where_nothing_is_counts_as_false_find(two_squares):
    truth = truth_of(np.where(two_squares == 1, 1, 0).astype(np.uint16), {1: 100.0})
    case = compare_with_truth(TASK, truth, measured_as(truth, two_squares))
    assert case.false_finds == 1
    assert case.measured == 200.0


def test_a_deposit_without_an_outline_is_missed(two_squares):
    truth = truth_of(two_squares, {1: 100.0, 2: 100.0})
    seen = np.where(two_squares == 1, 1, 0).astype(np.uint16)
    first, second = compare_with_truth(TASK, truth, measured_as(truth, seen)).deposits
    assert first.found
    assert not second.found
    assert second.measured == 0.0


def test_a_deep_deposit_counts_in_the_true_total_where_it_was_found(two_squares):
    truth = truth_of(two_squares, {1: 100.0, 2: 100.0})
    truth = replace(truth, places={1: "skin", 2: DEEP})
    first = np.where(two_squares == 1, 1, 0).astype(np.uint16)
    both = compare_with_truth(TASK, truth, measured_as(truth, two_squares))
    one = compare_with_truth(TASK, truth, measured_as(truth, first))
    assert (both.true, both.measured) == (200.0, 200.0)
    assert (one.true, one.measured) == (100.0, 100.0)


def test_one_outline_around_two_deposits_is_shared_out(two_squares):
    truth = truth_of(two_squares, {1: 100.0, 2: 100.0})
    one = np.where(two_squares > 0, 7, 0).astype(np.uint16)
    case = compare_with_truth(TASK, truth, measured_as(truth, one))
    assert [item.measured for item in case.deposits] == [100.0, 100.0]


def test_what_a_plan_did_is_told_as_events():
    plan = ChangePlan({1: 0.25, 2: 0.0}, split=(1,))
    groups = true_groups(plan, [1, 2, 3], [1, 3, 4])
    assert groups == {
        (frozenset({1}), frozenset({1, 4}), Event.SPLIT),
        (frozenset({2}), frozenset(), Event.RESOLVED),
        (frozenset({3}), frozenset({3}), Event.PERSISTED),
    }
    assert (frozenset({1, 4}), frozenset({1}), Event.MERGED) in reversed_groups(groups)


def test_a_seed_draws_the_same_image_always():
    one, again = (draw_one(Modality.PHOTO, 4) for _ in range(2))
    assert np.array_equal(one.labels, again.labels)
    assert one.sizes == again.sizes
    assert one.image.provenance.sha256 == again.image.provenance.sha256


@pytest.mark.parametrize("modality", list(SIMULATORS))
def test_half_more_of_everything_is_half_more_in_truth(modality):
    before, after, _ = draw_two(modality, 4, partial(plan_for, Scenario.PLUS_50))
    assert before.image.provenance.sha256 != after.image.provenance.sha256
    assert before.places.keys() <= set(before.sizes)
    for deposit in set(before.sizes) & set(after.sizes) - before.cut - after.cut:
        ratio = after.sizes[deposit] / before.sizes[deposit]
        # A film's shadow grows by half too, but it is seen from a little elsewhere.
        low, high = (1.25, 1.8) if modality is Modality.XRAY else (1.485, 1.515)
        assert low < ratio < high


def test_a_deposit_that_turned_over_bone_is_in_neither_truth(two_squares):
    sizes = {n: float((two_squares == n).sum()) for n in (1, 2)}
    before = truth_of(two_squares, sizes)
    after = replace(before, places={1: OVER_BONE, 2: "skin"})
    for truth in counted_alike(before, after):
        assert truth.counted == {2}


def test_a_new_deposit_counts_at_the_visit_that_shows_it(two_squares):
    before = truth_of(two_squares, {1: 100.0})
    after = truth_of(two_squares, {1: 100.0, 2: 100.0})
    assert [truth.counted for truth in counted_alike(before, after)] == [{1}, {1, 2}]


def photographed(labels, sizes, covered):
    grid = {f"{y}/{x}": np.array([y, x], float) for y in (0, 9, 19) for x in (0, 10, 30)}
    return replace(truth_of(labels, sizes), points_px=grid, covered=covered)


def test_a_new_deposit_whose_place_was_below_the_scale_is_in_neither_truth(two_squares):
    one, two = (np.where(two_squares == n, n, 0).astype(np.uint16) for n in (1, 2))
    before = photographed(one, {1: 100.0}, two > 0)
    after = photographed(two_squares, {1: 100.0, 2: 100.0}, np.zeros(two_squares.shape, bool))
    assert [truth.counted for truth in counted_alike(before, after)] == [{1}, {1}]
    assert not is_mostly_hidden(counted_alike(before, after)[1]), "half of it is seen"
    larger = replace(after, sizes={1: 100.0, 2: 101.0})
    assert is_mostly_hidden(counted_alike(before, larger)[1])
    seen = replace(before, covered=np.zeros(two_squares.shape, bool))
    assert [truth.counted for truth in counted_alike(seen, after)] == [{1}, {1, 2}]


def test_with_a_half_that_is_hidden_the_other_half_is_in_neither_truth(two_squares):
    bare = np.zeros(two_squares.shape, bool)
    before = photographed(two_squares, {1: 200.0}, bare)
    after = replace(photographed(two_squares, {1: 80.0, 2: 80.0}, bare), cut=frozenset({2}))
    plan = ChangePlan({1: 0.5}, split=(1,))
    before, after = counted_alike(before, after, plan)
    assert not before.counted
    assert not after.counted
    assert true_groups(plan, before.counted, after.counted) == set()
