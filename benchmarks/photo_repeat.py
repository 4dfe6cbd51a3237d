"""How well the area of an unchanged deposit repeats when its photo is taken again.

    python -m benchmarks.photo_repeat FIRST COUNT

Each subject (seeds FIRST on, skin types in turn) is photographed twice with the card: another
pose, light, camera, noise and hair, standard difficulty; the lesions are the same. Areas through
the exact scale and outlined automatically. The coefficient of variation is the SD of ln(second /
first) over the root of two; lesions that a frame or the card cuts are left out. Seeds below 1000
are for tuning.
"""

import sys

import numpy as np

from benchmarks.photo_outline import FOUND, areas_of, dice
from cctrack.calibrate.photo import find_objects
from cctrack.model import PlaneHomography, ScaleSource
from cctrack.phantom.photo import draw_photo, random_session, random_subject
from cctrack.segment.photo.outline import outline_photo

SIZES_MM2 = ((10, 25), (25, 100), (100, 1e6))


def measured(subject, session):
    """Area and stated SD in mm² of each whole lesion that is found, by its id."""
    drawn = draw_photo(subject, session)
    scale = PlaneHomography(drawn.homography, drawn.photo.shape, ScaleSource.MARKER)
    outline = outline_photo(drawn.photo, ignore=find_objects(drawn.photo.pixels))
    own = areas_of(outline, scale)
    found = {}
    for lesion in subject.lesions:
        true = drawn.labels == lesion.id
        best = np.bincount(outline.labels[true], minlength=2)
        best[0] = 0
        label = int(best.argmax())
        if lesion.id in drawn.cut or not best[label]:
            continue
        if dice(outline.labels == label, true) > FOUND:
            found[lesion.id] = own[label]
    return found


def pairs(seed):
    """Rows of one subject: true area, sore, ln(second / first), SD of it as stated."""
    rng = np.random.default_rng(seed)
    subject = random_subject(rng, skin_type=seed % 6 + 1)
    first, second = (measured(subject, random_session(rng, "standard")) for _ in range(2))
    return [
        (
            lesion.area_mm2,
            lesion.kind == "ulceration",
            np.log(second[lesion.id][0] / first[lesion.id][0]),
            np.hypot(second[lesion.id][1], first[lesion.id][1]),
        )
        for lesion in subject.lesions
        if lesion.id in first and lesion.id in second
    ]


def print_repeat(first, count):
    rows = np.array([row for seed in range(first, first + count) for row in pairs(seed)], float)
    print("mm2          sores    n   CV %  robust CV %  within the stated 95 % interval")
    for low, high in SIZES_MM2:
        for sore in (0, 1):
            own = rows[(rows[:, 0] >= low) & (rows[:, 0] < high) & (rows[:, 1] == sore)]
            if not len(own):
                continue
            change = own[:, 2] / np.sqrt(2)
            robust = 1.4826 * np.median(np.abs(change - np.median(change)))
            within = np.mean(np.abs(own[:, 2]) <= 1.96 * own[:, 3])
            print(
                f"{low:4.0f}-{high:<8.0f} {'sores' if sore else 'closed':6s} {len(own):4d}",
                f"{100 * change.std():6.1f} {100 * robust:12.1f} {100 * within:10.0f} %",
            )


if __name__ == "__main__":
    print_repeat(int(sys.argv[1]), int(sys.argv[2]))
