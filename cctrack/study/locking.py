"""One program at a time: a lock that the system lets go of when its holder dies."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_S = 0.05
"""How often a lock that is taken is asked for again."""


LOCKED_BYTE = 4096
"""Where Windows, which locks bytes and not files, is asked to: beyond what is read."""


@contextmanager
def locked(path: Path, waiting: Callable[[str], None] = lambda _holder: None) -> Iterator[None]:
    """Hold the lock of a file while something is done; wait while another program holds it.

    Parameters
    ----------
    path : Path
        Is made where it is missing, and stays: deleting it could let two programs in.
    waiting : callable
        Told once who holds the lock, when it must be waited for.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _take(handle):
            waiting(os.read(handle, 80).decode("ascii", "replace").strip())
            while not _take(handle):
                time.sleep(POLL_S)
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"process {os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    """Take the lock if it is free; the system frees it when the handle is closed."""
    try:
        import fcntl
    except ImportError:
        return _take_on_windows(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_on_windows(handle: int) -> bool:
    import msvcrt

    os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError:
        return False
    finally:
        os.lseek(handle, 0, os.SEEK_SET)
    return True
