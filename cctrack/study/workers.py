"""Processes that do the work, so that a file that kills its decoder costs itself and no more."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

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

_OUT_OF_TIME = -int(signal.SIGPROF) if hasattr(signal, "SIGPROF") else 0
"""Exit status of a worker that `processor_limit` has ended."""


class Workers:
    """A pool of processes with limits on time and memory; use it as a context manager.

    A worker that dies is replaced, and only the item it worked on is lost; so is an item on which
    the function raises.

    Parameters
    ----------
    jobs : int
        Processes; 0 runs everything in this one, without any protection.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPool | None = None

    def __enter__(self) -> Self:
        if self._jobs > 0:
            # spawn: a fork after OpenCV or BLAS have started threads can deadlock.
            self._pool = ProcessPool(
                self._jobs,
                context=multiprocessing.get_context("spawn"),
                initializer=_prepare,
                initargs=[memory_limit_bytes(self._jobs)],
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            # All results were taken, or nobody will take them any more.
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()

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
        if self._pool is None:
            return map(function, items)
        futures = [
            self._pool.schedule(function, args=[item], timeout=limit_s(item)) for item in items
        ]
        return map(_outcome, futures)

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
        given: dict[Future[Result], Item] = {}
        while True:
            for item in islice(source, ITEMS_A_WORKER * self._jobs - len(given)):
                given[self._pool.schedule(function, args=[item], timeout=limit_s(item))] = item
            if not given:
                return
            for future in wait(given, return_when=FIRST_COMPLETED).done:
                found = _outcome(future)
                yield given.pop(future), found


def _outcome(future: "Future[Result]") -> Result | Lost:
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


def _prepare(limit_bytes: int) -> None:
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
