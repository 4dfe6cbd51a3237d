"""The JSON files that the guide shows are read as it says."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.model import Outline, Quantity, Radiograph
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.hand import film_findings
from cctrack.study.options import MeasureOptions
from cctrack.study.reader import ReaderFiles, read_reader_file

PAGE = (Path(__file__).parents[2] / "docs" / "photo.md").read_text(encoding="utf-8")
STROKES, FINGER, REVIEW, HAND = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
DEPOSITS = {"arm": [(120, 160), (60, 250), (200, 60)], "knee": [(118, 160), (200, 280)]}


def photograph(path, places):
    rng = np.random.default_rng(4)
    pixels = np.array([205, 150, 130]) + rng.normal(scale=4, size=(240, 320, 3))
    row, column = np.mgrid[:240, :320]
    for place in places:
        pixels[np.hypot(row - place[0], column - place[1]) < 14] = (240, 230, 200)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, places in DEPOSITS.items():
        photograph(folder / f"{name}.jpg", places)
    return folder


def propose(folder, places):
    """Draw a reader's mask of discs, somewhat too small, that serves both photos."""
    mask = np.zeros((240, 320), np.uint8)
    row, column = np.mgrid[:240, :320]
    for number, place in enumerate(places, start=1):
        mask[np.hypot(row - place[0], column - place[1]) < 10] = number
    Image.fromarray(mask).save(folder / "proposed.png")


def areas(folder):
    with (folder / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["quantity"] == "area"]
    assert {row["method"] for row in rows} == {"reader"}
    return {(row["source"], row["lesion"]): float(row["value"]) for row in rows}


def measured(photos, out, **said):
    files = {
        option: read_reader_file(write(out, option, text), option) for option, text in said.items()
    }
    sizes = PhotoScaleOptions(mm_per_px=0.1)
    options = MeasureOptions(sizes=sizes, mask=out / "proposed.png", reader=ReaderFiles(**files))
    result = measure_paths([photos], out, BatchOptions(options), lambda *_: None)
    assert result.refused == ()
    return areas(out)


def write(folder, option, text):
    path = folder / f"{option}.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_strokes_of_the_guide_outline_what_it_says(photos, tmp_path):
    propose(tmp_path, DEPOSITS["arm"][1:])
    found = measured(photos, tmp_path, strokes=STROKES)
    true_mm2 = np.pi * 14**2 * 0.01
    lesions = {key: area for key, area in found.items() if key[1] != "total"}
    assert lesions == {
        ("arm.jpg", "L1"): pytest.approx(true_mm2, rel=0.1),
        ("arm.jpg", "L3"): pytest.approx(true_mm2, rel=0.1),
        ("knee.jpg", "L1"): pytest.approx(true_mm2, rel=0.1),
    }


def test_the_fingers_of_the_guide_are_round(photos, tmp_path):
    propose(tmp_path, [(118, 160)])
    flat = measured(photos, tmp_path)
    around = measured(photos, tmp_path, finger=FINGER)
    for key, area in flat.items():
        assert area < around[key] < 1.1 * area


def test_the_review_of_the_guide_is_a_review():
    said = json.loads(REVIEW)
    (entry,) = said["images"].values()
    assert said["format"] == 1
    assert {frozenset(move) for move in entry["moves"]} == {frozenset({"candidate", "is"})}


def test_the_fingers_of_the_guides_film_are_scored():
    (said,) = json.loads(HAND)["images"].values()
    body = np.ones((1000, 600), bool)
    outline = Outline(body.astype(np.uint16), soft_tissue=body, bone=~body)
    film = Radiograph(body.astype(np.float32), (0.0, 1.0))
    (score,) = film_findings(film, outline, said, None)
    assert score.measurement.quantity is Quantity.HAND_SCORE
    assert score.measurement.value == 600  # Three sites, all of them covered, medium dense.
