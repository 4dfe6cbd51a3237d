"""A row's id is the same when nothing changed, and another when something that counts did."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.model import Acquisition, AxisScale, Ct, Photo, Provenance, ScaleSource
from cctrack.model.calibration import Calibration
from cctrack.study.options import MeasureOptions
from cctrack.study.pipeline import measure_image
from cctrack.study.reader import ReaderFile, ReaderFiles
from cctrack.study.rows import measurement_rows

SHAPE = (120, 160)
CALIBRATION = Calibration(mg_per_mm3_hu=0.0008, kvp=120.0, kernel="B35f")


def skin():
    rng = np.random.default_rng(0)
    pixels = np.array([205, 150, 130]) + rng.normal(scale=3, size=(*SHAPE, 3))
    row, column = np.indices(SHAPE)
    pixels[np.hypot(row - 60, column - 80) < 14] = (240, 230, 200)
    return Photo(pixels.clip(0, 255).astype(np.uint8), provenance=Provenance("ab" * 32, "arm.png"))


def scan():
    hu = np.full((24, 40, 40), 40, np.int16)
    hu[10:14, 18:22, 18:22] = 700
    to_lps = np.array([[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    scale = AxisScale((1.0, 1.0, 1.0), ScaleSource.SLICE_POSITIONS)
    return Ct(hu, to_lps, scale, Acquisition(kvp=120.0), provenance=Provenance("cd" * 32, "ct"))


PHOTO, SCAN = skin(), scan()


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    """Two masks of different size, and the first one a second time under another name."""
    folder = tmp_path_factory.mktemp("masks")
    for name, reach in (("one", 10), ("same", 10), ("other", 12)):
        mask = np.zeros(SHAPE, np.uint8)
        mask[60 - reach : 60 + reach, 70:90] = 1
        Image.fromarray(mask).save(folder / f"{name}.png")
    return folder


def ids(image, options):
    rows = list(measurement_rows(measure_image(image, options)))
    return {(row["lesion"], row["quantity"], row["method"]): row["row_id"] for row in rows}


def all_differ(first, second):
    shared = first.keys() & second.keys()
    return bool(shared) and all(first[key] != second[key] for key in shared)


def said(option, entry):
    return ReaderFiles(**{option: ReaderFile({"arm.png": entry, "ct": entry})})


def test_another_calibration_gives_other_rows_of_a_ct():
    plain = ids(SCAN, MeasureOptions())
    calibrated = ids(SCAN, MeasureOptions(calibration=CALIBRATION))
    assert all_differ(plain, calibrated)
    other = replace(CALIBRATION, mg_per_mm3_hu=0.0009)
    assert all_differ(calibrated, ids(SCAN, MeasureOptions(calibration=other)))
    assert calibrated == ids(SCAN, MeasureOptions(calibration=replace(CALIBRATION)))


def test_a_calibration_is_nothing_to_a_photo(masks):
    options = MeasureOptions(mask=masks / "one.png")
    assert ids(PHOTO, options) == ids(PHOTO, replace(options, calibration=CALIBRATION))


def test_a_review_gives_other_rows_of_a_ct():
    moved = said("review", {"moves": [{"candidate": 1, "is": "deposit"}]})
    assert all_differ(ids(SCAN, MeasureOptions()), ids(SCAN, MeasureOptions(reader=moved)))


def test_strokes_and_fingers_give_other_rows_of_a_photo(masks):
    options = MeasureOptions(PhotoScaleOptions(mm_per_px=0.1), masks / "one.png")
    plain = ids(PHOTO, options)
    for option, one, other in (
        ("strokes", {"edits": []}, {"replace": True, "edits": [{"add": {"click_px": [60, 80]}}]}),
        ("finger", {"edges_px": [[60, 10], [60, 150]]}, {"edges_px": [[60, 15], [60, 150]]}),
    ):
        first, second = (
            ids(PHOTO, replace(options, reader=said(option, entry))) for entry in (one, other)
        )
        assert all_differ(plain, first)
        assert all_differ(first, second)


def test_what_the_reader_saw_is_checked_but_makes_no_other_row(masks):
    options = MeasureOptions(mask=masks / "one.png", reader=said("strokes", {"edits": []}))
    measured = measure_image(PHOTO, options)
    again = replace(options, reader=said("strokes", measured.said["strokes"]))
    assert "proposal" in measured.said["strokes"]
    assert ids(PHOTO, options) == ids(PHOTO, again)


def test_a_mask_counts_by_its_content(masks):
    one, same, other = (
        ids(PHOTO, MeasureOptions(mask=masks / f"{name}.png")) for name in ("one", "same", "other")
    )
    assert one == same
    assert all_differ(one, other)


def test_a_stated_size_or_region_gives_other_rows(masks):
    options = MeasureOptions(mask=masks / "one.png")
    plain = ids(PHOTO, options)
    sized = replace(options, sizes=PhotoScaleOptions(marker_mm=20.0))
    assert all_differ(plain, ids(PHOTO, sized))
    region = replace(options, polygon_px=((0, 0), (0, 160), (120, 160), (120, 0)))
    assert all_differ(plain, ids(PHOTO, region))
