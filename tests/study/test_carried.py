"""What looks the same at two visits is neither new nor gone, and its size turns no verdict."""

from dataclasses import replace

import numpy as np

from cctrack.compare import Sizes, classify_groups, load_criteria
from cctrack.model import (
    Alignment,
    AlignmentModel,
    Event,
    Flag,
    LesionGroup,
    Measurement,
    Method,
    Outcome,
    Outline,
    Photo,
    Quality,
    Quantity,
    Unit,
)
from cctrack.study.carried import carry_unchanged
from cctrack.study.pipeline import Measured

RULE = load_criteria("calcinosis-25").of(Quantity.AREA)
SAME = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.5)
ROWS, COLUMNS = np.mgrid[:120, :160]
PLACE = (ROWS - 60) ** 2 + (COLUMNS - 80) ** 2 <= 15**2


def visit(*, nodule, labels=None):
    pixels = np.full((120, 160, 3), (180, 130, 110), np.uint8)
    if nodule:
        pixels[PLACE] = (220, 190, 170)
    shown = np.zeros((120, 160), np.uint16) if labels is None else labels
    return Measured(Photo(pixels), Outline(shown), ())


def area(value):
    return Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, 0.02, 0.01)


def total(before, after):
    """Lesion 1 is measured at both visits, lesion 2 was carried to the later one."""
    nothing = replace(area(0.0), detection_limit=2.0)
    sizes = (
        Sizes(before, nothing, 0.5),
        Sizes(after, nothing, 0.5, carried=frozenset({2})),
    )
    labels = sorted({*before, *after, 2})
    groups = [LesionGroup((one,), (one,), Event.PERSISTED) for one in labels]
    return classify_groups(groups, *sizes, RULE)


def test_a_nodule_that_was_missed_is_drawn_but_not_counted():
    missing = np.where(PLACE, 1, 0).astype(np.uint16)
    other = visit(nodule=True, labels=missing)
    found = carry_unchanged(visit(nodule=True), other, SAME, missing).outline
    (lesion,) = found.lesions
    assert found.flags_of(lesion) == {Flag.CARRIED}
    assert found.counted() == ()


def test_a_nodule_that_is_gone_is_not_drawn():
    missing = np.where(PLACE, 1, 0).astype(np.uint16)
    other, bare = visit(nodule=True, labels=missing), visit(nodule=False)
    assert carry_unchanged(bare, other, SAME, missing) is bare


def test_what_was_missed_once_is_left_out_at_both_visits():
    change, *lesions = total({1: area(100.0), 2: area(60.0)}, {1: area(101.0)})
    assert change.outcome is Outcome.STABLE
    assert change.before.value == 100.0
    assert lesions[1].outcome is Outcome.NOT_EVALUABLE
    assert lesions[1].after is None


def test_a_change_that_vanishes_beside_what_was_left_out_is_held_back():
    change, *_ = total({1: area(30.0), 2: area(300.0)}, {1: area(60.0)})
    assert change.outcome is Outcome.NOT_EVALUABLE
    assert "L2" in change.reason


def test_a_change_of_nearly_everything_is_told():
    change, *_ = total({1: area(300.0), 2: area(10.0)}, {1: area(600.0)})
    assert change.outcome is Outcome.PROGRESSION


def test_nothing_but_what_was_left_out_is_not_called_stable():
    change, *_ = total({2: area(60.0)}, {})
    assert change.outcome is Outcome.NOT_EVALUABLE
