"""How far automatic totals lie from the truth on simulated images, seeds never tuned on.

Usage: totals.py photo|xray|ct FIRST COUNT
Prints ln(measured / true) of each total and its spread: what `Outline.selection_log_sd` rests on.
True totals hold what an outline is to find: on CT every deposit that begins less than 40 mm under
the skin, on bone or not; on films those off bone.
"""

import math
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from ct_outline import DEEP, find_sites

from cctrack.model import Quantity
from cctrack.phantom import ct, photo, radiograph
from cctrack.study.pipeline import AUTOMATIC, measure_image

ROBUST = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""


def draw(modality: str, seed: int):
    """Draw one image and its true total of what counts."""
    rng = np.random.default_rng(seed)
    if modality == "photo":
        subject = photo.random_subject(rng)
        drawn = photo.draw_photo(subject, photo.random_session(rng, "standard"))
        return drawn.photo, sum(drawn.areas_mm2.values())
    if modality == "xray":
        film = radiograph.draw_radiograph(
            radiograph.random_subject(rng, "hand"), radiograph.random_session(rng)
        )
        off_bone = [a for k, a in film.areas_mm2.items() if k not in film.over_bone]
        return film.radiograph, sum(off_bone)
    subject = ct.random_subject(rng, str(rng.choice(["forearm", "thigh", "hand"])))
    scan = ct.draw_ct(subject, ct.random_session(rng, subject.region))
    sites = find_sites(scan)
    return scan.ct, sum(v for label, v in scan.volumes_mm3.items() if sites[label] != DEEP)


def one(task: tuple[str, int]) -> tuple[int, float, float, float]:
    """Measure one image; return seed, measured, true and the stated log-SD."""
    modality, seed = task
    image, true = draw(modality, seed)
    measured = measure_image(image, AUTOMATIC)
    wanted = Quantity.VOLUME if modality == "ct" else Quantity.AREA
    (total, *_) = (
        item.measurement
        for item in measured.findings
        if item.lesion == 0
        and item.measurement.quantity is wanted
        and item.measurement.method in ("automatic", "partial_volume")
    )
    if total.unit == "px":
        return seed, math.nan, true, math.nan
    return seed, total.value, true, total.log_sd


def main() -> None:
    """Measure all seeds and print the spread."""
    modality, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tasks = [(modality, seed) for seed in range(first, first + count)]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(one, tasks))
    errors = []
    for seed, value, true, log_sd in results:
        error = math.log(value / true) if value > 0 and true > 0 else math.nan
        errors.append(error)
        print(f"{seed} measured {value:.1f} true {true:.1f} ln {error:+.2f} stated {log_sd:.2f}")
    known = np.array([error for error in errors if math.isfinite(error)])
    stated = np.array([r[3] for r, e in zip(results, errors, strict=True) if math.isfinite(e)])
    spread = ROBUST * np.median(np.abs(known - np.median(known)))
    covered = np.mean(np.abs(known) <= 1.96 * stated)
    print(
        f"{modality}: {len(known)} of {count} totals, median {np.median(known):+.3f}, "
        f"robust SD {spread:.3f}, SD {known.std():.3f}, "
        f"90th centile of |ln| {np.quantile(np.abs(known), 0.9):.2f}, covered {covered:.0%}"
    )


if __name__ == "__main__":
    main()
