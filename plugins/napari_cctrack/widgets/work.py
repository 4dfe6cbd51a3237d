"""Do long work in threads, one after another, so that the window never stands still."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import QEventLoop, QObject, Signal  # type: ignore[attr-defined]

Steps = Iterator[Any]


@dataclass(eq=False, slots=True)
class Job:
    """Something to do.

    Attributes
    ----------
    title : str
        What the reader sees meanwhile.
    work : callable
        Called in the window's own thread when the job's turn comes, so that it may look at layers;
        returns a generator that runs in another thread. Texts that it yields are shown, the last
        value is the result.
    done : callable
        Takes the result, in the window's own thread.
    saves : bool
        Whether it writes what a reader did: it is never dropped because something is closed.
    """

    title: str
    work: Callable[[], Steps]
    done: Callable[[Any], None]
    saves: bool = False
    cancelled: bool = False


class Work(QObject):
    """Jobs in a row; the one in front is being done."""

    begun = Signal(str)
    said = Signal(str)
    ended = Signal()
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[Job] = deque()
        self._job: Job | None = None
        self._worker: Any = None
        self._result: Any = None

    @property
    def busy(self) -> bool:
        """Whether anything is being done."""
        return self._job is not None

    def do(self, job: Job) -> None:
        """Do a job as soon as those before it are done."""
        self._waiting.append(job)
        if self._job is None:
            self._next()

    def cancel(self) -> None:
        """Stop what is being done and forget what waits; nothing of it takes effect."""
        self._waiting.clear()
        if self._job is None:
            return
        self._drop()
        self.ended.emit()

    def finish(self) -> None:
        """Wait until all that a reader did is written; forget the rest."""
        self._waiting = deque(job for job in self._waiting if job.saves)
        if self._job is not None and not self._job.saves:
            self._drop()
            self._next()
        while self._job is not None:
            loop = QEventLoop()
            self.ended.connect(loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            self.ended.disconnect(loop.quit)

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancelled = True
            self._worker.quit()
        self._job = None

    def _next(self) -> None:
        if not self._waiting:
            self._job = None
            self.ended.emit()
            return
        job = self._job = self._waiting.popleft()
        self._result = None
        self.begun.emit(job.title)
        worker = self._worker = create_worker(_guarded, job.work(), _start_thread=False)
        worker.yielded.connect(lambda value: self._heard(job, value))
        worker.finished.connect(lambda: self._finish(job))
        worker.start()

    def _heard(self, job: Job, value: Any) -> None:
        if job is not self._job:
            return
        if isinstance(value, str):
            self.said.emit(value)
        else:
            self._result = value

    def _finish(self, job: Job) -> None:
        if job is not self._job:
            return
        result = self._result
        self._job = None  # What comes of it may begin, or cancel, other work.
        if isinstance(result, _Failure):
            self._waiting.clear()
            self.failed.emit(result.error)
        else:
            job.done(result)
        if self._job is None:
            self._next()


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong in a thread."""

    error: Exception


def _guarded(steps: Steps) -> Steps:
    """Do a job; an error becomes its result, so that the window can put it in plain words."""
    try:
        yield from steps
    except Exception as error:
        yield _Failure(error)
