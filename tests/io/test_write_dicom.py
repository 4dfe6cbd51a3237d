"""What we write is valid DICOM and reads back as what it was."""

import shutil
import subprocess
from dataclasses import replace
from datetime import date

import numpy as np
import pydicom
import pytest
from PIL import Image

from cctrack.io.write_dicom import (
    Compression,
    DicomOptions,
    RadiographKind,
    write_ct,
    write_radiograph,
)
from cctrack.io.write_photo import write_photo
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Radiograph,
    ScaleSource,
    SliceExtents,
    SpacingTags,
)

DAY = date(2024, 3, 5)
DCIODVFY = shutil.which("dciodvfy")
needs_dciodvfy = pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy (dicom3tools) is missing")


def small_ct(*, padding=False):
    hu = np.random.default_rng(0).integers(-1024, 3000, size=(3, 40, 36)).astype(np.int16)
    outside = None
    if padding:
        outside = np.zeros(hu.shape, bool)
        outside[:, 0] = True
        hu[outside] = -1024
    affine = np.array([[0, 0, 0.7, -5.5], [0, 0.6, 0, 3.25], [1.25, 0, 0, -80.0], [0, 0, 0, 1.0]])
    acquisition = Acquisition(100.0, "STANDARD", 1.5, contrast=True, field_of_view_mm=14.4)
    scale = AxisScale((1.25, 0.6, 0.7), ScaleSource.SLICE_POSITIONS)
    return Ct(hu, affine, scale, acquisition, outside, DAY)


def small_film(**fields):
    pixels = np.random.default_rng(1).integers(0, 4096, size=(30, 20)).astype(np.float32)
    spacing = SpacingTags(imager_pixel_spacing=(0.15, 0.15))
    return Radiograph(pixels, (0.0, 4095.0), **{"spacing": spacing, "acquired": DAY, **fields})


def hounsfield(dataset):
    return dataset.pixel_array.astype(int) * int(dataset.RescaleSlope) + int(
        dataset.RescaleIntercept
    )


def errors_in(path):
    done = subprocess.run([DCIODVFY, path], capture_output=True, text=True, check=False)
    return [line for line in (done.stderr + done.stdout).splitlines() if line.startswith("Error")]


@pytest.mark.parametrize("compression", Compression)
def test_a_ct_reads_back_with_the_same_hu(tmp_path, compression):
    ct = small_ct()
    for index, path in enumerate(write_ct(tmp_path, ct, DicomOptions(compression=compression))):
        assert np.array_equal(hounsfield(pydicom.dcmread(path)), ct.hu[index])


def test_a_ct_reads_back_where_it_was(tmp_path):
    ct = small_ct()
    for index, path in enumerate(write_ct(tmp_path, ct)):
        dataset = pydicom.dcmread(path)
        assert dataset.PixelSpacing == [0.6, 0.7]
        assert dataset.ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
        assert dataset.ImagePositionPatient == pytest.approx([-5.5, 3.25, -80.0 + 1.25 * index])
        assert (dataset.KVP, dataset.ConvolutionKernel, dataset.SliceThickness) == (
            100,
            "STANDARD",
            1.5,
        )
        assert dataset.AcquisitionDate == "20240305"


def test_a_turned_ct_keeps_its_affine(tmp_path):
    tilt = np.deg2rad(20.0)
    turn = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    ct = small_ct()
    affine = ct.affine.copy()
    affine[:3, :3] = turn @ affine[:3, :3]
    second = pydicom.dcmread(write_ct(tmp_path, replace(ct, affine=affine))[1])
    cosines = np.array(second.ImageOrientationPatient, float)
    assert cosines[:3] * 0.7 == pytest.approx(affine[:3, 2])
    assert cosines[3:] * 0.6 == pytest.approx(affine[:3, 1])
    assert list(second.ImagePositionPatient) == pytest.approx(affine[:3, 0] + affine[:3, 3])


def test_padding_is_named_in_the_file(tmp_path):
    ct = small_ct(padding=True)
    dataset = pydicom.dcmread(write_ct(tmp_path, ct)[0])
    assert np.array_equal(dataset.pixel_array == dataset.PixelPaddingValue, ct.padding[0])


def test_uneven_slices_are_written_where_they_lie(tmp_path):
    ct = replace(small_ct(), scale=SliceExtents(0.6, 0.7, (1.0, 1.5, 2.0)))
    with pytest.raises(ValueError, match="got 0 slice positions for 3 slices"):
        write_ct(tmp_path, ct)
    paths = write_ct(tmp_path, ct, DicomOptions(positions_mm=(0.0, 1.0, 3.0)))
    heights = [float(pydicom.dcmread(path).ImagePositionPatient[2]) for path in paths]
    assert heights == pytest.approx([-80.0, -79.0, -77.0])


def test_hu_that_do_not_fit_are_refused(tmp_path):
    ct = small_ct()
    ct.hu[0, 0, 0] = 32000
    with pytest.raises(ValueError, match="32000 HU do not fit"):
        write_ct(tmp_path, ct)


def test_an_image_too_small_for_jpeg_2000_is_refused(tmp_path):
    options = DicomOptions(compression=Compression.JPEG2000)
    with pytest.raises(ValueError, match="needs 32 rows"):
        write_radiograph(tmp_path / "x.dcm", small_film(), options)


def test_the_slices_of_a_ct_are_one_series_with_their_own_names(tmp_path):
    datasets = [pydicom.dcmread(path) for path in write_ct(tmp_path, small_ct())]
    assert len({item.SeriesInstanceUID for item in datasets}) == 1
    assert len({item.FrameOfReferenceUID for item in datasets}) == 1
    assert len({item.SOPInstanceUID for item in datasets}) == 3


@pytest.mark.parametrize("compression", Compression)
def test_the_same_ct_gives_the_same_bytes(tmp_path, compression):
    options = DicomOptions(compression=compression)
    first = write_ct(tmp_path / "a", small_ct(), options)
    second = write_ct(tmp_path / "b", small_ct(), options)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_two_visits_are_two_studies_of_one_patient(tmp_path):
    paths = []
    for year in (2023, 2024):
        path = tmp_path / f"{year}.dcm"
        write_radiograph(path, small_film(), DicomOptions(patient="P7", acquired=date(year, 1, 2)))
        paths.append(pydicom.dcmread(path))
    assert paths[0].PatientID == paths[1].PatientID == "P7"
    assert paths[0].StudyInstanceUID != paths[1].StudyInstanceUID
    assert [str(item.StudyDate) for item in paths] == ["20230102", "20240102"]


@pytest.mark.parametrize("kind", RadiographKind)
@pytest.mark.parametrize("monochrome1", [False, True])
def test_a_film_reads_back_with_bone_as_bright_as_it_was(tmp_path, kind, monochrome1):
    film, path = small_film(), tmp_path / "film.dcm"
    write_radiograph(path, film, DicomOptions(kind=kind, monochrome1=monochrome1))
    dataset = pydicom.dcmread(path)
    shown = 4095 - dataset.pixel_array if monochrome1 else dataset.pixel_array
    assert np.array_equal(shown, film.pixels)
    assert dataset.BitsStored == 12
    assert dataset.PhotometricInterpretation == ("MONOCHROME1" if monochrome1 else "MONOCHROME2")


def test_a_film_keeps_its_spacing_tags_even_absurd_ones(tmp_path):
    spacing = SpacingTags((0.0, 0.2), (0.15, 0.16), 1.1, "FIDUCIAL", calibration_described=True)
    path = tmp_path / "film.dcm"
    write_radiograph(path, small_film(spacing=spacing))
    dataset = pydicom.dcmread(path)
    assert list(dataset.PixelSpacing) == [0.0, 0.2]
    assert list(dataset.ImagerPixelSpacing) == [0.15, 0.16]
    assert float(dataset.EstimatedRadiographicMagnificationFactor) == 1.1
    assert dataset.PixelSpacingCalibrationType == "FIDUCIAL"
    assert dataset.PixelSpacingCalibrationDescription


def test_a_film_without_spacing_has_no_spacing_tag(tmp_path):
    path = tmp_path / "film.dcm"
    write_radiograph(path, small_film(spacing=SpacingTags()))
    dataset = pydicom.dcmread(path)
    assert "PixelSpacing" not in dataset
    assert "ImagerPixelSpacing" not in dataset


def test_a_secondary_capture_is_not_dressed_up_as_a_film(tmp_path):
    with pytest.raises(ValueError, match="secondary capture"):
        write_radiograph(
            tmp_path / "x.dcm", small_film(spacing=SpacingTags(secondary_capture=True))
        )


@needs_dciodvfy
@pytest.mark.parametrize("compression", Compression)
def test_ct_files_conform_to_the_standard(tmp_path, compression):
    options = DicomOptions(
        compression=compression, body_part="THIGH", laterality="L", comment="simulated"
    )
    assert errors_in(write_ct(tmp_path, small_ct(padding=True), options)[0]) == []


@needs_dciodvfy
@pytest.mark.parametrize("kind", RadiographKind)
@pytest.mark.parametrize("monochrome1", [False, True])
@pytest.mark.parametrize("presentation", [False, True])
def test_films_conform_to_the_standard(tmp_path, kind, monochrome1, presentation):
    path = tmp_path / "film.dcm"
    options = DicomOptions(kind=kind, monochrome1=monochrome1, laterality="R")
    write_radiograph(path, small_film(presentation=presentation), options)
    assert errors_in(path) == []


@needs_dciodvfy
def test_the_conformance_test_can_fail(tmp_path):
    path = write_ct(tmp_path, small_ct())[0]
    dataset = pydicom.dcmread(path)
    del dataset.ImagePositionPatient
    dataset.save_as(path)
    assert errors_in(path)


def test_a_photo_carries_its_day_and_nothing_personal(tmp_path):
    path = tmp_path / "photo.jpg"
    pixels = np.full((40, 60, 3), (180, 140, 120), np.uint8)
    write_photo(path, pixels, acquired=DAY)
    with Image.open(path) as image:
        exif = image.getexif()
        details = exif.get_ifd(0x8769)
        assert image.size == (60, 40)
        assert np.abs(np.asarray(image).astype(int) - pixels).max() <= 3
        assert image.info["icc_profile"]
    assert exif[0x0112] == 1
    assert details[0x9003] == "2024:03:05 12:00:00"
    assert not exif.get_ifd(0x8825)
    assert set(exif) <= {0x0112, 0x8769}
    assert set(details) <= {0x9003, 0xA001}


def test_a_photo_of_an_unknown_day_gets_no_date(tmp_path):
    path = tmp_path / "photo.jpg"
    write_photo(path, np.zeros((10, 10, 3), np.uint8), acquired=None)
    with Image.open(path) as image:
        assert 0x9003 not in image.getexif().get_ifd(0x8769)


def test_the_same_photo_gives_the_same_bytes(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, size=(20, 20, 3)).astype(np.uint8)
    for name in ("a.jpg", "b.jpg"):
        write_photo(tmp_path / name, pixels, acquired=DAY)
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()


def test_grey_pixels_are_no_photo(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_photo(tmp_path / "x.jpg", np.zeros((10, 10), np.uint8), acquired=DAY)
