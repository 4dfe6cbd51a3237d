"""A few kilobytes that unpack to a gigabyte are refused before they are unpacked."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from cctrack.io import Found, load, scan
from cctrack.model import Because, Refused


@pytest.fixture
def outcome(tmp_path):
    def read():
        (found,) = scan([tmp_path])
        return load(found) if isinstance(found, Found) else found

    return read


def black_codestream(side_px):
    stream = io.BytesIO()
    black = Image.fromarray(np.zeros((side_px, side_px), np.uint8))
    black.save(stream, "JPEG2000", no_jp2=True)
    return stream.getvalue()


def test_a_huge_black_webp_is_refused_before_it_is_decoded(tmp_path, outcome):
    Image.new("RGB", (6000, 6000)).save(tmp_path / "a.webp", lossless=True, method=0)
    assert isinstance(outcome(), Refused)
    assert outcome().because is Because.TOO_LARGE


def test_a_webp_of_more_than_40_megapixels_is_refused(tmp_path, outcome):
    Image.new("RGB", (16000, 2501)).save(tmp_path / "a.webp", lossless=True, method=0)
    assert outcome().because is Because.TOO_LARGE


def test_a_huge_black_jpeg_2000_film_is_refused_before_it_is_decoded(make, tmp_path, outcome):
    film = make.blank_dicom("DX", np.zeros((8, 8), np.uint8))
    film.Rows = film.Columns = 4200
    film.file_meta.TransferSyntaxUID = JPEG2000Lossless
    film.PixelData = encapsulate([black_codestream(4200)])
    film["PixelData"].is_undefined_length = True
    make.save(film, tmp_path / "film.dcm")
    assert isinstance(outcome(), Refused)
    assert outcome().because is Because.TOO_LARGE


def test_a_small_black_picture_may_pack_as_it_likes(tmp_path, outcome):
    Image.new("RGB", (3000, 2000), (90, 20, 20)).save(tmp_path / "a.webp", lossless=True, method=0)
    assert not isinstance(outcome(), Refused)
