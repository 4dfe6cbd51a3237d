"""An outline in doubt is laid beside others, and what remains of the doubt widens its interval."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.measure.error import border_log_sd
from cctrack.phantom.photo import BodySite, draw_photo, random_session, random_subject
from cctrack.segment.photo.error import OPINION_SHARE, widened_sd_px
from cctrack.segment.photo.judge import choose
from cctrack.segment.photo.lesion import is_stamp, is_strip
from cctrack.segment.photo.opinion import settle
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.photo.skin import prepare
from cctrack.segment.photo.trials import Trial, blob_trial, deepest, shared, trials_at


def _disc(radius, size=120):
    row, column = np.mgrid[:size, :size] - size / 2
    return np.hypot(row, column) < radius


def _trial(mask):
    return Trial((slice(0, mask.shape[0]), slice(0, mask.shape[1])), mask)


@pytest.fixture(scope="module")
def lesion():
    """A working image with one chalky disc of 24 px radius on plain skin."""
    rng = np.random.default_rng(3)
    image = np.full((300, 400, 3), (190, 150, 125), float) + rng.normal(0, 3, (300, 400, 3))
    row, column = np.mgrid[:300, :400]
    image[np.hypot(row - 150, column - 200) < 24] = (235, 225, 200)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return prepare(pixels, np.zeros((300, 400), bool))


def _first(radius):
    row, column = np.mgrid[110:190, 150:250]
    mask = np.hypot(row - 150, column - 200) < radius
    return Trial((slice(110, 190), slice(150, 250)), mask)


def test_an_outline_that_ran_out_gives_way_to_one_on_the_edge(lesion):
    wrong = _first(34)
    opinion = settle(lesion, choose(lesion).judged, wrong)
    assert opinion.trial.mask.sum() == pytest.approx(np.pi * 24**2, rel=0.05)


def test_an_outline_on_the_edge_stands_without_doubt(lesion):
    right = _first(24)
    opinion = settle(lesion, choose(lesion).judged, right)
    assert shared(opinion.trial, right) > 0.97
    assert opinion.log_sd < 0.03


def test_trials_of_one_place_all_hold_it_or_its_surroundings(lesion):
    chosen = choose(lesion)
    (item,) = chosen.deposits
    first = blob_trial(item, lesion.skin.shape)
    assert abs(np.subtract(deepest(first), (150, 200))).max() <= 3
    trials = trials_at(lesion, chosen.judged, deepest(first))
    assert max(shared(trial, _first(24)) for trial in trials) > 0.97


def test_doubt_about_the_area_reaches_the_interval():
    disc = _disc(30)
    certain, doubted = (widened_sd_px(1.0, disc, log_sd) for log_sd in (0.0, 0.3))
    assert certain == pytest.approx(1.0)
    expected = np.hypot(border_log_sd(disc, 1.0), OPINION_SHARE * 0.3)
    assert border_log_sd(disc, doubted) == pytest.approx(expected, rel=0.1)


def test_a_strip_is_no_deposit_and_a_disc_may_be():
    strip = np.zeros((120, 120), bool)
    strip[50:62, 20:90] = True
    assert is_strip(_trial(strip))
    assert not is_strip(_trial(_disc(25)))


@pytest.mark.parametrize("colour", [(255, 150, 40), (250, 230, 60)])
def test_the_inside_of_a_written_zero_is_a_stamp_and_a_deposit_is_none(lesion, colour):
    pixels = lesion.pixels.copy()
    row, column = np.mgrid[:300, :400]
    far = np.hypot((row - 250) / 1.4, column - 320)
    pixels[(far > 7) & (far < 10)] = colour
    view = prepare(pixels, np.zeros((300, 400), bool))
    inside = Trial((slice(230, 270), slice(300, 340)), far[230:270, 300:340] <= 7)
    assert is_stamp(view, inside)
    assert not is_stamp(view, _first(24))


def test_a_ring_and_a_burnt_in_date_are_no_deposits():
    rng = np.random.default_rng(622)
    subject = random_subject(rng, site=BodySite.HAND, lesions=0, skin_type=5)
    session = random_session(rng, "standard", scale_object="none")
    pose = replace(session.pose, shift_mm=(0.0, 50.0))
    camera = replace(session.camera, stamp="2026-05-04")
    worn = draw_photo(subject, replace(session, pose=pose, camera=camera, ring=True))
    bare = draw_photo(subject, replace(session, pose=pose, camera=camera))
    assert not np.array_equal(worn.photo.pixels, bare.photo.pixels)
    assert not outline_photo(worn.photo).labels.any()
