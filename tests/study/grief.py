"""Work that comes to grief, for tests of workers, each of which has to import it."""

import os
import signal
import time
from pathlib import Path


def work_or(value: int | str) -> int:
    """Square a number; a word says how to come to grief."""
    match value:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "outgrow":
            bytearray(1 << 45)
        case "err":
            raise TypeError("Doe^Jane")
    return int(value) ** 2


def lose_the_machine(value: int | str) -> int:
    """Kill the Dask worker itself the first time that a path is seen."""
    if isinstance(value, str) and not Path(value).exists():
        Path(value).write_text(str(os.getpid()), encoding="ascii")
        os.kill(os.getppid(), signal.SIGKILL)
    return -1 if isinstance(value, str) else value
