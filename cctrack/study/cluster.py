"""Let the workers of a Dask cluster do what processes of this machine do otherwise.

Each Dask worker works in processes of its own (`Processes`), under the limits that hold on one
machine: a file that kills its decoder costs itself there too, and never a Dask worker. When a
machine is lost, Dask gives its items to others, as often as the scheduler allows
(``distributed.scheduler.allowed-failures``, 3).
"""

import platform
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from cctrack import __version__
from cctrack.errors import StudyError
from cctrack.io import Lost
from cctrack.model import Because

Item = TypeVar("Item")
Result = TypeVar("Result")

CONNECT_S = 10.0
"""How long a scheduler, and then a first worker, is waited for."""

WORKERLESS_S = 20.0
"""How often the workers are counted while nothing is done; twice none in a row ends the run. One
that is started again is back within seconds."""

COMPUTES = ("numpy", "scipy", "opencv-python", "scikit-image")
"""Libraries whose version can change the last digit of a number."""


class Cluster:
    """The workers of a Dask scheduler; its methods are those of `cctrack.study.workers.Pool`.

    The workers must run the same cctrack and the same libraries, and see the same folders under
    the same names.

    Parameters
    ----------
    address : str
        Such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    StudyError
        If distributed is not installed, no scheduler or worker answers, or workers would give
        other numbers.
    """

    def __init__(self, address: str) -> None:
        self._client: Any = _connected(address)
        from cctrack.study.cluster_worker import Children

        # A name of its own: several commands may use one cluster at once.
        self._name = f"cctrack-{uuid.uuid4().hex}"
        try:
            self._require_same()
            self._client.register_plugin(Children(Path.cwd()), name=self._name)
        except BaseException:
            self._client.close()
            raise
        self._executor = self._client.get_executor(pure=False)

    @property
    def width(self) -> int:
        """How many items can be worked on at once, by the workers that are there now."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(
        self, function: Callable[[Item], Result], item: Item, limit_s: float
    ) -> "Future[Result | Lost]":
        """Begin to work on an item, or let it wait for a worker."""
        from cctrack.study.cluster_worker import work

        future: Future[Result | Lost] = self._executor.submit(
            work, self._name, function, item, limit_s
        )
        return future

    def first_done(
        self, futures: Collection["Future[Result | Lost]"]
    ) -> set["Future[Result | Lost]"]:
        """Wait until something became of at least one item.

        Raises
        ------
        StudyError
            If no worker is left, and none has come back for a while.
        """
        alone = False
        while not (done := wait(futures, WORKERLESS_S, FIRST_COMPLETED).done):
            alone, before = not self._client.nthreads(), alone
            if alone and before:
                raise StudyError(
                    "all workers of the cluster are gone; start one and run the command again"
                )
        return done

    def outcome(self, future: "Future[Result | Lost]") -> Result | Lost:
        """Wait for what became of an item.

        Raises
        ------
        StudyError
            If the scheduler or all workers are gone: then nothing is known of any item.
        """
        self.first_done([future])
        try:
            return future.result()
        except CancelledError:
            raise StudyError(
                "the scheduler of the cluster is gone; run the command again"
            ) from None
        except Exception as error:
            if type(error).__name__ == "KilledWorker":
                return Lost(Because.CRASHED, "several workers of the cluster were lost with it")
            return Lost(Because.CRASHED, f"a bug in cctrack ({type(error).__name__})")

    def close(self) -> None:
        """Let go of the cluster; it and its workers go on."""
        with suppress(Exception):  # A scheduler that is gone has nothing left to forget.
            self._client.unregister_worker_plugin(self._name)
        self._client.close()

    def _require_same(self) -> None:
        here = _fingerprint("")
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
            there = self._client.run(_fingerprint, str(Path.cwd()))
        except TimeoutError:
            raise StudyError("the scheduler has no worker; start one with dask worker") from None
        for told in there.values():
            if told["versions"] != here["versions"]:
                other = _first_difference(here["versions"], told["versions"])
                raise StudyError(f"a worker of the cluster has {other}; numbers could differ")
            if not told["folder"]:
                raise StudyError("a worker of the cluster does not see the folder we work in")


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise StudyError("--scheduler needs distributed; install the extra cluster") from None
    try:
        make: Any = Client
        return make(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise StudyError(
            "no Dask scheduler answers at the address given; it is like tcp://10.0.0.5:8786"
        ) from None


def _fingerprint(folder: str) -> dict[str, Any]:
    """Say what a process computes with, and whether it sees a folder; importable by name."""
    versions = {name: version(name) for name in COMPUTES}
    versions |= {"cctrack": __version__, "Python": platform.python_version()}
    return {"versions": versions, "folder": not folder or Path(folder).is_dir()}


def _first_difference(here: dict[str, str], there: dict[str, str]) -> str:
    name = next(name for name in here if here[name] != there[name])
    return f"{name} {there[name]}, this is {here[name]}"
