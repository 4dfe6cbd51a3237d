"""A photo has the same area whichever way the phone was held and whatever file it wrote."""

import io
from functools import cache

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from cctrack.io import read_one
from cctrack.model import Photo, Quantity, ScaleSource, Unit
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.study.pipeline import AUTOMATIC, measure_image

ORIENTATION = 0x0112
SHAPE = (360, 480)
SAME = 0.001
"""Share by which areas may differ."""

SAME_AS_JPEG = 0.02
"""A turned photo is another JPEG: up to 3 levels differ, to which a small outline answers by up to
1.3 %, because its border is told by colour more than by light and shade."""

FORMATS = {
    "jpg": ("JPEG", {"quality": 100, "subsampling": 0}),
    "png": ("PNG", {"compress_level": 1}),
    "tif": ("TIFF", {}),
    "webp": ("WEBP", {"lossless": True, "method": 0}),
    "heic": ("HEIF", {"quality": -1, "chroma": 444, "matrix_coefficients": 0}),
}
LOSSLESS = ("png", "tif", "webp", "heic")


@cache
def upright():
    """A simulated photo with the scale card and two deposits."""
    rng = np.random.default_rng(20000)
    session = random_session(rng, "easy", shape=SHAPE)
    return draw_photo(random_subject(rng, lesions=2), session).photo.pixels


@cache
def area_mm2():
    """Area of the photo as it was drawn, never written to a file."""
    return measured(Photo(pixels=upright()))


def measured(photo):
    result = measure_image(photo, AUTOMATIC)
    assert result.image.scale.source is ScaleSource.MARKER
    found = [item.measurement for item in result.findings if item.lesion > 0]
    areas = [item for item in found if item.quantity is Quantity.AREA]
    assert areas
    assert all(item.unit is Unit.MM2 for item in areas)
    return sum(item.value for item in areas)


def as_stored(pixels, orientation):
    """What a camera held in this orientation writes, so that EXIF has to turn it back."""
    turns = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: p.transpose(1, 0, 2)[::-1],
        7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    }
    return np.ascontiguousarray(turns[orientation](pixels))


def write(path, orientation):
    kind, options = FORMATS[path.suffix[1:]]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = Image.fromarray(as_stored(upright(), orientation))
    stream = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(picture).save(stream, exif=exif.tobytes(), **options)
    else:
        picture.save(stream, kind, exif=exif.tobytes(), **options)
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_photos_are_the_same_pixels_in_every_orientation(tmp_path, suffix, orientation):
    photo = read_one(write(tmp_path / f"IMG_0001.{suffix}", orientation))
    assert np.array_equal(photo.pixels, upright())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_the_same_photo_in_every_orientation(tmp_path, orientation):
    photo = read_one(write(tmp_path / "IMG_0001.jpg", orientation))
    differs = np.abs(photo.pixels.astype(int) - upright())
    assert differs.max() <= 4
    assert differs.mean() < 0.1


def test_the_area_is_the_same_however_the_phone_was_held(tmp_path):
    photo = read_one(write(tmp_path / "IMG_0001.heic", 6))
    assert measured(photo) == pytest.approx(area_mm2(), rel=SAME)


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_the_area_on_a_jpeg_is_the_same_but_for_its_compression(tmp_path, orientation):
    photo = read_one(write(tmp_path / "IMG_0001.jpg", orientation))
    assert measured(photo) == pytest.approx(area_mm2(), rel=SAME_AS_JPEG)
