"""A reader shows a deposit on a film by a click, a box or a few strokes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import AxisScale, Method, Modality, Radiograph, ScaleSource
from cctrack.segment.scribble import Stroke, Strokes, click, outline_from_strokes
from cctrack.segment.scribble.film import COARSEST_MM
from cctrack.study.pipeline import AUTOMATIC, calibrate_image
from cctrack.study.validate.drawing import draw_one

SEED = 7004


@pytest.fixture(scope="module")
def truth():
    return draw_one(Modality.XRAY, SEED)


@pytest.fixture(scope="module")
def film(truth):
    calibrated, _ = calibrate_image(truth.image, AUTOMATIC)
    return calibrated


def scale(mm):
    return AxisScale((mm, mm), ScaleSource.DETECTOR)


def dice(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def three_strokes(own, mm):
    """A line along the deposit, a dot where it is thickest, and half a ring beside it."""
    body = ndimage.binary_fill_holes(ndimage.binary_closing(own, iterations=round(1 / mm)))
    depth = ndimage.distance_transform_edt(body)
    core = np.argwhere(depth >= 0.4 * depth.max())
    apart = np.linalg.norm(core[:, None] - core[None], axis=-1)
    ends = core[list(np.unravel_index(apart.argmax(), apart.shape))]
    along = ends[0] + np.linspace(0, 1, 20)[:, None] * (ends[1] - ends[0])
    around = ndimage.distance_transform_edt(~body) <= 1.2 / mm
    lines, _ = cv2.findContours(around.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    loop = max(lines, key=len)[:, 0, ::-1]
    dot = np.unravel_index(depth.argmax(), depth.shape)
    return Strokes(
        tuple(
            Stroke(tuple((float(row), float(column)) for row, column in line), 0.5 / mm, lesion)
            for line, lesion in ((along, True), ([dot], True), (loop[: len(loop) // 2], False))
        )
    )


def shown(truth, film, deposit):
    own = truth.labels == deposit
    strokes = three_strokes(own, film.scale.mean_mm[0])
    return own, strokes, outline_from_strokes(film, strokes)


def test_three_strokes_show_every_deposit_of_a_hand(truth, film):
    found = []
    for deposit, size in truth.sizes.items():
        if size >= 10 and deposit not in truth.cut:
            own, _, outline = shown(truth, film, deposit)
            assert outline.method is Method.READER
            assert not any(outline.flags_of(lesion) for lesion in outline.lesions)
            found.append(dice(outline.labels > 0, own))
    assert np.median(found) >= 0.85
    assert min(found) >= 0.6


def test_the_same_strokes_give_the_same_outline(truth, film):
    deposit = max(truth.sizes, key=truth.sizes.get)
    _, strokes, outline = shown(truth, film, deposit)
    again = outline_from_strokes(replace(film, pixels=film.pixels.copy()), strokes)
    assert (again.labels == outline.labels).all()
    assert again.lesion_border_sd_px == outline.lesion_border_sd_px


ROWS, COLUMNS = np.indices((200, 220))
PATH = np.sqrt(np.clip(1 - (np.hypot(ROWS - 100, COLUMNS - 110) / 16) ** 2, 0, 1))
STONE = PATH > 0.05


def drawing(mm=0.2, stone=60.0, seed=0):
    """Flesh that grows thicker to the right, and a round stone in it."""
    rng = np.random.default_rng(seed)
    grey = 200 + 0.4 * COLUMNS + stone * cv2.GaussianBlur(PATH.astype(np.float32), (0, 0), 1.0)
    pixels = (grey + rng.normal(0, 2, STONE.shape)).astype(np.float32)
    return Radiograph(pixels, (0.0, 1000.0), scale=scale(mm))


def test_one_click_outlines_a_stone_and_its_border_is_told():
    outline = outline_from_strokes(drawing(), click(103, 107))
    assert outline.lesions == (1,)
    assert dice(outline.labels == 1, STONE) > 0.9
    assert 0 < outline.border_sd_of(1) < 5


def test_a_click_on_plain_flesh_outlines_nothing():
    assert outline_from_strokes(drawing(stone=0.0), click(103, 107)).lesions == ()


def test_how_a_film_was_stored_moves_no_border():
    first = outline_from_strokes(drawing(), click(103, 107)).labels > 0
    film = drawing()
    bent = replace(film, pixels=(1000 * np.sqrt(film.pixels / 1000)).astype(np.float32))
    assert dice(outline_from_strokes(bent, click(103, 107)).labels > 0, first) > 0.95
    stretched = replace(film, pixels=film.pixels * 12 - 300, full_range=(-300.0, 11_700.0))
    assert dice(outline_from_strokes(stretched, click(103, 107)).labels > 0, first) > 0.99


def test_dots_count_as_strokes():
    dots = tuple(Stroke(((100.0, column),), 2.0) for column in (104.0, 116.0))
    beside = Stroke(((100.0, 135.0),), 2.0, lesion=False)
    outline = outline_from_strokes(drawing(), Strokes((*dots, beside)))
    assert dice(outline.labels > 0, STONE) > 0.9


def test_what_is_to_be_ignored_is_no_deposit():
    half = COLUMNS >= 110
    outline = outline_from_strokes(drawing(), click(100, 104), ignore=half)
    assert outline.lesions
    assert not (outline.labels[half] > 0).any()


def test_coarse_pixels_are_refused_with_what_is_needed():
    with pytest.raises(ValueError, match=rf"pixels of 0\.7 mm are too coarse.*{COARSEST_MM} mm"):
        outline_from_strokes(drawing(mm=0.7), click(100, 110))
