"""What a reader draws is what is measured, replayed to the last pixel, and never lost."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.cli.main import main
from cctrack.errors import CctrackError, NotComparable, UnreadableImage
from cctrack.model import (
    AxisScale,
    Because,
    Ct,
    Flag,
    Method,
    Outline,
    Photo,
    Provenance,
    ScaleSource,
)
from cctrack.segment.scribble import click, outline_from_strokes
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.compare import CompareOptions, compare_paths
from cctrack.study.options import MeasureOptions
from cctrack.study.reader import ReaderFile, ReaderFiles, read_reader_file
from cctrack.study.strokes import edit_outline

SHAPE = (200, 260)
PLACES = ((60, 70), (140, 190))
CLICKS = [{"add": {"click_px": list(place)}} for place in PLACES]
NOTHING = np.zeros(SHAPE, dtype=bool)


def deposits(seed=0):
    rng = np.random.default_rng(seed)
    pixels = np.array([205, 150, 130]) + rng.normal(scale=3, size=(*SHAPE, 3))
    row, column = np.indices(SHAPE)
    for place in PLACES:
        pixels[np.hypot(row - place[0], column - place[1]) < 16] = (240, 230, 200)
    return pixels.clip(0, 255).astype(np.uint8)


PHOTO = Photo(deposits())


def proposal(*places):
    labels = np.zeros(SHAPE, np.uint16)
    for number, (row, column) in enumerate(places, start=1):
        labels[row - 8 : row + 8, column - 8 : column + 8] = number
    return Outline(labels, selection_log_sd=0.2, doubt=0.5, flags=frozenset({Flag.CROWDED}))


def edited(said, proposed=None):
    return edit_outline(PHOTO, proposal() if proposed is None else proposed, said, NOTHING)


def refused(said, proposed=None):
    with pytest.raises(UnreadableImage) as caught:
        edited(said, proposed)
    assert caught.value.because == Because.NOT_OUTLINED
    return caught.value.detail


def test_a_click_outlines_the_same_as_in_a_viewer():
    outline = edited({"edits": CLICKS[:1]})
    shown = outline_from_strokes(PHOTO, click(*PLACES[0]), ignore=NOTHING)
    assert (outline.labels == shown.labels).all()
    assert outline.method is Method.READER
    assert (outline.selection_log_sd, outline.doubt, outline.flags) == (0, 0, frozenset())


def test_each_lesion_drawn_has_its_own_number_beside_the_proposed_ones():
    outline = edited({"edits": CLICKS[1:]}, proposal(PLACES[0]))
    assert outline.lesions == (1, 2)
    assert outline.labels[PLACES[0]] == 1
    assert outline.labels[PLACES[1]] == 2


def test_what_is_drawn_alone_replaces_all_that_was_proposed():
    outline = edited({"replace": True, "edits": CLICKS[1:]}, proposal(PLACES[0]))
    assert outline.lesions == (1,)
    assert outline.labels[PLACES[0]] == 0
    assert edited({"replace": True}, proposal(PLACES[0])).lesions == ()


def test_a_lesion_is_corrected_or_erased_by_its_number_or_a_place_in_it():
    both = proposal(*PLACES)
    drawn = {"click_px": list(PLACES[1])}
    for named in (2, list(PLACES[1])):
        corrected = edited({"edits": [{"correct": named, "with": drawn}]}, both)
        assert corrected.lesions == (1, 2)
        assert (corrected.labels == 2).sum() == pytest.approx(np.pi * 16**2, rel=0.1)
        assert edited({"edits": [{"erase": named}]}, both).lesions == (1,)


def test_a_reader_who_agrees_makes_the_proposal_the_readers():
    outline = edited({"edits": []}, proposal(PLACES[0]))
    assert (outline.labels == proposal(PLACES[0]).labels).all()
    assert outline.method is Method.READER


def test_strokes_that_a_viewer_stored_are_read_as_they_are():
    stored = json.loads(click(*PLACES[0]).to_json())
    del stored["format"]
    assert (edited(stored).labels == edited({"edits": CLICKS[:1]}).labels).all()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"edits": [{"add": {"click_px": [700, 20]}}]}, "edit 1: .*outside the image of 200 x 260"),
        ({"edits": [CLICKS[0], {"add": {"box_px": [5, 5, 300, 90]}}]}, "edit 2: .*outside"),
        ({"edits": [{"add": {"box_px": [50, 50, 40, 90]}}]}, "a box is"),
        ({"edits": [{"add": {"box_px": [5, 5, 9]}}]}, "top, left, bottom, right"),
        ({"edits": [{"add": {"click_px": [float("nan"), 20]}}]}, "outside"),
        ({"edits": [{"add": {"click_px": ["a", 20]}}]}, r"\[row, column\], 2 numbers"),
        ({"edits": [{"add": {"strokes": [{"points": [[9, 9]]}]}}]}, "no other keys"),
        ({"edits": [{"add": {"strokes": [{"points_px": []}]}}]}, "needs points"),
        ({"edits": [{"add": {"strokes": [{"points_px": [[9, 9]], "width_px": 1e9}]}}]}, "width_px"),
        ({"edits": [{"add": {}}]}, "a box or a stroke on the lesion"),
        ({"edits": [{"erase": 4}]}, "there is no lesion 4"),
        ({"edits": [{"erase": [3, 3]}]}, "nothing is outlined"),
        ({"edits": [{"correct": 1}]}, '"with"'),
        ({"edits": ["erase"]}, "is needed"),
        ({"edits": {}}, "must be a list"),
        ({"replace": "yes"}, "true or false"),
        ({"eidts": []}, "no other keys"),
    ],
)
def test_strokes_that_cannot_be_used_are_refused_with_what_was_needed(said, why):
    detail = refused(said)
    assert "\n" not in detail
    assert re.search(why, detail)


def test_a_click_on_plain_skin_is_no_lesion_of_size_0():
    plain = Photo(np.full((*SHAPE, 3), (205, 150, 130), np.uint8))
    with pytest.raises(UnreadableImage, match="edit 1: nothing new differs"):
        edit_outline(plain, proposal(), {"edits": CLICKS[:1]}, NOTHING)


def test_a_lesion_drawn_twice_is_not_counted_twice():
    assert "correct the lesion" in refused({"edits": [CLICKS[0], CLICKS[0]]})


def test_numbers_that_belong_to_another_proposal_erase_nothing():
    said = {"edits": [{"erase": 1}], "proposal": "0123456789ab"}
    assert "look at them again" in refused(said, proposal(*PLACES))


@pytest.fixture
def folder(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, seed in (("arm", 1), ("knee", 2)):
        Image.fromarray(deposits(seed)).save(photos / f"{name}.png")
    Image.fromarray(np.zeros(SHAPE, np.uint8)).save(tmp_path / "empty.png")
    return photos


def measure(photos, out, reader, **how):
    # An empty mask stands for the automatic proposal, which is tried elsewhere and takes its time.
    mask = photos.parent / "empty.png"
    options = MeasureOptions(PhotoScaleOptions(mm_per_px=0.1), mask, reader=reader)
    return measure_paths([photos], out, BatchOptions(options, **how), lambda *_: None)


def strokes_file(path, images, version=1):
    path.write_text(json.dumps({"format": version, "images": images}), encoding="utf-8")
    return ReaderFiles(strokes=read_reader_file(path, "strokes"))


def test_strokes_written_beside_the_results_give_the_same_bytes_again(folder, tmp_path):
    said = {"arm.png": {"edits": CLICKS}, "knee.png": {"replace": True, "edits": CLICKS[:1]}}
    first = measure(folder, tmp_path / "a", strokes_file(tmp_path / "s.json", said), masks=True)
    again = ReaderFiles(strokes=read_reader_file(tmp_path / "a" / "reader", "strokes"))
    second = measure(folder, tmp_path / "b", again, masks=True)
    assert first.rows == second.rows
    assert {row["method"] for row in first.rows} == {"reader"}
    masks = sorted((tmp_path / "a" / "masks").iterdir())
    assert len(masks) == 2
    for mask in masks:
        assert mask.read_bytes() == (tmp_path / "b" / "masks" / mask.name).read_bytes()
    written = sorted((tmp_path / "a" / "reader").iterdir())
    assert [path.read_bytes() for path in written] == [
        path.read_bytes() for path in sorted((tmp_path / "b" / "reader").iterdir())
    ]


def test_one_photo_s_mistake_costs_that_photo_alone(folder, tmp_path):
    said = {"arm.png": {"edits": [{"add": {"click_px": [9, 900]}}]}, "gone.png": {}}
    result = measure(folder, tmp_path / "out", strokes_file(tmp_path / "s.json", said))
    assert {row["source"] for row in result.rows} == {"knee.png"}
    assert [(item.source, str(item.because)) for item in result.refused] == [
        ("arm.png", "not_outlined"),
        ("gone.png", "not_found"),
    ]


def test_a_file_of_another_format_costs_the_photos_it_names(folder, tmp_path):
    reader = strokes_file(tmp_path / "s.json", {"arm.png": {"edits": CLICKS}}, version=2)
    result = measure(folder, tmp_path / "out", reader)
    assert {row["source"] for row in result.rows} == {"knee.png"}
    assert "format 1 is read here" in result.refused[0].detail


def test_a_name_that_two_photos_share_is_asked_for_by_id(folder, tmp_path):
    (folder / "later").mkdir()
    Image.fromarray(deposits(3)).save(folder / "later" / "arm.png")
    reader = strokes_file(tmp_path / "s.json", {"arm.png": {"edits": CLICKS}})
    result = measure(folder, tmp_path / "out", reader)
    assert {row["source"] for row in result.rows} == {"knee.png"}
    assert all("image ids" in item.detail for item in result.refused)
    assert len(result.refused) == 2


def test_strokes_without_a_name_are_for_a_single_photo(folder, tmp_path):
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"format": 1, "edits": CLICKS}), encoding="utf-8")
    reader = ReaderFiles(strokes=read_reader_file(path, "strokes"))
    with pytest.raises(CctrackError, match="names no image, but 2 were found"):
        measure(folder, tmp_path / "out", reader)
    (folder / "knee.png").unlink()
    result = measure(folder, tmp_path / "out", reader)
    assert {row["lesion"] for row in result.rows} == {"total", "L1", "L2"}


def test_a_file_that_is_no_json_stops_before_anything_is_measured(folder, tmp_path, capsys):
    (tmp_path / "s.json").write_text("L1: here", encoding="utf-8")
    options = ["--strokes", str(tmp_path / "s.json"), "--out", str(tmp_path / "out")]
    assert main(["measure", str(folder), *options]) == 1
    assert "the strokes file must be JSON like" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def compare(folder, out, reader, **how):
    options = MeasureOptions(
        PhotoScaleOptions(mm_per_px=0.1), folder.parent / "empty.png", reader=reader
    )
    paths = [folder / f"{name}.png" for name in ("arm", "knee")]
    return compare_paths(*paths, out, CompareOptions(options, **how))


def test_two_visits_are_compared_by_what_a_reader_drew_on_each(folder, tmp_path):
    both = {"arm.png": {"edits": CLICKS}, "knee.png": {"edits": CLICKS}}
    compare(folder, tmp_path / "out", strokes_file(tmp_path / "s.json", both))
    assert len(list((tmp_path / "out" / "reader").iterdir())) == 2
    table = (tmp_path / "out" / "measurements.csv").read_text(encoding="utf-8")
    assert table.count(",L2,area,") == 2


def test_a_comparison_s_strokes_for_another_photo_are_refused(folder, tmp_path):
    for_another = strokes_file(tmp_path / "s.json", {"leg.png": {"edits": CLICKS}})
    with pytest.raises(CctrackError, match="names 1 other images"):
        compare(folder, tmp_path / "out", for_another)


def test_a_finger_is_not_compared_with_flat_skin(folder, tmp_path):
    finger = ReaderFile({"arm.png": {"edges_px": [[100, 20], [100, 240]]}})
    with pytest.raises(NotComparable, match="needed the finger of both"):
        compare(folder, tmp_path / "out", ReaderFiles(finger=finger))


def test_strokes_are_not_for_scans():
    said = ReaderFiles(strokes=ReaderFile({"scan.dcm": {"edits": []}}))
    scan = Ct(
        np.zeros((2, 9, 9), np.int16),
        np.eye(4),
        AxisScale((1.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS),
        provenance=Provenance(source="scan.dcm"),
    )
    with pytest.raises(UnreadableImage, match="found ct, needed photo or xray"):
        said.of(scan)
