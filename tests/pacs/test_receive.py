"""What a scanner or a PACS pushes is kept as it was sent, and a series is whole or unfinished."""

import contextlib
import json
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from cctrack.cli.main import EXIT_USAGE, main
from cctrack.io import Found, scan
from cctrack.io.pacs import listen
from cctrack.io.pacs.folder import name_of
from cctrack.io.pacs.inbox import Inbox, Sent, Status
from cctrack.io.pacs.listen import Address, Listener
from cctrack.io.write_dicom import Compression
from cctrack.model import Because

pytest.importorskip("pynetdicom")
needs_dcmtk = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is missing")

STORED, CONFLICT, NO_ROOM, NOT_UNDERSTOOD = 0x0000, 0x0111, 0xA700, 0xC000
SOCKETS = Path("/proc/net/tcp")
LISTEN = "import sys; from cctrack.cli.main import main; sys.exit(main(sys.argv[1:]))"


class Receiving:
    """``cctrack receive`` in a process of its own."""

    def __init__(self, make, out, *more, port=0):
        self.port, self.out = port or make.free_port(), out
        command = [sys.executable, "-c", LISTEN, "receive", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--out", str(out), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        make.wait_until(lambda: make.listens(self.port) or self.process.poll() is not None)

    def end(self, number=signal.SIGTERM):
        """Stop it; returns the exit status, stdout and the lines on stderr but the greeting."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err.splitlines()[1:]


@pytest.fixture
def receiving(make, tmp_path):
    started = []

    def start(*more, port=0):
        started.append(Receiving(make, tmp_path / "inbox", *more, port=port))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


class Listening:
    """The same without a process, for what needs no command line."""

    def __init__(self, make, out, stack, *allowed):
        out.mkdir(exist_ok=True)
        self.port, self.out, self.told, self.ended = make.free_port(), out, [], []
        address = Address("127.0.0.1", self.port, "CCTRACK", allowed)
        inbox = Inbox(out, self.told.append)
        stack.enter_context(Listener(address, inbox, self.told.append, self.ended.extend))


@pytest.fixture
def listening(make, tmp_path):
    with contextlib.ExitStack() as stack:
        yield lambda *allowed: Listening(make, tmp_path / "inbox", stack, *allowed)


def storescu(receiver, files, *more):
    command = ["storescu", "-aet", "SCANNER", "-aec", "CCTRACK", *more]
    command += ["127.0.0.1", str(receiver.port), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def associated(receiver):
    """An open association that offers CT images as they are stored."""
    from pynetdicom import AE

    sender = AE(ae_title="SCANNER")
    sender.add_requested_context("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1")
    association = sender.associate("127.0.0.1", receiver.port, ae_title="CCTRACK")
    assert association.is_established
    return association


def place_of(receiver, images):
    return receiver.out / name_of(images.study) / name_of(images.series)


def assert_stored_whole(make, receiver, images):
    folder = place_of(receiver, images)
    make.wait_until(folder.is_dir)
    for path, uid in zip(images.files, images.instances, strict=True):
        sent, kept = pydicom.dcmread(path), pydicom.dcmread(folder / f"{name_of(uid)}.dcm")
        assert sent == kept
        assert sent.file_meta.TransferSyntaxUID == kept.file_meta.TransferSyntaxUID
    assert len(list(folder.iterdir())) == len(images.instances)


@needs_dcmtk
def test_a_series_sent_by_storescu_is_kept_and_measurable(make, receiving, noise_ct):
    receiver = receiving("--once", "--json")
    assert storescu(receiver, noise_ct.files).returncode == 0
    status, out, lines = receiver.ended()
    assert (status, lines) == (0, [])
    row = json.loads(out)
    assert (row["modality"], row["instances"], row["complete"]) == ("CT", 4, True)
    assert_stored_whole(make, receiver, noise_ct)
    assert len([item for item in scan([receiver.out]) if isinstance(item, Found)]) == 1


@needs_dcmtk
@pytest.mark.parametrize(
    ("compression", "option"), [(Compression.JPEG2000, "-xv"), (Compression.RLE, "-xr")]
)
def test_compressed_pixels_are_not_recoded(make, listening, tmp_path, compression, option):
    images = make.write_noise_ct(tmp_path / "ct", seed=20, compression=compression)
    receiver = listening()
    assert storescu(receiver, images.files, option).returncode == 0
    assert_stored_whole(make, receiver, images)


def test_orthanc_sends_to_us(make, orthanc, receiving, tmp_path):
    images = make.write_noise_ct(tmp_path / "ct", seed=21)
    orthanc.stow(images.files)
    receiver = receiving("--once", port=orthanc.receiver_port)
    assert orthanc.send(images) == 200
    assert receiver.ended()[0] == 0
    assert_stored_whole(make, receiver, images)


@needs_dcmtk
def test_an_echo_is_answered_and_does_not_end_a_receiver_that_waits_for_one_sender(receiving):
    receiver = receiving("--once")
    done = subprocess.run(["echoscu", "127.0.0.1", str(receiver.port)], timeout=20, check=False)
    assert done.returncode == 0
    assert receiver.process.poll() is None
    assert receiver.end()[0] == 0


def test_a_sender_that_breaks_off_leaves_the_series_unfinished_and_a_later_push_completes_it(
    make, listening, noise_ct
):
    receiver = listening()
    first = associated(receiver)
    for path in noise_ct.files[:2]:
        assert first.send_c_store(path).Status == STORED
    first.abort()
    unfinished = place_of(receiver, noise_ct).with_suffix(".incomplete")
    make.wait_until(lambda: receiver.ended)
    assert len(list(unfinished.glob("*.dcm"))) == 2
    assert {item.because for item in scan([receiver.out])} == {Because.INCOMPLETE_TRANSFER}
    second = associated(receiver)
    assert {second.send_c_store(path).Status for path in noise_ct.files} == {STORED}
    second.release()
    assert_stored_whole(make, receiver, noise_ct)
    make.wait_until(lambda: len(receiver.ended) == 2)
    assert [(item.instances, item.complete) for item in receiver.ended] == [(2, False), (4, True)]


def test_a_series_that_comes_over_two_associations_waits_for_both(make, listening, noise_ct):
    receiver = listening()
    first, second = associated(receiver), associated(receiver)
    for path in noise_ct.files[:2]:
        assert first.send_c_store(path).Status == STORED
    assert second.send_c_store(noise_ct.files[2]).Status == STORED
    first.release()
    time.sleep(0.3)
    assert not place_of(receiver, noise_ct).exists()
    assert second.send_c_store(noise_ct.files[3]).Status == STORED
    second.release()
    assert_stored_whole(make, receiver, noise_ct)


def test_the_same_image_again_is_fine_and_another_under_its_uid_is_refused(
    make, listening, noise_ct
):
    receiver = listening()
    association = associated(receiver)
    assert [association.send_c_store(noise_ct.files[0]).Status for _ in range(2)] == [STORED] * 2
    other = pydicom.dcmread(noise_ct.files[0])
    other.PixelData = bytes(len(other.PixelData))
    assert association.send_c_store(other).Status == CONFLICT
    association.release()
    make.wait_until(lambda: receiver.ended)
    assert len(receiver.told) == 1
    assert "other content under a UID that is there" in receiver.told[0]
    kept = pydicom.dcmread(next(place_of(receiver, noise_ct).iterdir()))
    assert kept.PixelData == pydicom.dcmread(noise_ct.files[0]).PixelData


def test_an_object_without_pixels_or_series_is_refused_and_its_series_stays_unfinished(
    make, listening, noise_ct
):
    receiver = listening()
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    without_pixels = pydicom.dcmread(noise_ct.files[1])
    del without_pixels.PixelData
    assert association.send_c_store(without_pixels).Status == NOT_UNDERSTOOD
    without_series = pydicom.dcmread(noise_ct.files[2])
    del without_series.SeriesInstanceUID
    assert association.send_c_store(without_series).Status == NOT_UNDERSTOOD
    association.release()
    make.wait_until(lambda: receiver.ended)
    assert len(receiver.told) == 2
    assert [item.complete for item in receiver.ended] == [False]
    assert not place_of(receiver, noise_ct).exists()


def test_a_nearly_full_disk_is_answered_with_no_room(noise_ct, tmp_path):
    told = []
    full = Inbox(tmp_path, told.append, keep_free_bytes=1 << 60)
    data = noise_ct.files[0].read_bytes()
    sent = Sent("sender", noise_ct.instances[0], data[:300], data[300:])
    assert full.store(sent) is Status.NO_ROOM == NO_ROOM
    assert full.close("sender", in_order=True)[0].complete is False
    assert "nearly full" in told[0]
    assert not list(tmp_path.rglob(f"{name_of(noise_ct.instances[0])}.dcm"))


def test_a_full_disk_is_answered_with_no_room_and_what_comes_later_is_stored(
    noise_ct, tmp_path, monkeypatch
):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cctrack.io.pacs.folder.write_bytes", full)
    told = []
    inbox = Inbox(tmp_path, told.append, keep_free_bytes=0)
    data = noise_ct.files[0].read_bytes()
    assert inbox.store(Sent(1, noise_ct.instances[0], b"", data)) is Status.NO_ROOM
    monkeypatch.undo()
    assert inbox.store(Sent(2, noise_ct.instances[0], b"", data)) is Status.STORED
    assert inbox.close(1, in_order=True) == ()
    assert inbox.close(2, in_order=True)[0].complete is False
    assert told == ["an object could not be stored: No space left on device"]


def test_only_named_senders_may_send(make, listening, noise_ct):
    from pynetdicom import AE

    receiver = listening("SCANNER")
    stranger = AE(ae_title="STRANGER")
    stranger.add_requested_context("1.2.840.10008.5.1.4.1.1.2")
    assert stranger.associate("127.0.0.1", receiver.port).is_rejected
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    association.release()
    make.wait_until(place_of(receiver, noise_ct).is_dir)


def test_reports_are_not_taken(listening):
    from pynetdicom import AE

    receiver = listening()
    sender = AE()
    sender.add_requested_context("1.2.840.10008.5.1.4.1.1.88.11")
    assert not sender.associate("127.0.0.1", receiver.port).is_established


@pytest.mark.parametrize("claimed", [0xFFFFFFFF, 1 << 24])
def test_a_packet_that_claims_gigabytes_is_cut_off_and_others_are_served(
    make, listening, noise_ct, claimed
):
    receiver = listening()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as liar:
        liar.sendall(struct.pack(">BBL", 1, 0, claimed))
        with contextlib.suppress(ConnectionResetError):
            # It hangs up instead of waiting for what was claimed.
            assert liar.recv(100) == b""
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    association.release()
    make.wait_until(place_of(receiver, noise_ct).is_dir)


def test_an_object_without_end_is_cut_off(make, listening, noise_ct, monkeypatch):
    monkeypatch.setattr(listen, "MAX_INSTANCE_BYTES", 1 << 18)
    endless = pydicom.dcmread(noise_ct.files[0])
    endless.PixelData = bytes(1 << 22)
    receiver = listening()
    association = associated(receiver)
    assert "Status" not in association.send_c_store(endless)
    make.wait_until(lambda: association.is_aborted)
    assert "a sender was cut off" in receiver.told[0]
    assert not list(receiver.out.rglob("*.dcm"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_leaves_an_open_series_unfinished(make, receiving, noise_ct, number):
    receiver = receiving()
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    status, _, lines = receiver.end(number)
    assert status == 1
    assert [line.split()[0] for line in lines] == ["incomplete"]
    assert not place_of(receiver, noise_ct).exists()
    assert not make.listens(receiver.port)


@pytest.mark.skipif(not SOCKETS.exists(), reason="sockets are listed on Linux only")
def test_it_listens_to_this_machine_only_unless_told_otherwise(receiving):
    receiver = receiving()
    table = SOCKETS.read_text(encoding="ascii")
    assert f"0100007F:{receiver.port:04X}" in table
    assert f"00000000:{receiver.port:04X}" not in table


def test_a_port_in_use_is_one_line(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        status = main(["receive", "--port", port, "--out", str(tmp_path / "inbox")])
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert status == 1
    assert capsys.readouterr().err == "cctrack: cannot listen there: the port is in use\n"


@pytest.mark.parametrize(
    "wrong",
    [["--port", "0"], ["--port", "65536"], ["--port", "x"], ["--aet", "A" * 17], ["--allow", "ä"]],
)
def test_wrong_options_are_wrong_usage(wrong, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["receive", "--port", "11112", "--out", str(tmp_path), *wrong])
    assert stop.value.code == EXIT_USAGE
