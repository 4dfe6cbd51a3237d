"""Store what senders push, series by series, and decide when a series is complete."""

import shutil
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from cctrack.errors import NotGiven
from cctrack.io.pacs.folder import SeriesFolder
from cctrack.io.pacs.instance import Instance, read_instance

KEEP_FREE_BYTES = 512 << 20
"""512 MiB: a machine whose disk is filled to the last byte loses more than an image."""

SeriesKey = tuple[str, str]


class Status(IntEnum):
    """Answers to a C-STORE (PS3.4 B.2.3, PS3.7 C.5)."""

    STORED = 0x0000
    CONFLICT = 0x0111
    NO_ROOM = 0xA700
    OTHER_INSTANCE = 0xA900
    NOT_UNDERSTOOD = 0xC000


@dataclass(frozen=True, slots=True)
class Sent:
    """One object as it came.

    Attributes
    ----------
    sender : hashable
        The association it came over.
    instance_uid : str
        What the sender says it is.
    head, dataset : bytes
        Preamble and file meta group, made here, and what was sent. Together they are the file.
    """

    sender: Hashable
    instance_uid: str
    head: bytes
    dataset: bytes


@dataclass(frozen=True, slots=True)
class ReceivedSeries:
    """Where a series stands when the last association that brought some of it has ended."""

    modality: str
    instances: int
    complete: bool
    folder: Path


class Inbox:
    """Where pushed images end up; safe to be called from several threads.

    A push says nowhere how many images belong to a series. It counts as complete when every
    association that brought some of it was released in order and nothing sent over it was refused.

    Parameters
    ----------
    out : Path
    tell : callable
        Called with one line for each refusal.
    keep_free_bytes : int
        Nothing is stored that would leave less room on the disk.
    """

    def __init__(
        self, out: Path, tell: Callable[[str], None], keep_free_bytes: int = KEEP_FREE_BYTES
    ) -> None:
        self._out, self._tell, self._keep_free_bytes = out, tell, keep_free_bytes
        self._open: dict[Hashable, dict[SeriesKey, str]] = {}
        self._failed: set[Hashable] = set()
        self._partial: set[SeriesKey] = set()
        self._lock = threading.Lock()

    def store(self, sent: Sent) -> Status:
        """Store one object, or say why not; a refusal is told and never raised."""
        with self._lock:
            status, line = self._stored(sent)
            if status not in (Status.STORED, Status.CONFLICT):
                self._failed.add(sent.sender)
        if line:
            self._tell(line)
        return status

    def close(self, sender: Hashable, *, in_order: bool) -> tuple[ReceivedSeries, ...]:
        """End an association and give its series their final names where all is well.

        Raises
        ------
        OSError
            If a folder cannot be renamed.
        """
        with self._lock:
            touched = self._open.pop(sender, {})
            if not in_order or sender in self._failed:
                self._partial.update(touched)
            self._failed.discard(sender)
            busy = {key for series in self._open.values() for key in series}
            ended = {key: name for key, name in touched.items() if key not in busy}
            return tuple(self._ended(key, modality) for key, modality in ended.items())

    def _stored(self, sent: Sent) -> tuple[Status, str]:
        data = sent.head + sent.dataset
        try:
            instance = read_instance(data)
        except NotGiven as error:
            return Status.NOT_UNDERSTOOD, str(error)
        if instance.uids.instance != sent.instance_uid:
            return Status.OTHER_INSTANCE, "an object came under the UID of another"
        try:
            return self._kept(sent, instance, data)
        except OSError as error:
            return Status.NO_ROOM, f"an object could not be stored: {error.strerror}"

    def _kept(self, sent: Sent, instance: Instance, data: bytes) -> tuple[Status, str]:
        uids = instance.uids
        key = (uids.study, uids.series)
        self._open.setdefault(sent.sender, {})[key] = instance.modality
        folder = SeriesFolder(self._out, *key)
        there = folder.content_of(uids.instance)
        if there is not None:
            # The file meta group names the program that wrote the file: only what was sent counts.
            if there.endswith(sent.dataset):
                return Status.STORED, ""
            place = folder.path_of(uids.instance)
            return Status.CONFLICT, f"other content under a UID that is there; kept: {place}"
        if shutil.disk_usage(self._out).free - len(data) < self._keep_free_bytes:
            return Status.NO_ROOM, "an object could not be stored: the disk is nearly full"
        folder.put(uids.instance, data)
        return Status.STORED, ""

    def _ended(self, key: SeriesKey, modality: str) -> ReceivedSeries:
        folder = SeriesFolder(self._out, *key)
        complete = key not in self._partial
        self._partial.discard(key)
        if complete:
            folder.finish()
        place = folder.final if folder.final.is_dir() else folder.unfinished
        return ReceivedSeries(modality, len(list(place.glob("*.dcm"))), complete, place)
