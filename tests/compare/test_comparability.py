"""Images that were made differently."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import (
    combine,
    compare_acquisitions,
    compare_coverage,
    compare_images,
    compare_outlines,
    compare_scales,
)
from cctrack.compare.comparability import Comparability
from cctrack.model import Acquisition, AxisScale, Ct, Flag, Method, Photo, ScaleSource

SAME = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=1.0, manufacturer="Maker")


def scan(acquisition=SAME):
    scale = AxisScale((1.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    return Ct(np.zeros((2, 2, 2), np.int16), np.eye(4), scale, acquisition)


def photo(scale=None):
    return Photo(np.zeros((2, 2, 3), np.uint8), scale=scale)


def scale(source=ScaleSource.DETECTOR, mm=0.2):
    return AxisScale((mm, mm), source)


def test_equal_scans_are_compared_without_a_word():
    result = compare_acquisitions(SAME, replace(SAME, kernel="b30F "))
    assert result.comparable
    assert (result.text, result.log_sd) == ("", 0.0)


@pytest.mark.parametrize(
    ("other", "words", "log_sd"),
    [
        (replace(SAME, kernel="B60f"), "reconstruction kernels (B30f, B60f)", 0.15),
        (replace(SAME, kernel=""), "kernel is not stated", 0.05),
        (replace(SAME, slice_thickness_mm=2.5), "slice thickness (1 and 2.5 mm)", 0.03),
        (replace(SAME, slice_thickness_mm=None), "slice thickness is not stated", 0.05),
        (replace(SAME, kvp=80.0), "tube voltage (120 and 80 kVp)", 0.05),
        (replace(SAME, kvp=None), "tube voltage is not stated", 0.05),
        (replace(SAME, contrast=True), "Contrast agent at one visit only", 0.05),
        (replace(SAME, manufacturer="Other"), "different makers", 0.0),
    ],
)
def test_each_difference_warns_and_widens_the_error(other, words, log_sd):
    for result in (compare_acquisitions(SAME, other), compare_acquisitions(other, SAME)):
        assert result.comparable
        assert words.split(" (")[0] in result.text
        assert result.log_sd == pytest.approx(log_sd)


def test_a_fixed_threshold_suffers_most_from_another_kernel():
    result = compare_acquisitions(SAME, replace(SAME, kernel="B60f"), method=Method.FIXED_THRESHOLD)
    assert result.log_sd == pytest.approx(np.log(357 / 165) / 1.96, abs=0.01)


def test_slices_of_very_different_thickness_are_not_compared():
    result = compare_images(scan(), scan(replace(SAME, slice_thickness_mm=5.0)))
    assert not result.comparable
    assert "1 and 5 mm" in result.text


def test_differences_add_up_in_quadrature_and_are_all_told():
    result = combine(Comparability(("A.",), 0.3), Comparability(("B.",), 0.4))
    assert (result.text, result.log_sd) == ("A. B.", pytest.approx(0.5))


def test_a_file_that_does_not_state_its_voltage_says_at_which_visit():
    unknown = replace(SAME, kvp=None)
    assert "not stated at the earlier visit" in compare_acquisitions(unknown, SAME).text
    assert "not stated at the later visit" in compare_acquisitions(SAME, unknown).text
    both = compare_acquisitions(unknown, unknown)
    assert "not stated at either visit" in both.text
    assert both.log_sd > 0


def test_contrast_at_the_later_visit_names_it():
    assert "the later one" in compare_acquisitions(SAME, replace(SAME, contrast=True)).text


def test_a_name_typed_into_the_kernel_is_not_repeated():
    text = compare_acquisitions(SAME, replace(SAME, kernel="MILLER^ANNA")).text
    assert "Different reconstruction kernels" in text
    assert "MILLER" not in text


def test_pixels_of_another_size_and_field_warn_and_widen():
    near = replace(scan(), hu=np.zeros((2, 400, 400), np.int16))
    far = replace(near, scale=AxisScale((1.0, 0.9, 0.9), ScaleSource.SLICE_POSITIONS))
    result = compare_images(near, far)
    assert result.comparable
    assert "0.5 and 0.9 mm; field of view 200 and 360 mm" in result.text
    assert result.log_sd == pytest.approx(0.02)
    assert compare_images(near, far, method=Method.FIXED_THRESHOLD).log_sd == pytest.approx(0.05)
    nearly = replace(near, scale=AxisScale((1.0, 0.53, 0.53), ScaleSource.SLICE_POSITIONS))
    assert compare_images(near, nearly).text == ""


def test_data_missing_from_one_frame_only_are_told():
    whole = replace(scan(), hu=np.zeros((2, 10, 10), np.int16))
    padding = np.zeros(whole.shape, bool)
    padding[:, :, :2] = True
    cut = replace(whole, padding=padding)
    assert "The later scan holds no data in 20% of its frame" in compare_images(whole, cut).text
    assert "The earlier scan holds no data" in compare_images(cut, whole).text
    assert compare_images(cut, cut).text == ""


def test_compression_with_loss_at_one_visit_widens_the_error():
    lossy = replace(scan(), flags=frozenset({Flag.LOSSY}))
    result = compare_images(lossy, scan())
    assert "The earlier scan was compressed with loss" in result.text
    assert result.log_sd > 0
    assert compare_images(lossy, lossy).text == ""


def test_a_photo_is_not_compared_with_a_ct():
    assert not compare_images(photo(), scan()).comparable


def test_fields_that_hardly_overlap_are_not_compared():
    assert not compare_coverage(0.05).comparable
    assert "80% of the field" in compare_coverage(0.8).text
    assert compare_coverage(0.99).text == ""


def test_scales_known_in_different_ways_warn_and_widen():
    result = compare_scales(scale(), scale(ScaleSource.DETECTOR_MAGNIFICATION_CORRECTED))
    assert result.log_sd == pytest.approx(0.04)
    unknown = compare_scales(scale(), scale(ScaleSource.UNKNOWN_CALIBRATION))
    assert unknown.log_sd == pytest.approx(0.10)
    assert "unknown calibration" in unknown.text


def test_two_detectors_with_different_pixels_are_fine():
    assert compare_scales(scale(mm=0.1), scale(mm=0.2)).text == ""


def test_two_different_spacings_of_unknown_calibration_warn():
    source = ScaleSource.UNKNOWN_CALIBRATION
    assert compare_scales(scale(source, 0.1), scale(source, 0.2)).log_sd > 0
    assert compare_scales(scale(source), scale(source)).log_sd == 0


def test_photos_without_a_scale_say_so():
    assert "only relative change" in compare_images(photo(), photo()).text
    assert "earlier image has no scale" in compare_images(photo(), photo(scale())).text
    assert "later image has no scale" in compare_images(photo(scale()), photo()).text


def test_a_visit_that_a_reader_outlined_is_not_the_same_as_one_left_to_the_program():
    mixed = compare_outlines(Method.AUTOMATIC, Method.READER)
    assert mixed.comparable
    assert "later visit was outlined by a reader, the earlier one automatically" in mixed.text
    assert "the later one automatically" in compare_outlines(Method.READER, Method.AUTOMATIC).text
    for method in (Method.READER, Method.AUTOMATIC):
        assert compare_outlines(method, method).text == ""
