"""Run a study in children that are killed: a program of its own, which starts no thread before.

Usage: killing.py STUDY SEED KILLS. Lets one child finish, to see how long that takes; then begins
again and again with an empty record, kills one child after the other at random moments, and lets
the last one finish. What each finished child left is kept in ``STUDY/finished``.
"""

import os
import random
import shutil
import signal
import sys
import time
from itertools import count
from pathlib import Path

from cctrack.study.run import RunOptions, run_study

MOST_KILLS = 5
"""Of one study, before a child may finish."""

SHORTER = 0.9
"""What the longest time before a kill is multiplied by when a child finished before it."""


def run_for(root: Path, seconds: float = float("inf")) -> bool:
    """Run in a child; kill it after some seconds; return whether it finished before."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run_study(root, root / "results", RunOptions())
            status = 0
        finally:
            os._exit(status)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if status:
                raise SystemExit("a run failed")
            return True
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def begin_again(root: Path) -> None:
    """Forget everything that was measured."""
    for name in ("record", "results"):
        shutil.rmtree(root / name, ignore_errors=True)


def main(root: Path, seed: int, kills: int) -> None:
    """Kill children at random moments until that was done often enough."""
    chance = random.Random(seed)
    start = time.monotonic()
    run_for(root)
    whole_s = time.monotonic() - start
    done = 0
    for number in count():
        shutil.copytree(root / "results", root / "finished" / str(number))
        if done >= kills:
            return
        begin_again(root)
        most = chance.randint(1, MOST_KILLS)
        while most and not run_for(root, chance.uniform(0.0, whole_s)):
            done, most = done + 1, most - 1
        if most:
            whole_s *= SHORTER  # The machine has less to do than at first: kill sooner.
        run_for(root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
