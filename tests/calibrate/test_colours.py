"""A frame's patches tell what the light and the camera did to a photo's colours."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.calibrate.colours import fit_colours
from cctrack.calibrate.photo import survey_photo
from cctrack.model import CCTRACK_CARD, LARGE_FRAME, SMALL_FRAME, Photo
from cctrack.model.colours import from_light, to_light
from cctrack.phantom.photo import draw_photo, random_session, random_subject

PRINTED = np.array([patch.srgb for patch in LARGE_FRAME.patches])


def _photographed(matrix):
    return np.rint(255 * from_light(np.clip(to_light(PRINTED) @ matrix.T, 0, 1)))


def test_a_known_cast_is_undone():
    cast = np.array([[0.9, 0.05, 0.0], [0.03, 0.6, 0.02], [0.0, 0.04, 0.35]])
    found = fit_colours(_photographed(cast), PRINTED)
    assert found.before > 15
    assert found.residual < 3
    assert found.matrix @ cast == pytest.approx(np.eye(3), abs=0.12)


def test_patches_in_neutral_light_change_nothing():
    found = fit_colours(_photographed(np.eye(3)), PRINTED)
    assert found.matrix == pytest.approx(np.eye(3), abs=0.02)
    assert found.residual < 1


def test_white_paper_without_patches_corrects_nothing():
    assert fit_colours(np.full(PRINTED.shape, 235.0), PRINTED) is None


def test_burnt_out_patches_correct_nothing():
    assert fit_colours(np.full(PRINTED.shape, 255.0), PRINTED) is None


def test_the_card_has_no_patches_and_frames_have_twelve():
    assert CCTRACK_CARD.patches == ()
    assert len(LARGE_FRAME.patches) == len(SMALL_FRAME.patches) == 12


@pytest.fixture(scope="module")
def yellow_and_blue():
    """One subject under a frame, in the light of a bulb and of the sky."""
    rng = np.random.default_rng(601)
    subject = random_subject(rng, skin_type=3)
    session = random_session(rng, "easy", scale_object="frame", shape=(900, 1200))
    lights = (
        replace(session.light, kelvin=kelvin, balanced_kelvin=5500.0, tint=0.0)
        for kelvin in (3800.0, 7800.0)
    )
    return [draw_photo(subject, replace(session, light=light)).photo.pixels for light in lights]


def test_two_photos_in_different_light_look_alike_after_correction(yellow_and_blue):
    seen = [pixels[::9, ::9].reshape(-1, 3) for pixels in yellow_and_blue]
    shown = [
        survey_photo(pixels).colours.applied(pixels)[::9, ::9].reshape(-1, 3)
        for pixels in yellow_and_blue
    ]
    before, after = (
        float(np.abs(np.median(one, axis=0) - np.median(other, axis=0)).max())
        for one, other in (seen, shown)
    )
    assert before > 25
    assert after < 0.4 * before


def test_correction_is_for_the_eye_only(yellow_and_blue):
    survey = survey_photo(yellow_and_blue[0])
    photo = Photo(yellow_and_blue[0], colours=survey.colours)
    part = (slice(100, 200), slice(100, 200))
    assert not np.array_equal(photo.shown(part), photo.pixels[part])
    assert np.array_equal(replace(photo, colours=None).shown(part), photo.pixels[part])


def test_burnt_out_paper_stays_white(yellow_and_blue):
    colours = survey_photo(yellow_and_blue[0]).colours
    (white,) = colours.applied(np.full((1, 3), 255, np.uint8))
    assert np.ptp(white.astype(int)) <= 1
