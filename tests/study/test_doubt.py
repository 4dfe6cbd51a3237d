"""What one visit cannot tell is not compared with what the other one shows."""

from types import SimpleNamespace

import numpy as np

from cctrack.compare import Sizes
from cctrack.model import (
    Event,
    Flag,
    LesionGroup,
    Measurement,
    Method,
    Outline,
    Quantity,
    Unit,
)
from cctrack.study.doubt import alike_on_bone, doubting_borders

CUT = frozenset({Flag.ON_BONE})


def volume(value):
    return Measurement(Quantity.VOLUME, value, Unit.MM3, Method.PARTIAL_VOLUME, 0.03, 0.01)


def visit(*cut):
    flags = dict.fromkeys(cut, CUT)
    return SimpleNamespace(outline=Outline(np.zeros((1, 1, 1), np.uint16), lesion_flags=flags))


def counted(before, after, *groups):
    sizes = tuple(Sizes({1: volume(900.0), 2: volume(50.0)}, volume(0.0)) for _ in range(2))
    found = alike_on_bone(sizes, (before, after), groups)
    return [set(item.lesions) for item in found]


def group(baseline, followup, event=Event.PERSISTED):
    return LesionGroup(baseline, followup, event)


def test_a_stone_that_grew_into_bone_is_not_said_to_have_shrunk():
    # It is counted at one visit only, so that it stands in neither total.
    for cut in ((visit(), visit(1)), (visit(1), visit())):
        assert sorted(counted(*cut, group((1,), (1,))), key=len) == [{2}, {1, 2}]


def test_a_stone_on_bone_at_both_visits_is_compared():
    assert counted(visit(1), visit(1), group((1,), (1,))) == [{1, 2}, {1, 2}]


def test_what_is_new_beside_bone_is_not_passed_over():
    assert counted(visit(), visit(2), group((), (2,), Event.NEW)) == [{1, 2}, {1, 2}]


def border(common):
    return Measurement(Quantity.AREA, 80.0, Unit.MM2, Method.AUTOMATIC, 0.05, log_sd_common=common)


def test_a_border_that_is_doubtful_at_one_visit_only_does_not_cancel():
    groups = (group((1,), (1,)),)
    sizes = tuple(Sizes({1: border(common)}, border(0.0)) for common in (0.26, 0.1))
    before, after = doubting_borders(sizes, groups)
    assert before.lesions[1].log_sd_common == after.lesions[1].log_sd_common == 0.1
    assert before.lesions[1].log_sd == sizes[0].lesions[1].log_sd
    assert after.lesions[1] == sizes[1].lesions[1]
