"""Everything the window does, in one place: it takes what the reader wants and does it in order."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_info, show_warning
from qtpy.QtCore import QObject, Signal  # type: ignore[attr-defined]

from cctrack.errors import CctrackError
from cctrack.model import Modality
from napari_cctrack.focus import first_view
from napari_cctrack.session import loose
from napari_cctrack.session.blinded import BlindEntry, BlindShelf
from napari_cctrack.session.session import Action, Session
from napari_cctrack.session.shelf import Shelf
from napari_cctrack.session.state import PairState
from napari_cctrack.session.worklist import Entry
from napari_cctrack.stage import NAMES, Stage
from napari_cctrack.views import Views
from napari_cctrack.widgets.ahead import Ahead
from napari_cctrack.widgets.work import Job, Steps, Work

KEPT_PAIRS = 3
"""Pairs that stay in memory, so that going back to one takes no time."""


class Desk(QObject):
    """A study, the pair that is being worked on, and the layers that show it.

    Signals
    -------
    study_changed
        Another study is open, or what stands in its worklist.
    pair_changed
        Another pair is open, or its state is another.
    pair_opened
        Another pair is open.
    saved
        What was done is in the record.
    told
        A sentence for the reader.
    report_written
        The path of a report.
    """

    study_changed = Signal()
    pair_changed = Signal()
    pair_opened = Signal()
    saved = Signal()
    told = Signal(str)
    report_written = Signal(str)

    def __init__(self, viewer: Any, reader: str) -> None:
        super().__init__()
        self.viewer = viewer
        self.reader = reader
        self.stage = Stage(viewer)
        self.views = Views(self.stage)
        self.work = Work()
        self.shelf: Shelf | BlindShelf | None = None
        self.session: Session | None = None
        self.place = -1
        self.unsaved: set[Any] = set()
        self.ahead = Ahead(self.work)
        self._sessions: dict[int, Session] = {}
        self.work.failed.connect(self.explain)

    @property
    def pair(self) -> PairState | None:
        """The state of the pair that is open."""
        return self.session.pair if self.session else None

    @property
    def entry(self) -> Entry | BlindEntry | None:
        """The line of the worklist that is open."""
        return self.shelf.entries[self.place] if self.shelf and self.place >= 0 else None

    def open_sample(self, modality: Modality) -> None:
        """Open a simulated pair."""

        def draw() -> Steps:
            yield "Drawing a simulated pair …"
            yield loose.sample_study(modality)

        self.work.do(Job("Opening the sample", draw, partial(self.open_study, first=True)))

    def open_study(self, root: Path, *, first: bool = False) -> None:
        """Open a study folder, and its first pair if asked for."""
        try:
            shelf = Shelf.open(root)
        except (CctrackError, OSError) as error:
            self.explain(error)
            return
        self.close_study()
        self.shelf = shelf
        self.study_changed.emit()
        if first:
            self.open_entry(0)

    def close_study(self) -> None:
        """Put everything away; nothing is lost, because everything is saved as it happens."""
        self.put_away()
        if self.shelf is not None:
            self.shelf.close()
        self.shelf = None
        self.stage.names = NAMES

    def open_entry(self, place: int) -> None:
        """Open a line of the worklist."""
        if self.shelf is None or not 0 <= place < len(self.shelf.entries):
            return
        self.save_now()
        shelf = self.shelf

        def begin(found: PairState | Session) -> None:
            if self.shelf is not shelf:
                return
            if isinstance(found, PairState):
                found = shelf.begin(place, found, self.reader)
            self._show(place, found)

        ready = self.ahead.claim(shelf, place)
        self.work.do(Job("Opening the images", lambda: self._opened(shelf, place, ready), begin))

    def _opened(
        self, shelf: Shelf | BlindShelf, place: int, ready: Callable[[], PairState | None]
    ) -> Steps:
        """Open a pair, or take one up that was opened before and is still as it was left."""
        yield "Opening the images …"
        known = self._sessions.get(place)
        if known is not None and known.is_current:
            yield known
            return
        pair = ready()
        if pair is not None and shelf.begin(place, pair, self.reader).is_current:
            yield pair
            return
        yield from shelf.open_entry(place)

    def step_entry(self, by: int) -> None:
        """Go to the next pair of the worklist, or the one before."""
        self.open_entry(self.place + by)

    def do(self, name: str, action: Action, *, said: str = "") -> None:
        """Do something to the pair: it takes effect, is saved and can be undone."""
        self.do_then(name, lambda: action, said=said)

    def do_then(self, name: str, prepare: Callable[[], Action], *, said: str = "") -> None:
        """Do something that first has to look at the layers, when its turn has come."""
        session = self.session
        if session is None:
            show_info("Open two visits first.")
            return

        def work() -> Steps:
            action, before = prepare(), session.pair

            def steps() -> Steps:
                yield said or f"{name} …"
                pair = action(before)
                session.keep(pair)
                yield pair

            return steps()

        def done(pair: PairState) -> None:
            session.commit(name, pair)
            if self.session is session:
                self.renew()
            self.saved.emit()

        self.work.do(Job(name, work, done, saves=True))

    def compute(self, name: str, action: Action, then: Callable[[], None]) -> None:
        """Let the program find something out: nothing that a reader would undo."""
        session = self.session
        if session is None:
            return

        def work() -> Steps:
            yield f"{name} …"
            pair = action(session.pair)
            session.keep(pair)
            yield pair

        def done(pair: PairState) -> None:
            session.settle(pair)
            self.renew()
            self.study_changed.emit()
            then()

        self.work.do(Job(name, work, done))

    def undo(self) -> None:
        """Undo what was done last."""
        self._turn(lambda session: session.undo(), "Undone")

    def redo(self) -> None:
        """Do again what was undone."""
        self._turn(lambda session: session.redo(), "Done again")

    def save_now(self) -> None:
        """Save what was painted or set a moment ago; overridden by who watches the layers."""

    def tell(self, words: str) -> None:
        """Tell the reader something."""
        self.told.emit(words)
        show_info(words)

    @property
    def blinded(self) -> BlindShelf | None:
        """The blinded session that is being read."""
        return self.shelf if isinstance(self.shelf, BlindShelf) else None

    def words_for(self, entry: Entry | BlindEntry) -> tuple[str, str]:
        """Title of a line of the worklist, and when its images were taken."""
        months = "" if entry.months is None else f"  ({entry.months} months)"
        return entry.title, f"{entry.dates}{months}"

    def renew(self) -> None:
        """Bring layers and widgets to where the work stands."""
        if self.session is not None:
            self.stage.update(self.session.pair, unsaved=frozenset(self.unsaved))
        self.pair_changed.emit()

    def put_away(self) -> None:
        """Take the pair away, saved; the study stays open."""
        self.save_now()
        self.ahead.stop()
        self.work.finish()
        self.stage.clear()
        self._sessions.clear()
        self.session, self.place = None, -1

    def _turn(self, turn: Callable[[Session], str], word: str) -> None:
        session = self.session
        if session is None:
            return
        if self.work.busy:
            show_info("Please wait until what is being done is done.")
            return
        self.save_now()
        name = turn(session)
        show_info(f"{word}: {name}." if name else "There is nothing to undo.")
        self.unsaved.clear()
        self.renew()
        self.saved.emit()

    def _show(self, place: int, session: Session) -> None:
        self._sessions.pop(place, None)
        self._sessions[place] = session
        for oldest in list(self._sessions)[:-KEPT_PAIRS]:
            del self._sessions[oldest]
        self.session, self.place = session, place
        self.unsaved.clear()
        self.views.forget()
        self.stage.show(session.pair)
        self.views.lay_out()
        first_view(self.stage, session.pair)
        self.stage.set_contours(float(self.viewer.scene.camera.zoom))
        self.views.apply()
        self.pair_opened.emit()
        self.pair_changed.emit()
        self.study_changed.emit()
        if place + 1 not in self._sessions:
            self.ahead.prepare(self.shelf, place + 1)

    def explain(self, error: Exception) -> None:
        """Put an error in plain words."""
        if isinstance(error, CctrackError | ValueError):
            show_warning(str(error))
        elif isinstance(error, OSError):
            show_warning(f"A file could not be read or written: {error.strerror or 'unknown why'}.")
        else:
            show_warning(
                f"Something went wrong in cctrack ({type(error).__name__}). Your work is saved. "
                "Please report it."
            )
