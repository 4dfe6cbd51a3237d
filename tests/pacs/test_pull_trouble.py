"""Bar R3: whatever a server does, a pull ends in time with one line, and nothing is half there."""

import gzip
import re
import socket
import time
import tracemalloc

import pytest

from cctrack.io import Found, scan
from cctrack.io.pacs.folder import name_of

TIMEOUT_S = 1.0
SLACK_S = 4.0
"""Starting up, listing and storing take a moment on a busy machine."""


def cut(make, request):
    """Announce a whole file and hang up in its middle."""
    make.send(request, make.enclosed(b"\0" * 400), make.MULTIPART, length="4000")
    request.close_connection = True


def cut_without_length(make, request):
    request.send_response(200)
    request.send_header("Content-Type", make.MULTIPART)
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(make.enclosed(b"\0" * 400)[:200])
    request.close_connection = True


def garbled(make, request):
    make.send(request, b"\x8f\x01" * 500, make.MULTIPART)


def no_dicom(make, request):
    make.send(request, make.enclosed(b"\x8f\x01" * 500), make.MULTIPART)


def half_a_file(make, request):
    data = make.pacs_of(request).images.files[0].read_bytes()
    make.send(request, make.enclosed(data[: len(data) // 2]), make.MULTIPART)


def overloaded(make, request):
    make.send(request, b"busy", "text/plain", 503)


def login_page(make, request):
    make.send(request, b"<html><form>Password</form></html>", "text/html; charset=utf-8")


def stall(make, request):
    make.pacs_of(request).closing.wait(20)


def stall_in_the_body(make, request):
    make.send(request, b"\0" * 100, make.MULTIPART, length="4000")
    make.pacs_of(request).closing.wait(20)


def drip(make, request):
    make.send(request, b"", make.MULTIPART, length="4000")
    while not make.pacs_of(request).closing.wait(0.1):
        try:
            request.wfile.write(b"\0")
            request.wfile.flush()
        except OSError:
            return


def another_instance(make, request):
    pacs = make.pacs_of(request)
    last = pacs.images.instances[-1]
    at = 0 if request.path.endswith(last) else -1
    pacs.give(request, pacs.images.files[at])


def elsewhere(make, request):
    make.send(request, b"", status=302, Location="https://login.example.org/sign-in")


def nothing(make, request):
    make.send(request, b"", status=404)


def forbidden(make, request):
    make.send(request, b"Mr. Somebody may not", "text/plain", 403)


def unauthorised(make, request):
    make.send(request, b"", status=401)


def hang_up(_make, request):
    """Close the connection without an answer."""
    request.close_connection = True


WHILE_FETCHING = [
    (hang_up, "broke off"),
    (cut, "broke off"),
    (cut_without_length, "broke off"),
    (garbled, "garbled"),
    (no_dicom, "no (readable|whole) DICOM file"),
    (half_a_file, "no whole DICOM file"),
    (overloaded, "503"),
    (login_page, "web page"),
    (stall, "sent nothing"),
    (stall_in_the_body, "sent nothing"),
    (drip, "less than 1024 bytes/s"),
    (another_instance, "another instance"),
    (elsewhere, "redirects to another"),
    (nothing, r"does not have it \(404\)"),
    (forbidden, r"does not allow it \(403\)"),
    (unauthorised, r"asks for a credential \(401\)"),
]
WHILE_LISTING = [
    (cut, "broke off"),
    (garbled, "no JSON"),
    (overloaded, "503"),
    (login_page, "web page"),
    (stall, "sent nothing"),
    (elsewhere, "redirects to another"),
    (nothing, "404"),
    (forbidden, "403"),
    (unauthorised, "401"),
]


def named(value):
    return getattr(value, "__name__", "")


def assert_nothing_is_measured(out, images):
    assert not any(isinstance(item, Found) for item in scan([out]))
    assert not (out / name_of(images.study) / name_of(images.series)).exists()


def assert_ends_in_one_line(pulling, status, words):
    assert status == 1
    assert len(pulling.lines) == 1
    assert re.search(words, pulling.lines[0])
    assert "Somebody" not in pulling.lines[0]
    assert pulling.took_s < TIMEOUT_S + SLACK_S


@pytest.mark.parametrize(("trouble", "words"), WHILE_FETCHING, ids=named)
def test_trouble_with_images_ends_in_one_line(serve, make, pulling, tmp_path, trouble, words):
    running = serve()
    running.pacs.answers["wado"] = lambda request: trouble(make, request)
    status = pulling(
        running.url, running.pacs.images.study, tmp_path / "out", "--timeout", str(TIMEOUT_S)
    )
    assert_ends_in_one_line(pulling, status, words)
    assert_nothing_is_measured(tmp_path / "out", running.pacs.images)


@pytest.mark.parametrize("list_of", ["studies", "series", "instances"])
@pytest.mark.parametrize(("trouble", "words"), WHILE_LISTING, ids=named)
def test_trouble_with_lists_ends_in_one_line(
    serve, make, pulling, tmp_path, list_of, trouble, words
):
    running = serve()
    running.pacs.answers[list_of] = lambda request: trouble(make, request)
    status = pulling(
        running.url, running.pacs.images.study, tmp_path / "out", "--timeout", str(TIMEOUT_S)
    )
    assert_ends_in_one_line(pulling, status, words)
    assert_nothing_is_measured(tmp_path / "out", running.pacs.images)


def test_one_image_that_is_not_given_leaves_its_series_unfinished_and_the_rest_comes(
    serve, make, pulling, tmp_path
):
    running = serve()
    images, out = running.pacs.images, tmp_path / "out"
    running.pacs.answers[images.instances[1]] = lambda request: nothing(make, request)
    assert pulling(running.url, images.study, out) == 1
    assert len(pulling.lines) == 1
    assert "1 of 4: the server does not have it (404)" in pulling.lines[0]
    assert len(list(out.rglob("*.dcm"))) == len(images.instances) - 1
    assert_nothing_is_measured(out, images)
    running.pacs.answers.clear()
    assert pulling(running.url, images.study, out) == 0
    assert len([item for item in scan([out]) if isinstance(item, Found)]) == 1


def test_a_server_that_counts_more_than_it_lists_gives_no_complete_series(
    serve, make, pulling, tmp_path
):
    running = serve()
    images = running.pacs.images
    series = {"0020000E": images.series, "00080060": "CT", "00201209": 5}
    running.pacs.answers["series"] = lambda request: make.send_list(request, [series])
    assert pulling(running.url, images.study, tmp_path / "out") == 1
    assert pulling.lines[0].endswith("1 of 5: counted by the server, but not listed")
    assert_nothing_is_measured(tmp_path / "out", images)


def test_a_list_that_comes_in_pages_is_asked_for_to_its_end(serve, make, pulling, tmp_path):
    running = serve()
    images = running.pacs.images

    def page(request):
        skip = int(request.path.partition("offset=")[2] or 0)
        uids = images.instances[skip : skip + 3]
        make.send_list(request, [{"00080018": uid} for uid in uids])

    running.pacs.answers["instances"] = page
    assert pulling(running.url, images.study, tmp_path / "out") == 0
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == len(images.instances)


def test_a_list_that_never_ends_is_not_followed_for_ever(serve, make, pulling, tmp_path):
    running = serve()
    images = running.pacs.images
    series = {"0020000E": images.series, "00201209": 1000}
    same = [{"00080018": uid} for uid in images.instances]
    running.pacs.answers["series"] = lambda request: make.send_list(request, [series])
    running.pacs.answers["instances"] = lambda request: make.send_list(request, same)
    assert pulling(running.url, images.study, tmp_path / "out") == 1
    assert "996 of 1000: counted by the server" in pulling.lines[0]


def test_an_answer_that_inflates_above_the_cap_is_refused_before_it_fills_the_memory(
    serve, make, pulling, tmp_path, monkeypatch
):
    monkeypatch.setattr("cctrack.io.pacs.pull.MAX_INSTANCE_BYTES", 1 << 20)
    running = serve()
    bomb = gzip.compress(bytes(64 << 20), compresslevel=1)
    running.pacs.answers["wado"] = lambda request: make.send(
        request, bomb, make.MULTIPART, Content_Encoding="gzip"
    )
    tracemalloc.start()
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 1
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "longer than 1 MiB" in pulling.lines[0]
    assert peak_bytes < 16 << 20


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(
    serve, make, pulling, tmp_path
):
    running = serve()
    pacs, images = running.pacs, running.pacs.images
    uid = images.instances[2]

    def close_once(request):
        del pacs.answers[uid]
        hang_up(make, request)

    pacs.answers[uid] = close_once
    assert pulling(running.url, images.study, tmp_path / "out") == 0
    assert sum(uid in path for path in pacs.asked) == 2


def test_nobody_listens(pulling, make, tmp_path):
    url = f"http://127.0.0.1:{make.free_port()}/dicom-web"
    assert pulling(url, "1.2.3", tmp_path / "out") == 1
    assert pulling.lines == ["cctrack: the server refuses the connection: nothing listens there"]


def test_a_name_that_nobody_has(pulling, tmp_path, monkeypatch):
    def unknown(*_where, **_how):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert pulling("https://pacs.example.org/dicom-web", "1.2.3", tmp_path / "out") == 1
    assert pulling.lines == ["cctrack: no server of this name was found"]


def test_a_full_disk_is_one_line_and_no_bug(serve, pulling, tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cctrack.io.pacs.folder.write_bytes", full)
    running = serve()
    started = time.monotonic()
    assert pulling(running.url, running.pacs.images.study, tmp_path / "out") == 1
    assert pulling.lines == ["cctrack: No space left on device: "]
    assert time.monotonic() - started < SLACK_S
