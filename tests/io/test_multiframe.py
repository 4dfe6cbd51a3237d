"""Enhanced files, with all slices in one, and MR series: the same geometry, the same refusals."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cctrack.io import Found, load, read_one, scan
from cctrack.model import AxisScale, Because, Ct, Mr, Refused

EVEN = np.arange(-10.0, 11.0)
TRUTH_MM3 = 583.0
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def item(**tags):
    dataset = Dataset()
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


def enhanced(make, heights, order=None, **shared_rescale):
    hu = make.sphere_hu(np.asarray(heights))
    order = range(len(heights)) if order is None else order
    stored = np.concatenate([(hu[index] + 1024).astype(np.int16) for index in order])
    dataset = make.blank_dicom("CT", stored[:24], SOPClassUID=ENHANCED_CT)
    dataset.NumberOfFrames = len(heights)
    dataset.PixelData = stored.tobytes()
    rescale = {"RescaleSlope": "1", "RescaleIntercept": "-1024", "RescaleType": "HU"}
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([item(PixelSpacing=["1", "1"], SliceThickness="1")])
    shared.PlaneOrientationSequence = Sequence(
        [item(ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])]
    )
    shared.PixelValueTransformationSequence = Sequence([item(**{**rescale, **shared_rescale})])
    frames = []
    for index in order:
        frame = Dataset()
        corner = ["-12", "-12", f"{heights[index]:.3f}"]
        frame.PlanePositionSequence = Sequence([item(ImagePositionPatient=corner)])
        frames.append(frame)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return dataset


def volume_mm3(ct):
    share = np.clip(ct.hu, 0, None) / 1000.0
    return float((share * ct.scale.pixel_sizes(ct.shape)).sum())


def only_refusal(path):
    (found,) = scan([path])
    outcome = load(found) if isinstance(found, Found) else found
    assert isinstance(outcome, Refused)
    return outcome


def test_an_enhanced_ct_gives_the_volume_of_the_sphere(make, tmp_path):
    ct = read_one(make.save(enhanced(make, EVEN), tmp_path / "a"))
    assert isinstance(ct, Ct)
    assert isinstance(ct.scale, AxisScale)
    assert volume_mm3(ct) == pytest.approx(TRUTH_MM3, rel=0.01)
    assert ct.provenance.members == ("a",)


def test_frames_in_any_order_are_sorted_by_position(make, tmp_path):
    shuffled = np.random.default_rng(3).permutation(len(EVEN))
    ct = read_one(make.save(enhanced(make, EVEN, order=shuffled), tmp_path / "a"))
    assert np.array_equal(ct.hu, make.sphere_hu(EVEN))


def test_a_missing_frame_is_refused(make, tmp_path):
    gap = np.delete(EVEN, 8)
    refused = only_refusal(make.save(enhanced(make, gap), tmp_path / "a"))
    assert refused.because is Because.MISSING_SLICES


def test_an_enhanced_map_is_refused(make, tmp_path):
    refused = only_refusal(make.save(enhanced(make, EVEN, RescaleType="MGML"), tmp_path / "a"))
    assert refused.because is Because.NOT_HOUNSFIELD


def test_frames_that_are_not_described_are_refused(make, tmp_path):
    dataset = enhanced(make, EVEN)
    del dataset.PerFrameFunctionalGroupsSequence[-1]
    refused = only_refusal(make.save(dataset, tmp_path / "a"))
    assert refused.because is Because.INCONSISTENT_SERIES


def test_a_classic_ct_file_of_several_frames_has_no_positions(make, tmp_path):
    stored = np.zeros((24, 24), dtype=np.int16)
    dataset = make.ct_slices(EVEN[:1])[0]
    dataset.NumberOfFrames = 3
    dataset.PixelData = stored.tobytes() * 3
    refused = only_refusal(make.save(dataset, tmp_path / "a"))
    assert refused.because is Because.NO_POSITIONS


def test_an_mr_series_is_read_with_the_same_geometry(make, tmp_path):
    slices = make.ct_slices(
        EVEN,
        Modality="MR",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.4",
        RescaleSlope=None,
        RescaleIntercept=None,
        RescaleType=None,
    )
    mr = read_one(make.save_series(slices, tmp_path))
    assert isinstance(mr, Mr)
    assert mr.values.dtype == np.float32
    assert mr.scale.mean_mm == pytest.approx((1, 1, 1))


def test_two_echoes_in_one_mr_series_are_two_images(make, tmp_path):
    echoes = [
        make.ct_slices(EVEN, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", EchoTime=time)
        for time in ("10", "80")
    ]
    assert len(list(scan([make.save_series([*echoes[0], *echoes[1]], tmp_path)]))) == 2


def test_a_real_enhanced_perfusion_map_is_refused(shared_data):
    refused = only_refusal(shared_data("dicom-variety/eCT_Supplemental.dcm"))
    assert refused.because is Because.NOT_HOUNSFIELD
