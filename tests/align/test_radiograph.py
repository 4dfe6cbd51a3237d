from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.align.radiograph import align_radiographs
from cctrack.errors import AlignmentFailed
from cctrack.model import AlignmentModel, AxisScale, Quality, Radiograph, ScaleSource
from cctrack.phantom.radiograph.draw import draw_radiograph
from cctrack.phantom.radiograph.session import FilmSession, Pose
from cctrack.phantom.radiograph.subject import Anatomy, RadiographSubject

SCALE = AxisScale((0.2, 0.2), ScaleSource.DETECTOR)
HANDS = Path(__file__).parents[2].parent / "shared" / "data" / "xray-hand"


@pytest.fixture(scope="module")
def hand() -> Radiograph:
    session = FilmSession(seed=3, pose=Pose(joints=0.5))
    drawn = draw_radiograph(RadiographSubject(anatomy=Anatomy(seed=11)), session)
    return replace(drawn.radiograph, scale=SCALE)


def laid_anew(film: Radiograph, turn_deg: float, shift_px: tuple[float, float]):
    """The same film turned and shifted with another exposure, and the true (row, column) map."""
    rows, columns = film.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), turn_deg, 1.0)
    matrix[:, 2] += shift_px[::-1]
    moved = cv2.warpAffine(film.pixels, matrix, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    noise = np.random.default_rng(0).normal(0, 10, moved.shape)
    curved = 3000.0 * (moved / moved.max()) ** 0.7 + noise
    true = np.vstack([matrix, [0, 0, 1]])[np.ix_([1, 0, 2], [1, 0, 2])]
    return replace(film, pixels=curved.astype(np.float32)), true


def mapped(matrix, points):
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def test_a_turned_and_brighter_film_is_laid_on_the_first_within_half_a_pixel(hand):
    followup, true = laid_anew(hand, 6.0, (12.0, -9.0))
    alignment = align_radiographs(hand, followup)
    points = np.array([[400.0, 500.0], [700.0, 420.0], [1000.0, 560.0]])
    errors_px = np.linalg.norm(alignment.transform(points) - mapped(true, points), axis=1)
    assert alignment.quality is Quality.GOOD
    assert errors_px.max() < 0.5
    assert alignment.residual_mm == pytest.approx(0.2 * alignment.residual_px)


def test_each_deposit_gets_its_own_patch(hand):
    labels = np.zeros(hand.shape, np.uint16)
    labels[640:670, 400:430], labels[900:915, 480:500] = 1, 2
    followup, true = laid_anew(hand, -4.0, (5.0, 8.0))
    alignment = align_radiographs(hand, followup, baseline_labels=labels)
    assert set(alignment.patches) == {1, 2}
    for lesion in (1, 2):
        points = np.argwhere(labels == lesion).astype(float)
        errors_px = alignment.transform(points, lesion=lesion) - mapped(true, points)
        assert np.abs(errors_px).max() < 0.5


def test_films_of_different_pixel_size_fit_when_their_scales_say_so(hand):
    coarse = cv2.resize(hand.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    half = AxisScale((0.4, 0.4), ScaleSource.DETECTOR)
    alignment = align_radiographs(hand, replace(hand, pixels=coarse, scale=half))
    assert alignment.matrix[0, 0] == pytest.approx(0.5, rel=0.01)
    assert alignment.matrix[0, 2] == pytest.approx(-0.25, abs=0.5)


def test_a_mirrored_film_is_refused_and_shown(hand):
    mirrored = replace(hand, pixels=np.ascontiguousarray(hand.pixels[:, ::-1]))
    with pytest.raises(AlignmentFailed) as failure:
        align_radiographs(hand, mirrored)
    rejected = failure.value.alignment
    assert rejected is None or rejected.quality is Quality.FAILED


def test_a_blank_film_cannot_be_aligned(hand):
    blank = replace(hand, pixels=np.full(hand.shape, 100, np.float32))
    with pytest.raises(AlignmentFailed, match="landmarks would help"):
        align_radiographs(hand, blank)


def test_a_readers_landmarks_replace_the_search(hand):
    blank = replace(hand, pixels=np.full(hand.shape, 100, np.float32))
    points = ((100.0, 100.0), (100.0, 800.0), (1200.0, 120.0), (1200.0, 850.0), (600.0, 500.0))
    pairs = tuple(((row, column), (row + 7.0, column - 3.0)) for row, column in points)
    alignment = align_radiographs(hand, blank, landmarks=pairs)
    assert alignment.model is AlignmentModel.AFFINE
    assert alignment.inliers == 5
    assert alignment.transform(np.array([[300.0, 300.0]]))[0] == pytest.approx([307.0, 297.0])


@pytest.mark.skipif(not HANDS.exists(), reason="the shared real films are not here")
def test_hands_of_two_children_are_not_taken_for_one():
    from PIL import Image

    films = []
    for name in ("1.png", "4.png"):
        with Image.open(HANDS / name) as picture:
            pixels = np.asarray(picture.convert("L"), np.float32)
        films.append(Radiograph(pixels, (0, 255)))
    with pytest.raises(AlignmentFailed):
        align_radiographs(*films)
