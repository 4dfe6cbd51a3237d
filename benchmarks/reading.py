"""Reading against the libraries a user would pick instead, as ratios within one run.

    python benchmarks/reading.py [INSTANCES] [SLICES]

Headers: `cctrack.io.scan` of many CT instances against `pydicom.dcmread(stop_before_pixels=True)`
over the same files. Volume: `scan` and `load` of one CT series of 512 x 512 px against
SimpleITK's series reader. Each pair runs in turns, three times; the ratio is that of the
fastest runs. Memory is the highest that a process of its own took, above what it had before.
"""

import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom

from cctrack.io import Found, load, scan
from cctrack.io.write_dicom import write_ct
from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource
from cctrack.study.workers import Workers

TURNS = 3


def draw_ct(folder: Path, slices: int, side_px: int) -> Path:
    """Write a noisy CT of that size."""
    rng = np.random.default_rng(1)
    hu = rng.normal(40, 30, (slices, side_px, side_px)).astype(np.int16)
    scale = AxisScale((1.0, 0.8, 0.8), ScaleSource.SLICE_POSITIONS)
    affine = np.diag([1.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]] * [[1.0, 0.8, 0.8, 1.0]]
    acquisition = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=1.0)
    write_ct(folder, Ct(hu=hu, affine=affine, scale=scale, acquisition=acquisition))
    return folder


def read_headers_pydicom(folder: Path) -> int:
    """Read every header as a user of pydicom does."""
    return sum(
        1 for path in sorted(folder.iterdir()) if pydicom.dcmread(path, stop_before_pixels=True)
    )


def scan_here(folder: Path) -> int:
    """Scan in this process."""
    return len(list(scan([folder])))


def scan_in_workers(folder: Path) -> int:
    """Scan as the command line does, in two workers, the time to start them included."""
    with Workers(2) as workers:
        return len(list(scan([folder], workers.run)))


def read_cctrack(folder: Path) -> float:
    """Read a CT with cctrack, scan included."""
    (found,) = (item for item in scan([folder]) if isinstance(item, Found))
    return float(load(found).image.hu[0, 0, 0])  # type: ignore[union-attr]


def read_simpleitk(folder: Path) -> float:
    """Read a CT with SimpleITK's series reader, sorting by position included."""
    import SimpleITK as sitk

    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(names)
    return float(sitk.GetArrayViewFromImage(image)[0, 0, 0])


def times_s(*jobs: Callable[[], object]) -> list[float]:
    """Return the fastest of several turns of each job, taken alternately."""
    best = [float("inf")] * len(jobs)
    for _ in range(TURNS):
        for number, job in enumerate(jobs):
            started = time.perf_counter()
            job()
            best[number] = min(best[number], time.perf_counter() - started)
    return best


def _peak(read: Callable[[Path], object], folder: Path, answers: "multiprocessing.Queue[int]"):
    before = _resident_bytes()
    highest = before
    done = threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, _resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    read(folder)
    done.set()
    watcher.join()
    answers.put(highest - before)


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def peak_bytes(read: Callable[[Path], object], folder: Path) -> int:
    """Memory that reading takes at most, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_peak, args=(read, folder, answers))
    process.start()
    taken = answers.get()
    process.join()
    return taken


def main(instances: int, slices: int) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as scratch:
        small = draw_ct(Path(scratch) / "small", instances, 32)
        peer, here, workers = times_s(
            lambda: read_headers_pydicom(small),
            lambda: scan_here(small),
            lambda: scan_in_workers(small),
        )
        print(f"headers of {instances} instances, against pydicom's dcmread without pixels")
        print(f"  in this process   {here / peer:.2f} x  ({here:.2f} s against {peer:.2f} s)")
        print(f"  in two workers    {workers / peer:.2f} x  ({workers:.2f} s)")
        large = draw_ct(Path(scratch) / "large", slices, 512)
        peer, ours = times_s(lambda: read_simpleitk(large), lambda: read_cctrack(large))
        volume = slices * 512 * 512 * 2
        print(f"a CT of {slices} slices, against SimpleITK's series reader")
        print(f"  time              {ours / peer:.2f} x  ({ours:.2f} s against {peer:.2f} s)")
        for name, read in (("cctrack", read_cctrack), ("SimpleITK", read_simpleitk)):
            print(f"  memory {name:10} {peak_bytes(read, large) / volume:.2f} x the volume")


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:] or ("5000", "300")))
