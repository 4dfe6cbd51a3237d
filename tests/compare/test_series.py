"""Three visits and more: baseline, prior visit and nadir."""

import numpy as np
import pytest

from cctrack.compare import classify_series
from cctrack.compare.series import nadir_gate
from cctrack.model import Measurement, Method, Outcome, Quantity, Reference, Thresholds, Unit

RULE = Thresholds(Quantity.AREA, 0.75, 1.25, progression_reference=Reference.NADIR)
BASELINE_ONLY = Thresholds(Quantity.AREA, 0.75, 1.25)


def visits(*areas_mm2, sd=0.02):
    return [
        Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, sd, 0.0, 5.0)
        for value in areas_mm2
    ]


def test_with_two_visits_all_references_agree():
    result = classify_series(visits(100, 140), RULE)
    assert {result.baseline.outcome, result.prior.outcome, result.nadir.outcome} == {
        Outcome.PROGRESSION
    }
    assert result.verdict is result.baseline


def test_regression_from_baseline_and_progression_from_nadir_is_progression_and_says_both():
    result = classify_series(visits(100, 30, 60), RULE)
    assert result.baseline.outcome is Outcome.REGRESSION
    assert result.verdict.outcome is Outcome.PROGRESSION
    assert result.verdict.reference is Reference.NADIR
    assert "since its smallest value so far" in result.verdict.reason
    assert "against baseline it is still a regression" in result.verdict.reason


def test_stable_from_baseline_but_grown_from_nadir_is_progression():
    result = classify_series(visits(100, 60, 95), RULE)
    assert result.baseline.outcome is Outcome.STABLE
    assert result.verdict.outcome is Outcome.PROGRESSION


def test_a_rule_without_nadir_looks_at_baseline_only():
    result = classify_series(visits(100, 30, 60), BASELINE_ONLY)
    assert result.verdict.outcome is Outcome.REGRESSION


def test_the_prior_visit_is_reported_beside_baseline():
    result = classify_series(visits(100, 60, 62), RULE)
    assert result.prior.outcome is Outcome.STABLE
    assert result.prior.reference is Reference.PRIOR
    assert result.verdict.outcome is Outcome.REGRESSION


def test_a_deposit_that_was_gone_and_came_back_is_progression():
    result = classify_series(visits(100, 0, 40), RULE)
    assert result.verdict.outcome is Outcome.PROGRESSION
    assert result.nadir.percent is None


def test_one_visit_is_no_change():
    with pytest.raises(ValueError, match="two visits"):
        classify_series(visits(100), RULE)


def test_many_unchanged_visits_do_not_add_up_to_false_progression():
    rng = np.random.default_rng(7)
    sd = 0.2
    runs = 100 * np.exp(rng.normal(0, sd, (1500, 6)))
    outcomes = [classify_series(visits(*run, sd=sd), RULE).verdict.outcome for run in runs]
    assert np.mean([item is Outcome.PROGRESSION for item in outcomes]) <= 0.05


def test_the_gate_widens_with_the_number_of_visits_to_pick_from():
    assert nadir_gate(1) == pytest.approx(2.2, abs=0.001)
    assert nadir_gate(5) == pytest.approx(2.773, abs=0.001)
