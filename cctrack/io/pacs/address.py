"""Where a server is, and whether a password may travel there."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from cctrack.errors import TransferFailed

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Server:
    """The root of a DICOMweb service.

    Attributes
    ----------
    url : str
        Without a slash at its end, a user, a query or a fragment.
    origin : str
        Scheme, host and port: what a credential belongs to.
    private : bool
        Whether nobody on the way can listen: https, or a server on this machine.
    """

    url: str
    origin: str
    private: bool


def server_at(url: str) -> Server:
    """Read the URL of a DICOMweb service.

    Raises
    ------
    TransferFailed
        If it is no http or https URL, or holds a user, a password, a query or a fragment.

    Examples
    --------
    >>> server_at("https://pacs.example.org/dicom-web/").origin
    'https://pacs.example.org:443'
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise TransferFailed("the URL of the server makes no sense") from None
    # The URL itself is never repeated: people paste passwords into it.
    if parts.scheme not in _PORTS or not host:
        raise TransferFailed("the URL of a DICOMweb server starts with https:// or http://")
    if "@" in parts.netloc:
        raise TransferFailed(
            "the URL holds a user or password, which other users of this machine could see; "
            "give them as the guide says and leave them out of the URL"
        )
    if parts.query or parts.fragment:
        raise TransferFailed("the URL of a DICOMweb server holds neither ? nor #")
    return Server(_root(parts), f"{parts.scheme}://{host}:{port}", _is_private(parts.scheme, host))


def _root(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_private(scheme: str, host: str) -> bool:
    if scheme == "https" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
