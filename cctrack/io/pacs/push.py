"""Send DICOM files to a DICOMweb server (STOW-RS), one by one, and say which of them arrived."""

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom

from cctrack.errors import NotGiven, TransferFailed, UnreadableImage
from cctrack.io.dicom_values import text
from cctrack.io.pacs.instance import MAX_INSTANCE_BYTES, InstanceUids, read_instance
from cctrack.io.pacs.multipart import require_no_web_page
from cctrack.io.pacs.web import TROUBLE, Send, Web
from cctrack.io.shield import shielded
from cctrack.io.sources import hash_bytes
from cctrack.model import Because

MAX_ANSWER_BYTES = 4 << 20
"""4 MiB: an answer speaks of one instance."""

WAITS_S = (0.5, 1.5)
"""Before each further attempt when the server is busy: a restart or a full queue passes; more
than two would only hold up whoever waits."""

_STORED, _FAILED, _REASON = "00081199", "00081198", "00081197"
_INSTANCE_UID = "00081155"

_REASONS = {
    range(0xA700, 0xA800): "the server has no room",
    range(0xA900, 0xAA00): "it does not fit what the server expects of its kind",
    range(0xC000, 0xD000): "the server does not understand it",
}
"""Failure reasons (PS3.18 10.5.3, PS3.4 B.2.3)."""

_EXACT_REASONS = {
    0x0110: "the server failed to process it",
    0x0111: "the server has another instance of this UID",
    0x0122: "the server does not take this kind",
    0x0124: "the server does not allow it",
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PushedInstance:
    """One file that was to be sent.

    Attributes
    ----------
    name : str
        Relative to the path it was found under.
    uids : InstanceUids or None
        None when it is no whole DICOM file.
    fault : str
        Why it was not stored; empty when it was.
    """

    name: str
    uids: InstanceUids | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push; ``fault`` ended it before all were sent."""

    instances: tuple[PushedInstance, ...]
    fault: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything was stored."""
        return not self.fault and all(not item.fault for item in self.instances)


def push(
    web: Web, paths: Sequence[Path], progress: Progress, *, keep_identity: bool = False
) -> Pushed:
    """Send every DICOM file under some paths.

    Parameters
    ----------
    web : Web
    paths : sequence of Path
        Files, which must be DICOM, and folders, of which only the DICOM files are sent.
    progress : callable
        Called with files done and files in all.
    keep_identity : bool
        Send files also that do not say that the patient's identity was removed.

    Returns
    -------
    Pushed
        When the server as a whole fails the push ends there.
    """
    files = list(_files(paths))
    done: list[PushedInstance] = []
    for name, path in files:
        try:
            done.append(_push_file(web, name, path, keep_identity=keep_identity))
        except TransferFailed as error:
            left = len(files) - len(done)
            return Pushed(tuple(done), f"{error} ({left} of {len(files)} not sent)")
        progress(len(done), len(files))
    return Pushed(tuple(done))


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each file to be sent, each once, in order."""
    seen: set[Path] = set()
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file in seen or (path.is_dir() and not _is_dicom(file)):
                continue
            seen.add(file)
            yield file.relative_to(path.parent).as_posix(), file


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(132)[-4:] == b"DICM"
    except OSError:
        return False


def _push_file(web: Web, name: str, path: Path, *, keep_identity: bool) -> PushedInstance:
    uids = None
    try:
        data = _content(path)
        uids = _uids_of(data)
        if not keep_identity and not _is_pseudonymous(data):
            fault = "names a patient: it does not say that identity was removed (--keep-identity)"
            return PushedInstance(name, uids, fault)
        _store(web, data, uids)
    except TransferFailed as error:
        if not isinstance(error, NotGiven):
            raise
        return PushedInstance(name, uids, str(error))
    return PushedInstance(name, uids)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_INSTANCE_BYTES:
            raise NotGiven("it is longer than 1 GiB")
        return path.read_bytes()
    except OSError as error:
        raise NotGiven(f"it could not be opened: {error.strerror}") from None


def _uids_of(data: bytes) -> InstanceUids:
    try:
        return read_instance(data).uids
    except NotGiven:
        raise NotGiven("it is no whole DICOM file with valid UIDs") from None


def _is_pseudonymous(data: bytes) -> bool:
    try:
        dataset = shielded(
            lambda: pydicom.dcmread(
                io.BytesIO(data), specific_tags=["PatientIdentityRemoved"], stop_before_pixels=True
            ),
            Because.UNREADABLE_PIXELS,
            "",
        )
    except UnreadableImage:
        return False
    return text(dataset, "PatientIdentityRemoved") == "YES"


def _store(web: Web, data: bytes, uids: InstanceUids) -> None:
    """Send an instance until the server takes it or refuses it, at most as often as `WAITS_S`.

    To store an instance twice does no harm: it is the same under the same UID.
    """
    for wait_s in WAITS_S:
        answer = web.post(_send(data))
        if answer.status not in TROUBLE:
            break
        time.sleep(wait_s)
    else:
        answer = web.post(_send(data))
    require_no_web_page(answer.reply)
    if answer.status not in (200, 202, 409):
        web.require_success(answer.status)
    _require_stored(answer.reply.body, uids)


def _send(data: bytes) -> Send:
    mark = f"cctrack-{hash_bytes(data)[:32]}"
    head = f"--{mark}\r\nContent-Type: application/dicom\r\n\r\n".encode("ascii")
    return Send(
        path="studies",
        body=b"".join((head, data, f"\r\n--{mark}--\r\n".encode("ascii"))),
        content_type=f'multipart/related; type="application/dicom"; boundary={mark}',
        accept="application/dicom+json",
        most_bytes=MAX_ANSWER_BYTES,
    )


def _require_stored(body: bytes, uids: InstanceUids) -> None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise TransferFailed("the server's answer is garbled: no JSON") from None
    said = said[0] if isinstance(said, list) and said else said
    if not isinstance(said, Mapping):
        raise TransferFailed("the server's answer is no DICOM object")
    if _item_of(said, _STORED, uids) is not None:
        return
    failed = _item_of(said, _FAILED, uids)
    code = _first(failed.get(_REASON)) if failed is not None else None
    if isinstance(code, int):
        raise NotGiven(f"{_reason(code)} ({code:04X})")
    raise NotGiven("the server does not say that it stored it")


def _reason(code: int) -> str:
    if code in _EXACT_REASONS:
        return _EXACT_REASONS[code]
    words = (words for codes, words in _REASONS.items() if code in codes)
    return next(words, "the server refuses it")


def _item_of(
    said: Mapping[str, object], sequence: str, uids: InstanceUids
) -> Mapping[str, object] | None:
    """Item of a sequence in the DICOM JSON model (PS3.18 F.2) that speaks of an instance."""
    element = said.get(sequence)
    items = element.get("Value") if isinstance(element, Mapping) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and _first(item.get(_INSTANCE_UID)) == uids.instance:
            return item
    return None


def _first(element: object) -> object:
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values[0] if isinstance(values, list) and values else None
