"""A reader's landmarks rescue a pair; the skin refines them, and bad ones are told."""

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.align.photo import PhotoAlignOptions, align_photos
from cctrack.errors import AlignmentFailed
from cctrack.model import AxisScale, Photo, Quality, ScaleSource

SHAPE = (480, 640)
SCALE = AxisScale((0.25, 0.25), ScaleSource.GIVEN)
POINTS = np.array([[100.0, 150.0], [240.0, 320.0], [380.0, 500.0]])
BEFORE = np.array([[60, 80], [70, 540], [230, 300], [400, 110], [420, 560], [150, 420]], float)
SHIFT = np.array([5.0, -3.0])


def skin(seed):
    """Skin-coloured structure at several scales."""
    rng = np.random.default_rng(seed)
    tone = np.zeros(SHAPE, np.float32)
    for sd, strength in ((2, 6), (5, 9), (15, 12)):
        field = cv2.GaussianBlur(rng.standard_normal(SHAPE).astype(np.float32), (0, 0), sd)
        tone += strength * field / field.std()
    colour = np.array([190, 140, 115], np.float32) + tone[..., None] * (0.7, 1.0, 0.9)
    return np.clip(colour, 0, 255).astype(np.uint8)


def marked(before, after, later=None):
    """Align a photo with a later one, by default of someone else, by landmarks."""
    pairs = list(zip(before.tolist(), after.tolist(), strict=True))
    photos = [
        Photo(pixels, scale=SCALE) for pixels in (skin(1), skin(2) if later is None else later)
    ]
    return align_photos(*photos, PhotoAlignOptions(landmarks=pairs))


def test_landmarks_decide_where_the_skin_says_nothing():
    alignment = marked(BEFORE, BEFORE + SHIFT)
    np.testing.assert_allclose(alignment.transform(POINTS), POINTS + SHIFT, atol=1e-6)
    assert alignment.quality is Quality.GOOD
    assert len(alignment.landmark_residuals_px) == len(BEFORE)


def test_skin_refines_what_a_reader_marked_roughly():
    shift = np.array([12, -20])
    jitter = np.random.default_rng(1).normal(0, 2, BEFORE.shape)
    later = np.roll(skin(1), shift, axis=(0, 1))
    alignment = marked(BEFORE, BEFORE + shift + jitter, later)
    error_px = np.linalg.norm(alignment.transform(POINTS) - POINTS - shift, axis=1)
    assert error_px.max() < 1.0
    left = np.array(alignment.landmark_residuals_px)
    np.testing.assert_allclose(left, np.linalg.norm(jitter, axis=1), atol=1.0)


def test_swapped_landmarks_are_refused_by_number():
    after = BEFORE + SHIFT
    after[[2, 5]] = after[[5, 2]]
    with pytest.raises(AlignmentFailed, match=r"landmark \d lies"):
        marked(BEFORE, after)


def test_one_landmark_that_is_off_is_to_be_looked_at():
    after = BEFORE + SHIFT
    after[2] += 16
    alignment = marked(BEFORE, after)
    assert alignment.quality is Quality.CHECK
    assert "landmark 3" in alignment.reason


def test_three_landmarks_alone_are_to_be_looked_at():
    alignment = marked(BEFORE[:3], BEFORE[:3] + SHIFT)
    assert alignment.quality is Quality.CHECK
    assert "3 landmarks" in alignment.reason
