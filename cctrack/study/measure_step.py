"""The first step of a run: measure the visits of which the record does not hold a measurement."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cctrack.errors import UnreadableImage
from cctrack.io import Lost
from cctrack.model import Because, Refused, Visit
from cctrack.study.coded import encode
from cctrack.study.identity import image_id
from cctrack.study.measuring import VisitFound, VisitTask, measure_visit
from cctrack.study.packed import CHANGED, Packed
from cctrack.study.program import program_id
from cctrack.study.reader import file_name
from cctrack.study.record import Kind, Record, Statement, visit_subject
from cctrack.study.record.statement import BLOBS, as_json
from cctrack.study.running import Running
from cctrack.study.told import MASK, Told
from cctrack.study.workers import Workers

VISIT_LIMIT_S = 900.0
"""Wall time in s that a visit may take to be read and measured, or to be compared with others."""

PROGRAM = "cctrack"
"""Who speaks where the record holds what the program found."""

After = Mapping[str, Any]
"""What the record says of a measured visit."""


@dataclass(frozen=True, slots=True)
class VisitState:
    """What is known of a visit.

    Attributes
    ----------
    visit : Visit
    content : str
        Hash of its files; empty where they cannot be read, or there are none.
    after : mapping or None
        What the record says of it and still holds; None when it must be measured.
    refused : Refused or None
        Why it could not be measured.
    """

    visit: Visit
    content: str = ""
    after: After | None = None
    refused: Refused | None = None

    @property
    def due(self) -> bool:
        """Whether it must be measured."""
        return bool(self.visit.path) and self.after is None and self.refused is None

    @property
    def image_id(self) -> str:
        """Our id of its image; empty where it was not measured."""
        measured = self.after is not None and self.refused is None
        return image_id(self.after["image"]) if self.after and measured else ""


def plan_visits(running: Running, told: Told) -> list[VisitState]:
    """Find out which visits have to be measured; in the order of visits.csv.

    Raises
    ------
    StudyError
        If the record cannot be used.
    """
    visits = running.study.visits
    states = {visit_subject(v): VisitState(v, _content(running, v)) for v in visits}
    for entry in running.record.each_latest(Kind.MEASURED):
        state = states.get(entry.subject)
        if state is not None and _holds(running, told, state.visit, state.content, entry.after):
            states[entry.subject] = _state(state.visit, state.content, entry.after)
    return [replace(states[visit_subject(visit)], visit=visit) for visit in visits]


def measure_visits(
    running: Running,
    told: Told,
    states: Sequence[VisitState],
    workers: Workers,
    done: Callable[[], None],
) -> list[VisitState]:
    """Measure the visits that are due and write what was found into the record.

    Parameters
    ----------
    running : Running
    told : Told
    states : sequence of VisitState
        From `plan_visits`.
    workers : Workers
    done : callable
        Called after each visit.

    Raises
    ------
    StudyError
        If the record cannot be used.
    """
    found = {visit_subject(state.visit): state for state in states}
    for task, outcome in workers.run_each(
        measure_visit, _tasks(running, told, list(found.values())), lambda _task: VISIT_LIMIT_S
    ):
        subject = visit_subject(task.visit)
        found[subject] = _taken_up(running, told, found[subject], outcome)
        done()
    return [replace(found[visit_subject(state.visit)], visit=state.visit) for state in states]


def packed_of(record: Record, after: After) -> Packed:
    """Read a measurement from the record; raises StudyError if it is missing or was changed."""
    blobs = after[BLOBS]
    tissue = record.get(blobs["tissue"]) if "tissue" in blobs else b""
    return Packed(record.get(blobs["state"]), record.get(blobs["labels"]), tissue)


def _content(running: Running, visit: Visit) -> str:
    try:
        return running.inputs.content_of(running.study.root, visit.path) if visit.path else ""
    except (OSError, UnreadableImage):
        return ""  # Reading it will say what is wrong.


def _holds(running: Running, told: Told, visit: Visit, content: str, after: After) -> bool:
    same = bool(content) and after["content"] == content
    return same and after["key"] == _key(running, told, visit, content, after["names"])


def _key(running: Running, told: Told, visit: Visit, content: str, names: Sequence[str]) -> str:
    """Hash everything that a measurement depends on."""
    about = told.about((*names, file_name(visit.path)))
    sizes = encode(running.study.settings.sizes)
    depends = [program_id(), content, visit.modality, sizes, about]
    return hashlib.sha256(as_json(depends).encode()).hexdigest()


def _state(visit: Visit, content: str, after: After | None) -> VisitState:
    refused = None
    if after is not None and "refused" in after:
        said = after["refused"]
        refused = Refused(visit.path, Because(said["because"]), said["detail"])
    return VisitState(visit, content, after, refused)


def _tasks(running: Running, told: Told, states: Sequence[VisitState]) -> Iterator[VisitTask]:
    known = {state.image_id for state in states} | {image_id(state.content) for state in states}
    # What readers said of images that are at no visit yet may be about any that is new.
    about_new = told.only(key for key in told.images if key not in known)
    for state in states:
        if state.due:
            # The id of an image that is a file of its own is known before it is read.
            own = told.only([image_id(state.content)])
            about = own if own.images else about_new
            masks = masks_of(running.record, about)
            sizes = running.study.settings.sizes
            yield VisitTask(running.study.root, state.visit, sizes, about, masks)


def masks_of(record: Record, told: Told) -> dict[str, bytes]:
    """Read readers' label images by their hashes; raises StudyError as `Record.get`."""
    said = [about.get("outline", {}).get(BLOBS, {}) for about in told.images.values()]
    named = [blobs[MASK] for blobs in said if MASK in blobs]
    return {sha256: record.get(sha256) for sha256 in named}


def _taken_up(
    running: Running, told: Told, state: VisitState, outcome: VisitFound | Lost
) -> VisitState:
    """Write what was found into the record, unless the next run may find something else."""
    visit = state.visit
    if isinstance(outcome, Lost):
        refused = Refused(visit.path, outcome.because, outcome.detail)
        return replace(state, refused=refused)
    if state.content and not running.inputs.unchanged(running.study.root, visit.path):
        return replace(state, refused=Refused(visit.path, Because.CHANGED, CHANGED))
    if not state.content:
        return replace(state, refused=outcome.refused)
    key = _key(running, told, visit, state.content, outcome.names)
    after = _after(running.record, state, key, outcome)
    statement = Statement(Kind.MEASURED, visit_subject(visit), PROGRAM, after)
    running.record.append_changed([statement], running.clock())
    return _state(visit, state.content, after)


def _after(record: Record, state: VisitState, key: str, found: VisitFound) -> After:
    after: dict[str, Any] = {
        "key": key,
        "content": state.content,
        "program": program_id(),
        "names": list(found.names),
        "image": found.sha256,
        "parameters": found.parameters,
        "scale_source": found.scale_source,
    }
    if found.refused is not None:
        refused = found.refused
        return {**after, "refused": {"because": str(refused.because), "detail": refused.detail}}
    if found.packed is None:
        raise AssertionError("a visit is measured or refused")
    blobs = {"state": record.put(found.packed.state), "labels": record.put(found.packed.labels)}
    if found.packed.tissue:
        blobs["tissue"] = record.put(found.packed.tissue)
    return {**after, BLOBS: blobs}
