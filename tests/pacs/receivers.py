"""``cctrack receive`` as a process and without one, and what sends to it."""

import contextlib
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from sent_images import Images, free_port, listens, wait_until

from cctrack.io.pacs.folder import name_of
from cctrack.io.pacs.inbox import Inbox, ReceivedSeries
from cctrack.io.pacs.listen import Address, Listener

pynetdicom = pytest.importorskip("pynetdicom")
needs_dcmtk = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is missing")

CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
LISTEN = "import sys; from cctrack.cli.main import main; sys.exit(main(sys.argv[1:]))"


class Receiving:
    """``cctrack receive`` in a process of its own."""

    def __init__(self, out: Path, *more: str, port: int = 0) -> None:
        self.port, self.out = port or free_port(), out
        command = [sys.executable, "-c", LISTEN, "receive", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--out", str(out), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: listens(self.port) or self.process.poll() is not None)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, list[str]]:
        """Stop it; returns the exit status, stdout and the lines on stderr but the greeting."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, list[str]]:
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err.splitlines()[1:]


class Listening:
    """The same without a process, for what needs no command line."""

    def __init__(self, out: Path, stack: contextlib.ExitStack, *allowed: str) -> None:
        out.mkdir(exist_ok=True)
        self.port, self.out = free_port(), out
        self.told: list[str] = []
        self.ended: list[ReceivedSeries] = []
        address = Address("127.0.0.1", self.port, "CCTRACK", allowed)
        inbox = Inbox(out, self.told.append)
        stack.enter_context(Listener(address, inbox, self.told.append, self.ended.extend))


def storescu(
    receiver: Receiving | Listening, files: list[Path], *more: str
) -> subprocess.CompletedProcess[str]:
    command = ["storescu", "-aet", "SCANNER", "-aec", "CCTRACK", *more]
    command += ["127.0.0.1", str(receiver.port), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def offering(receiver, sop_class: str = CT_STORAGE, title: str = "SCANNER"):
    """Ask for an association that offers objects of one class as they are stored."""
    sender = pynetdicom.AE(ae_title=title)
    sender.add_requested_context(sop_class, "1.2.840.10008.1.2.1")
    return sender.associate("127.0.0.1", receiver.port, ae_title="CCTRACK")


def associated(receiver):
    """Open an association that offers CT images."""
    association = offering(receiver)
    assert association.is_established
    return association


def place_of(receiver: Receiving | Listening, images: Images) -> Path:
    return receiver.out / name_of(images.study) / name_of(images.series)


def assert_stored_whole(receiver: Receiving | Listening, images: Images) -> None:
    folder = place_of(receiver, images)
    wait_until(folder.is_dir)
    for path, uid in zip(images.files, images.instances, strict=True):
        sent, kept = pydicom.dcmread(path), pydicom.dcmread(folder / f"{name_of(uid)}.dcm")
        assert sent == kept
        assert sent.file_meta.TransferSyntaxUID == kept.file_meta.TransferSyntaxUID
    assert len(list(folder.iterdir())) == len(images.instances)
