"""Films are compared at one magnification: bones do not grow between two visits of an adult."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import Sizes
from cctrack.model import (
    Alignment,
    AlignmentModel,
    Measurement,
    Method,
    Quality,
    Quantity,
    Unit,
)
from cctrack.study.magnified import at_one_size

AREA = Measurement(Quantity.AREA, 50.0, Unit.MM2, Method.AUTOMATIC, 0.05, 0.02)
NOTHING = replace(AREA, value=0.0, detection_limit=10.0)
BEFORE, AFTER = Sizes({1: AREA}, NOTHING), Sizes({1: replace(AREA, value=52.02)}, NOTHING)


def aligned(stretch: float | None) -> Alignment:
    return Alignment(AlignmentModel.AFFINE, np.eye(3), Quality.GOOD, 1.0, stretch=stretch)


def test_a_hand_nearer_to_the_tube_has_not_grown():
    before, after = at_one_size((BEFORE, AFTER), aligned(1.02))
    assert after.lesions[1].value == pytest.approx(before.lesions[1].value)
    assert after.lesions[1].log_sd_shared < 0.02


def test_nothing_is_changed_where_the_magnification_is_not_known():
    assert at_one_size((BEFORE, AFTER), aligned(None)) == (BEFORE, AFTER)
    assert at_one_size((BEFORE, AFTER), None) == (BEFORE, AFTER)


def test_what_differs_more_than_magnification_can_is_left_to_be_told():
    assert at_one_size((BEFORE, AFTER), aligned(1.08)) == (BEFORE, AFTER)


def test_ratios_of_px_are_left_alone():
    relative = Sizes({1: replace(AREA, unit=Unit.RELATIVE)}, NOTHING)
    assert at_one_size((relative, relative), aligned(1.02))[0].lesions == relative.lesions
