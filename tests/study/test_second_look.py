"""What one visit shows is looked for at the next: a deposit that is missed has not healed."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.model import (
    Alignment,
    AlignmentModel,
    Flag,
    Method,
    Outline,
    Photo,
    Quality,
)
from cctrack.segment.photo.outline import outline_photo
from cctrack.study import seen_again
from cctrack.study.pipeline import Measured
from cctrack.study.second_look import LEAST_OVERLAP, Seen, _with_new, look_at
from cctrack.study.tracing import trace_visits

SHAPE = (300, 400)
SAME = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.5)
ROWS, COLUMNS = np.mgrid[:300, :400].astype(float)
KEPT, MISSED = (150, 110, 22), (150, 260, 26)


def disc(row, column, radius):
    return np.hypot(ROWS - row, COLUMNS - column) < radius


def visit(seed, shown, outlined, colour=(235, 225, 200)):
    """A photo of skin with chalky discs, of which some are outlined; the last has a colour."""
    image = np.full((*SHAPE, 3), (190, 150, 125), float)
    for number, one in enumerate(shown, start=1):
        image[disc(*one)] = colour if number == len(shown) else (235, 225, 200)
    image += np.random.default_rng(seed).normal(0, 3, image.shape)
    labels = np.zeros(SHAPE, np.uint16)
    for number, one in enumerate(outlined, start=1):
        labels[disc(*one)] = number
    photo = Photo(np.clip(image, 0, 255).astype(np.uint8))
    skin = np.ones(SHAPE, bool)
    return Measured(photo, Outline(labels, Method.AUTOMATIC, soft_tissue=skin), ())


def looked(after):
    before = visit(1, (KEPT, MISSED), (KEPT, MISSED))
    routes = {(0, 1): SAME}
    seen = Seen((before, after), routes, trace_visits((before, after), routes))
    return look_at(after, 1, seen).outline


def test_a_nodule_that_was_missed_is_outlined_where_the_other_visit_shows_it():
    after = visit(2, (KEPT, MISSED), (KEPT,))
    found = looked(after)
    (new,) = set(found.lesions) - set(after.outline.lesions)
    assert Flag.SECOND_LOOK in found.flags_of(new)
    assert (found.labels == new).sum() == pytest.approx(np.pi * MISSED[2] ** 2, rel=0.06)
    assert new in found.lesion_border_sd_px
    assert np.array_equal(found.labels == 1, after.outline.labels == 1)


def test_one_that_has_shrunk_is_outlined_as_large_as_it_is_now():
    small = (*MISSED[:2], 18)
    found = looked(visit(2, (KEPT, small), (KEPT,)))
    assert (found.labels == max(found.lesions)).sum() == pytest.approx(np.pi * 18**2, rel=0.08)


@pytest.mark.parametrize("colour", [(190, 150, 125), (203, 172, 146), (150, 100, 80)])
def test_bare_skin_a_faint_scar_and_pigment_are_no_nodule(colour):
    after = visit(2, (KEPT, MISSED), (KEPT,), colour)
    assert looked(after).lesions == (1,)


def test_the_half_of_a_lesion_that_was_missed_is_found():
    halves = (150, 242, 11), (150, 276, 11)
    found = looked(visit(2, (KEPT, *halves), (KEPT, halves[0])))
    assert found.labels[150, 276] not in (0, found.labels[150, 242])


def test_what_lies_beside_the_expected_place_is_not_taken():
    alone = outline_photo(Photo(np.full((60, 60, 3), 150, np.uint8)))
    again = replace(alone, labels=np.zeros((60, 60), np.uint16), method=Method.AUTOMATIC)
    again.labels[10:30, 10:30] = 1
    expected = np.zeros((60, 60), bool)
    expected[28:40, 28:40] = True
    assert (again.labels[expected] == 1).sum() < LEAST_OVERLAP * (again.labels == 1).sum()
    assert _with_new(alone, again, expected) is alone


def test_a_scar_that_was_outlined_like_a_nodule_is_not_the_nodule_that_was_there():
    scarred = visit(2, (KEPT, MISSED), (KEPT, MISSED), (205, 173, 147))
    assert looked(scarred).lesions == (1,)
    assert looked(visit(2, (KEPT, MISSED), (KEPT, MISSED))).lesions == (1, 2)


def test_an_outline_that_ran_out_gives_way_to_one_of_the_shape_that_the_other_photo_shows():
    after = visit(2, (KEPT, MISSED), (KEPT, MISSED))
    labels = after.outline.labels.copy()
    labels[140:160, 280:330] = 2
    found = looked(replace(after, outline=replace(after.outline, labels=labels)))
    assert (found.labels == 2).sum() == pytest.approx(np.pi * MISSED[2] ** 2, rel=0.06)
    assert Flag.SECOND_LOOK in found.flags_of(2)


def test_what_grew_keeps_the_outline_of_its_shape():
    large = (*MISSED[:2], 34)
    after = visit(2, (KEPT, large), (KEPT, large))
    assert np.array_equal(looked(after).labels, after.outline.labels)


def test_what_is_outlined_beside_where_it_was_sought_is_not_taken(monkeypatch):
    beside = np.where(disc(60, 60, 12), 1, 0).astype(np.uint16)
    after = visit(2, (KEPT, MISSED), (KEPT,))
    found = replace(after.outline, labels=beside)
    monkeypatch.setattr(seen_again, "outline_expected", lambda *_, **__: found)
    again = looked(after)
    assert all(Flag.SECOND_LOOK not in again.flags_of(lesion) for lesion in again.lesions)
