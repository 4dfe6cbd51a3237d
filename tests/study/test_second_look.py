"""What one visit shows is looked for at the next: a deposit that is missed has not healed."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.model import Flag, Method, Photo
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.judge import choose
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.photo.skin import prepare
from cctrack.study.second_look import LEAST_OVERLAP, _with_new


@pytest.fixture(scope="module")
def faint():
    """One papule so faint that it is not taken for a deposit by itself."""
    rng = np.random.default_rng(20)
    subject = random_subject(rng, lesions=1)
    session = random_session(rng, shape=(300, 400))
    dimmed = replace(subject, lesions=(replace(subject.lesions[0], opacity=0.34),))
    drawn = draw_photo(dimmed, session)
    alone = outline_photo(drawn.photo)
    assert not alone.labels[drawn.labels > 0].any()
    return drawn, alone, outline_photo(drawn.photo, expected=drawn.labels > 0)


def test_a_faint_deposit_is_found_where_another_visit_shows_it(faint):
    drawn, alone, again = faint
    where = drawn.labels > 0
    outline = _with_new(alone, again, where)
    (new,) = set(outline.lesions) - set(alone.lesions)
    assert Flag.SECOND_LOOK in outline.flags_of(new)
    assert (outline.labels[where] == new).mean() > 0.5
    assert new in outline.lesion_border_sd_px


def test_lesions_outlined_already_keep_their_numbers_and_pixels(faint):
    drawn, alone, again = faint
    outline = _with_new(alone, again, drawn.labels > 0)
    for lesion in alone.lesions:
        assert np.array_equal(outline.labels == lesion, alone.labels == lesion)


def test_bare_skin_stays_bare_where_a_deposit_was_expected():
    rng = np.random.default_rng(3)
    subject = replace(random_subject(rng, lesions=1), lesions=(), marks=())
    drawn = draw_photo(subject, random_session(rng, shape=(300, 400)))
    expected = np.zeros(drawn.photo.shape, bool)
    expected[140:165, 180:210] = True
    outline = outline_photo(drawn.photo, expected=expected)
    assert not outline.labels[expected].any()


def test_what_lies_beside_the_expected_place_is_not_taken():
    alone = outline_photo(Photo(np.full((60, 60, 3), 150, np.uint8)))
    again = replace(alone, labels=np.zeros((60, 60), np.uint16), method=Method.AUTOMATIC)
    again.labels[10:30, 10:30] = 1
    expected = np.zeros((60, 60), bool)
    expected[28:40, 28:40] = True
    assert (again.labels[expected] == 1).sum() < LEAST_OVERLAP * (again.labels == 1).sum()
    assert _with_new(alone, again, expected) is alone


def test_an_expected_place_changes_nothing_elsewhere(faint):
    drawn, *_ = faint
    view = prepare(drawn.photo.pixels, np.zeros(drawn.photo.shape, bool))
    nowhere = np.zeros(view.skin.shape, bool)
    odds = [[item.odds for item in choose(view, where).deposits] for where in (None, nowhere)]
    assert odds[0] == odds[1]
