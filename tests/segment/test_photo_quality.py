from pathlib import Path

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.model import Flag, Photo
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.photo.quality import badly_exposed, blur_of, judge_quality, shines
from cctrack.segment.scribble import click, outline_from_strokes

REAL = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(12)
    subject = random_subject(rng, skin_type=3, lesions=3)
    return draw_photo(subject, random_session(rng, "easy", scale_object="none", shape=(600, 800)))


def skin_of(drawn):
    return np.ones(drawn.labels.shape, dtype=bool)


def test_a_sharp_simulated_photo_is_neither_blurred_nor_badly_exposed(drawn):
    assert judge_quality(drawn.photo.pixels, skin_of(drawn)) == frozenset()


@pytest.mark.parametrize("sd", [4, 7])
def test_a_simulated_photo_out_of_focus_is_flagged(drawn, sd):
    soft = cv2.GaussianBlur(drawn.photo.pixels, (0, 0), sd)
    assert Flag.BLUR in judge_quality(soft, skin_of(drawn))


@pytest.mark.parametrize("stops", [-6.0, 1.5])
def test_a_simulated_photo_far_off_its_exposure_is_flagged(drawn, stops):
    linear = (drawn.photo.pixels / 255.0) ** 2.2 * 2**stops
    pixels = (255 * np.clip(linear, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    assert Flag.EXPOSURE in judge_quality(pixels, skin_of(drawn))


def test_blur_of_a_large_photo_is_judged_on_tiles_of_it(drawn):
    tiled = np.tile(drawn.photo.pixels, (3, 3, 1))
    whole, tile = (blur_of(px, np.ones(px.shape[:2], bool)) for px in (tiled, drawn.photo.pixels))
    assert whole == pytest.approx(tile, abs=0.05)
    soft = cv2.GaussianBlur(tiled, (0, 0), 4)
    assert Flag.BLUR in judge_quality(soft, np.ones(soft.shape[:2], bool))


def test_light_reflected_over_a_deposit_is_flagged(drawn):
    lesion = int(np.bincount(drawn.labels.ravel())[1:].argmax()) + 1
    row, column = np.argwhere(drawn.labels == lesion).mean(axis=0)
    pixels = drawn.photo.pixels.copy()
    before = outline_from_strokes(Photo(pixels), click(row, column))
    assert Flag.GLARE not in before.flags_of(1)
    radius = max(3, round(0.5 * np.sqrt((drawn.labels == lesion).sum() / np.pi)))
    cv2.circle(pixels, (round(column), round(row)), radius, (252, 252, 252), cv2.FILLED)
    assert shines(pixels, before.labels == 1)
    assert Flag.GLARE in outline_from_strokes(Photo(pixels), click(row, column)).flags_of(1)


def test_skin_of_which_only_red_is_burnt_out_by_a_flash_is_well_exposed(drawn):
    pixels = drawn.photo.pixels.copy()
    pixels[: len(pixels) // 5, :, 0] = 255
    assert Flag.EXPOSURE not in judge_quality(pixels, skin_of(drawn))
    pixels[: len(pixels) // 5, :, 1] = 252
    assert Flag.EXPOSURE in judge_quality(pixels, skin_of(drawn))


@pytest.mark.parametrize(("grey", "bad"), [(10, True), (120, False), (254, True)])
def test_a_wound_that_is_burnt_out_or_black_is_flagged_in_a_well_exposed_photo(grey, bad):
    pixels = np.full((80, 80, 3), 120, np.uint8)
    lesion = np.zeros((80, 80), bool)
    lesion[20:60, 20:60] = True
    pixels[lesion] = (grey, grey, min(grey, 200))
    assert badly_exposed(pixels, lesion) == bad


def test_a_simulated_lesion_cut_by_the_frame_is_flagged(drawn):
    lesion = int(np.bincount(drawn.labels.ravel())[1:].argmax()) + 1
    row, column = (int(at) for at in np.argwhere(drawn.labels == lesion).mean(axis=0))
    outline = outline_from_strokes(Photo(drawn.photo.pixels[row:]), click(3, column))
    assert Flag.NEAR_BORDER in outline.flags_of(1)


@pytest.mark.skipif(not REAL.exists(), reason="the real photos are not here")
@pytest.mark.parametrize("name", ["0024338", "0025319", "0025964"])
def test_no_deposit_is_outlined_on_a_real_photo_with_a_ruler(name):
    pixels = cv2.imread(str(REAL / "photo-ruler" / f"ISIC_{name}.jpg"))[..., ::-1]
    outline = outline_photo(Photo(np.ascontiguousarray(pixels)))
    assert outline.lesions == ()
    assert Flag.BLUR not in outline.flags


@pytest.mark.skipif(not REAL.exists(), reason="the real photos are not here")
def test_a_real_photo_made_soft_is_flagged():
    pixels = cv2.imread(str(REAL / "photo-wound-series" / "g14" / "0537.png"))[..., ::-1]
    soft = cv2.GaussianBlur(np.ascontiguousarray(pixels), (0, 0), 4)
    skin = np.zeros(soft.shape[:2], bool)
    skin[:300, 220:380] = True
    assert Flag.BLUR not in judge_quality(np.ascontiguousarray(pixels), skin)
    assert Flag.BLUR in judge_quality(soft, skin)
