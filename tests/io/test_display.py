"""What a film says about how to be shown: a window to start from, never a change of values."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cctrack.io import read_one


def film(make, tmp_path, photometric="MONOCHROME2", **tags):
    stored = np.linspace(0, 4095, 900).astype(np.uint16).reshape(30, 30)
    dataset = make.blank_dicom("DX", stored, PhotometricInterpretation=photometric)
    make.set_tags(dataset, {"BitsStored": 12, "HighBit": 11, **tags})
    return read_one(make.save(dataset, tmp_path / "film"))


def lut(first, entries):
    item = Dataset()
    item.add_new(0x00283002, "US", [len(entries), first, 16])
    item.add_new(0x00283006, "US", [int(value) for value in entries])
    return Sequence([item])


@pytest.mark.parametrize(
    ("function", "window"),
    [
        (None, (1500, 2499)),
        ("LINEAR", (1500, 2499)),
        ("LINEAR_EXACT", (1500, 2500)),
        ("SIGMOID", (1500, 2500)),
    ],
)
def test_the_first_window_is_passed_on(make, tmp_path, function, window):
    tags = {"WindowCenter": ["2000", "100"], "WindowWidth": ["1000", "10"]}
    image = film(make, tmp_path, VOILUTFunction=function, **tags)
    assert image.window == pytest.approx(window)
    assert image.pixels.max() == 4095


def test_a_window_is_inverted_with_its_film(make, tmp_path):
    image = film(make, tmp_path, "MONOCHROME1", WindowCenter="1000.5", WindowWidth="1001")
    assert image.window == pytest.approx((4095 - 1500, 4095 - 500))


def test_a_table_shows_what_it_spreads(make, tmp_path):
    entries = np.clip((np.arange(3000) - 500) * 20, 0, 40000)
    image = film(make, tmp_path, VOILUTSequence=lut(100, entries))
    assert image.window == pytest.approx((600, 2600))


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"WindowCenter": "5"},
        {"WindowCenter": "5", "WindowWidth": "0"},
        {"WindowCenter": "5", "WindowWidth": "-3"},
        {"WindowCenter": "NaN", "WindowWidth": "10"},
        {"VOILUTSequence": lut(0, np.full(50, 7))},
        {"VOILUTSequence": Sequence([Dataset()])},
    ],
)
def test_no_window_is_none(make, tmp_path, tags):
    assert film(make, tmp_path, **tags).window is None


def test_a_shutter_hides_what_is_outside_and_nothing_else(make, tmp_path):
    tags = {"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 11}
    edges = {"ShutterRightVerticalEdge": 30, "ShutterUpperHorizontalEdge": 1}
    image = film(make, tmp_path, ShutterLowerHorizontalEdge=30, **tags, **edges)
    plain = film(make, tmp_path)
    assert (image.pixels[:, :10] == 0).all()
    assert np.array_equal(image.pixels[:, 10:], plain.pixels[:, 10:])
