"""How long a 12 megapixel photo takes to be measured, against decoding it, and the memory.

    python -m benchmarks.photo_speed [PHOTO]

Without a PHOTO one is drawn: skin type III, standard difficulty, the card, JPEG of quality 92.
Processor time of finding scale and objects, outlining and measuring over that of decoding, round
by round, because other programs slow both alike; every library is held to one thread. The memory
is the most that the process ever held, the libraries included; drawing is left to another one.
"""

import io
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from cctrack._cv2 import cv2
from cctrack.calibrate.photo import survey_photo
from cctrack.measure.area import measure_areas
from cctrack.model import AxisScale, Photo, ScaleSource
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.outline import outline_photo

SHAPE = (3000, 4000)

SEED = 9000

ROUNDS = 5


def main(path=None):
    cv2.setNumThreads(1)
    if path is not None:
        print_speed(Path(path).read_bytes())
        return
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "photo.jpg"
        subprocess.run([sys.executable, "-m", __spec__.name, "draw", str(drawn)], check=True)
        print_speed(drawn.read_bytes())


def draw(path):
    rng = np.random.default_rng(SEED)
    subject = random_subject(rng, skin_type=3, lesions=5)
    drawn = draw_photo(subject, random_session(rng, "standard", shape=SHAPE))
    Image.fromarray(drawn.photo.pixels).save(path, quality=92)


def print_speed(held):
    rounds = [steps_of(held) for _ in range(ROUNDS)]
    seconds = np.array([list(steps.values()) for steps in rounds])
    named = zip(rounds[0], seconds.min(axis=0), strict=True)
    told = ", ".join(f"{name} {least:.2f} s" for name, least in named)
    ratios = seconds[:, 1:].sum(axis=1) / seconds[:, 0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{len(held) / 2**20:.1f} MiB; least of {ROUNDS}: {told}; {peak:.2f} GiB at most")
    print(f"{np.median(ratios):.1f} times the time of decoding (at least {ratios.min():.1f})")


def steps_of(held):
    steps = {}
    steps["decoding"], pixels = _timed(
        lambda: np.asarray(Image.open(io.BytesIO(held)).convert("RGB"))
    )
    steps["scale and objects"], survey = _timed(lambda: survey_photo(pixels))
    steps["outline"], outline = _timed(lambda: outline_photo(Photo(pixels), ignore=survey.objects))
    scale = survey.scale or AxisScale((0.05, 0.05), ScaleSource.GIVEN)
    steps["measure"], _ = _timed(lambda: measure_areas(outline, scale))
    return steps


def _timed(step):
    started = time.process_time()
    result = step()
    return time.process_time() - started, result


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw(sys.argv[2])
    else:
        main(*sys.argv[1:])
