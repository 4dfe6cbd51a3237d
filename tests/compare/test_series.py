"""Three visits and more: baseline and nadir."""

import math

import numpy as np
import pytest

from cctrack.compare import classify, find_nadir, join_verdicts, nadir_gate, not_evaluable
from cctrack.model import Measurement, Method, Outcome, Quantity, Reference, Thresholds, Unit

RULE = Thresholds(Quantity.AREA, 0.75, 1.25, progression_reference=Reference.NADIR)


def area(value, sd=0.02):
    return Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, sd, 0.0, 5.0)


def verdict(*areas_mm2, sd=0.02):
    """Judge the last of several totals, all of the same field."""
    first, *later = (area(value, sd) for value in areas_mm2)
    since_baseline = [classify(first, item, RULE) for item in later]
    lowest = find_nadir(since_baseline[:-1])
    gate = nadir_gate(len(later))
    nadir = classify(
        area(areas_mm2[lowest], sd), later[-1], RULE, reference=Reference.NADIR, gate_z=gate
    )
    return join_verdicts(since_baseline[-1], nadir)


def test_regression_from_baseline_and_progression_from_nadir_is_progression_and_says_both():
    result = verdict(100, 30, 60)
    assert result.outcome is Outcome.PROGRESSION
    assert result.reference is Reference.NADIR
    assert "since its smallest value so far" in result.reason
    assert "against baseline it is still a regression" in result.reason


def test_stable_from_baseline_but_grown_from_nadir_is_progression():
    assert verdict(100, 60, 95).outcome is Outcome.PROGRESSION


def test_a_deposit_that_was_gone_and_came_back_is_progression():
    result = verdict(100, 0, 40)
    assert result.outcome is Outcome.PROGRESSION
    assert result.percent is None


def test_the_smallest_visit_is_found_by_what_it_shows_of_the_baseline():
    first = area(100)
    half_of_the_field = classify(area(50), area(45), RULE)
    assert find_nadir([classify(first, area(80), RULE), half_of_the_field]) == 1
    assert find_nadir([classify(first, area(120), RULE)]) == 0


def test_a_visit_that_cannot_be_compared_is_no_nadir():
    blurred = not_evaluable("total", "Blurred.", before=area(100), after=area(1))
    assert find_nadir([blurred]) == 0


def test_many_unchanged_visits_do_not_add_up_to_false_progression():
    rng = np.random.default_rng(7)
    sd = 0.2
    runs = 100 * np.exp(rng.normal(0, sd, (1500, 6)))
    called = [verdict(*run, sd=sd).outcome is Outcome.PROGRESSION for run in runs]
    assert np.mean(called) <= 0.04  # 2 x 1.4 % and the sampling error of 1,500 runs


def test_the_gate_widens_with_the_number_of_visits_to_pick_from():
    assert nadir_gate(1) == pytest.approx(2.2, abs=0.001)
    assert nadir_gate(5) == pytest.approx(2.773, abs=0.001)
    assert math.isfinite(nadir_gate(100))
