"""Blinded reading in the window: whose images, when, in which order, what others said stay unknown.

What a reader does is kept under the session's item only, so that it changes no outline of the study
and tells no other reader anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from cctrack.errors import StudyError
from cctrack.model import Image, Modality, Site, Unit, Visit
from cctrack.study.edited import with_labels
from cctrack.study.options import MeasureOptions
from cctrack.study.outlining import reader_outline
from cctrack.study.pipeline import Measured, calibrate_image, quantify
from cctrack.study.reading_session import (
    ReadingOptions,
    ReadingPlan,
    Said,
    Task,
    items_read,
    plan_reading,
    read_item,
    record_reading,
    sessions_of,
    start_reading,
)
from cctrack.study.reading_session.session import session_subject
from cctrack.study.record import Kind, Record, Statement
from cctrack.study.told import MASK
from napari_cctrack.session.keep import Clock, labels_from, mask_bytes
from napari_cctrack.session.session import Session
from napari_cctrack.session.shelf import Shelf, now
from napari_cctrack.session.state import PairState, Step, VisitState
from napari_cctrack.session.words import main_finding
from napari_cctrack.session.worklist import Standing, State

NAMES = ("A", "B")
"""What the two images of an item are called: in no order."""

NOBODY = Visit("", Site(""), date.min, Modality.PHOTO, "")
"""Stands for a visit that nothing may be known of."""


@dataclass(frozen=True, slots=True)
class BlindEntry:
    """An item of a session, as the reader may see it."""

    number: int
    title: str
    dates: str = ""
    months: int | None = None


@dataclass(slots=True)
class BlindKeeper:
    """Keeps the outline that a blinded reader is drawing."""

    record: Record
    plan: ReadingPlan
    number: int
    clock: Clock = now

    @property
    def reader(self) -> str:
        """Who reads."""
        return self.plan.reader

    def save(self, pair: PairState, why: str = "") -> int:
        """Write the outline under the item; return how many statements that were."""
        if self.plan.task is not Task.OUTLINE:
            return 0
        measured = pair.visits[0].measured
        mask = self.record.put(mask_bytes(measured.outline.labels, measured.image))
        subject = session_subject(self.plan.session, self.number)
        kept = Statement(Kind.WINDOW, subject, self.reader, {"blobs": {MASK: mask}}, why)
        return len(self.record.append_changed([kept], self.clock()))

    def agrees(self, _pair: PairState) -> bool:
        """Whether the record says the same: always, an item is read by one reader alone."""
        return True


@dataclass(slots=True)
class BlindShelf:
    """A session of blinded reading on an open study; lists items instead of visits.

    Attributes
    ----------
    shelf : Shelf
        Never shown while the session is read.
    plan : ReadingPlan
    entries : tuple of BlindEntry
    """

    shelf: Shelf
    plan: ReadingPlan
    entries: tuple[BlindEntry, ...]
    clock: Clock = now

    @classmethod
    def start(
        cls, shelf: Shelf, reader: str, task: Task, *, seed: int, clock: Clock = now
    ) -> "BlindShelf":
        """Take up the reader's unfinished session, or start one.

        Raises
        ------
        StudyError
            If there is nothing to read.
        """
        for plan in sessions_of(shelf.record).values():
            mine = plan.blinded and (plan.reader, plan.task) == (reader, task)
            if mine and len(items_read(shelf.record, plan)) < len(plan.items):
                return cls(shelf, plan, _entries(plan), clock)
        plan = plan_reading(shelf.study, ReadingOptions(reader, task), seed=seed, now=clock())
        start_reading(shelf.record, plan, clock())
        return cls(shelf, plan, _entries(plan), clock)

    @property
    def record(self) -> Record:
        """The study's record."""
        return self.shelf.record

    def close(self) -> None:
        """Let go of the study."""
        self.shelf.close()

    def standings(self) -> list[Standing]:
        """Say which items were read."""
        read = items_read(self.record, self.plan)
        states = (State.CONFIRMED if one.number in read else State.TO_DO for one in self.entries)
        return [Standing(state) for state in states]

    def open_entry(self, place: int) -> Iterator[str | PairState]:
        """Open the images of an item; the last value is the state."""
        yield "Reading the images …"
        number = self.entries[place].number
        images = read_item(self.shelf.study, self.plan, number)
        visits = tuple(self._blank(image) for image in images)
        if self.plan.task is Task.OUTLINE:
            visits = (self._drawn(visits[0], number),)
        yield PairState(visits, self.shelf.criteria)

    def begin(self, place: int, pair: PairState, _reader: str) -> Session:
        """Begin to read an item."""
        keeper = BlindKeeper(self.record, self.plan, self.entries[place].number, self.clock)
        return Session(pair, keeper)

    def say_outline(self, place: int, pair: PairState) -> None:
        """Record the outline as the reading of an item."""
        measured = pair.visits[0].measured
        size, unit = main_finding(measured, 0) or (0.0, Unit.PX)
        mask = self.record.put(mask_bytes(measured.outline.labels, measured.image))
        self._say(place, Said(value=size, unit=str(unit), blobs={MASK: mask}))

    def say_verdict(self, place: int, verdict: str) -> None:
        """Record a verdict, from the image shown first to the second."""
        self._say(place, Said(verdict=verdict))

    def _say(self, place: int, said: Said) -> None:
        record_reading(self.record, self.plan, self.entries[place].number, said, self.clock())

    def _blank(self, image: Image) -> VisitState:
        """Show an image without any outline: a proposal would steer the reader."""
        options = MeasureOptions(sizes=self.shelf.study.settings.sizes)
        scaled, _ = calibrate_image(image, options)
        outline = reader_outline(scaled, np.zeros(scaled.shape, np.uint16))
        measured = Measured(scaled, outline, quantify(scaled, outline, options), options.sizes)
        return VisitState(NOBODY, measured, measured, frozenset({Step.SCALE}))

    def _drawn(self, visit: VisitState, number: int) -> VisitState:
        """Put back what the reader had drawn already."""
        entry = self.record.latest(Kind.WINDOW, session_subject(self.plan.session, number))
        if entry is None:
            return visit
        data = self.record.get(entry.after["blobs"][MASK])
        labels = labels_from(data, visit.measured.image)
        return replace(visit, measured=with_labels(visit.measured, labels))

    def report(self, jobs: int) -> None:
        """Refuse: a report tells all that is hidden.

        Raises
        ------
        StudyError
            Always.
        """
        del jobs
        raise StudyError("A report tells whose images these are: end the blinded reading first.")


def _entries(plan: ReadingPlan) -> tuple[BlindEntry, ...]:
    return tuple(BlindEntry(item.number, item.name) for item in plan.items)
