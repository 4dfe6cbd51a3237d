"""Listen for a DICOM push (C-STORE) and answer a C-ECHO."""

import errno
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cctrack.errors import TransferFailed
from cctrack.io.pacs.failures import needed_library
from cctrack.io.pacs.inbox import Inbox, ReceivedSeries, Sent, Status
from cctrack.io.pacs.instance import MAX_INSTANCE_BYTES

if TYPE_CHECKING:
    from pynetdicom import AE
    from pynetdicom.events import Event, EventHandlerType

MAX_PDU_BYTES = 1 << 20
"""1 MiB. We announce the usual 16 KiB for data; a request for an association that offers every
storage class in every syntax has some 100 KiB. The header of a PDU may claim 4 GiB."""

MAX_ASSOCIATIONS = 4
"""Each can hold an object of 1 GiB in memory."""

NETWORK_TIMEOUT_S = 60.0
"""A sender that is silent for longer is gone; pynetdicom's own figure."""

_EXPLICIT = "1.2.840.10008.1.2.1"
"""Explicit VR Little Endian."""

_VERIFICATION = "1.2.840.10008.1.1"
"""SOP class of the C-ECHO."""

_NO_IMAGES = ("JPIP", "MPEG", "HEVC", "SMPTE")
"""Syntaxes of films and sound, and those whose pixels are elsewhere."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen and for whom.

    Attributes
    ----------
    host : str
    port : int
    title : str
        Our AE title.
    allowed : tuple of str
        Calling AE titles; empty lets everyone send.
    """

    host: str
    port: int
    title: str
    allowed: tuple[str, ...]


Ended = Callable[[tuple[ReceivedSeries, ...]], None]


class Listener:
    """A storage SCP that fills an inbox; a context manager, listening inside.

    Parameters
    ----------
    address : Address
    inbox : Inbox
    tell : callable
        Called with one line when a sender is cut off.
    ended : callable
        Called when an association has ended that stored something.

    Raises
    ------
    TransferFailed
        If pynetdicom is not installed.
    """

    def __init__(
        self, address: Address, inbox: Inbox, tell: Callable[[str], None], ended: Ended
    ) -> None:
        self._address, self._inbox, self._tell, self._ended = address, inbox, tell, ended
        self._coming: dict[Hashable, int] = {}
        with needed_library():
            self._entity = _entity(address)

    def __enter__(self) -> "Listener":
        """Start; raises TransferFailed if the port cannot be had."""
        place = (self._address.host, self._address.port)
        try:
            self._entity.start_server(place, block=False, evt_handlers=self._handlers())
        except OSError as error:
            raise TransferFailed(f"cannot listen there: {_reason(error)}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entity.shutdown()

    def _handlers(self) -> "list[EventHandlerType]":
        from pynetdicom import evt

        return [
            (evt.EVT_CONN_OPEN, _limit_pdu),
            (evt.EVT_DATA_RECV, self._limit_object),
            (evt.EVT_DIMSE_RECV, self._object_came),
            (evt.EVT_C_ECHO, lambda _event: int(Status.STORED)),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_RELEASED, lambda event: self._close(event, in_order=True)),
            (evt.EVT_ABORTED, lambda event: self._close(event, in_order=False)),
        ]

    def _limit_object(self, event: "Event") -> None:
        """Cut off a sender whose object does not end; its parts are gathered in memory."""
        size = self._coming.get(event.assoc, 0) + len(event.data)
        self._coming[event.assoc] = size
        if size > MAX_INSTANCE_BYTES:
            self._coming[event.assoc] = 0
            self._tell(f"a sender was cut off: an object above {MAX_INSTANCE_BYTES >> 20} MiB")
            event.assoc.abort()

    def _object_came(self, event: "Event") -> None:
        self._coming[event.assoc] = 0

    def _store(self, event: "Event") -> int:
        try:
            dataset = event.encoded_dataset(include_meta=False)
            head = event.encoded_dataset()[: -len(dataset) or None]
        except (AttributeError, ValueError):
            self._tell("an object without a dataset came")
            return Status.NOT_UNDERSTOOD
        uid = str(getattr(event.request, "AffectedSOPInstanceUID", ""))
        return self._inbox.store(Sent(event.assoc, uid, head, dataset))

    def _close(self, event: "Event", *, in_order: bool) -> None:
        self._coming.pop(event.assoc, None)
        try:
            series = self._inbox.close(event.assoc, in_order=in_order)
        except OSError as error:
            self._tell(f"a series could not be given its name: {error.strerror}")
            return
        if series:
            self._ended(series)


def _entity(address: Address) -> "AE":
    from pydicom.uid import UID
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts

    pixels = [
        syntax
        for syntax in ALL_TRANSFER_SYNTAXES
        if not any(word in UID(syntax).name for word in _NO_IMAGES)
    ]
    # The first that a sender offers too is taken: plain pixels, with the types of private elements.
    syntaxes = [_EXPLICIT, *(item for item in pixels if item != _EXPLICIT)]
    entity = AE(ae_title=address.title)
    entity.add_supported_context(_VERIFICATION)
    for context in AllStoragePresentationContexts:
        if "Image" in UID(str(context.abstract_syntax)).name:
            entity.add_supported_context(str(context.abstract_syntax), syntaxes)
    entity.require_calling_aet = list(address.allowed)
    entity.maximum_associations = MAX_ASSOCIATIONS
    entity.network_timeout = NETWORK_TIMEOUT_S
    return entity


def _limit_pdu(event: "Event") -> None:
    """Refuse a PDU by the length it claims; pynetdicom would gather whatever is claimed."""
    connection: Any = event.assoc.dul.socket
    connection.socket.settimeout(NETWORK_TIMEOUT_S)
    read = connection.recv

    def read_some(wanted_bytes: int) -> bytearray:
        if wanted_bytes > MAX_PDU_BYTES:
            raise OSError(errno.EMSGSIZE, "PDU too long")
        data: bytearray = read(wanted_bytes)
        return data

    connection.recv = read_some


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "ports below 1024 need an administrator"
    return error.strerror or "the address is not one of this machine"
