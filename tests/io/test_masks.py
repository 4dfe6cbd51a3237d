"""Masks go out on the image's own grid and come back only if they still are on it."""

import nibabel
import numpy as np
import pytest
from PIL import Image

from cctrack.errors import UnreadableImage
from cctrack.io import read_mask, read_one, write_mask
from cctrack.model import (
    AxisScale,
    Because,
    Ct,
    Photo,
    ScaleSource,
    SliceExtents,
)

SHAPE = (5, 7, 9)


def photo():
    return Photo(np.zeros((20, 30, 3), dtype=np.uint8))


def ct(*, shear=0.0, uneven=False):
    affine = np.eye(4)
    affine[:3, 0] = (0, shear, 2.5)
    affine[:3, 1] = (0, 0.8, 0)
    affine[:3, 2] = (0.7, 0, 0)
    affine[:3, 3] = (-100, -120, 30)
    scale = AxisScale((2.5, 0.8, 0.7), ScaleSource.SLICE_POSITIONS)
    if uneven:
        scale = SliceExtents(0.8, 0.7, (2.0, 3.0, 2.5, 2.5, 2.5))
    return Ct(np.zeros(SHAPE, dtype=np.int16), affine, scale)


def labels(shape, top=3):
    drawn = np.zeros(shape, dtype=np.uint16)
    drawn[..., 1:3, 2:5] = 1
    drawn[..., 4, 1] = top
    return drawn


@pytest.mark.parametrize("top", [3, 700])
def test_a_photo_mask_comes_back_as_it_went(tmp_path, top):
    path = tmp_path / "a.mask.png"
    drawn = labels((20, 30), top)
    write_mask(path, drawn, photo())
    assert np.array_equal(read_mask(path, photo()), drawn)
    assert Image.open(path).mode == ("L" if top < 256 else "I;16")


def test_a_black_and_white_mask_is_one_lesion(tmp_path):
    drawn = (labels((20, 30)) > 0).astype(np.uint8) * 255
    Image.fromarray(drawn).convert("1").save(tmp_path / "a.png")
    assert set(np.unique(read_mask(tmp_path / "a.png", photo()))) == {0, 1}
    Image.fromarray(np.repeat(drawn[..., None], 3, axis=2)).save(tmp_path / "b.png")
    assert set(np.unique(read_mask(tmp_path / "b.png", photo()))) == {0, 1}


def test_a_mask_of_another_size_is_refused(tmp_path):
    write_mask(tmp_path / "a.png", labels((20, 30)), photo())
    with pytest.raises(UnreadableImage, match="20, 30") as caught:
        read_mask(tmp_path / "a.png", Photo(np.zeros((30, 20, 3), dtype=np.uint8)))
    assert caught.value.because == Because.MASK


def test_a_colour_picture_is_no_mask(tmp_path):
    pixels = np.zeros((20, 30, 3), dtype=np.uint8)
    pixels[3, 4] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with pytest.raises(UnreadableImage, match="colour"):
        read_mask(tmp_path / "a.png", photo())


@pytest.mark.parametrize("name", ["a.mask.nii.gz", "a.mask.nii"])
@pytest.mark.parametrize("shear", [0.0, 0.6])
def test_a_ct_mask_comes_back_as_it_went(tmp_path, name, shear):
    image = ct(shear=shear)
    drawn = labels(SHAPE)
    write_mask(tmp_path / name, drawn, image)
    assert np.array_equal(read_mask(tmp_path / name, image), drawn)


def test_a_ct_mask_lies_in_ras_where_the_ct_lies_in_lps(tmp_path):
    image = ct()
    write_mask(tmp_path / "a.nii.gz", labels(SHAPE), image)
    volume = nibabel.load(tmp_path / "a.nii.gz")
    assert volume.shape == SHAPE[::-1]
    for voxel in ((0, 0, 0), (4, 6, 8), (1, 2, 3)):
        lps = image.affine @ (*voxel, 1)
        ras = volume.affine @ (*voxel[::-1], 1)
        assert ras[:3] == pytest.approx(lps[:3] * (-1, -1, 1), abs=1e-4)


def test_a_mask_drawn_on_another_ct_is_refused(tmp_path):
    write_mask(tmp_path / "a.nii.gz", labels(SHAPE), ct())
    moved = ct(shear=0.6)
    with pytest.raises(UnreadableImage, match="beside the image"):
        read_mask(tmp_path / "a.nii.gz", moved)
    with pytest.raises(UnreadableImage):
        read_mask(tmp_path / "a.nii.gz", photo())


@pytest.mark.parametrize("axes", ["RAS", "LPS", "SAR", "PIL"])
def test_a_mask_saved_with_other_axes_by_another_program_still_fits(tmp_path, axes):
    image = ct()
    write_mask(tmp_path / "a.nii", labels(SHAPE), image)
    volume = nibabel.load(tmp_path / "a.nii")
    turn = nibabel.orientations.ornt_transform(
        nibabel.orientations.io_orientation(volume.affine),
        nibabel.orientations.axcodes2ornt(axes),
    )
    nibabel.save(volume.as_reoriented(turn), tmp_path / "b.nii.gz")
    assert np.array_equal(read_mask(tmp_path / "b.nii.gz", image), labels(SHAPE))


def test_a_nifti_of_uneven_slices_carries_a_warning(tmp_path):
    image = ct(uneven=True)
    write_mask(tmp_path / "a.nii", labels(SHAPE), image)
    assert b"uneven" in bytes(nibabel.load(tmp_path / "a.nii").header["descrip"])
    assert np.array_equal(read_mask(tmp_path / "a.nii", image), labels(SHAPE))


def test_the_same_mask_gives_the_same_bytes(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz"):
        write_mask(tmp_path / name, labels(SHAPE), ct())
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_labels_of_another_shape_are_a_mistake_of_the_program(tmp_path):
    with pytest.raises(ValueError, match="for an image of"):
        write_mask(tmp_path / "a.png", labels((8, 8)), photo())
    with pytest.raises(ValueError, match="16 bits"):
        write_mask(tmp_path / "a.png", np.full((20, 30), 70000), photo())


@pytest.mark.parametrize("content", [b"", b"no mask", b"\x1f\x8bbroken"])
def test_what_is_no_mask_is_refused(tmp_path, content):
    for name, image in (("a.png", photo()), ("a.nii.gz", ct())):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableImage):
            read_mask(tmp_path / name, image)
    with pytest.raises(UnreadableImage) as caught:
        read_mask(tmp_path / "gone.png", photo())
    assert caught.value.because == Because.NOT_FOUND


def test_a_mask_of_fractions_is_refused(tmp_path):
    image = ct()
    write_mask(tmp_path / "a.nii", labels(SHAPE), image)
    affine = nibabel.load(tmp_path / "a.nii").affine
    half = nibabel.Nifti1Image(np.full(SHAPE[::-1], 0.5, dtype=np.float32), affine)
    nibabel.save(half, tmp_path / "b.nii")
    with pytest.raises(UnreadableImage, match="whole numbers"):
        read_mask(tmp_path / "b.nii", image)


def test_a_specialists_mask_fits_its_photo(shared_data):
    folder = shared_data("photo-wound-series/g12")
    image = read_one(folder / "0111.png")
    assert read_mask(folder / "0111.mask.png", image).any()


def test_every_mask_says_what_it_is_not_for(tmp_path):
    write_mask(tmp_path / "a.mask.png", np.zeros((20, 30), np.uint16), photo())
    write_mask(tmp_path / "a.nii", np.zeros(SHAPE, np.uint16), ct())
    assert b"Research use only" in bytes(nibabel.load(tmp_path / "a.nii").header["descrip"])
    with Image.open(tmp_path / "a.mask.png") as written:
        assert "Research use only" in written.text["Disclaimer"]
