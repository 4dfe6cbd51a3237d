"""What a person says about sizes in a photo reaches the measurement, from the command line on."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from cctrack.cli.main import main

SIDE_PX = 200
"""A blue paper of 20 mm on skin, 0.1 mm a pixel, seen straight on."""


@pytest.fixture
def photo(tmp_path):
    rng = np.random.default_rng(3)
    pixels = np.full((600, 800, 3), (205, 160, 135), dtype=np.float64)
    pixels += rng.normal(0, 2, (600, 800, 1))
    pixels[100 : 100 + SIDE_PX, 120 : 120 + SIDE_PX] = (20, 60, 190)
    path = tmp_path / "arm.png"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    mask = np.zeros((600, 800), np.uint8)
    mask[350:450, 500:600] = 1
    Image.fromarray(mask).save(tmp_path / "arm.mask.png")
    return path


def total_area(photo, *options):
    out = photo.parent / "out"
    mask = str(photo.with_name("arm.mask.png"))
    main(["measure", str(photo), "--mask", mask, "--out", str(out), "--quiet", *options])
    rows = list(csv.DictReader((out / "measurements.csv").open(encoding="utf-8")))
    (row,) = (row for row in rows if (row["lesion"], row["quantity"]) == ("total", "area"))
    return row


def test_a_stated_square_gives_mm(photo):
    row = total_area(photo, "--square", "20")
    assert (row["unit"], row["scale_source"]) == ("mm2", "square")
    assert float(row["value"]) == pytest.approx(100.0, rel=0.03)


def test_two_clicks_give_mm(photo):
    clicks = photo.with_name("clicks.json")
    clicks.write_text(json.dumps({"points_px": [[100, 120], [100, 320]], "mm": 20}))
    row = total_area(photo, "--clicks", str(clicks))
    assert (row["unit"], row["scale_source"]) == ("mm2", "clicks")
    assert float(row["value"]) == pytest.approx(100.0, rel=0.03)


def test_nothing_stated_gives_px_only(photo):
    assert total_area(photo)["unit"] == "px"


def test_clicks_that_make_no_sense_are_told_in_one_line(photo, capsys):
    clicks = photo.with_name("clicks.json")
    clicks.write_text(json.dumps({"points_px": [[100, 120], [100, 120]], "mm": 20}))
    out = str(photo.parent / "out")
    assert main(["measure", str(photo), "--clicks", str(clicks), "--out", out]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "points_px" in line
