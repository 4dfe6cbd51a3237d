"""Which lesion of one visit is which of another, on scenes with known truth."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from cctrack.compare import match_lesions
from cctrack.model import Event, LesionGroup

SPEC = importlib.util.spec_from_file_location("scenes", Path(__file__).with_name("scenes.py"))
scenes = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(scenes)


def blank(*boxes, shape=(100, 100)):
    labels = np.zeros(shape, np.uint16)
    for value, (top, bottom, left, right) in enumerate(boxes, start=1):
        labels[top:bottom, left:right] = value
    return labels


def one(before, after, **more):
    (group,) = match_lesions(before, after, gate_px=8, **more)
    return group


def test_an_unchanged_lesion_persists():
    labels = blank((10, 20, 10, 20))
    assert one(labels, labels) == LesionGroup((1,), (1,), Event.PERSISTED)


def test_a_lesion_that_shows_up_is_new_and_one_that_is_gone_has_resolved():
    labels = blank((10, 20, 10, 20))
    assert one(blank(), labels).event is Event.NEW
    assert one(labels, blank()).event is Event.RESOLVED
    assert match_lesions(blank(), blank(), gate_px=5) == ()


def test_lesions_further_apart_than_the_gate_are_different():
    groups = match_lesions(blank((10, 20, 10, 20)), blank((10, 20, 60, 70)), gate_px=8)
    assert {group.event for group in groups} == {Event.RESOLVED, Event.NEW}


def test_lesions_that_grow_together_are_one_group_named_by_both():
    group = one(blank((10, 30, 10, 28), (10, 30, 34, 52)), blank((10, 30, 10, 52)))
    assert group == LesionGroup((1, 2), (1,), Event.MERGED)
    assert group.name == "L1+L2"


def test_a_lesion_that_falls_apart_is_one_group():
    group = one(blank((10, 30, 10, 52)), blank((10, 30, 10, 28), (10, 30, 34, 52)))
    assert group == LesionGroup((1,), (1, 2), Event.SPLIT)


def test_a_neighbour_that_resolves_is_not_taken_for_merged():
    groups = match_lesions(
        blank((10, 30, 10, 30), (10, 20, 34, 44)), blank((10, 30, 10, 30)), gate_px=8
    )
    assert [group.event for group in groups] == [Event.PERSISTED, Event.RESOLVED]


def test_crossed_neighbours_are_told_apart_although_both_lie_inside_the_gate():
    before = blank((10, 20, 10, 20), (10, 20, 23, 33))
    after = blank((13, 23, 13, 23), (13, 23, 26, 36))
    groups = match_lesions(before, after, gate_px=8)
    assert [(group.baseline, group.followup) for group in groups] == [((1,), (1,)), ((2,), (2,))]


ROW = [(10, 14, left, left + 4) for left in range(5, 75, 12)]


def test_what_all_lesions_are_off_by_is_taken_out():
    before = blank(*ROW)
    after = np.roll(before, 7, axis=1)
    groups = match_lesions(before, after, gate_px=24)
    assert {(group.baseline, group.followup) for group in groups} == {
        ((number,), (number,)) for number in range(1, len(ROW) + 1)
    }


def test_a_lesion_on_a_finger_bent_differently_is_still_the_same():
    before = blank(*ROW, (60, 64, 40, 44))
    after = blank(*ROW, (67, 71, 40, 44))
    groups = match_lesions(before, after, gate_px=12)
    assert {group.event for group in groups} == {Event.PERSISTED}


def test_a_small_lesion_inside_a_large_ones_outline_is_near_it():
    assert one(blank((20, 80, 20, 80)), blank((49, 51, 49, 51))).event is Event.PERSISTED


def test_the_gate_is_in_mm_where_a_spacing_is_given():
    before, after = np.zeros((12, 40, 40), np.uint16), np.zeros((12, 40, 40), np.uint16)
    before[2:4, 10:20, 10:20] = 1
    after[6:8, 10:20, 10:20] = 1
    assert one(before, after, spacing=(1.0, 0.5, 0.5)).event is Event.PERSISTED
    assert len(match_lesions(before, after, gate_px=8, spacing=(5.0, 0.5, 0.5))) == 2


def test_every_lesion_is_in_exactly_one_group():
    rng = np.random.default_rng(3)
    before, after, _ = scenes.scene(rng, 1.0)
    groups = match_lesions(before, after, gate_px=12)
    for side, labels in (("baseline", before), ("followup", after)):
        named = [label for group in groups for label in getattr(group, side)]
        assert sorted(named) == sorted(set(np.unique(labels)) - {0})


@pytest.mark.parametrize(("off_mm", "least"), [(0.5, 0.98), (1.0, 0.98), (2.0, 0.95), (4.0, 0.85)])
def test_lineage_is_right_although_the_alignment_is_off(off_mm, least):
    rng = np.random.default_rng(11)
    right = total = 0
    for _ in range(6):
        before, after, truth = scenes.scene(rng, off_mm)
        gate_mm = 3.0 if off_mm < 3 else 6.0
        found = match_lesions(before, after, gate_px=gate_mm / scenes.MM_PER_PX)
        right, total = right + len(truth & set(found)), total + len(truth)
    assert right / total >= least


def test_grids_must_agree_and_the_gate_must_be_a_distance():
    with pytest.raises(ValueError, match="follow-up's grid"):
        match_lesions(blank(), blank(shape=(50, 50)), gate_px=5)
    with pytest.raises(ValueError, match="must not be negative"):
        match_lesions(blank(), blank(), gate_px=-1)


def test_a_splinter_that_lies_on_the_former_lesion_is_a_part_of_it():
    # The two shapes alone are no more alike with it: it is small and far from the middle.
    whole, parts = blank((10, 50, 10, 50)), blank((10, 50, 10, 44), (11, 16, 47, 52))
    assert one(whole, parts) == LesionGroup((1,), (1, 2), Event.SPLIT)


def test_what_lies_at_the_rim_of_a_lesion_that_shrank_much_was_a_part_of_it():
    whole = blank((20, 60, 20, 60))
    # Halves that lie crosswise: the second lies on the former lesion by a tenth only.
    parts = blank((20, 40, 25, 50), (57, 85, 25, 50))
    assert one(whole, parts) == LesionGroup((1,), (1, 2), Event.SPLIT)
    assert one(parts, whole) == LesionGroup((1, 2), (1,), Event.MERGED)


def test_beside_a_lesion_that_kept_its_size_the_same_is_another_one():
    whole = blank((20, 60, 20, 60))
    beside = blank((20, 58, 20, 60), (57, 85, 25, 50))
    events = {group.event for group in match_lesions(whole, beside, gate_px=8)}
    assert events == {Event.PERSISTED, Event.NEW}
