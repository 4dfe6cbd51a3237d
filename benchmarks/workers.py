"""How much faster a batch is measured by two processes than by one, in one run.

    python -m benchmarks.workers [PHOTOS] [TURNS]

Simulated photos (seeds 0 on) are measured by `measure_paths` with one and with two worker
processes, in turns; the ratio is that of the fastest runs, the start of the processes included.
That both write the same bytes is checked. What the machine itself allows is told by two programs
that measure the same batch at once with one process each, beside one of them alone: processors that
share memory and caches do not do twice as much. On a machine with other work to do, or with fewer
than two idle cores, no ratio says anything; what the workers take of the processors then still
tells whether two of them do more work than one.
"""

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.study.batch import BatchOptions, measure_paths


def draw_photos(folder: Path, count: int) -> Path:
    """Write simulated photos."""
    folder.mkdir()
    for seed in range(count):
        rng = np.random.default_rng(seed)
        drawn = draw_photo(random_subject(rng), random_session(rng, "standard"))
        Image.fromarray(drawn.photo.pixels).save(folder / f"{seed:03}.png")
    return folder


def measure(images: Path, out: Path, jobs: int) -> tuple[float, float]:
    """Measure a batch and return the wall time, and the workers' processor time, in s."""
    started, before = time.perf_counter(), workers_s()
    measure_paths([images], out, BatchOptions(masks=True, jobs=jobs), lambda _done, _all: None)
    return time.perf_counter() - started, workers_s() - before


def measure_twice_at_once(images: Path, out: Path) -> float:
    """Measure the batch in two programs that know nothing of each other; wall time in s."""
    started = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=measure, args=(images, out / str(n), 1)) for n in range(2)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    return time.perf_counter() - started


def workers_s() -> float:
    """Processor time in s of all workers that have ended."""
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


def written(out: Path) -> dict[str, bytes]:
    """All that a batch wrote."""
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def main() -> None:
    count, turns = (int(text) for text in (*sys.argv[1:], "12", "2")[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = draw_photos(folder / "images", count)
        seconds: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        for _ in range(turns):
            for jobs, taken in seconds.items():
                taken.append(measure(images, folder / str(jobs), jobs))
        both = min(measure_twice_at_once(images, folder / "both") for _ in range(turns))
        if written(folder / "1") != written(folder / "2"):
            raise SystemExit("one and two processes wrote different bytes")
    (one, cpu_one), (two, cpu_two) = (min(taken) for taken in seconds.values())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{count} photos, {os.cpu_count()} cores, load {load:.1f}")
    print(f"1 process {one:.1f} s, 2 processes {two:.1f} s: {one / two:.2f} times as fast")
    print(f"two programs at once {both:.1f} s: the machine allows {2 * one / both:.2f} times")
    print(f"processor time of the workers {cpu_one:.1f} s and {cpu_two:.1f} s")


if __name__ == "__main__":
    main()
