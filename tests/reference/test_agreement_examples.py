"""Agreement as published examples give it, from the data printed in them."""

import numpy as np
import pytest

from cctrack.compare.agreement import (
    intraclass_correlation,
    limits_of_agreement,
    weighted_kappa,
)

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=float,
)
"""Six subjects rated by four judges: Shrout and Fleiss, Psychol Bull 1979;86:420-428, table 2."""

WRIGHT = np.array(
    [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427],
    dtype=float,
)
MINI_WRIGHT = np.array(
    [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451],
    dtype=float,
)
"""Peak flow in l/min, first readings: Bland and Altman, Lancet 1986;1:307-310, table 1."""


def test_the_judges_of_shrout_and_fleiss_agree_as_printed():
    found = intraclass_correlation(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.29, abs=0.005)
    # Their table 4 has no interval; the R package irr 0.84 gives 0.019 to 0.761 for these data.
    assert found.low == pytest.approx(0.019, abs=0.001)
    assert found.high == pytest.approx(0.761, abs=0.001)


def test_the_two_flow_meters_of_bland_and_altman_differ_as_printed():
    found = limits_of_agreement(MINI_WRIGHT, WRIGHT)
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    assert (found.bias.low, found.bias.high) == pytest.approx((-22.0, 17.8), abs=0.1)
    # They round 1.96 to 2: limits -79.7 and 75.5, whose intervals reach 114.3 and 110.1.
    assert (found.lower.value, found.upper.value) == pytest.approx((-79.7, 75.5), abs=1.7)
    assert (found.lower.low, found.upper.high) == pytest.approx((-114.3, 110.1), abs=2.5)


def test_kappa_with_two_categories_needs_no_weights_and_is_the_one_of_cohen():
    pytest.importorskip("statsmodels")
    # Cohen, Educ Psychol Meas 1960;20:37-46, table 1, its second and third category joined.
    counts = {("a", "a"): 88, ("a", "b"): 32, ("b", "a"): 12, ("b", "b"): 68}
    first = [pair[0] for pair, count in counts.items() for _ in range(count)]
    second = [pair[1] for pair, count in counts.items() for _ in range(count)]
    observed, expected = 0.78, 0.6 * 0.5 + 0.4 * 0.5
    found = weighted_kappa(first, second, ["a", "b"])
    assert found.value == pytest.approx((observed - expected) / (1 - expected))
    assert found.low < found.value < found.high
