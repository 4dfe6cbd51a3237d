"""Processes that do the work, so that a file that kills its decoder costs itself and no more."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from cctrack.io import Lost
from cctrack.model import Because

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEM_LIMIT_S = 60.0
"""Wall time of an item that says nothing else; looking at 64 headers takes a tenth of a second."""

LEAST_MEMORY_BYTES = 3 << 30
"""A worker may always have 3 GiB: what the largest photo that is read takes to be measured."""

MEMORY_SHARE = 0.8
"""Share of the machine's memory that all workers together may take."""

ITEMS_A_WORKER = 2
"""Items handed out at a time for each worker: the one it works on and the next."""

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""Variables of the environment that hold a new process to one thread: workers must not take each
other's cores, and a sum must not depend on how many threads added it up."""

_OUT_OF_TIME = -int(signal.SIGPROF) if hasattr(signal, "SIGPROF") else 0
"""Exit status of a worker that `processor_limit` has ended."""


class Pool(Protocol):
    """Where items are worked on: processes of this machine, or a cluster."""

    @property
    def width(self) -> int:
        """How many items can be worked on at once."""
        ...

    def submit(
        self, function: Callable[[Item], Result], item: Item, limit_s: float
    ) -> "Future[Result | Lost]":
        """Begin to work on an item."""
        ...

    def first_done(
        self, futures: Collection["Future[Result | Lost]"]
    ) -> set["Future[Result | Lost]"]:
        """Wait until something became of at least one item."""
        ...

    def outcome(self, future: "Future[Result | Lost]") -> Result | Lost:
        """Wait for what became of an item."""
        ...

    def close(self) -> None:
        """Stop whatever is still being worked on."""
        ...


class Workers:
    """Workers with limits on time and memory; use it as a context manager.

    A worker that dies is replaced, and only the item it worked on is lost; so is an item on which
    the function raises.

    Parameters
    ----------
    jobs : int
        Processes; 0 runs everything in this one, without any protection.
    scheduler : str
        Address of a Dask scheduler, whose workers then do the work; empty for this machine.

    Raises
    ------
    StudyError
        On entering, if the cluster cannot be used; see `cctrack.study.cluster`.
    """

    def __init__(self, jobs: int, scheduler: str = "") -> None:
        self._jobs = jobs
        self._scheduler = scheduler
        self._pool: Pool | None = None

    def __enter__(self) -> Self:
        if self._scheduler:
            from cctrack.study.cluster import Cluster

            self._pool = Cluster(self._scheduler)
        elif self._jobs > 0:
            self._pool = Processes(self._jobs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # All results were taken, or nobody will take them any more.
            self._pool.close()

    def run(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        /,
        limit_s: Callable[[Item], float] = lambda _item: ITEM_LIMIT_S,
    ) -> Iterator[Result | Lost]:
        """Yield the results in the order of the items.

        Parameters
        ----------
        function : callable
            Importable by name; what it raises is a bug, or too little memory.
        items : sequence
        limit_s : callable
            Wall time that an item may take.
        """
        pool = self._pool
        if pool is None:
            return map(function, items)
        futures = [pool.submit(function, item, limit_s(item)) for item in items]
        return map(pool.outcome, futures)

    def run_each(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        /,
        limit_s: Callable[[Item], float] = lambda _item: ITEM_LIMIT_S,
    ) -> Iterator[tuple[Item, Result | Lost]]:
        """Yield each item with its result as soon as there is one, in any order.

        Items are taken as workers become free, so that neither they nor their results pile up.

        Parameters
        ----------
        function, limit_s
            As in `run`.
        items : iterable
        """
        source = iter(items)
        if self._pool is None:
            yield from ((item, function(item)) for item in source)
            return
        given: dict[Future[Result | Lost], Item] = {}
        while True:
            for item in islice(source, ITEMS_A_WORKER * self._pool.width - len(given)):
                given[self._pool.submit(function, item, limit_s(item))] = item
            if not given:
                return
            for future in self._pool.first_done(given):
                found = self._pool.outcome(future)
                yield given.pop(future), found


class Processes:
    """A pool of processes on this machine; its methods are those of `Pool`.

    Parameters
    ----------
    count : int
    folder : Path or None
        Where they work, for paths that are relative; None for where this process works.
    limit_bytes : int
        Memory that each may take; 0 for its share of the machine's.
    """

    def __init__(self, count: int, folder: Path | None = None, limit_bytes: int = 0) -> None:
        self._before = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, "1"))
        self._count = count
        # spawn: a fork after OpenCV or BLAS have started threads can deadlock.
        self._pool = ProcessPool(
            count,
            context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=[limit_bytes or memory_limit_bytes(count), folder],
        )

    @property
    def width(self) -> int:
        """How many processes there are."""
        return self._count

    def submit(
        self, function: Callable[[Item], Result], item: Item, limit_s: float
    ) -> "Future[Result | Lost]":
        """Begin to work on an item, or let it wait for a process."""
        future: Future[Result | Lost] = self._pool.schedule(function, args=[item], timeout=limit_s)
        return future

    def first_done(
        self, futures: Collection["Future[Result | Lost]"]
    ) -> set["Future[Result | Lost]"]:
        """Wait until something became of at least one item."""
        return wait(futures, return_when=FIRST_COMPLETED).done

    def outcome(self, future: "Future[Result | Lost]") -> Result | Lost:
        """Wait for what became of an item."""
        return _outcome(future)

    def close(self) -> None:
        """End all processes."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _outcome(future: "Future[Result | Lost]") -> Result | Lost:
    try:
        return future.result()
    except TimeoutError:
        return Lost(Because.TOO_SLOW, "it took longer than its size explains")
    except ProcessExpired as error:
        if _OUT_OF_TIME and error.exitcode == _OUT_OF_TIME:
            return Lost(Because.TOO_SLOW, "decoding took longer than its size explains")
        return Lost(Because.CRASHED, "reading or measuring it ended the worker process")
    except MemoryError:
        return Lost(Because.TOO_LARGE, "it needs more memory than a worker process may take")
    except Exception as error:
        # A mistake of ours costs this item too, not a night's batch; foreign text is not repeated.
        return Lost(Because.CRASHED, f"a bug in cctrack ({type(error).__name__})")


def memory_limit_bytes(jobs: int) -> int:
    """Memory that each of ``jobs`` workers may take."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return LEAST_MEMORY_BYTES
    return max(LEAST_MEMORY_BYTES, int(MEMORY_SHARE * physical / jobs))


def _prepare(limit_bytes: int, folder: Path | None) -> None:
    if folder is not None:
        os.chdir(folder)
    # C libraries write to this stream what they think of a file, and there quote from it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    _limit_memory(limit_bytes)


def _limit_memory(limit_bytes: int) -> None:
    """Let allocations beyond the limit fail, as a MemoryError, before the machine starves."""
    try:
        import resource
    except ImportError:  # Windows has no such limit; the caps on sizes remain.
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit_bytes < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard))


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """End this worker process when what runs inside takes more processor time than this.

    Only the system can stop a decoder that never returns. Outside a worker nothing is limited,
    since ending the process would end the program.
    """
    in_worker = multiprocessing.parent_process() is not None
    if not (in_worker and hasattr(signal, "setitimer")):
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
