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
from cctrack.study.doubt import leaving_out_redrawn
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
    change, *lesions = total({1: area(100.0), 2: area(20.0)}, {1: area(101.0)})
    assert change.outcome is Outcome.STABLE
    assert change.before.value == 100.0
    assert lesions[1].outcome is Outcome.NOT_EVALUABLE
    assert lesions[1].after is None


def test_what_is_left_out_could_hide_a_change_even_if_it_looks_the_same():
    change, *_ = total({1: area(100.0), 2: area(180.0)}, {1: area(101.0)})
    assert change.outcome is Outcome.NOT_EVALUABLE
    assert "L2" in change.reason


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


def test_a_change_that_is_one_lesions_missing_part_is_held_back():
    nothing = replace(area(0.0), detection_limit=2.0)
    before = Sizes({1: area(100.0), 2: area(90.0)}, nothing, 0.5)
    groups = [LesionGroup((one,), (one,), Event.PERSISTED) for one in (1, 2)]
    shrunk = {1: area(100.0), 2: area(20.0)}
    seen, unsure = (Sizes(shrunk, nothing, 0.5, parts=frozenset(own)) for own in ((), (2,)))
    assert classify_groups(groups, before, seen, RULE)[0].outcome is Outcome.REGRESSION
    held = classify_groups(groups, before, unsure, RULE)[0]
    assert held.outcome is Outcome.NOT_EVALUABLE
    assert "L2" in held.reason


def redrawn(seed, size):
    """Lesion 1 was outlined smaller at the later visit, where the photo shows the same."""
    rng = np.random.default_rng(seed)
    pair = []
    for radius in (15, size):
        labels = np.where(radius**2 >= (ROWS - 60) ** 2 + (COLUMNS - 80) ** 2, 1, 0)
        own = visit(nodule=True, labels=labels.astype(np.uint16))
        grain = rng.normal(0, 2, own.image.pixels.shape)
        pixels = np.clip(own.image.pixels + grain, 0, 255).astype(np.uint8)
        pair.append(replace(own, image=Photo(pixels)))
    sizes = tuple(Sizes({1: area(float(item.outline.labels.sum()))}, area(0.0)) for item in pair)
    group = LesionGroup((1,), (1,), Event.PERSISTED)
    return leaving_out_redrawn(sizes, tuple(pair), [group], SAME)


def test_an_outline_that_shrank_where_the_photo_shows_the_same_is_not_counted():
    assert redrawn(1, 11)[1].carried == {1}
    assert redrawn(1, 11)[1].lesions == {}
    assert redrawn(1, 14.5)[1].lesions.keys() == {1}


def test_a_lesion_outlined_in_two_pieces_once_has_not_grown_together():
    halves = np.where(PLACE & (abs(COLUMNS - 80) > 5), 1 + (COLUMNS > 80), 0).astype(np.uint16)
    pair = (
        visit(nodule=True, labels=halves),
        visit(nodule=True, labels=np.where(PLACE, 1, 0).astype(np.uint16)),
    )
    sizes = (
        Sizes({1: area(220.0), 2: area(220.0)}, area(0.0)),
        Sizes({1: area(700.0)}, area(0.0)),
    )
    group = LesionGroup((1, 2), (1,), Event.MERGED)
    assert leaving_out_redrawn(sizes, pair, [group], SAME)[0].carried == {1, 2}
