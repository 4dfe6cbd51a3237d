"""Images that were made differently."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import (
    combine,
    compare_acquisitions,
    compare_coverage,
    compare_images,
    compare_scales,
)
from cctrack.compare.comparability import Comparability
from cctrack.model import Acquisition, AxisScale, Ct, Method, Photo, ScaleSource

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
