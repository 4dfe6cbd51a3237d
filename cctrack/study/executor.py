"""Run work items in processes, so that one that dies costs one item and nothing else."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Lost:
    """Stands for the result of an item whose process died."""


def run_items(
    function: Callable[[Item], Result], items: Sequence[Item], *, jobs: int
) -> Iterator[Result | Lost]:
    """Yield the results in the order of the items.

    Parameters
    ----------
    function : callable
        Importable by name; must not raise for bad input.
    items : sequence
    jobs : int
        Processes; 1 runs everything here, without protection against a crash.
    """
    if jobs <= 1 or len(items) <= 1:
        yield from map(function, items)
        return
    done = 0
    with _pool(jobs) as pool:
        futures: list[Future[Result]] = [pool.submit(function, item) for item in items]
        try:
            for future in futures:
                yield future.result()
                done += 1
        except BrokenProcessPool:
            pass  # One item took the pool down; which one shows when each runs on its own.
    for item in items[done:]:
        yield _run_alone(function, item)


def _run_alone(function: Callable[[Item], Result], item: Item) -> Result | Lost:
    with _pool(1) as pool:
        try:
            return pool.submit(function, item).result()
        except BrokenProcessPool:
            return Lost()


def _pool(jobs: int) -> ProcessPoolExecutor:
    # spawn: a fork after OpenCV or BLAS have started threads can deadlock.
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
