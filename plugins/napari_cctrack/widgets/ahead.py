"""Get the next pair of the worklist ready while the reader looks at this one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QObject, QTimer

from cctrack.model import Modality
from napari_cctrack.session.shelf import Shelf
from napari_cctrack.session.state import PairState
from napari_cctrack.widgets.work import Work

QUIET_MS = 700
"""Nothing is got ready before the reader has let the computer alone for so long."""


@dataclass(eq=False, slots=True)
class _Task:
    """One pair of one study."""

    shelf: Shelf
    place: int
    pair: PairState | None = None
    begun: bool = False
    ended: Event = field(default_factory=Event)


class Ahead(QObject):
    """Opens one pair beforehand; photos only, two more scans may be more than fits in memory.

    Parameters
    ----------
    work : Work
        What the reader waits for: it goes first.
    """

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work
        self._task: _Task | None = None
        self._worker: Any = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether a pair is being got ready, or will be."""
        return self._timer.isActive() or (self._task is not None and not self._task.ended.is_set())

    def prepare(self, shelf: object, place: int) -> None:
        """Get a pair ready as soon as nothing else is being done; another one is forgotten."""
        self.stop()
        if not isinstance(shelf, Shelf) or not 0 <= place < len(shelf.entries):
            return
        if all(visit.modality is Modality.PHOTO for visit in shelf.entries[place].visits):
            self._task = _Task(shelf, place)
            self._timer.start()

    def claim(self, shelf: object, place: int) -> Callable[[], PairState | None]:
        """Return what waits for a pair that is being got ready, and gives it; None for another.

        From here on nothing else is got ready.
        """
        task = self._task
        mine = task is not None and task.begun and (task.shelf, task.place) == (shelf, place)
        if task is None or not mine:
            self.stop()
            return lambda: None
        self._timer.stop()

        def wait() -> PairState | None:
            task.ended.wait()
            return task.pair

        return wait

    def stop(self) -> None:
        """Forget what is being got ready."""
        self._timer.stop()
        if self._worker is not None:
            self._worker.quit()
        self._task = self._worker = None

    def _start(self) -> None:
        task = self._task
        if task is None:
            return
        if self._work.busy:
            self._timer.start()
            return
        task.begun = True
        self._worker = create_worker(_opened, task, _start_thread=False)
        self._worker.start()


def _opened(task: _Task) -> Iterator[None]:
    """Open a pair step by step; what goes wrong is told when the reader opens it."""
    try:
        for said in task.shelf.look_at(task.place):
            if isinstance(said, PairState):
                task.pair = said
            yield
    except Exception:
        task.pair = None
    finally:
        task.ended.set()
