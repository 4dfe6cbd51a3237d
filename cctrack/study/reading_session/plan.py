"""What a reader is to read, and in which order.

The order is shuffled with a recorded seed, a share of the items comes twice, and of two visits
either may be shown first. A blinded reader learns none of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import numpy as np

from cctrack.errors import StudyError
from cctrack.io import hash_bytes
from cctrack.model import Image, Modality, Provenance, Visit
from cctrack.study.folder import StudyFolder
from cctrack.study.follow import group_sites
from cctrack.study.record import visit_subject
from cctrack.study.sources import read_visit_image

SESSION_DIGITS = 8
"""Hex digits of a session's name."""

USUAL_REPEATS = 0.2
"""Share of the items that a reader sees twice: of 50 images 10, the least that an intra-reader
interval is worth computing from, for a fifth more work."""


class Task(StrEnum):
    """What a reader does with an item."""

    OUTLINE = "outline"
    """Outline the deposits of one image: the reading is their size, or a mask."""
    VERDICT = "verdict"
    """Judge two visits of a site: the reading is the change from the first shown to the second."""


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What is read, and how.

    Attributes
    ----------
    reader : str
    task : Task
    blinded : bool
        Shuffle, and hide whose the images are and when they were taken.
    repeats : float
        Share of the items that are shown twice, 0–1; only where blinded.
    modality : Modality or None
        Only images of this kind.
    settle : frozenset of str or None
        Only these things, on which readers differ: what this reader says decides. None for a
        session like any other. See `cctrack.study.reading_session.disagreement`.
    """

    reader: str
    task: Task = Task.OUTLINE
    blinded: bool = True
    repeats: float = USUAL_REPEATS
    modality: Modality | None = None
    settle: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ReadingItem:
    """One thing to read.

    Attributes
    ----------
    number : int
        From 1, in the order of reading.
    name : str
        What the reader may see; ``item 7`` where blinded.
    visits : tuple of str
        Subjects of the visits in the record, in the order shown. Never shown to a blinded reader:
        not even in a log, by way of ``repr``.
    swapped : bool
        The later visit is shown first.
    turn : int
        1, or 2 where the reader has seen it before.
    """

    number: int
    name: str
    visits: tuple[str, ...] = field(repr=False)
    swapped: bool = field(default=False, repr=False)
    turn: int = field(default=1, repr=False)


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """A session.

    Attributes
    ----------
    session : str
    reader : str
    task : Task
    blinded : bool
    seed : int
    items : tuple of ReadingItem
    settles : bool
        What is read here decides where others differ.
    """

    session: str
    reader: str
    task: Task
    blinded: bool
    seed: int = field(repr=False)
    items: tuple[ReadingItem, ...]
    settles: bool = False

    def item(self, number: int) -> ReadingItem:
        """Return an item by its number.

        Raises
        ------
        StudyError
            If the session has no such item.
        """
        if not 1 <= number <= len(self.items):
            raise StudyError(f"the session has items 1 to {len(self.items)}, not {number}")
        return self.items[number - 1]

    def shown(self) -> dict[str, object]:
        """Say what a reader may know of the session: how many items there are, and their names."""
        names = [item.name for item in self.items]
        told = {"session": self.session, "reader": self.reader, "task": str(self.task)}
        return {**told, "blinded": self.blinded, "items": names}


def plan_reading(
    study: StudyFolder, options: ReadingOptions, *, seed: int, now: datetime
) -> ReadingPlan:
    """Plan a session; nothing is written.

    Parameters
    ----------
    study : StudyFolder
    options : ReadingOptions
    seed : int
        Of the shuffle; not negative.
    now : datetime

    Raises
    ------
    StudyError
        If there is nothing to read, or the reader has no name.
    """
    if not options.reader.strip():
        raise StudyError("a reading needs the name of its reader")
    if not 0 <= options.repeats <= 1:
        raise StudyError(f"the share of repeats must lie between 0 and 1, found {options.repeats}")
    things = [
        (name, visits)
        for name, visits in _things(study, options)
        if options.settle is None or thing_of(options.task, visits) in options.settle
    ]
    if not things:
        raise StudyError(f"there is nothing to read: no {_NEEDED[options.task]}")
    if options.blinded:
        repeats = options.repeats if options.settle is None else 0.0
        items = _shuffled(things, repeats, np.random.default_rng(seed))
    else:
        items = [
            ReadingItem(number, name, visits) for number, (name, visits) in enumerate(things, 1)
        ]
    text = f"{options.reader} {seed} {now.isoformat()} {[item.visits for item in items]}"
    session = hash_bytes(text.encode("utf-8", "backslashreplace"))[:SESSION_DIGITS]
    told = (session, options.reader, options.task, options.blinded, seed, tuple(items))
    return ReadingPlan(*told, settles=options.settle is not None)


_NEEDED = {Task.OUTLINE: "image of that kind", Task.VERDICT: "site with two visits"}


def _things(study: StudyFolder, options: ReadingOptions) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what there is to read, with a name for readers who are not blinded."""
    for site in group_sites(study.visits):
        visits = [visit for visit in site.visits if visit.path]
        if options.modality not in (None, site.modality):
            continue
        of_site = f"{site.patient}, {site.site}, {site.modality}"
        if options.task is Task.OUTLINE:
            for visit in visits:
                yield f"{of_site}, {visit.acquired}", (visit_subject(visit),)
        else:
            for later in visits[1:]:
                days = f"{visits[0].acquired} to {later.acquired}"
                yield f"{of_site}, {days}", (visit_subject(visits[0]), visit_subject(later))


def _shuffled(
    things: Sequence[tuple[str, tuple[str, ...]]], repeats: float, rng: np.random.Generator
) -> list[ReadingItem]:
    """Shuffle, show some a second time, and either visit of a pair first."""
    order = [(int(at), 1) for at in rng.permutation(len(things))]
    again = rng.choice(len(things), round(repeats * len(things)), replace=False)
    for at in again:
        first = order.index((int(at), 1))
        # Never right after the first time, where it would be remembered, unless there is no room.
        low = min(first + 2, len(order))
        order.insert(int(rng.integers(low, len(order) + 1)), (int(at), 2))
    return [
        _blind(number, things[at][1], turn, rng) for number, (at, turn) in enumerate(order, start=1)
    ]


def _blind(
    number: int, visits: tuple[str, ...], turn: int, rng: np.random.Generator
) -> ReadingItem:
    swapped = len(visits) == 2 and bool(rng.integers(2))
    shown = visits[::-1] if swapped else visits
    return ReadingItem(number, f"item {number}", shown, swapped, turn)


def read_item(study: StudyFolder, plan: ReadingPlan, number: int) -> tuple[Image, ...]:
    """Read the image, or the two images in the order shown, of one item.

    To a blinded reader they come without date, source and identity. What is burnt into the pixels
    stays: such images must not be read blinded.

    Raises
    ------
    StudyError
        If there is no such item, or visits.csv has changed so that its visit is gone.
    UnreadableImage
        If an image cannot be read.
    """
    visits = [visit_of(study, subject) for subject in plan.item(number).visits]
    images = (read_visit_image(study.root, visit.path, visit.modality) for visit in visits)
    return tuple(_without_identity(image) if plan.blinded else image for image in images)


def visit_of(study: StudyFolder, subject: str) -> Visit:
    """Find a visit by its subject in the record; raises StudyError if it is gone."""
    for visit in study.visits:
        if visit_subject(visit) == subject:
            return visit
    raise StudyError("visits.csv has changed: a visit of the session is no longer in it")


def thing_of(task: Task, visits: Sequence[str]) -> str:
    """Name what is read, the same for all readers and sessions, whatever was shown first."""
    return " ".join((str(task), *sorted(visits)))


def _without_identity(image: Image) -> Image:
    return replace(image, acquired=None, provenance=Provenance())
