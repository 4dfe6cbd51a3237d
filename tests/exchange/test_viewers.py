"""Masks lie on the image where other programs put it: 3D Slicer and ITK-SNAP read with ITK."""

import nibabel
import numpy as np
import pytest
from exchanged import CASES
from PIL import Image

from cctrack.io import read_mask

GRIDS = [
    "ct axial",
    "ct coronal",
    "ct sagittal",
    "ct oblique",
    "ct gantry tilted by 20 degrees",
    "ct gantry tilted the other way",
]


def geometry(image):
    return [*image.GetSize(), *image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()]


@pytest.mark.parametrize("name", [*GRIDS, "ct uneven slices"])
def test_itk_puts_a_mask_where_it_puts_the_dicom_series(make, tmp_path, name):
    itk = pytest.importorskip("SimpleITK")
    case = CASES[name](tmp_path)
    _, image = make.found_at(case)
    make.write_mask(tmp_path / "a.mask.nii.gz", case.labels, image)
    names = itk.ImageSeriesReader.GetGDCMSeriesFileNames(str(case.path))
    series, mask = itk.ReadImage(names), itk.ReadImage(str(tmp_path / "a.mask.nii.gz"))
    assert geometry(mask) == pytest.approx(geometry(series), abs=1e-4)
    assert np.array_equal(itk.GetArrayFromImage(mask), case.labels)
    # What it shows is bright exactly where the mask is.
    hu = itk.GetArrayFromImage(series)
    assert np.array_equal(hu > 350, case.labels > 0)
    assert np.array_equal(read_mask(tmp_path / "a.mask.nii.gz", image), case.labels)


@pytest.mark.parametrize("name", GRIDS)
def test_the_exact_grid_stands_beside_the_one_for_viewers(make, tmp_path, name):
    case = CASES[name](tmp_path)
    _, image = make.found_at(case)
    make.write_mask(tmp_path / "a.nii", case.labels, image)
    mask = nibabel.load(tmp_path / "a.nii")
    sform, code = mask.get_sform(coded=True)
    assert code == 1
    for voxel in ((0, 0, 0), (8, 28, 40), (3, 9, 10)):
        lps = image.affine @ (*voxel, 1)
        assert (sform @ (*voxel[::-1], 1))[:3] == pytest.approx(lps[:3] * (-1, -1, 1), abs=1e-3)
    caution = bytes(mask.header["descrip"]).decode()
    assert ("tilted" in caution) == ("tilted" in name)


def test_a_photo_mask_has_the_pixels_of_the_picture(make, tmp_path):
    case = CASES["photo with a scale"](tmp_path)
    _, image = make.found_at(case)
    make.write_mask(tmp_path / "a.png", case.labels, image)
    with Image.open(case.path) as picture, Image.open(tmp_path / "a.png") as mask:
        assert mask.size == picture.size
        assert np.array_equal(np.asarray(mask), case.labels)
