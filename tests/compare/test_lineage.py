"""Lesions followed through all visits of a site: ids, events and what a reader says about them."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import Outlined, groups_between, trace_lesions
from cctrack.errors import NotComparable
from cctrack.model import Event, LesionGroup, LinkAction, LinkOrigin, ReaderLink

A = (20, 20)
B = (20, 60)
C = (60, 20)


def visit(*places, labels=None, size=12):
    """Outline squares of ``size`` px at some places, labelled in their order."""
    image = np.zeros((100, 100), np.uint16)
    for number, (row, column) in enumerate(places):
        value = labels[number] if labels else number + 1
        image[row : row + size, column : column + size] = value
    return image


def series(*images, way=lambda _before, _after: True):
    """Visits that all lie on one grid; ``way`` says between which of them there is a way."""
    return [
        Outlined(
            image,
            f"image {number}",
            lambda earlier, number=number: images[earlier] if way(earlier, number) else None,
            gate=6,
        )
        for number, image in enumerate(images)
    ]


def events(lineage, before, after, **more):
    return {
        (group.baseline, group.followup): group.event
        for group in groups_between(lineage, before, after, **more)
    }


def said(action, earlier, later, before=0, after=1):
    return ReaderLink(LinkAction(action), before, after, earlier, later, number=1)


def test_a_lesion_keeps_its_id_whatever_number_each_outline_gives_it():
    lineage = trace_lesions(series(visit(A, B), visit(B, A), visit(A, B, labels=(7, 3))))
    assert lineage.of_visit(1) == {1: 2, 2: 1}
    assert lineage.of_visit(2) == {7: 1, 3: 2}


def test_two_lesions_that_are_new_at_different_visits_have_different_ids():
    lineage = trace_lesions(series(visit(A), visit(A, B), visit(A, C)))
    assert sorted(lineage.uids) == [1, 102, 202]


def test_a_later_visit_changes_no_id_uid_or_event_of_the_earlier_ones():
    images = [visit(A, B), visit(A, C), visit(B, C), visit(A, B, C)]
    for count in (2, 3):
        known = trace_lesions(series(*images[:count]))
        grown = trace_lesions(series(*images[: count + 1]))
        assert known.ids.items() <= grown.ids.items()
        assert known.uids.items() <= grown.uids.items()
        assert events(known, 0, count - 1) == events(grown, 0, count - 1)


def test_a_tracking_uid_follows_the_image_and_not_the_study():
    images = visit(A), visit(A, B)
    alone = trace_lesions(series(*images))
    assert alone.uids[1].startswith("2.25.")
    assert len(alone.uids[1]) <= 64
    shifted = [replace(item, image=f"image {n}") for n, item in enumerate(series(images[1]), 1)]
    assert trace_lesions(shifted).uids[2] == alone.uids[102]


def test_a_lesion_that_went_and_came_back_reappeared_under_its_id():
    lineage = trace_lesions(series(visit(A, B), visit(A), visit(A, B)))
    assert events(lineage, 0, 1)[(2,), ()] is Event.RESOLVED
    assert events(lineage, 1, 2)[(), (2,)] is Event.REAPPEARED
    assert events(lineage, 0, 2)[(2,), (2,)] is Event.PERSISTED


def test_a_lesion_born_between_that_goes_and_returns_is_new_against_the_first_visit():
    lineage = trace_lesions(series(visit(A), visit(A, B), visit(A), visit(A, B)))
    assert events(lineage, 2, 3)[(), (102,)] is Event.REAPPEARED
    assert events(lineage, 0, 3)[(), (102,)] is Event.NEW


def test_a_visit_without_any_lesion_is_no_break():
    lineage = trace_lesions(series(visit(A), visit(), visit(A)))
    assert events(lineage, 0, 2) == {((1,), (1,)): Event.PERSISTED}
    assert events(lineage, 1, 2) == {((), (1,)): Event.REAPPEARED}
    assert trace_lesions(series(visit(), visit())).ids == {}


def test_a_visit_that_was_not_measured_is_stepped_over():
    visits = series(visit(A), visit(A), visit(A))
    visits[1] = Outlined(None, "", lambda _visit: None, 0.0)
    lineage = trace_lesions(visits)
    assert events(lineage, 0, 2) == {((1,), (1,)): Event.PERSISTED}


def test_where_the_visit_before_cannot_be_aligned_the_first_one_tells_who_is_who():
    lineage = trace_lesions(
        series(visit(A, B), visit(A, B), visit(B, A), way=lambda one, _other: one == 0)
    )
    assert lineage.of_visit(2) == {1: 2, 2: 1}
    assert events(lineage, 1, 2) == {
        ((1,), (1,)): Event.PERSISTED,
        ((2,), (2,)): Event.PERSISTED,
    }


def test_where_nothing_can_be_aligned_every_lesion_is_its_own():
    lineage = trace_lesions(series(visit(A), visit(A), way=lambda _one, _other: False))
    assert lineage.of_visit(1) == {1: 101}
    assert lineage.links == ()


NEAR = (20, 34)


def test_what_merged_and_fell_apart_again_is_one_group_until_each_is_back():
    apart, joined = visit(A, NEAR), visit(A)
    joined[20:32, 20:46] = 1
    lineage = trace_lesions(series(apart, joined, apart))
    assert events(lineage, 0, 1) == {((1, 2), (1,)): Event.MERGED}
    assert events(lineage, 1, 2) == {((1,), (1, 202)): Event.SPLIT}
    assert events(lineage, 0, 2) == {((1, 2), (1, 202)): Event.PERSISTED}


def test_parts_of_a_split_lesion_keep_their_ids_at_the_next_visit():
    whole, parts = visit(A), visit(A, NEAR)
    whole[20:32, 20:46] = 1
    lineage = trace_lesions(series(whole, parts, visit(NEAR, A)))
    assert events(lineage, 0, 1) == {((1,), (1, 102)): Event.SPLIT}
    assert lineage.of_visit(2) == {1: 102, 2: 1}
    assert events(lineage, 0, 2) == {((1,), (1, 102)): Event.SPLIT}


def test_the_visit_at_which_a_lesion_went_missing_tells_its_fate():
    lineage = trace_lesions(series(visit(A, B), visit(A), visit()))
    statuses = {0: "", 1: "excised", 2: ""}
    assert events(lineage, 0, 2, statuses=statuses) == {
        ((1,), ()): Event.RESOLVED,
        ((2,), ()): Event.EXCISED,
    }
    assert events(lineage, 0, 2, statuses={0: "", 1: "", 2: "excised"}) == {
        ((1,), ()): Event.EXCISED,
        ((2,), ()): Event.RESOLVED,
    }


def test_a_mask_that_a_run_wrote_comes_back_under_the_same_ids():
    images = visit(A, B), visit(C, B), visit(C, (60, 60))
    lineage = trace_lesions(series(*images))
    masks = [
        np.vectorize({0: 0, **lineage.of_visit(n)}.get)(image) for n, image in enumerate(images)
    ]
    again = trace_lesions(series(*(mask.astype(np.uint16) for mask in masks)))
    assert again.uids == lineage.uids
    assert set(again.ids.values()) == set(lineage.ids.values())
    assert sorted(lineage.uids) == [1, 2, 101, 202]


def test_a_hundred_outlines_and_more_still_have_an_id_each():
    many = np.arange(100 * 100, dtype=np.uint16).reshape(100, 100) // 66
    lineage = trace_lesions(series(visit(A), many, way=lambda _one, _other: False))
    assert len(set(lineage.ids.values())) == len(lineage.ids) == 152


def test_a_white_16_bit_mask_is_one_lesion():
    white = visit(A, labels=(65_535,))
    assert trace_lesions(series(white, white)).of_visit(1) == {65_535: 1}


def test_more_outlines_than_ids_are_refused():
    wide = np.arange(100 * 100, dtype=np.uint16).reshape(100, 100)
    with pytest.raises(NotComparable, match="more outlines"):
        trace_lesions(series(*[wide] * 8, way=lambda _one, _other: False))


def test_a_reader_who_rejects_a_link_makes_two_lesions_of_one_for_good():
    visits = series(visit(A), visit(A), visit(A))
    lineage = trace_lesions(visits, [said("reject", (1,), (1,))])
    assert events(lineage, 0, 1) == {((1,), ()): Event.RESOLVED, ((), (101,)): Event.NEW}
    assert lineage.of_visit(2) == {1: 101}
    assert {link.origin for link in lineage.links} == {LinkOrigin.REJECTED, LinkOrigin.AUTOMATIC}


def test_a_reader_who_redraws_a_link_moves_the_lesion_and_nothing_else():
    visits = series(visit(A, B), visit(A, C), visit(A, C))
    assert trace_lesions(visits).of_visit(1) == {1: 1, 2: 102}
    lineage = trace_lesions(visits, [said("redraw", (2,), (102,))])
    assert lineage.of_visit(1) == {1: 1, 2: 2}
    assert lineage.of_visit(2) == {1: 1, 2: 2}


def test_a_redrawn_link_takes_the_place_of_what_was_found():
    visits = series(visit(A, B), visit(A))
    lineage = trace_lesions(visits, [said("redraw", (2,), (1,))])
    assert events(lineage, 0, 1) == {((1,), ()): Event.RESOLVED, ((2,), (2,)): Event.PERSISTED}


def test_a_reader_may_draw_a_merger_and_say_that_a_lesion_is_new_or_gone():
    visits = series(visit(A, C), visit(A))
    merged = trace_lesions(visits, [said("redraw", (1, 2), (1,))])
    assert events(merged, 0, 1) == {((1, 2), (1,)): Event.MERGED}
    new = trace_lesions(visits, [said("redraw", (), (1,))])
    assert events(new, 0, 1)[(), (101,)] is Event.NEW
    gone = trace_lesions(visits, [said("redraw", (1,), ())])
    assert events(gone, 0, 1)[(1,), ()] is Event.RESOLVED


def test_a_confirmed_link_holds_also_where_nothing_would_be_found():
    visits = series(visit(A), visit(C))
    lineage = trace_lesions(visits, [said("confirm", (1,), (101,))])
    assert events(lineage, 0, 1) == {((1,), (1,)): Event.PERSISTED}
    assert [link.origin for link in lineage.links] == [LinkOrigin.CONFIRMED]


def test_what_is_said_later_speaks_of_the_ids_that_were_shown_then():
    visits = series(visit(A, B), visit(A, C))
    first, second = said("reject", (1,), (1,)), said("redraw", (2,), (101,))
    lineage = trace_lesions(visits, [first, second])
    assert lineage.of_visit(1) == {1: 2, 2: 102}


def test_a_word_about_a_lesion_that_is_no_longer_there_is_reported_and_nothing_is_changed():
    visits = series(visit(A), visit(A))
    lineage = trace_lesions(visits, [said("reject", (1,), (9,))])
    (warning,) = lineage.warnings
    assert warning.visit == 1
    assert warning.text == (
        "The reader's link 1 (reject) was not applied: L9 is not at the later visit any more. "
        "It stays in the file."
    )
    assert events(lineage, 0, 1) == {((1,), (1,)): Event.PERSISTED}


def test_a_later_visit_changes_nothing_that_a_reader_said():
    words = [said("reject", (1,), (1,)), said("redraw", (2,), (101,))]
    images = visit(A, B), visit(A, C), visit(A, B, C)
    known = trace_lesions(series(*images[:2]), words)
    grown = trace_lesions(series(*images), words)
    assert known.ids.items() <= grown.ids.items()


def test_every_outline_of_a_visit_shows_another_lesion():
    rng = np.random.default_rng(4)
    images = []
    for _ in range(5):
        places = [(int(r), int(c)) for r, c in rng.integers(0, 88, (12, 2))]
        images.append(visit(*places))
    lineage = trace_lesions(series(*images))
    for number, image in enumerate(images):
        ids = lineage.of_visit(number)
        assert sorted(ids) == sorted(set(np.unique(image)) - {0})
        assert len(set(ids.values())) == len(ids)
        for before in range(number):
            groups = groups_between(lineage, before, number)
            later = [lesion for group in groups for lesion in group.followup]
            assert sorted(later) == sorted(ids.values())
            assert isinstance(groups[0], LesionGroup)
