"""What is pushed is kept as it was sent, and a series is whole or `.incomplete`."""

import contextlib
import socket
import struct
import time

import pydicom
import pytest
from receivers import assert_stored_whole, associated, needs_dcmtk, offering, place_of, storescu
from sent_images import wait_until

from cctrack.io import scan
from cctrack.io.pacs import listen
from cctrack.io.pacs.folder import name_of
from cctrack.io.pacs.inbox import Inbox, Sent, Status
from cctrack.io.write_dicom import Compression
from cctrack.model import Because

STORED, CONFLICT, NO_ROOM, NOT_UNDERSTOOD = 0x0000, 0x0111, 0xA700, 0xC000
STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


@needs_dcmtk
@pytest.mark.parametrize(
    ("compression", "option"), [(Compression.JPEG2000, "-xv"), (Compression.RLE, "-xr")]
)
def test_compressed_pixels_are_not_recoded(make, listening, tmp_path, compression, option):
    images = make.write_noise_ct(tmp_path / "ct", seed=20, compression=compression)
    receiver = listening()
    assert storescu(receiver, images.files, option).returncode == 0
    assert_stored_whole(receiver, images)


def test_a_sender_that_breaks_off_leaves_the_series_unfinished_and_a_later_push_completes_it(
    listening, noise_ct
):
    receiver = listening()
    first = associated(receiver)
    for path in noise_ct.files[:2]:
        assert first.send_c_store(path).Status == STORED
    first.abort()
    unfinished = place_of(receiver, noise_ct).with_suffix(".incomplete")
    wait_until(lambda: receiver.ended)
    assert len(list(unfinished.glob("*.dcm"))) == 2
    assert {item.because for item in scan([receiver.out])} == {Because.INCOMPLETE_TRANSFER}
    second = associated(receiver)
    assert {second.send_c_store(path).Status for path in noise_ct.files} == {STORED}
    second.release()
    assert_stored_whole(receiver, noise_ct)
    wait_until(lambda: len(receiver.ended) == 2)
    assert [(item.instances, item.complete) for item in receiver.ended] == [(2, False), (4, True)]


def test_a_series_that_comes_over_two_associations_waits_for_both(listening, noise_ct):
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
    assert_stored_whole(receiver, noise_ct)


def test_the_same_image_again_is_fine_and_another_under_its_uid_is_refused(listening, noise_ct):
    receiver = listening()
    association = associated(receiver)
    assert [association.send_c_store(noise_ct.files[0]).Status for _ in range(2)] == [STORED] * 2
    other = pydicom.dcmread(noise_ct.files[0])
    other.PixelData = bytes(len(other.PixelData))
    assert association.send_c_store(other).Status == CONFLICT
    association.release()
    wait_until(lambda: receiver.ended)
    assert len(receiver.told) == 1
    assert "other content under a UID that is there" in receiver.told[0]
    kept = pydicom.dcmread(next(place_of(receiver, noise_ct).iterdir()))
    assert kept.PixelData == pydicom.dcmread(noise_ct.files[0]).PixelData


def test_an_object_without_pixels_or_series_is_refused_and_its_series_stays_unfinished(
    listening, noise_ct
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
    wait_until(lambda: receiver.ended)
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


def test_only_named_senders_may_send(listening, noise_ct):
    receiver = listening("SCANNER")
    assert offering(receiver, title="STRANGER").is_rejected
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    association.release()
    wait_until(place_of(receiver, noise_ct).is_dir)


def test_reports_are_not_taken(listening):
    assert not offering(listening(), STRUCTURED_REPORT).is_established


@pytest.mark.parametrize("claimed", [0xFFFFFFFF, 1 << 24])
def test_a_packet_that_claims_gigabytes_is_cut_off_and_others_are_served(
    listening, noise_ct, claimed
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
    wait_until(place_of(receiver, noise_ct).is_dir)


def test_an_object_without_end_is_cut_off(listening, noise_ct, monkeypatch):
    monkeypatch.setattr(listen, "MAX_INSTANCE_BYTES", 1 << 18)
    endless = pydicom.dcmread(noise_ct.files[0])
    endless.PixelData = bytes(1 << 22)
    receiver = listening()
    association = associated(receiver)
    assert "Status" not in association.send_c_store(endless)
    wait_until(lambda: association.is_aborted)
    assert "a sender was cut off" in receiver.told[0]
    assert not list(receiver.out.rglob("*.dcm"))
