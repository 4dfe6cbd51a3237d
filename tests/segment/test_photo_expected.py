"""Where another photo shows a deposit, this one need only show how far it reaches."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.model import Photo
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.expected import outline_expected
from cctrack.segment.photo.outline import outline_photo

SHAPE = (300, 400)
ROWS, COLUMNS = np.mgrid[:300, :400].astype(float)
NOTHING = np.zeros(SHAPE, bool)


def skin_with(*discs):
    """Plain skin with chalky discs (row, column, radius)."""
    image = np.full((*SHAPE, 3), (190, 150, 125), float)
    image += np.random.default_rng(3).normal(0, 3, image.shape)
    for row, column, radius in discs:
        image[np.hypot(ROWS - row, COLUMNS - column) < radius] = (235, 225, 200)
    return Photo(np.clip(image, 0, 255).astype(np.uint8))


def disc(row, column, radius):
    return np.where(np.hypot(ROWS - row, COLUMNS - column) < radius, 7, 0).astype(np.uint16)


def outlined(photo, places, taken=NOTHING):
    return outline_expected(photo, places, ignore=NOTHING, taken=taken)


def test_a_deposit_too_faint_to_be_found_alone_is_outlined_where_it_is_expected():
    rng = np.random.default_rng(20)
    subject = random_subject(rng, lesions=1)
    session = random_session(rng, shape=SHAPE)
    drawn = draw_photo(
        replace(subject, lesions=(replace(subject.lesions[0], opacity=0.34),)), session
    )
    assert not outline_photo(drawn.photo).labels[drawn.labels > 0].any()
    found = outlined(drawn.photo, drawn.labels)
    (lesion,) = found.lesions
    shared = 2 * ((found.labels > 0) & (drawn.labels > 0)).sum()
    assert shared / ((found.labels > 0).sum() + (drawn.labels > 0).sum()) > 0.7
    assert lesion in found.lesion_border_sd_px


@pytest.mark.parametrize("radius", [17.0, 24.0, 30.0])
def test_it_is_outlined_as_large_as_it_is_here_whatever_it_was_there(radius):
    found = outlined(skin_with((150, 200, 24)), disc(152, 197, radius))
    (lesion,) = found.lesions
    assert (found.labels == lesion).sum() == pytest.approx(np.pi * 24**2, rel=0.06)


def test_what_has_fallen_into_two_is_outlined_as_two():
    halves = (150, 183, 12), (150, 219, 12)
    found = outlined(skin_with(*halves), disc(150, 200, 30))
    assert len(found.lesions) == 2
    for row, column, radius in halves:
        assert found.labels[row, column] > 0
        own = (found.labels == found.labels[row, column]).sum()
        assert own == pytest.approx(np.pi * radius**2, rel=0.12)


def test_what_lies_beside_the_place_or_is_outlined_already_is_left_alone():
    photo = skin_with((150, 100, 24), (150, 200, 24))
    beside = outlined(photo, disc(150, 290, 20)).labels
    assert not beside[disc(150, 200, 24) > 0].any()
    taken = disc(150, 200, 24) > 0
    assert outlined(photo, disc(150, 200, 24), taken).lesions == ()
