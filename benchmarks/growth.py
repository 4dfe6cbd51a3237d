"""How time and memory grow with pixels, slices, lesions and images, drawn as curves.

    python -m benchmarks.growth PICTURE.png [QUICK]

- pixels: a simulated photo with a marker, drawn with more and more pixels; `measure_image`.
- slices: a simulated forearm repeated along its length; `measure_image`.
- lesions: discs on one film with a reader's mask of them; `measure_image`.
- images: tiny photos in a study; `run_study` on an empty record, and again.

Every point runs in a process of its own that computes with one thread; time is its processor time,
memory the most it held beyond what it held with everything drawn and read. The slope is that of log
time over log size between the last two points: 1 is proportional.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.study_rerun import write_study
from cctrack.io import write_mask
from cctrack.model import Ct, Radiograph, SpacingTags
from cctrack.phantom import ct, photo
from cctrack.study.pipeline import AUTOMATIC, MeasureOptions, measure_image
from cctrack.study.run import RunOptions, run_study

Point = tuple[float, float]
SIZES = {
    "megapixels of a photo": (1, 3, 6, 12, 24),
    "slices of a CT, 256 x 256 px": (50, 100, 200, 400),
    "lesions on a film": (10, 40, 160, 640),
    "images in a study": (25, 100, 400),
    "images in a study, run again": (25, 100, 400),
}


def prepared(what: str, size: int, folder: Path) -> Callable[[], object]:
    """Draw what is measured; return what is timed."""
    if "photo" in what:
        rng = np.random.default_rng(7)
        side = round((size * 1e6 / 12) ** 0.5)
        session = photo.random_session(rng, "easy", shape=(3 * side, 4 * side))
        drawn = photo.draw_photo(photo.random_subject(rng), session)
        return lambda: measure_image(drawn.photo, AUTOMATIC)
    if "CT" in what:
        image = repeated(size)
        return lambda: measure_image(image, AUTOMATIC)
    if "film" in what:
        film, mask = discs(size), folder / "discs.png"
        write_mask(mask, film[1], film[0])
        return lambda: measure_image(film[0], MeasureOptions(mask=mask))
    write_study(folder, size)
    options = RunOptions(jobs=0)
    if "again" in what:
        run_study(folder, folder / "results", options)
    return lambda: run_study(folder, folder / "results", options)


def repeated(slices: int) -> Ct:
    """A simulated forearm, again and again along its length."""
    rng = np.random.default_rng(7)
    subject = ct.random_subject(rng, "forearm", 4)
    block = ct.draw_ct(subject, ct.random_session(rng, subject.region)).ct
    hu = np.full((len(block.hu), 256, 256), -1000, np.int16)
    rows, columns = (min(256, size) for size in block.hu.shape[1:])
    hu[:, :rows, :columns] = block.hu[:, :rows, :columns]
    many = np.concatenate([hu] * -(-slices // len(hu)))[:slices]
    return Ct(many, block.affine, block.scale, block.acquisition)


def discs(count: int) -> tuple[Radiograph, np.ndarray]:
    """A film with discs of 12 px radius on a grid, and their mask."""
    side = 40 * int(np.ceil(count**0.5))
    rows, columns = np.indices((side, side))
    near = np.hypot(rows % 40 - 20, columns % 40 - 20) < 12
    number = rows // 40 * (side // 40) + columns // 40 + 1
    labels = np.where(near & (number <= count), number, 0).astype(np.uint16)
    noise = np.random.default_rng(7).normal(1500, 40, labels.shape)
    pixels = (noise + 900 * (labels > 0)).astype(np.float32)
    tags = SpacingTags(imager_pixel_spacing=(0.15, 0.15))
    return Radiograph(pixels, (0.0, 4095.0), tags), labels


def point(what: str, size: int) -> Point:
    """Processor time in s and memory in MiB of one run in this process."""
    with tempfile.TemporaryDirectory() as folder:
        run = prepared(what, size, Path(folder))
        # Linux: forget the most memory that drawing took.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = held_kib("VmRSS")
        started = time.process_time()
        run()
        took = time.process_time() - started
    return took, (held_kib("VmHWM") - before) / 1024


def held_kib(name: str) -> int:
    """Memory of this process that Linux calls so: what it holds, or the most it held."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def measured(what: str, sizes: tuple[int, ...]) -> list[Point]:
    """One curve, each point in a fresh process."""
    found = []
    for size in sizes:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found.append(pool.submit(point, what, size).result())
        print(f"{what}: {size}: {found[-1][0]:.2f} s, {found[-1][1]:.0f} MiB more", flush=True)
    return found


def main() -> None:
    quick = len(sys.argv) > 2
    figure = Figure((9, 6), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    for axis, (what, sizes) in zip(axes, SIZES.items(), strict=False):
        chosen = sizes[:2] if quick else sizes
        seconds = [one[0] for one in measured(what, chosen)]
        slope = np.log(seconds[-1] / seconds[-2]) / np.log(chosen[-1] / chosen[-2])
        print(f"{what}: slope {slope:.2f}")
        axis.loglog(chosen, seconds, "o-", color="#1f5a7a")
        axis.set_xlabel(what)
        axis.set_title(f"slope {slope:.2f}", fontsize=9)
        axis.set_xticks(chosen, [str(size) for size in chosen])
        axis.set_xticks([], minor=True)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("processor time in s")
    axes[3].set_ylabel("processor time in s")
    axes[-1].set_axis_off()
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
