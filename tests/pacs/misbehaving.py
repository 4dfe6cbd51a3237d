"""A web server on loopback that answers like a PACS, or misbehaves on demand."""

import io
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pydicom
from sent_images import Images

BOUNDARY = "between"

Answer = Callable[[BaseHTTPRequestHandler], None]


class Pacs:
    """Answers like a DICOMweb server that holds one series, until told to misbehave.

    ``answers`` maps the last word of a path (``studies``, ``series``, ``instances``, or the UID of
    an instance) to a function that answers instead.
    """

    def __init__(self, images: Images) -> None:
        self.images = images
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.closing = threading.Event()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.split("?")[0]
        self.asked.append(request.path)
        self.headers.append(dict(request.headers.items()))
        last = path.rsplit("/", 1)[-1]
        if last in self.answers:
            self.answers[last](request)
        elif last in self.images.instances:
            if "wado" in self.answers:
                self.answers["wado"](request)
            else:
                self.give(request, self.images.files[self.images.instances.index(last)])
        else:
            send(request, json.dumps(self.listed(request, last)).encode())

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Store what is posted, or misbehave as ``answers["stow"]`` says."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.asked.append(request.path)
        self.headers.append(dict(request.headers.items()))
        self.bodies.append(body)
        if "stow" in self.answers:
            self.answers["stow"](request)
        else:
            send_stored(request, uid_in(body))

    def listed(self, request: BaseHTTPRequestHandler, last: str) -> list[dict[str, object]]:
        images = self.images
        if last == "studies":
            return [tags({"0020000D": images.study, "00201206": 1})]
        if last == "series":
            count = len(images.instances)
            return [tags({"0020000E": images.series, "00080060": "CT", "00201209": count})]
        skip = int(request.path.partition("offset=")[2].split("&")[0] or 0)
        return [tags({"00080018": uid}) for uid in images.instances[skip:]]

    def give(self, request: BaseHTTPRequestHandler, path: Path) -> None:
        send(request, enclosed(path.read_bytes()), MULTIPART)


MULTIPART = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'


def enclosed(data: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return head + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def tags(values: dict[str, object]) -> dict[str, object]:
    return {tag: {"vr": "UI", "Value": [value]} for tag, value in values.items()}


def uid_in(body: bytes) -> str:
    """SOP Instance UID of the one file in a posted body."""
    data = body.split(b"\r\n\r\n", 1)[1]
    return str(pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True).SOPInstanceUID)


def send_stored(request: BaseHTTPRequestHandler, uid: str, reason: int | None = None) -> None:
    """Answer as STOW-RS does: stored, or failed for a reason."""
    item = tags({"00081155": uid, **({} if reason is None else {"00081197": reason})})
    sequence = "00081199" if reason is None else "00081198"
    status = 200 if reason is None else 409
    send(request, json.dumps({sequence: {"vr": "SQ", "Value": [item]}}).encode(), status=status)


def pacs_of(request: BaseHTTPRequestHandler) -> Pacs:
    return request.server.pacs


def send_list(request: BaseHTTPRequestHandler, items: list[dict[str, object]]) -> None:
    send(request, json.dumps([tags(item) for item in items]).encode())


def send(
    request: BaseHTTPRequestHandler,
    body: bytes,
    content_type: str = "application/dicom+json",
    status: int = 200,
    **headers: str,
) -> None:
    request.send_response(status)
    length = headers.pop("length", str(len(body)))
    for name, value in {
        "Content-Type": content_type,
        "Content-Length": length,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
    request.wfile.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        pacs_of(self).answer(self)

    def do_POST(self) -> None:
        pacs_of(self).take(self)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, pacs: Pacs, tls: tuple[Path, Path] | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pacs = pacs
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}/dicom-web"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.pacs.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about."""
