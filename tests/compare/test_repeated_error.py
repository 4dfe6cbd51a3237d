"""What both visits get wrong in the same way is no change."""

import math

import pytest

from cctrack.compare import Comparability, Sizes, classify, classify_groups, load_criteria
from cctrack.model import (
    Event,
    LesionGroup,
    Measurement,
    Method,
    Outcome,
    Quantity,
    Unit,
)

RULE = load_criteria("calcinosis-25").of(Quantity.VOLUME)
NOTHING = Measurement(Quantity.VOLUME, 0.0, Unit.MM3, Method.PARTIAL_VOLUME, detection_limit=10.0)


def volume(value, common, own=0.02):
    return Measurement(
        Quantity.VOLUME, value, Unit.MM3, Method.PARTIAL_VOLUME, own, log_sd_common=common
    )


def test_an_error_that_scans_made_alike_repeat_cancels_in_the_change():
    alike = classify(volume(500, 0.2), volume(500, 0.2), RULE, alike=True)
    assert alike.log_sd == pytest.approx(0.02 * math.sqrt(2))
    assert alike.outcome is Outcome.STABLE


def test_scans_made_differently_keep_the_whole_error():
    change = classify(volume(500, 0.2), volume(500, 0.2), RULE)
    assert change.log_sd == pytest.approx(math.hypot(0.02, 0.2) * math.sqrt(2))
    assert change.outcome is Outcome.NOT_EVALUABLE


def test_of_an_error_that_shrank_as_the_deposit_grew_the_difference_is_left():
    change = classify(volume(500, 0.2, 0.0), volume(1000, 0.1, 0.0), RULE, alike=True)
    assert change.log_sd == pytest.approx(0.1)


def test_nothing_repeats_the_error_of_a_deposit_that_has_no_partner():
    before = Sizes({1: volume(500, 0.2, 0.0)}, NOTHING)
    after = Sizes({1: volume(500, 0.2, 0.0), 2: volume(500, 0.2, 0.0)}, NOTHING)
    groups = (LesionGroup((1,), (1,), Event.PERSISTED), LesionGroup((), (2,), Event.NEW))
    total = classify_groups(groups, before, after, RULE, alike=True)[0]
    # The old one repeats its error at half the weight, the new one brings its own at half of it.
    assert total.log_sd == pytest.approx(0.2 * math.hypot(0.5, 0.5))


@pytest.mark.parametrize(
    ("made", "alike"),
    [
        (Comparability(), True),
        (Comparability(("Scanners of different makers.",)), True),
        (Comparability(log_sd=0.02), False),
        (Comparability(remade=True), False),
        (Comparability(obstacle="too far apart"), False),
    ],
)
def test_scans_are_alike_where_nothing_is_known_to_change_their_volumes(made, alike):
    assert made.alike is alike
