import math
from dataclasses import replace

import pytest

from cctrack.model import Confidence, Event, Modality, Outcome, Quality
from cctrack.study.validate import Limit, Standing, check, figures_of, shipped_limits
from cctrack.study.validate.pairs import EventCount, PairCase
from cctrack.study.validate.scenario import Scenario
from cctrack.study.validate.single import DepositCase, ImageCase

ABOUT = {"field": "thigh"}


def deposit(true, measured, *, log_sd=0.05, dice=0.9, place="off bone"):
    return DepositCase(
        Modality.CT, 1, 1, "stone", place, true, measured, log_sd, dice if measured else 0.0, ABOUT
    )


def image(*deposits, false_finds=0):
    true = sum(item.true for item in deposits)
    measured = sum(item.measured for item in deposits)
    return ImageCase(Modality.CT, 1, True, false_finds, true, measured, 0.05, deposits, ABOUT)


def pair(scenario, ratio, outcome, **changed):
    case = PairCase(
        Modality.CT,
        1,
        scenario,
        1.0,
        ratio,
        0.03,
        Outcome.STABLE,
        outcome,
        Confidence.DEFINITE,
        Quality.GOOD,
        0.1,
    )
    return replace(case, **changed)


def named(figures):
    return {item.key: item for item in figures}


def test_a_tenth_too_much_is_ten_percent_of_error_and_bias():
    figures = named(figures_of([image(deposit(200.0, 220.0), deposit(400.0, 440.0))], []))
    assert figures["ct.190+.median_abs_error"].value == pytest.approx(10.0)
    assert figures["ct.190+.bias"].value == pytest.approx(10.0)
    assert figures["ct.190+.bias"].lower == pytest.approx(10.0)


def test_half_of_the_deposits_found_is_half_with_the_exact_interval():
    figures = named(figures_of([image(deposit(50.0, 50.0), deposit(60.0, 0.0))], []))
    found = figures["ct.10-190.sensitivity"]
    assert (found.value, found.count) == (50.0, 2)
    # Clopper-Pearson, 1 of 2.
    assert (found.lower, found.upper) == pytest.approx((1.258, 98.742), abs=0.001)


def test_an_interval_that_misses_the_truth_counts_against_coverage():
    figures = named(figures_of([image(deposit(50.0, 51.0), deposit(60.0, 90.0))], []))
    assert figures["ct.10+.coverage"].value == 50.0


def test_deep_deposits_are_left_to_a_reader():
    figures = named(figures_of([image(deposit(50.0, 50.0), deposit(90.0, 0.0, place="deep"))], []))
    assert figures["ct.10+.sensitivity"].value == 100.0


def test_an_unchanged_total_that_differs_by_ten_percent_has_a_cv_of_its_log_over_root_two():
    pairs = [pair(Scenario.UNCHANGED, ratio, Outcome.STABLE) for ratio in (1.1, 1 / 1.1)]
    figures = named(figures_of([], pairs))
    assert figures["ct.pair.cv"].value == pytest.approx(100 * math.log(1.1) / math.sqrt(2))


def test_a_false_change_is_one_of_all_unchanged_pairs():
    outcomes = (Outcome.STABLE, Outcome.PROGRESSION, Outcome.NOT_EVALUABLE, Outcome.STABLE)
    pairs = [pair(Scenario.UNCHANGED, 1.0, outcome) for outcome in outcomes]
    figures = named(figures_of([], pairs))
    assert figures["ct.pair.false_change"].value == 25.0
    assert figures["ct.pair.evaluable"].value == 75.0


def test_a_good_alignment_far_off_is_told():
    pairs = [pair(Scenario.UNCHANGED, 1.0, Outcome.STABLE, off_mm=off) for off in (0.1, 2.5)]
    assert named(figures_of([], pairs))["ct.pair.misplaced"].value == 50.0


def test_an_event_called_once_too_often_lowers_its_f1():
    events = (EventCount(Event.SPLIT, happened=1, called=2, right=1),)
    figures = named(figures_of([], [pair(Scenario.SPLIT, 1.0, Outcome.STABLE, events=events)]))
    assert figures["ct.pair.f1_split"].value == pytest.approx(2 / 3)


def test_a_limit_is_broken_kept_or_not_judged():
    figures = figures_of([image(deposit(200.0, 220.0), deposit(400.0, 440.0))], [])
    limits = [
        Limit("ct.190+.median_abs_error", at_most=5.0, least=2),
        Limit("ct.190+.median_abs_error", at_most=15.0, least=2),
        Limit("ct.190+.median_abs_error", at_most=15.0),
    ]
    standings = [item.standing for item in check(figures, limits)]
    assert standings == [Standing.FAIL, Standing.PASS, Standing.TOO_FEW]


def test_a_share_of_few_cases_that_may_keep_its_limit_is_open():
    figures = figures_of([image(*(deposit(50.0, 50.0 * hit) for hit in (1, 1, 1, 0)))], [])
    (checked,) = check(figures, [Limit("ct.10+.sensitivity", at_least=95.0, least=4)])
    assert checked.standing is Standing.OPEN


def test_every_shipped_limit_names_a_figure_that_is_worked_out():
    cases = [
        replace(image(deposit(size, size), false_finds=1), modality=modality)
        for modality in (Modality.PHOTO, Modality.XRAY, Modality.CT)
        for size in (20.0, 50.0, 500.0)
    ]
    events = tuple(EventCount(event, 1, 1, 1) for event in (Event.MERGED, Event.SPLIT))
    pairs = [
        replace(pair(scenario, 1.0, Outcome.STABLE, events=events), modality=modality)
        for modality in (Modality.PHOTO, Modality.XRAY, Modality.CT)
        for scenario in (*Scenario, Scenario.UNCHANGED)
    ]
    limits = shipped_limits()
    assert len(check(figures_of(cases, pairs), limits)) == len(limits)
