"""A part of the body that is wider than a hand is thick, and is not outlined automatically."""

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.model import Modality, Radiograph
from cctrack.phantom.radiograph import (
    Field,
    draw_radiograph,
    random_session,
    random_subject,
    usual_range,
)
from cctrack.segment.radiograph.width import part_width_mm, require_hand
from cctrack.study.pipeline import AUTOMATIC, calibrate_image
from cctrack.study.validate.drawing import draw_one


def film_of(field):
    rng = np.random.default_rng([31, 7])
    session = random_session(rng, usual_range(field))
    film = draw_radiograph(random_subject(rng, field), session).radiograph
    return calibrate_image(film, AUTOMATIC)[0], session.pose.magnification


@pytest.fixture(scope="module")
def hand():
    return film_of(Field.HAND)


@pytest.fixture(scope="module")
def knee():
    return film_of(Field.KNEE)


def test_a_hand_is_narrow_and_lies_on_the_detector(hand):
    film, _ = hand
    assert 60 < part_width_mm(film) < 100
    assert film.scale.relative_sd < 0.02
    require_hand(film)


def test_a_hand_whose_air_is_grey_with_noise_is_still_narrow():
    film, _ = calibrate_image(draw_one(Modality.XRAY, 6370).image, AUTOMATIC)
    assert 60 < part_width_mm(film) < 100


def test_a_knee_is_not_outlined_and_says_how_wide_it_is(knee):
    with pytest.raises(UnreadableImage, match=r"1\d\d mm wide; hands and forearms"):
        require_hand(knee[0])


def test_how_much_larger_a_knee_is_drawn_lies_within_the_error_of_its_scale(knee):
    film, magnification = knee
    assert magnification - 1 < 1.96 * film.scale.relative_sd


def test_a_width_in_mm_needs_a_scale():
    with pytest.raises(ValueError, match="without a scale"):
        part_width_mm(Radiograph(np.zeros((9, 9), np.float32), (0.0, 1.0)))
