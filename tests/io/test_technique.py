"""What a listing says of an image: terms of the standard and names of makers, nothing typed in."""

import numpy as np
import pytest
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from cctrack.io.found import Packing
from cctrack.io.technique import read_technique


def film(make, **tags):
    return make.blank_dicom("DX", np.zeros((16, 16), dtype=np.uint16), **tags)


def technique(make, **tags):
    return read_technique(film(make, **tags), is_slice=False)


@pytest.mark.parametrize(
    "kernel",
    ["B30f", "Br40d", "Bl57d", "H60s", "STANDARD", "BONEPLUS", "FC08", "FC08-H", "YA", "B"],
)
def test_a_makers_name_of_a_kernel_is_shown(make, kernel):
    assert technique(make, ConvolutionKernel=kernel).kernel == kernel


@pytest.mark.parametrize("kernel", ["Meier", "DR MEIER", "B30f for Anna", "MEIER", "1234567", ""])
def test_what_could_be_a_name_or_a_number_of_a_person_is_no_kernel(make, kernel):
    assert technique(make, ConvolutionKernel=kernel).kernel == ""


def test_terms_of_the_standard_are_shown_in_capitals(make):
    made = technique(make, BodyPartExamined="Hand", ViewPosition="pa", ImageLaterality="r")
    assert (made.body_part, made.view, made.laterality) == ("HAND", "PA", "R")


def test_other_words_are_left_blank(make):
    made = technique(make, BodyPartExamined="HAND MEIER", ViewPosition="BOTH", Laterality="RIGHT")
    assert (made.body_part, made.view, made.laterality) == ("", "", "")


def test_the_side_of_the_image_wins_over_the_side_of_the_series(make):
    assert technique(make, ImageLaterality="L", Laterality="R").laterality == "L"
    assert technique(make, Laterality="R").laterality == "R"


@pytest.mark.parametrize(
    ("syntax", "tags", "packing"),
    [
        (ExplicitVRLittleEndian, {}, Packing.NONE),
        (RLELossless, {}, Packing.LOSSLESS),
        (JPEG2000Lossless, {}, Packing.LOSSLESS),
        (JPEG2000, {}, Packing.LOSSY),
        (ExplicitVRLittleEndian, {"LossyImageCompression": "01"}, Packing.LOSSY),
        ("1.2.3.4.5", {}, None),
    ],
)
def test_the_packing_of_the_pixels_is_told(make, syntax, tags, packing):
    dataset = film(make, **tags)
    dataset.file_meta.TransferSyntaxUID = syntax
    assert read_technique(dataset, is_slice=False).compression is packing


@pytest.mark.parametrize("odd", ["0", "-120"])
def test_a_voltage_that_cannot_be_is_left_out(make, odd):
    assert technique(make, KVP=odd).kvp is None
