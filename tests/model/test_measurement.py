"""A number carries its error."""

import math

import pytest

from cctrack.model import Measurement, Method, Quantity, Unit, add_up


def area(value: float, **errors: float) -> Measurement:
    return Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, **errors)


def test_own_and_shared_errors_add_in_quadrature():
    assert area(100.0, log_sd_own=0.03, log_sd_shared=0.04).log_sd == pytest.approx(0.05)


def test_the_interval_is_symmetric_in_ratio():
    lower, upper = area(100.0, log_sd_own=0.1).interval
    assert lower * upper == pytest.approx(100.0**2)
    assert upper == pytest.approx(100.0 * math.exp(0.1959964))


def test_nothing_found_reaches_up_to_the_detection_limit():
    assert area(0.0, detection_limit=4.0).interval == (0.0, 4.0)


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_an_impossible_area_cannot_be_made(value):
    with pytest.raises(ValueError, match="finite and not negative"):
        area(value)


def test_an_error_that_visits_repeat_widens_the_interval_but_is_no_error_of_a_repeat():
    volume = area(100.0, log_sd_own=0.03, log_sd_shared=0.04, log_sd_common=0.12)
    assert volume.log_sd == pytest.approx(0.13)
    assert volume.log_sd_repeat == pytest.approx(0.05)


def test_repeated_errors_of_two_lesions_are_independent():
    total = add_up([area(100.0, log_sd_common=0.1), area(100.0, log_sd_common=0.1)])
    assert total.log_sd_common == pytest.approx(0.1 / math.sqrt(2))
    assert total.log_sd_own == 0
