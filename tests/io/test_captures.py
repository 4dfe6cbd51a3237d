"""Pictures in DICOM: photos are photos, grey captures are films only if a person says so."""

import numpy as np
import pytest

from cctrack.calibrate.detector import read_detector
from cctrack.io import Found, load, read_one, scan
from cctrack.model import Because, Modality, Photo, Radiograph, Refused

CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"


def grey(make, modality, **tags):
    stored = np.arange(40 * 30, dtype=np.uint16).reshape(40, 30)
    return make.blank_dicom(modality, stored, **tags)


def skin(make, **tags):
    rgb = np.full((40, 30, 3), (200, 150, 120), dtype=np.uint8)
    dataset = make.blank_dicom("XC", rgb[:, :, 0], SOPClassUID=PHOTOGRAPHIC, **tags)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelData = rgb.tobytes()
    return dataset


def test_a_photo_from_the_archive_is_a_photo_without_a_scale(make, tmp_path):
    path = make.save(skin(make, PixelSpacing=[0.1, 0.1]), tmp_path / "a.dcm")
    (found,) = scan([path])
    assert (found.modality, found.spacing) == (Modality.PHOTO, "")
    photo = read_one(path)
    assert isinstance(photo, Photo)
    assert photo.scale is None
    assert photo.pixels[0, 0].tolist() == [200, 150, 120]


@pytest.mark.parametrize("modality", ["OT", "SC"])
def test_a_grey_capture_is_refused_until_a_person_calls_it_a_film(make, tmp_path, modality):
    dataset = grey(make, modality, SOPClassUID=CAPTURE, PixelSpacing=[0.2, 0.2])
    path = make.save(dataset, tmp_path / "a.dcm")
    (refused,) = scan([path])
    assert isinstance(refused, Refused)
    assert refused.because is Because.SECONDARY_CAPTURE
    assert "--modality xray" in refused.detail
    (found,) = scan([path], modality=Modality.XRAY)
    assert isinstance(found, Found)
    film = load(found).image
    assert isinstance(film, Radiograph)
    assert read_detector(film.spacing)[0] is None


def test_a_colour_capture_stays_refused_whatever_is_said(make, tmp_path):
    dataset = skin(make)
    dataset.Modality, dataset.SOPClassUID = "OT", CAPTURE
    (refused,) = scan([make.save(dataset, tmp_path / "a.dcm")], modality=Modality.XRAY)
    assert refused.because is Because.SECONDARY_CAPTURE


def test_a_dose_screen_among_ct_slices_is_no_film(make, tmp_path):
    path = make.save(grey(make, "CT", SOPClassUID=CAPTURE), tmp_path / "a.dcm")
    (refused,) = scan([path], modality=Modality.XRAY)
    assert refused.because is Because.SECONDARY_CAPTURE
