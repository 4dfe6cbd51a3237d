"""A photo is written with its date, upright, and the same bytes every time."""

from datetime import date

import numpy as np
from PIL import Image

from cctrack.io import read_one
from cctrack.io.write_photo import write_photo

PIXELS = np.full((32, 48, 3), (200, 150, 130), np.uint8)


def test_a_photo_does_not_hold_the_moment_it_was_written(tmp_path):
    path = tmp_path / "a.jpg"
    write_photo(path, PIXELS, acquired=None)
    with Image.open(path) as picture:
        profile = picture.info["icc_profile"]
    assert profile[24:36] == bytes(12)


def test_the_day_comes_back_with_the_photo(tmp_path):
    path = tmp_path / "a.jpg"
    write_photo(path, PIXELS, acquired=date(2014, 3, 3))
    photo = read_one(path)
    assert photo.acquired == date(2014, 3, 3)
    assert photo.shape == (32, 48)
