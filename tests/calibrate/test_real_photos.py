"""Real photos with a scale in them; skipped where they are not at hand."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from cctrack.calibrate.photo import PhotoScaleOptions, calibrate_photo
from cctrack.calibrate.ruler import read_ruler
from cctrack.errors import NotCalibrated
from cctrack.model import Photo, PlaneHomography, ScaleSource

DATA = Path(__file__).parents[2].parent / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real images beside the repository")

NOTED = tomllib.loads(
    (Path(__file__).parents[2] / "benchmarks" / "real_photos.toml").read_text("utf-8")
)
DISH = NOTED["dish"]
TICKS_PX = {name: length / count for name, (length, count) in NOTED["ticks_px"].items()}

BENT = ("ISIC_0024367", "ISIC_0024669", "ISIC_0025964")
"""Their rows of long and short ticks are bent by the lens."""


def _pixels(path):
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _edge(pixels, row, column):
    """Place of the steepest edge near a column, over 40 rows."""
    band = pixels[row - 20 : row + 20, column - 12 : column + 13].mean(axis=(0, 2))
    slope = np.abs(np.gradient(np.convolve(band, np.ones(3) / 3, mode="valid")))
    return column - 12 + 1 + int(np.argmax(slope))


@needs_data
def test_the_same_dish_has_the_same_side_in_every_photo_with_a_square_centimetre():
    sides_mm = []
    for name, (row, left, right) in DISH.items():
        pixels = _pixels(DATA / "photo-square-1cm2" / f"{name}.jpg")
        scale, flags = calibrate_photo(Photo(pixels), PhotoScaleOptions(square_mm=10.0))
        assert isinstance(scale, PlaneHomography)
        assert scale.source is ScaleSource.SQUARE
        assert not flags
        ends = np.array([[row, _edge(pixels, row, column)] for column in (left, right)], float)
        sides_mm.append(float(np.linalg.norm(np.diff(scale.to_mm(ends), axis=0))))
    assert np.allclose(sides_mm, np.median(sides_mm), rtol=0.02)


@needs_data
@pytest.mark.parametrize("name", sorted(TICKS_PX))
def test_a_ruler_under_the_dermatoscope_is_read(name):
    pixels = _pixels(DATA / "photo-ruler" / f"{name}.jpg")
    rows = read_ruler(pixels, PhotoScaleOptions(ruler_mm_per_tick=1.0))
    assert rows[0].step_px == pytest.approx(TICKS_PX[name], rel=0.03)
    scale, _ = calibrate_photo(Photo(pixels), PhotoScaleOptions(ruler_mm_per_tick=1.0))
    # One ruler does not tell the tilt; at the ruler itself the length along it is right.
    ends = rows[0].places_px(np.array([0.0, float(rows[0].last)]))
    length_mm = float(np.linalg.norm(np.diff(scale.to_mm(ends), axis=0)))
    assert length_mm == pytest.approx(rows[0].last, rel=0.01)


@needs_data
@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("mm", [0.5, 1.0])
def test_a_ruler_bent_by_the_lens_is_refused(name, mm):
    pixels = _pixels(DATA / "photo-ruler" / f"{name}.jpg")
    with pytest.raises(NotCalibrated):
        read_ruler(pixels, PhotoScaleOptions(ruler_mm_per_tick=mm))
