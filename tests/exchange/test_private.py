"""Nothing that a person typed in, and no camera's note, leaves in a SEG, SR or photo."""

import numpy as np
import pydicom
import pytest
from exchanged import CASES
from PIL import ExifTags, Image, PngImagePlugin
from planting import SECRET, found_in, plant_in_dicom
from pydicom.datadict import dictionary_VR, keyword_for_tag

from cctrack.io.exchange.person import LONGEST_NAME, Person, plain_name

KEPT = {"PatientName", "PatientID", "IssuerOfPatientID", "AccessionNumber", "StudyID"}
KEPT |= {"ReferringPhysicianName", "StudyDescription"}


DICOM_CASES = ["ct axial", "ct enhanced", "xray DX calibrated"]


@pytest.mark.parametrize("name", DICOM_CASES)
def test_sixty_secrets_in_a_header_stay_behind(make, tmp_path, name):
    case = CASES[name](tmp_path)
    secrets = plant_in_dicom(case.path)
    assert len(secrets) >= 60
    assert found_in([next(case.path.iterdir()) if case.path.is_dir() else case.path], secrets)
    done = make.exchange(case, tmp_path, Person("P001"))
    assert found_in(done.files, secrets) == set()
    for path in done.files:
        dataset = pydicom.dcmread(path)
        assert dataset.PatientID == dataset.PatientName == "P001"
        assert dataset.PatientIdentityRemoved == "YES"
        # The images they are about are still named: a PACS shows them together.
        assert dataset.StudyInstanceUID == done.written.source.first.StudyInstanceUID


@pytest.mark.parametrize("name", DICOM_CASES)
def test_kept_identity_is_that_of_the_patient_and_nothing_more(make, tmp_path, name):
    case = CASES[name](tmp_path)
    secrets = plant_in_dicom(case.path)
    done = make.exchange(case, tmp_path, Person("P001", keep_identity=True))
    assert found_in(done.files, secrets) == KEPT | {"birth"}
    for path in done.files:
        dataset = pydicom.dcmread(path)
        assert dataset.PatientName == secrets["PatientName"]
        assert "PatientIdentityRemoved" not in dataset


def test_without_a_pseudonym_the_patient_is_called_after_the_study(make, tmp_path):
    done = make.exchange(CASES["ct axial"](tmp_path), tmp_path)
    names = {pydicom.dcmread(path).PatientID for path in done.files}
    assert len(names) == 1
    assert names.pop().startswith("S")


def test_a_cameras_notes_stay_behind(make, tmp_path):
    case = CASES["photo with a scale"](tmp_path)
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Zs001Q"
    exif[ExifTags.Base.ImageDescription] = "Zs002Q"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSProcessingMethod] = b"Zs003Q"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0Zs004Q"
    hidden = tmp_path / "Zs005Q.jpg"
    with Image.open(case.path) as picture:
        picture.save(hidden, "JPEG", quality=95, exif=exif, comment=b"Zs006Q", xmp=b"<x>Zs007Q</x>")
    secrets = {str(number): SECRET.format(number=number) for number in range(1, 8)}
    assert len(found_in([hidden], secrets)) >= 6
    done = make.exchange(
        make.Case(hidden, case.labels, case.modality, case.options), tmp_path, Person("P001")
    )
    assert len(done.files) == 3
    assert found_in(done.files, secrets) == set()
    vl = pydicom.dcmread(done.file("vl"))
    assert np.array_equal(vl.pixel_array, done.measured.image.pixels)


def test_a_png_with_notes_leaves_without_them(make, tmp_path):
    case = CASES["xray as a picture"](tmp_path)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "Zs001Q")
    with Image.open(case.path) as picture:
        picture.save(tmp_path / "film.png", pnginfo=notes)
    done = make.exchange(
        make.Case(tmp_path / "film.png", case.labels, case.modality, case.options), tmp_path
    )
    assert found_in(done.files, {"comment": "Zs001Q"}) == set()


PAYLOADS = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${jndi:ldap://x/a}",
    "'; DROP TABLE visits; --",
    "../../../etc/passwd",
    "..\\..\\windows\\system32",
    "C:\\temp\\x",
    "\\\\server\\share",
    "a\\b\\c",
    "A^B^C^D^E^F=G=H",
    "^^^^",
    "=",
    "\x1b[31mred\x1b[0m",
    "\x1b$B",
    "line\r\nbreak",
    "tab\tbed",
    "null\0byte",
    "\x7f\x85",
    "P" * 300,
    "ü" * 64,
    "日本語の名前",
    "\u202egnp.exe",
    "\ud800 half",
    "%s%s%s%n",
    "",
]


SOME = [
    pytest.param(text, id=str(number), marks=() if number % 6 == 0 else pytest.mark.bars)
    for number, text in enumerate(PAYLOADS)
]
"""Every sixth in every run, all of them with `make bars`."""


def test_there_are_thirty_payloads():
    assert len(set(PAYLOADS)) == 30
    assert len({plain_name(text) for text in PAYLOADS}) == 30


@pytest.fixture(scope="module")
def any_case(tmp_path_factory):
    import exchanged

    folder = tmp_path_factory.mktemp("payloads")
    case = CASES["xray CR at the detector"](folder)
    return exchanged, case, folder


@pytest.mark.parametrize("payload", SOME)
def test_a_hostile_pseudonym_is_only_a_name(any_case, tools, payload):
    exchanged, case, folder = any_case
    done = exchanged.exchange(case, folder, Person(payload))
    assert {path.parent.parent for path in done.files} == {folder / "out"}
    for path in done.files:
        dataset = pydicom.dcmread(path)
        name = str(dataset.PatientID)
        assert dataset.PatientName == name
        assert 0 < len(name) <= LONGEST_NAME
        assert name.isprintable() or "\u202e" in name
        assert not set(name) & set("\\^=\x1b\r\n\t\0")
        assert [line for line in tools.dciodvfy_errors(path) if "PatientID" in line] == []
    report = tools.run("dsrdump", done.file("sr"))
    assert report.returncode == 0


@pytest.mark.parametrize("payload", SOME)
def test_a_hostile_identity_is_kept_as_one_value(make, tmp_path, payload):
    case = CASES["xray CR at the detector"](tmp_path)
    dataset = pydicom.dcmread(case.path)
    data = payload.encode("utf-8", "replace")[:64]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for name in ("PatientName", "PatientID", "StudyDescription", "AccessionNumber"):
        element = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(name), dictionary_VR(name), len(data), data, 0, False, True
        )
        dataset[name] = element
    dataset.save_as(case.path)
    done = make.exchange(case, tmp_path, Person(keep_identity=True))
    for path in done.files:
        written = pydicom.dcmread(path)
        for name in ("PatientID", "StudyDescription", "AccessionNumber"):
            value = written.get(name, "")
            assert isinstance(value or "", str), keyword_for_tag(pydicom.tag.Tag(name))
            assert not set(value or "") & set("\x1b\r\n\t\0")
