"""Ask a web server for one thing at a time, with limits on time and size and no surprises.

Plain requests, with everything that it takes from the environment switched off: proxies, netrc
files and ``REQUESTS_CA_BUNDLE``, which would override the CA that was given.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from cctrack.errors import NotGiven, TransferFailed
from cctrack.io.pacs.address import Server, server_at
from cctrack.io.pacs.credentials import Credential
from cctrack.io.pacs.failures import causes, explained, needed_library, require_certificates

if TYPE_CHECKING:
    import requests

CHUNK_BYTES = 1 << 16

SLOWEST_BYTES_PER_S = 1024
"""1 KiB/s. A server that sends a byte now and then never runs into a time-out; a slice of 512 kB
takes minutes at this rate, and no network a PACS stands in is as slow."""

MAX_REDIRECTS = 3

_CLOSED = (ConnectionResetError, BrokenPipeError)

_ELSEWHERE = (
    "the server redirects to another one, which could be a log-in page or a trap; "
    "give the URL of the DICOMweb service itself"
)

TROUBLE = frozenset({429, 502, 503, 504})
"""The server as a whole has trouble: asking it for the next image makes it worse."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; ``body`` is empty where it had nothing to say (204)."""

    content_type: str
    body: bytes

    @property
    def media_type(self) -> str:
        """Type and subtype without parameters, in lower case."""
        return self.content_type.split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for.

    Attributes
    ----------
    path : str
        Below the root of the service.
    accept : str
        Header ``Accept``.
    most_bytes : int
        A longer answer is refused while it comes.
    query : mapping of str to str
    """

    path: str
    accept: str
    most_bytes: int
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Send:
    """What is sent.

    Attributes
    ----------
    path : str
        Below the root of the service.
    body : bytes
    content_type, accept : str
        Headers.
    most_bytes : int
        A longer answer is refused while it comes.
    """

    path: str
    body: bytes
    content_type: str
    accept: str
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to something that was sent, whatever its status."""

    status: int
    reply: Reply


class Web:
    """A kept-alive connection to one server; a context manager.

    Parameters
    ----------
    server : Server
    credential : Credential or None
    timeout_s : float
        Longest wait for a connection, and for data.
    ca : Path or None
        Certificates (PEM) that are trusted instead of the public ones.

    Raises
    ------
    TransferFailed
        If requests is not installed, or the CA file holds no certificate.
    """

    def __init__(
        self, server: Server, credential: Credential | None, timeout_s: float, ca: Path | None
    ) -> None:
        with needed_library():
            import requests
        self._server = server
        self._timeout_s = timeout_s
        self._known = credential is not None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = require_certificates(ca) if ca is not None else True
        # Without this a small answer may inflate to gigabytes; DICOM hardly gets smaller by gzip.
        self._session.headers["Accept-Encoding"] = "identity"
        if credential is not None:
            self._session.headers["Authorization"] = credential.header

    def __enter__(self) -> "Web":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(self, ask: Ask) -> Reply:
        """Ask for one thing and wait for all of it.

        Raises
        ------
        NotGiven
            If the server does not give this one thing.
        TransferFailed
            If it cannot be reached or trusted, breaks off, stalls, redirects to another host,
            wants a credential or has trouble.
        """
        with explained():
            response = self._follow(ask)
            with response:
                self.require_success(response.status_code)
                body = self._body(response, ask.most_bytes)
        return Reply(response.headers.get("Content-Type", ""), body)

    def post(self, send: Send) -> Answer:
        """Send one thing and wait for the answer; nothing is followed elsewhere or repeated.

        Raises
        ------
        NotGiven
            If the answer is too long.
        TransferFailed
            If the server cannot be reached or trusted, breaks off, stalls or redirects.
        """
        with explained():
            response = self._session.post(
                f"{self._server.url}/{send.path}",
                data=send.body,
                headers={"Accept": send.accept, "Content-Type": send.content_type},
                timeout=self._timeout_s,
                stream=True,
                allow_redirects=False,
            )
            with response:
                if response.is_redirect:
                    raise TransferFailed(_ELSEWHERE)
                body = self._body(response, send.most_bytes)
        kind = response.headers.get("Content-Type", "")
        return Answer(response.status_code, Reply(kind, body))

    def require_success(self, status: int) -> None:
        """Say by its status why the server did not do what was asked.

        Raises
        ------
        NotGiven
            If it does not do this one thing.
        TransferFailed
            If it wants a credential or has trouble.
        """
        if status in (200, 204, 206):
            return
        if status == 401:
            raise TransferFailed(
                "the server did not accept the credential (401)"
                if self._known
                else "the server asks for a credential (401); the guide says where to put it"
            )
        if status in TROUBLE:
            raise TransferFailed(f"the server has trouble ({status}); try again later")
        reasons = {403: "does not allow it", 404: "does not have it", 410: "does not have it"}
        reason = reasons.get(status, "could not answer")
        raise NotGiven(f"the server {reason} ({status})")

    def _follow(self, ask: Ask) -> "requests.Response":
        url = f"{self._server.url}/{ask.path}"
        query: Mapping[str, str] | None = ask.query
        for _ in range(MAX_REDIRECTS + 1):
            response = self._ask(url, query, ask.accept)
            if not response.is_redirect:
                return response
            response.close()
            url, query = urljoin(url, response.headers["Location"]), None
            self._require_same_host(url)
        raise TransferFailed(f"the server redirects more than {MAX_REDIRECTS} times")

    def _ask(
        self, url: str, query: Mapping[str, str] | None, accept: str, *, again: bool = True
    ) -> "requests.Response":
        import requests

        try:
            return self._session.get(
                url,
                params=query,
                headers={"Accept": accept},
                timeout=self._timeout_s,
                stream=True,
                allow_redirects=False,
            )
        except requests.ConnectionError as error:
            # A server may close a kept-alive connection just as it is used again: no answer has
            # begun then, so asking once more is safe (RFC 9110 9.2.2). Nothing else is repeated.
            closed = any(isinstance(cause, _CLOSED) for cause in causes(error))
            if not (again and closed):
                raise
        return self._ask(url, query, accept, again=False)

    def _require_same_host(self, url: str) -> None:
        try:
            origin = server_at(url.split("?")[0].split("#")[0]).origin
        except TransferFailed:
            origin = ""
        if origin != self._server.origin:
            raise TransferFailed(_ELSEWHERE)

    def _body(self, response: "requests.Response", most_bytes: int) -> bytes:
        body = bytearray()
        started = time.monotonic()
        # read1 returns what is there; read would wait for a full chunk however slowly it drips.
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > most_bytes:
                raise NotGiven(f"the answer is longer than {most_bytes >> 20} MiB")
            elapsed_s = time.monotonic() - started
            if elapsed_s > self._timeout_s and len(body) < elapsed_s * SLOWEST_BYTES_PER_S:
                raise TransferFailed(f"the server sends less than {SLOWEST_BYTES_PER_S} bytes/s")
        return bytes(body)
