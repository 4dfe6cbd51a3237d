"""What a reader draws on a film is measured, counted over bone too, and replayed to the last px."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.io import read_one
from cctrack.model import AxisScale, Because, Flag, Method, Outline, Radiograph, ScaleSource
from cctrack.segment.scribble import click
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.edited import with_drawn, with_pointed
from cctrack.study.options import MeasureOptions
from cctrack.study.outlining import outline_image
from cctrack.study.pipeline import AUTOMATIC, measure_image
from cctrack.study.reader import ReaderFiles, read_reader_file
from cctrack.study.strokes import edit_outline

FILM = Path(__file__).parents[2] / "sample_images" / "P1" / "xray-2014-03-03.dcm"

ROWS, COLUMNS = np.indices((200, 220))
PLACES = ((60, 60), (140, 150))
PATH = sum(
    np.sqrt(np.clip(1 - (np.hypot(ROWS - row, COLUMNS - column) / 14) ** 2, 0, 1))
    for row, column in PLACES
)
STONES = PATH > 0.05
NOTHING = np.zeros(STONES.shape, bool)
CLICKS = [{"add": {"click_px": list(place)}} for place in PLACES]


def drawing():
    soft = cv2.GaussianBlur(PATH.astype(np.float32), (0, 0), 1.0)
    noise = np.random.default_rng(0).normal(0, 2, STONES.shape)
    scale = AxisScale((0.2, 0.2), ScaleSource.DETECTOR)
    grey = (200 + 0.4 * COLUMNS + 60 * soft + noise).astype(np.float32)
    return Radiograph(grey, (0.0, 1000.0), scale=scale)


def proposal():
    labels = np.zeros(STONES.shape, np.uint16)
    labels[50:70, 50:70], labels[130:150, 140:160] = 1, 2
    return Outline(
        labels,
        selection_log_sd=0.4,
        doubt=0.5,
        flags=frozenset({Flag.OFF_BONE_ONLY}),
        lesion_flags={1: frozenset({Flag.OVER_BONE}), 2: frozenset({Flag.OVER_BONE})},
    )


def test_a_deposit_over_bone_counts_once_its_reader_drew_it():
    outline = edit_outline(
        drawing(), proposal(), {"edits": [{"correct": 1, "with": CLICKS[0]["add"]}]}, NOTHING
    )
    assert outline.method is Method.READER
    assert outline.counted() == (1,)
    assert outline.flags_of(2) == {Flag.OVER_BONE}
    assert (outline.selection_log_sd, outline.doubt) == (0, 0)
    assert outline.border_sd_of(1) != outline.border_sd_of(2)


def test_what_is_drawn_alone_leaves_out_nothing_over_bone():
    edited = edit_outline(drawing(), proposal(), {"replace": True, "edits": CLICKS}, NOTHING)
    assert edited.flags == frozenset()
    assert edited.counted() == (1, 2)
    assert (edited.labels > 0).sum() == pytest.approx(STONES.sum(), rel=0.15)


def test_a_lesion_that_is_none_is_erased():
    assert edit_outline(drawing(), proposal(), {"edits": [{"erase": 2}]}, NOTHING).lesions == (1,)


def test_a_drawing_that_comes_to_nothing_is_refused():
    flesh = {"edits": [{"add": {"click_px": [100, 20]}}]}
    with pytest.raises(UnreadableImage, match="edit 1: nothing new differs"):
        edit_outline(drawing(), proposal(), flesh, NOTHING)


def test_a_film_that_the_program_does_not_understand_is_drawn_by_its_reader_alone(monkeypatch):
    def not_understood(*_, **__):
        raise UnreadableImage(Because.NOT_OUTLINED, "not understood")

    monkeypatch.setattr("cctrack.study.outlining.outline_radiograph", not_understood)
    alone = {"strokes": {"replace": True, "edits": CLICKS}}
    assert outline_image(drawing(), AUTOMATIC, alone, NOTHING).outline.counted() == (1, 2)
    for said in ({}, {"strokes": {"edits": CLICKS}}):
        with pytest.raises(UnreadableImage, match="not understood"):
            outline_image(drawing(), AUTOMATIC, said, NOTHING)


@pytest.fixture(scope="module")
def automatic():
    return measure_image(read_one(FILM), AUTOMATIC)


def deepest(measured, lesion):
    depth = ndimage.distance_transform_edt(measured.outline.labels == lesion)
    return [int(place) for place in np.unravel_index(depth.argmax(), depth.shape)]


def test_strokes_written_beside_the_results_give_the_same_numbers_again(automatic, tmp_path):
    place = deepest(automatic, 1)
    said = {"edits": [{"erase": 1}, {"add": {"click_px": place}}]}
    (tmp_path / "s.json").write_text(json.dumps({"format": 1, **said}), encoding="utf-8")
    runs = []
    for strokes, out in (("s.json", "a"), ("a/reader", "b")):
        reader = ReaderFiles(strokes=read_reader_file(tmp_path / strokes, "strokes"))
        options = BatchOptions(MeasureOptions(reader=reader), masks=True, jobs=1)
        runs.append(measure_paths([FILM], tmp_path / out, options, lambda *_: None))
        assert not runs[-1].refused
    assert runs[0].rows == runs[1].rows
    assert {row["method"] for row in runs[0].rows if row["quantity"] == "area"} == {"reader"}
    masks = [next((tmp_path / out / "masks").iterdir()).read_bytes() for out in "ab"]
    assert masks[0] == masks[1]
    (kept,) = (tmp_path / "b" / "reader").glob("*.strokes.json")
    assert "proposal" in kept.read_text(encoding="utf-8")


def test_in_the_window_a_click_and_the_pen_outline_on_films(automatic):
    lesion = automatic.outline.counted()[0]
    place = deepest(automatic, lesion)
    with pytest.raises(ValueError, match="outlined there already"):
        with_pointed(automatic, place)
    labels = np.where(automatic.outline.labels == lesion, 0, automatic.outline.labels)
    bare = replace(automatic, outline=replace(automatic.outline, labels=labels))
    pointed = with_pointed(bare, place)
    assert pointed.outline.method is Method.READER
    assert pointed.outline.labels[tuple(place)] > labels.max()
    corrected = with_drawn(automatic, click(*place), lesion)
    assert corrected.outline.labels[tuple(place)] == lesion
