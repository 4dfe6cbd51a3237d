"""``cctrack receive`` with dcmtk and Orthanc as senders, and how it starts and ends."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from receivers import assert_stored_whole, associated, needs_dcmtk, place_of, storescu
from sent_images import listens

from cctrack.cli.main import EXIT_USAGE, main
from cctrack.io import Found, scan

STORED = 0x0000
SOCKETS = Path("/proc/net/tcp")


@needs_dcmtk
def test_a_series_sent_by_storescu_is_kept_and_measurable(receiving, noise_ct):
    receiver = receiving("--once", "--json")
    assert storescu(receiver, noise_ct.files).returncode == 0
    status, out, lines = receiver.ended()
    assert (status, lines) == (0, [])
    row = json.loads(out)
    assert (row["modality"], row["instances"], row["complete"]) == ("CT", 4, True)
    assert_stored_whole(receiver, noise_ct)
    assert len([item for item in scan([receiver.out]) if isinstance(item, Found)]) == 1


def test_orthanc_sends_to_us(make, orthanc, receiving, tmp_path):
    images = make.write_noise_ct(tmp_path / "ct", seed=21)
    orthanc.stow(images.files)
    receiver = receiving("--once", port=orthanc.receiver_port)
    assert orthanc.send(images) == 200
    assert receiver.ended()[0] == 0
    assert_stored_whole(receiver, images)


@needs_dcmtk
def test_an_echo_is_answered_and_does_not_end_a_receiver_that_waits_for_one_sender(receiving):
    receiver = receiving("--once")
    done = subprocess.run(["echoscu", "127.0.0.1", str(receiver.port)], timeout=20, check=False)
    assert done.returncode == 0
    assert receiver.process.poll() is None
    assert receiver.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order_and_leaves_an_open_series_unfinished(receiving, noise_ct, number):
    receiver = receiving()
    association = associated(receiver)
    assert association.send_c_store(noise_ct.files[0]).Status == STORED
    status, _, lines = receiver.end(number)
    assert status == 1
    assert [line.split()[0] for line in lines] == ["incomplete"]
    assert not place_of(receiver, noise_ct).exists()
    assert not listens(receiver.port)


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
