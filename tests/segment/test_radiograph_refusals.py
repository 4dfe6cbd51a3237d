"""A film that the automatic outline cannot understand gets no number, but a reason."""

from pathlib import Path

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.io import read_one
from cctrack.model import AxisScale, Radiograph, ScaleSource
from cctrack.segment.radiograph import outline_radiograph
from cctrack.segment.radiograph.outline import COARSEST_MM
from cctrack.study.pipeline import AUTOMATIC, measure_image

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def film(rows: int, columns: int, mm: float | None) -> Radiograph:
    scale = AxisScale((mm, mm), ScaleSource.DETECTOR) if mm else None
    pixels = np.random.default_rng(0).random((rows, columns), dtype=np.float32)
    return Radiograph(pixels, (0.0, 1.0), scale=scale)


def test_coarse_pixels_are_refused_with_what_is_needed():
    with pytest.raises(UnreadableImage, match=f"1.2 mm are too coarse.*{COARSEST_MM} mm"):
        outline_radiograph(film(170, 210, 1.2))


def test_a_thumbnail_without_scale_is_refused():
    with pytest.raises(UnreadableImage, match=r"about 2\.2 mm are too coarse"):
        outline_radiograph(film(100, 80, None))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real images are not here")
def test_a_chest_of_another_species_at_coarse_pixels_gives_no_mm2():
    chest = read_one(SHARED / "dicom-seg-sr" / "dx_image.dcm")
    with pytest.raises(UnreadableImage, match="too coarse"):
        outline_radiograph(chest)
    with pytest.raises(UnreadableImage, match="175 mm wide"):
        measure_image(chest, AUTOMATIC)


def test_a_picture_of_two_greys_is_refused_as_no_film():
    pixels = np.full((900, 700), 100.0, np.float32)
    pixels[200:500, 200:400] = 3000.0
    drawing = Radiograph(
        pixels=pixels,
        full_range=(0.0, 4095.0),
        scale=AxisScale((0.2, 0.2), ScaleSource.DETECTOR),
    )
    with pytest.raises(UnreadableImage, match="shades of grey"):
        outline_radiograph(drawing)
