"""Readers who agree are told from readers who do not, with intervals that mean something."""

import math
import sys

import numpy as np
import pytest

from cctrack.compare.agreement import (
    intraclass_correlation,
    limits_of_agreement,
    ratio_limits,
    weighted_kappa,
)
from cctrack.compare.counts import share, spread
from cctrack.errors import CctrackError

VERDICTS = ("regression", "stable", "progression")


def test_readers_who_measure_the_same_agree_fully():
    once = np.array([1.0, 4.0, 9.0])
    assert intraclass_correlation(np.column_stack([once, once])).value == pytest.approx(1.0)
    assert ratio_limits(once, once).bias.value == pytest.approx(1.0)


def test_a_reader_who_measures_twice_as_much_is_not_forgiven():
    once = np.array([1.0, 4.0, 9.0, 12.0])
    assert intraclass_correlation(np.column_stack([once, 2 * once])).value < 0.8
    limits = ratio_limits(once, 2 * once)
    assert limits.bias.value == pytest.approx(2.0)
    assert limits.lower.value == pytest.approx(2.0)


def test_the_interval_of_the_icc_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(11)
    subjects, readers, truth = 30, 3, 4.0 / (4.0 + 0.1 + 0.5)
    held = 0
    for _ in range(400):
        ratings = (
            rng.normal(0, 2.0, (subjects, 1))
            + rng.normal(0, math.sqrt(0.1), (1, readers))
            + rng.normal(0, math.sqrt(0.5), (subjects, readers))
        )
        found = intraclass_correlation(ratings)
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_the_limits_hold_the_share_of_differences_that_they_say():
    rng = np.random.default_rng(12)
    first = rng.uniform(20, 200, 4000)
    ratio = np.exp(rng.normal(0.1, 0.2, 4000))
    limits = ratio_limits(first, first * ratio)
    inside = (ratio > limits.lower.value) & (ratio < limits.upper.value)
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
    assert limits.bias.low < math.exp(0.1) < limits.bias.high


def test_a_verdict_two_steps_away_weighs_twice_as_much():
    pytest.importorskip("statsmodels")
    first = ["regression"] * 6 + ["progression"] * 4
    one_step = ["regression"] * 5 + ["stable"] + ["progression"] * 4
    two_steps = ["regression"] * 5 + ["progression"] + ["progression"] * 4
    # By hand, with weights 0, 1/2, 1: observed 0.05, expected by the margins 0.475 / 0.1 and 0.5.
    near, far = (
        weighted_kappa(first, one_step, VERDICTS),
        weighted_kappa(first, two_steps, VERDICTS),
    )
    assert near.value == pytest.approx(1 - 0.05 / (0.6 * (0.05 + 0.4) + 0.4 * (0.5 + 0.05)))
    assert far.value == pytest.approx(1 - 0.1 / (0.6 * 0.5 + 0.4 * 0.5))


def test_two_who_call_everything_stable_have_no_kappa():
    pytest.importorskip("statsmodels")
    assert math.isnan(weighted_kappa(["stable"] * 5, ["stable"] * 5, VERDICTS).value)


def test_one_who_always_says_the_same_gets_no_interval():
    pytest.importorskip("statsmodels")
    found = weighted_kappa(["stable", "progression"], ["stable", "stable"], VERDICTS)
    assert found.value == pytest.approx(0.0)
    assert math.isnan(found.low)


def test_without_statsmodels_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.stats.inter_rater", None)
    with pytest.raises(CctrackError, match="install the extra research"):
        weighted_kappa(["stable"], ["stable"], VERDICTS)


@pytest.mark.parametrize(
    "ratings", [np.zeros((1, 2)), np.zeros((3, 1)), np.array([[1, np.nan]] * 3)]
)
def test_gaps_and_single_readings_are_no_agreement(ratings):
    with pytest.raises(ValueError, match="are needed"):
        intraclass_correlation(ratings)


def test_two_pairs_are_too_few_for_limits():
    with pytest.raises(ValueError, match="3 pairs"):
        limits_of_agreement(np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="above 0"):
        ratio_limits(np.array([0.0, 1, 2]), np.ones(3))


def test_nobody_of_nobody_has_no_interval():
    assert share(0, 0).interval is None
    assert share(0, 0).percent is None
    assert spread([]).median is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (0, 6, 0.0, 1 - 0.025 ** (1 / 6)),
        (6, 6, 0.025 ** (1 / 6), 1.0),
        (1, 1, 0.025, 1.0),
        # Clopper and Pearson's own chart cannot be read so finely; these ends are exact:
        # the share p with P(2 or more of 6 | p) = 0.025, and that with P(2 or fewer of 6 | p).
        (2, 6, 0.0433, 0.7772),
    ],
)
def test_counts_have_the_exact_interval(count, of, low, high):
    assert share(count, of).interval == pytest.approx((low, high), abs=5e-5)


def test_times_are_told_as_median_and_range():
    assert spread([14.0, 9.0, 66.0, 38.0]) == spread([66.0, 9.0, 14.0, 38.0])
    described = spread([14.0, 9.0, 66.0, 38.0])
    assert (described.median, described.lowest, described.highest) == (26.0, 9.0, 66.0)
