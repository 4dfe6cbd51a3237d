"""Turn what network libraries raise into one line that names the cause and quotes nothing."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cctrack.errors import TransferFailed

_EXPIRED, _NOT_YET, _OTHER_HOST, _OTHER_ADDRESS = 10, 9, 62, 64
"""OpenSSL's verification codes (X509_V_ERR_*)."""

_CERTIFICATE_FAULTS = {
    _EXPIRED: "has expired",
    _NOT_YET: "is not valid yet",
    _OTHER_HOST: "belongs to another host",
    _OTHER_ADDRESS: "belongs to another host",
}


@contextmanager
def needed_library() -> Iterator[None]:
    """Say what to install where a library of the extra ``pacs`` is missing.

    Raises
    ------
    TransferFailed
        For every ImportError inside.
    """
    try:
        yield
    except ImportError:
        raise TransferFailed("this needs a few more libraries; install the extra pacs") from None


def require_certificates(ca: Path) -> str:
    """Return the path of a PEM file once it is known to hold certificates.

    Raises
    ------
    TransferFailed
        If it cannot be read or holds none.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise TransferFailed("the CA file holds no certificate in PEM form") from None
    except OSError as error:
        raise TransferFailed(f"the CA file: {error.strerror}") from None
    if not context.cert_store_stats()["x509"]:
        raise TransferFailed("the CA file holds no certificate in PEM form")
    return str(ca)


@contextmanager
def explained() -> Iterator[None]:
    """Turn every failure of requests and below into one line.

    Raises
    ------
    TransferFailed
        With the cause; the library's own text is dropped, since it quotes URLs and headers.
    """
    import requests
    import urllib3

    try:
        yield
    except TransferFailed:
        raise
    except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        raise TransferFailed("the server sent nothing for the time-out's length") from None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise TransferFailed(_cause(error)) from None
    except ValueError:
        raise TransferFailed("the URL of the server makes no sense") from None


def _cause(error: BaseException) -> str:
    for inner in causes(error):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return _certificate_fault(inner)
        if isinstance(inner, ssl.SSLError):
            return "no secure connection could be made: the server does not speak TLS as needed"
        if isinstance(inner, socket.gaierror):
            return "no server of this name was found"
        if isinstance(inner, ConnectionRefusedError):
            return "the server refuses the connection: nothing listens there"
    return "the connection broke off before everything had come"


def _certificate_fault(error: ssl.SSLCertVerificationError) -> str:
    fault = _CERTIFICATE_FAULTS.get(error.verify_code)
    if fault is not None:
        return f"the server's certificate {fault}"
    return "the server's certificate is not trusted; --ca gives the hospital's own authority"


def causes(error: BaseException) -> Iterator[BaseException]:
    """Every exception that an exception wraps, in any of the ways that libraries wrap them."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        links = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += [item for item in (*links, *current.args) if isinstance(item, BaseException)]
