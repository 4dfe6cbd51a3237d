"""How long a study takes that was run before, and how its memory grows with its visits.

Usage: study_rerun.py [VISITS] [JOBS]. Draws tiny photos, two sites a patient, runs the study, runs
it again, changes one image and runs it once more; says the seconds, what was measured and the most
memory that the main process took. Photos are tiny, and no site has two visits that would have to be
aligned, because the images are not what is tested.
"""

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from cctrack.study.run import RunOptions, StudyResult, run_study

SHAPE = 90, 120
SKIN, CHALK = (205, 160, 140), (250, 248, 235)


def draw_photo(path: Path, seed: int) -> None:
    """Draw a white disc on skin."""
    random = np.random.default_rng(seed)
    rows, columns = np.indices(SHAPE)
    pixels = np.full((*SHAPE, 3), SKIN) + random.normal(0, 3, (*SHAPE, 3))
    radius = random.uniform(6, 14)
    pixels[np.hypot(rows - 45, columns - 60) < radius] = CHALK
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


def write_study(root: Path, visits: int) -> None:
    """Write a study of patients with two sites each."""
    lines = ["patient,site,acquired,modality,path"]
    for number in range(visits):
        path = f"images/{number:05}.png"
        draw_photo(root / path, number)
        site = ("left arm", "right arm")[number % 2]
        lines.append(f"P{number // 2},{site},2020-03-01,photo,{path}")
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "study.toml").write_text("[scale]\nmarker_mm = 20\n", encoding="utf-8")


def timed(what: str, root: Path, jobs: int) -> StudyResult:
    """Run the study once and say what that took."""
    start = time.perf_counter()
    result = run_study(root, root / "results", RunOptions(jobs=jobs))
    took_s = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:22}{took_s:8.2f} s  {result.measured} measured, {result.compared} compared, "
        f"{result.taken} taken; peak {peak_mb:.0f} MB",
        flush=True,
    )
    return result


def main(visits: int = 1000, jobs: int = 2) -> None:
    """Run it all."""
    with TemporaryDirectory() as name:
        root = Path(name)
        write_study(root, visits)
        timed("first run", root, jobs)
        timed("nothing changed", root, jobs)
        draw_photo(root / "images" / "00000.png", visits + 1)
        timed("one image changed", root, jobs)
        (root / "results" / "changes.csv").unlink()
        timed("a table was deleted", root, jobs)
        size = sum(path.stat().st_size for path in (root / "record").glob("*"))
        print(f"record {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
