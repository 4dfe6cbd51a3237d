"""The fast walk through a header says what pydicom says, or leaves the file to pydicom."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from cctrack.io.dicom_elements import pick_elements, tag_of
from cctrack.io.dicom_file import parse_header
from cctrack.io.dicom_header import read_header
from cctrack.io.dicom_tags import READ_TAGS
from cctrack.io.found import Member

WANTED = {int(tag): tag for tag in map(tag_of, READ_TAGS)}


def slow_header(data, member):
    dataset = pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, force=True)
    return read_header(dataset, member)


def same_both_ways(data):
    member = Member("a", Path("a"))
    picked = pick_elements(data, WANTED)
    assert picked is not None
    fast, slow = read_header(picked, member), slow_header(data, member)
    for field in dataclasses.fields(fast):
        assert getattr(fast, field.name) == getattr(slow, field.name), field.name


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_a_header_with_nested_sequences_reads_alike(make, implicit, undefined):
    dataset = make.ct_slices(
        np.array([1.5]), PatientID="Müller", SpecificCharacterSet="ISO_IR 192"
    )[0]
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = "7"
    outer.PurposeOfReferenceCodeSequence = Sequence([inner, inner])
    dataset.ReferencedImageSequence = Sequence([outer, outer])
    for item in (dataset["ReferencedImageSequence"], outer["PurposeOfReferenceCodeSequence"]):
        item.is_undefined_length = undefined
    inner.is_undefined_length_sequence_item = undefined
    dataset.add_new(0x00091001, "OB", b"\x01\x02")
    if implicit:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    same_both_ways(make.dicom_bytes(dataset))


def test_every_cut_of_a_header_gives_what_pydicom_gives(make):
    data = make.dicom_bytes(make.ct_slices(np.array([1.5]))[0])
    member = Member("a", Path("a"))
    behind_meta = data.index(bytes.fromhex("08000800")) + 8
    for end in range(behind_meta, len(data) - 1152, 7):
        assert pick_elements(data[:end], WANTED) is None
        cut = read_header(parse_header(io.BytesIO(data[:end])), member)
        assert cut == slow_header(data[:end], member)


def test_other_encodings_are_left_to_pydicom(make):
    dataset = make.ct_slices(np.array([1.5]))[0]
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    assert pick_elements(make.dicom_bytes(dataset), WANTED) is None
    assert pick_elements(b"", WANTED) is None
    assert pick_elements(b"\0" * 4000, WANTED) is None


def test_a_file_that_says_implicit_and_is_explicit_is_read_all_the_same(make):
    data = make.dicom_bytes(make.ct_slices(np.array([1.5]))[0])
    explicit, implicit = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
    lying = data.replace(explicit, implicit, 1)
    assert pick_elements(lying, WANTED) is None
    assert read_header(parse_header(io.BytesIO(lying)), Member("a", Path("a"))).rows == 24


def test_real_headers_read_alike(shared_data):
    for path in sorted(shared_data("dicom-variety").iterdir()):
        data = path.read_bytes()
        if pick_elements(data, WANTED) is not None:
            same_both_ways(data)
