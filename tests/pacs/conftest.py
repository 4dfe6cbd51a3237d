"""A real Orthanc, a web server that misbehaves on demand, and simulated CT to send around."""

import contextlib
import datetime
import ipaddress
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cctrack.cli.main import main
from cctrack.io.write_dicom import DicomOptions, write_ct
from cctrack.phantom.ct import CtSession, draw_ct, random_subject

sys.path.insert(0, str(Path(__file__).parent))

import misbehaving
import sent_images
from misbehaving import BOUNDARY, Pacs, Server
from sent_images import Images, free_port, images_in, listens, wait_until, write_noise_ct

if TYPE_CHECKING:
    from receivers import Listening, Receiving

USER, PASSWORD = "reader", "not-a-real-password"
PLUGINS = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture
def make() -> SimpleNamespace:
    """The functions of the modules beside this one."""
    return SimpleNamespace(**{**vars(misbehaving), **vars(sent_images)})


@pytest.fixture
def noise_ct(tmp_path: Path) -> Images:
    return write_noise_ct(tmp_path / "noise-ct")


@pytest.fixture(scope="session")
def two_scans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Images, Images]:
    """Two simulated CT of 40 slices with deposits."""
    series = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        session = CtSession(shape=(40, 100, 100), spacing_mm=0.9, seed=seed)
        scan = draw_ct(random_subject(rng), session)
        folder = tmp_path_factory.mktemp(f"scan{seed}")
        write_ct(folder, scan.ct, DicomOptions(patient=f"P{seed:03d}"))
        series.append(images_in(folder))
    return series[0], series[1]


@dataclass(frozen=True)
class Orthanc:
    """A running server."""

    url: str
    dicom_port: int
    receiver_port: int

    def session(self):
        requests = pytest.importorskip("requests")
        session = requests.Session()
        session.trust_env = False
        session.auth = (USER, PASSWORD)
        return session

    def stow(self, files: list[Path]) -> None:
        mark = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = b"".join(mark + path.read_bytes() + b"\r\n" for path in files)
        reply = self.session().post(
            f"{self.url}/studies",
            data=body + f"--{BOUNDARY}--\r\n".encode(),
            headers={
                "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}',
                "Accept": "application/dicom+json",
            },
            timeout=30,
        )
        assert reply.status_code == 200

    def send(self, images: Images) -> int:
        """Let the server push a series to the receiver; returns the HTTP status."""
        root = self.url.removesuffix("/dicom-web")
        session = self.session()
        found = session.post(f"{root}/tools/lookup", data=images.series, timeout=10).json()
        resource = next(item["ID"] for item in found if item["Type"] == "Series")
        done = session.post(f"{root}/modalities/cctrack/store", data=resource, timeout=30)
        return int(done.status_code)


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None or not PLUGINS.exists():
        pytest.skip("Orthanc or its DICOMweb plugin is missing (orthanc, orthanc-dicomweb)")
    for library in ("requests", "pynetdicom", "keyring"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("orthanc")
    http, dicom, receiver = free_port(), free_port(), free_port()
    config = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": http,
        "DicomPort": dicom,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "TranscodeDicomProtocol": False,
        "DicomScuTimeout": 5,
        "DicomModalities": {"cctrack": ["CCTRACK", "127.0.0.1", receiver]},
        "Plugins": [str(PLUGINS)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "storage").mkdir()
    (folder / "orthanc.json").write_text(json.dumps(config), encoding="utf-8")
    with (folder / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen([program, folder / "orthanc.json"], stdout=log, stderr=log)
    try:
        wait_until(lambda: listens(http) and listens(dicom), 20)
        yield Orthanc(f"http://127.0.0.1:{http}/dicom-web", dicom, receiver)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(autouse=True)
def no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"CCTRACK_PACS_{name}", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCTRACK_PACS_USER", USER)
    monkeypatch.setenv("CCTRACK_PACS_PASSWORD", PASSWORD)


@dataclass
class Pulling:
    """Runs ``cctrack pull`` and keeps what it said."""

    capture: pytest.CaptureFixture[str]
    out: str = ""
    lines: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def __call__(self, url: str, study: str, out: Path, *more: str) -> int:
        started = time.monotonic()
        status = main(["pull", url, "--study-uid", study, "--out", str(out), *more])
        self.took_s = time.monotonic() - started
        said = self.capture.readouterr()
        self.out, self.lines = said.out, said.err.splitlines()
        return status


@pytest.fixture
def pulling(capsys: pytest.CaptureFixture[str]) -> Pulling:
    pytest.importorskip("requests")
    return Pulling(capsys)


@dataclass
class Pushing:
    """Runs ``cctrack push`` and keeps what it said."""

    capture: pytest.CaptureFixture[str]
    out: str = ""
    lines: list[str] = field(default_factory=list)
    took_s: float = 0.0

    def __call__(self, url: str, *words: object) -> int:
        started = time.monotonic()
        status = main(["push", url, *map(str, words)])
        self.took_s = time.monotonic() - started
        said = self.capture.readouterr()
        self.out, self.lines = said.out, said.err.splitlines()
        return status


@pytest.fixture
def pushing(capsys: pytest.CaptureFixture[str]) -> Pushing:
    pytest.importorskip("requests")
    return Pushing(capsys)


@dataclass(frozen=True)
class Running:
    url: str
    pacs: Pacs


@pytest.fixture
def serve(noise_ct: Images) -> Iterator[Callable[..., Running]]:
    """Start a `Pacs` on loopback; with ``tls=(certificate, key)`` over https."""
    running: list[Server] = []

    def start(tls: tuple[Path, Path] | None = None, images: Images = noise_ct) -> Running:
        running.append(Server(Pacs(images), tls))
        return Running(running[-1].url, running[-1].pacs)

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Callable[..., "Receiving"]]:
    """Start ``cctrack receive`` in a process of its own."""
    from receivers import Receiving

    started = []

    def start(*more, port=0):
        started.append(Receiving(tmp_path / "inbox", *more, port=port))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Callable[..., "Listening"]]:
    """Start the same without a process."""
    from receivers import Listening

    with contextlib.ExitStack() as stack:
        yield lambda *allowed: Listening(tmp_path / "inbox", stack, *allowed)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Path, Path]]:
    """Make certificates that sign themselves."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("certificates")
    now = datetime.datetime.now(datetime.UTC)

    def make(name: str, address: str = "127.0.0.1", days: int = 1) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usual = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        certificate = (
            usual.public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        pem, private = folder / f"{name}.pem", folder / f"{name}.key"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pem, private

    return make
