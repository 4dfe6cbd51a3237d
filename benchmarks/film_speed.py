"""How long one film of 2,000 x 2,500 px takes to be outlined, and how much memory.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.film_speed [RUNS]

A simulated hand is drawn at 0.1 mm a px and outlined on one thread. Time is processor time, the
median of the runs; memory the most the process held while the first of them ran.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import AxisScale, Radiograph, ScaleSource
from cctrack.phantom.radiograph import draw_radiograph, random_session, random_subject, usual_range
from cctrack.segment.radiograph import outline_radiograph

SHAPE, SPACING_MM = (2500, 2000), 0.1


def large_film(seed: int = 5) -> Radiograph:
    """A hand on a film of five megapixels."""
    rng = np.random.default_rng(seed)
    subject = random_subject(rng)
    session = replace(random_session(rng, usual_range()), shape=SHAPE, spacing_mm=SPACING_MM)
    scale = AxisScale((SPACING_MM, SPACING_MM), ScaleSource.DETECTOR)
    return replace(draw_radiograph(subject, session).radiograph, scale=scale)


def held_kib(name: str) -> int:
    """Memory of this process that Linux calls so."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main(runs: int) -> None:
    """Time it and print two numbers."""
    cv2.setNumThreads(1)
    film = large_film()
    # Linux: forget the most memory that drawing took.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    outline_radiograph(film)
    held, took = held_kib("VmHWM") / 1024, []
    for _ in range(runs):
        started = time.process_time()
        outline = outline_radiograph(film)
        took.append(time.process_time() - started)
    print(f"{film.shape[0]} x {film.shape[1]} px, {len(outline.lesions)} outlines")
    print(f"{np.median(took):.2f} s of processor time (least {min(took):.2f}), {held:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
