"""Results arrive at a PACS whole, once and under a pseudonym, or a line says what did not."""

import json

import numpy as np
import pydicom
import pytest

from cctrack.io import write_mask
from cctrack.io.exchange.person import ANONYMOUS
from cctrack.io.load import read_one
from cctrack.io.write_photo import write_photo
from cctrack.model import Modality
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.pipeline import MeasureOptions

TIMEOUT_S = 1.0
SLACK_S = 5.0
"""The waits between attempts and a busy machine take a moment."""


@pytest.fixture(scope="module")
def results(two_scans, tmp_path_factory):
    """SEG, SR and VL of a CT and a photo as ``cctrack measure`` writes them."""
    folder = tmp_path_factory.mktemp("results")
    chance = np.random.default_rng(6)
    pixels = chance.integers(90, 190, (60, 80, 3)).astype(np.uint8)
    pixels[..., 0] += 40
    write_photo(folder / "photo.jpg", pixels, acquired=None)
    drawn = np.zeros((60, 80), dtype=np.uint16)
    drawn[20:30, 30:50] = 1
    write_mask(folder / "a.png", drawn, read_one(folder / "photo.jpg", modality=Modality.PHOTO))
    for path, mask in ((two_scans[0].folder, None), (folder / "photo.jpg", folder / "a.png")):
        options = BatchOptions(MeasureOptions(mask=mask), person=ANONYMOUS)
        result = measure_paths([path], folder / "out", options, lambda _done, _all: None)
        assert result.refused == result.unwritten == ()
    return folder / "out"


def dicom_files(folder):
    return {str(pydicom.dcmread(path).SOPInstanceUID): path for path in folder.rglob("*.dcm")}


@pytest.mark.usefixtures("signed_in")
def test_results_are_found_and_come_back_as_they_went(orthanc, results, pushing, pulling, tmp_path):
    sent = dicom_files(results)
    assert {path.parent.name for path in sent.values()} == {"seg", "sr", "vl"}
    assert pushing(orthanc.url, results) == 0
    assert pushing.lines == []
    assert pushing.out == f"{len(sent)} stored, 0 not\n"
    studies = {str(pydicom.dcmread(path).StudyInstanceUID) for path in sent.values()}
    for study in studies:
        assert pulling(orthanc.url, study, tmp_path / "back") == 0
    back = dicom_files(tmp_path / "back")
    assert set(sent) <= set(back)
    for uid, path in sent.items():
        before, after = pydicom.dcmread(path), pydicom.dcmread(back[uid])
        assert before == after
        if "PixelData" in before:
            assert np.array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.usefixtures("signed_in")
def test_outlines_and_numbers_stand_in_the_study_of_their_images(
    orthanc, two_scans, results, pushing
):
    orthanc.stow(two_scans[0].files)
    assert pushing(orthanc.url, results / "seg", results / "sr") == 0
    answer = orthanc.session().get(
        f"{orthanc.url}/studies/{two_scans[0].study}/series",
        headers={"Accept": "application/dicom+json"},
        timeout=10,
    )
    kinds = {item["00080060"]["Value"][0] for item in answer.json()}
    assert {"CT", "SEG", "SR"} <= kinds


@pytest.mark.usefixtures("signed_in")
def test_bar_r1_a_scan_of_forty_slices_goes_and_comes_back_the_same(
    orthanc, two_scans, pushing, pulling, tmp_path
):
    images = two_scans[1]
    assert pushing(orthanc.url, images.folder) == 0
    assert pushing.out == "40 stored, 0 not\n"
    assert pulling(orthanc.url, images.study, tmp_path / "back", "--series-uid", images.series) == 0
    back = dicom_files(tmp_path / "back")
    for path, uid in zip(images.files, images.instances, strict=True):
        assert back[uid].read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("signed_in")
def test_sending_again_changes_nothing(orthanc, results, pushing):
    first = pushing(orthanc.url, results, "--json"), pushing.out
    again = pushing(orthanc.url, results, "--json"), pushing.out
    assert first == again
    assert all(json.loads(line)["stored"] for line in first[1].splitlines())


@pytest.mark.usefixtures("signed_in")
def test_a_file_that_names_a_patient_is_kept_back(orthanc, noise_ct, pushing, tmp_path):
    named = tmp_path / "named"
    named.mkdir()
    for number, path in enumerate(noise_ct.files[:2]):
        dataset = pydicom.dcmread(path)
        if number == 0:
            del dataset.PatientIdentityRemoved
            dataset.PatientName = "Secret^Name"
        dataset.save_as(named / path.name)
    assert pushing(orthanc.url, named) == 1
    assert pushing.out == "1 stored, 1 not\n"
    assert len(pushing.lines) == 1
    assert "--keep-identity" in pushing.lines[0]
    assert "Secret" not in pushing.lines[0]
    assert pushing(orthanc.url, named, "--keep-identity") == 0
    assert pushing.out == "2 stored, 0 not\n"


def test_only_dicom_is_sent_and_each_file_once(serve, noise_ct, pushing, tmp_path):
    running = serve()
    (noise_ct.folder / "measurements.csv").write_text("row_id\n", encoding="utf-8")
    assert pushing(running.url, noise_ct.folder, noise_ct.folder) == 0
    assert pushing.out == f"{len(noise_ct.instances)} stored, 0 not\n"
    assert pushing(running.url, noise_ct.folder / "measurements.csv") == 1
    assert "no whole DICOM file" in pushing.lines[0]
    (tmp_path / "empty").mkdir()
    assert pushing(running.url, tmp_path / "empty") == 1
    assert pushing.lines == ["cctrack: there is no DICOM file"]
    assert pushing(running.url, tmp_path / "gone") == 1
    assert "No such file" in pushing.lines[0]
    assert str(tmp_path) not in pushing.lines[0]


def test_a_cut_file_is_not_sent_and_the_others_are(serve, noise_ct, pushing):
    running = serve()
    first = noise_ct.files[0]
    first.write_bytes(first.read_bytes()[:-300])
    assert pushing(running.url, noise_ct.folder) == 1
    assert pushing.out == "3 stored, 1 not\n"
    assert pushing.lines == [
        f"not sent  noise-ct/{first.name}: it is no whole DICOM file with valid UIDs"
    ]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (0xA700, "no room"),
        (0xA900, "does not fit"),
        (0xC122, "does not understand"),
        (0x0122, "does not take this kind"),
        (0x0111, "another instance of this UID"),
        (0xBEEF, "refuses it"),
    ],
)
def test_what_the_server_refuses_is_one_line_each(serve, make, noise_ct, pushing, reason, words):
    running = serve()
    refused = noise_ct.instances[1]

    def answer(request):
        uid = make.uid_in(running.pacs.bodies[-1])
        make.send_stored(request, uid, reason if uid == refused else None)

    running.pacs.answers["stow"] = answer
    assert pushing(running.url, noise_ct.folder) == 1
    assert pushing.out == "3 stored, 1 not\n"
    assert len(pushing.lines) == 1
    assert words in pushing.lines[0]
    assert f"{reason:04X}" in pushing.lines[0]


def stored_another(make, request):
    make.send_stored(request, "1.2.3")


def garbled(make, request):
    make.send(request, b"\x8f\x01" * 50)


def login_page(make, request):
    make.send(request, b"<html><form>Password</form></html>", "text/html; charset=utf-8")


def stall(make, request):
    make.pacs_of(request).closing.wait(20)


def drip(make, request):
    make.send(request, b"", length="4000")
    while not make.pacs_of(request).closing.wait(0.1):
        try:
            request.wfile.write(b"\0")
            request.wfile.flush()
        except OSError:
            return


def cut(make, request):
    make.send(request, b"{", length="4000")
    request.close_connection = True


def hang_up(_make, request):
    request.close_connection = True


def overloaded(make, request):
    make.send(request, b"busy", "text/plain", 503)


def unauthorised(make, request):
    make.send(request, b"", status=401)


def elsewhere(make, request):
    make.send(request, b"", status=307, Location="https://login.example.org/sign-in")


def endless(make, request):
    make.send(request, b" " * 100, length=str(1 << 40))
    while not make.pacs_of(request).closing.is_set():
        try:
            request.wfile.write(b" " * (1 << 16))
        except OSError:
            return


ENDS_THE_PUSH = [
    (garbled, "no JSON"),
    (login_page, "web page"),
    (stall, "sent nothing"),
    (drip, "less than 1024 bytes/s"),
    (cut, "broke off"),
    (hang_up, "broke off"),
    (overloaded, "has trouble (503)"),
    (unauthorised, "asks for a credential (401)"),
    (elsewhere, "redirects to another"),
]


@pytest.mark.parametrize(("trouble", "words"), ENDS_THE_PUSH, ids=lambda value: str(value)[:20])
def test_trouble_with_the_server_ends_the_push_in_one_line(
    serve, make, noise_ct, pushing, trouble, words
):
    running = serve()
    running.pacs.answers["stow"] = lambda request: trouble(make, request)
    assert pushing(running.url, noise_ct.folder, "--timeout", TIMEOUT_S) == 1
    assert len(pushing.lines) == 1
    assert words in pushing.lines[0]
    assert "4 of 4 not sent" in pushing.lines[0]
    assert pushing.took_s < TIMEOUT_S + SLACK_S


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(stored_another, "does not say that it stored it"), (endless, "longer than 4 MiB")],
)
def test_an_answer_about_something_else_is_a_fault_of_each_file(
    serve, make, noise_ct, pushing, trouble, words
):
    running = serve()
    running.pacs.answers["stow"] = lambda request: trouble(make, request)
    assert pushing(running.url, noise_ct.folder, "--timeout", TIMEOUT_S) == 1
    assert len(pushing.lines) == len(noise_ct.instances)
    assert all(words in line for line in pushing.lines)


def test_a_busy_server_is_asked_again_but_not_for_ever(serve, make, noise_ct, pushing):
    running = serve()
    busy = iter([True, True, False])

    def answer(request):
        if next(busy, False):
            overloaded(make, request)
        else:
            make.send_stored(request, make.uid_in(running.pacs.bodies[-1]))

    running.pacs.answers["stow"] = answer
    assert pushing(running.url, noise_ct.files[0]) == 0
    assert len(running.pacs.bodies) == 3
    running.pacs.answers["stow"] = lambda request: overloaded(make, request)
    assert pushing(running.url, noise_ct.files[0]) == 1
    assert len(running.pacs.bodies) == 6


def test_a_wrong_certificate_is_one_line_and_nothing_is_sent(
    serve, noise_ct, pushing, certificates
):
    running = serve(tls=certificates("stranger"))
    assert pushing(running.url, noise_ct.folder) == 1
    assert len(pushing.lines) == 1
    assert "not trusted; --ca gives" in pushing.lines[0]
    assert running.pacs.bodies == []
    certificate, _ = certificates("stranger")
    assert pushing(running.url, noise_ct.folder, "--ca", certificate) == 1


@pytest.mark.usefixtures("signed_in")
def test_a_password_is_sent_and_never_shown(serve, noise_ct, pushing):
    running = serve()
    assert pushing(running.url, noise_ct.files[0]) == 0
    assert running.pacs.headers[-1]["Authorization"].startswith("Basic ")
    assert "not-a-real-password" not in pushing.out
