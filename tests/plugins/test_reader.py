"""The plugin opens DICOM with its true geometry and leaves ordinary pictures alone."""

from pathlib import Path

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.model import AxisScale, Ct, Photo, Radiograph, ScaleSource, SliceExtents, SpacingTags
from napari_cctrack.layers import image_layer
from napari_cctrack.reader import get_reader

HU = np.zeros((3, 4, 5), dtype=np.int16)


def test_the_manifest_is_valid():
    npe2 = pytest.importorskip("npe2")
    manifest = npe2.PluginManifest.from_distribution("cctrack-imaging")
    manifest.validate_imports()
    assert manifest.name == "cctrack-imaging"


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0 a jpeg", b"\x89PNG\r\n" + b"x" * 300])
def test_what_is_no_dicom_is_declined(tmp_path, content):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert get_reader(str(path)) is None


def test_nothing_and_nowhere_are_declined_without_an_error(tmp_path):
    assert get_reader([]) is None
    assert get_reader(str(tmp_path / "gone.dcm")) is None


def test_a_folder_with_dicom_in_it_is_taken(tmp_path):
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "IM1").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 8)
    assert get_reader(str(tmp_path)) is not None


def test_an_even_ct_is_shown_in_mm():
    scale = AxisScale((2.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    _, options, kind = image_layer(Ct(HU, np.eye(4), scale))
    assert kind == "image"
    assert options["scale"] == (2.0, 0.5, 0.5)
    assert options["units"] == ("mm", "mm", "mm")


def test_uneven_slices_never_show_mm():
    _, options, _ = image_layer(Ct(HU, np.eye(4), SliceExtents(0.5, 0.5, (1.0, 4.0, 7.0))))
    assert "scale" not in options
    assert options["units"] == ("pixel",) * 3


def test_a_photo_without_scale_never_shows_mm():
    _, options, _ = image_layer(Photo(np.zeros((4, 5, 3), dtype=np.uint8)))
    assert options["rgb"]
    assert options["units"] == ("pixel", "pixel")


def test_a_radiograph_takes_its_spacing_from_the_detector():
    tags = SpacingTags(imager_pixel_spacing=(0.15, 0.15))
    film = Radiograph(np.zeros((4, 5), dtype=np.float32), (0.0, 1.0), tags)
    _, options, _ = image_layer(film)
    assert options["scale"] == (0.15, 0.15)


def test_a_film_is_shown_in_the_window_of_its_header_and_keeps_its_values():
    pixels = np.arange(20, dtype=np.float32).reshape(4, 5)
    shown, options, _ = image_layer(Radiograph(pixels, (0.0, 19.0), window=(3.0, 11.0)))
    assert options["contrast_limits"] == (3.0, 11.0)
    assert np.array_equal(shown, pixels)


@pytest.mark.slow
def test_napari_shows_a_film_of_the_sample_in_mm():
    components = pytest.importorskip("napari.components")
    pytest.importorskip("npe2").PluginManager.instance().discover()
    film = next((Path(__file__).parents[2] / "sample_images" / "P1").glob("xray-*.dcm"))
    viewer = components.ViewerModel()
    (layer,) = viewer.open(str(film), plugin="cctrack-imaging")
    assert tuple(layer.scale) == (0.2, 0.2)
    assert {str(unit) for unit in layer.units} == {"millimeter"}


def heic(path, pixels):
    """Write a photo as a telephone does."""
    Image = pytest.importorskip("PIL.Image")
    pytest.importorskip("pillow_heif").register_heif_opener()
    Image.fromarray(pixels).save(path, quality=95)
    return path


def test_a_photo_of_a_telephone_is_opened_whatever_its_ending(tmp_path):
    pixels = np.full((64, 96, 3), (200, 150, 120), np.uint8)
    path = heic(tmp_path / "arm.heic", pixels)
    renamed = path.rename(tmp_path / "arm.photo")
    read = get_reader(str(renamed))
    assert read is not None
    ((shown, options, kind),) = read(str(renamed))
    assert (shown.shape, kind, options["rgb"]) == ((64, 96, 3), "image", True)
    assert np.abs(shown.astype(int) - pixels).max() < 8
    assert "scale" not in options


def test_a_film_clip_of_a_telephone_is_no_photo(tmp_path):
    path = tmp_path / "arm.mov"
    path.write_bytes(b"\0\0\0\x14ftypqt  " + b"\0" * 64)
    assert get_reader(str(path)) is None


def test_a_photo_cut_off_halfway_is_refused_in_words(tmp_path):
    path = heic(tmp_path / "arm.heic", np.full((64, 96, 3), 150, np.uint8))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableImage):
        get_reader(str(path))(str(path))
