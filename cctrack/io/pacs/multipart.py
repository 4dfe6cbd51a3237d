"""Take the one DICOM file out of a multipart answer (RFC 2387), and only when it is whole."""

from email.message import Message

from cctrack.errors import NotGiven, TransferFailed
from cctrack.io.pacs.web import Reply

_LINE = b"\r\n"


def only_part(reply: Reply) -> bytes:
    """Return the content of a multipart/related answer of one part.

    A single part that was sent without its envelope, as some servers do, is taken as it is.

    Raises
    ------
    NotGiven
        If the answer is of another kind, or holds none or several parts.
    TransferFailed
        If it is a web page, or ends before the closing boundary.
    """
    if reply.media_type == "application/dicom":
        return reply.body
    require_no_web_page(reply)
    boundary = _boundary(reply.content_type)
    if reply.media_type != "multipart/related" or not boundary:
        raise NotGiven("the answer is no multipart/related of application/dicom")
    return _between(reply.body, b"--" + boundary)


def require_no_web_page(reply: Reply) -> None:
    """Refuse a page for people; raises TransferFailed, since the next answer would be one too."""
    if reply.media_type in ("text/html", "application/xhtml+xml"):
        raise TransferFailed(
            "the server answered with a web page, perhaps a log-in, instead of DICOM; "
            "check the URL and the credential"
        )


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    value = header.get_param("boundary", "")
    return value.encode("latin-1", "replace") if isinstance(value, str) else b""


def _between(body: bytes, mark: bytes) -> bytes:
    start = 0 if body.startswith(mark) else body.find(_LINE + mark) + len(_LINE)
    headers_end = body.find(_LINE + _LINE, start)
    if not body.startswith(mark, start) or headers_end < 0:
        raise NotGiven("the answer is garbled: it does not start with its boundary")
    begin = headers_end + 2 * len(_LINE)
    end = body.find(_LINE + mark, begin)
    if end < 0:
        raise TransferFailed("the answer broke off before its closing boundary")
    if not body.startswith(b"--", end + len(_LINE) + len(mark)):
        raise NotGiven("the answer holds several files where one was asked for")
    return body[begin:end]
