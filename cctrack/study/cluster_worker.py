"""What runs on a Dask worker: it hands each item to a process of its own."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from cctrack.io import Lost
from cctrack.study.workers import Processes

Item = TypeVar("Item")
Result = TypeVar("Result")


class Children(WorkerPlugin):
    """The processes of one Dask worker, one for each of its threads.

    Parameters
    ----------
    folder : Path
        Where they work.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes: Processes | None = None

    def setup(self, worker: Worker) -> None:
        """Start them, within the memory that the Dask worker was given."""
        _allow_children()
        threads = worker.state.nthreads
        limit_bytes = (worker.memory_manager.memory_limit or 0) // threads
        self.processes = Processes(threads, self._folder, limit_bytes)

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002
        """End them."""
        if self.processes is not None:
            self.processes.close()


def work(
    name: str, function: Callable[[Item], Result], item: Item, limit_s: float
) -> Result | Lost:
    """Work on an item in one of the worker's processes; importable by name."""
    children = cast("Children", get_worker().plugins[name])
    processes = children.processes
    if processes is None:
        raise RuntimeError("a plugin is set up before its worker gets work")
    return processes.outcome(processes.submit(function, item, limit_s))


def _allow_children() -> None:
    # Dask's nanny starts workers as daemons, and Python lets daemons start no process, so that
    # none is left behind. Ours end by themselves when the worker's end of their pipe is closed.
    multiprocessing.process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
