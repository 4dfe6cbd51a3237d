"""What the automatic outline of films does on other parts of the body than the hand.

    python -m benchmarks.film_fields FIRST COUNT

Simulated forearms, knees, hips, shoulders and chests, COUNT of each from seed FIRST on, are drawn,
measured and judged as in ``cctrack validate``. One line a part of the body.
"""

import sys

import numpy as np

from cctrack.errors import CctrackError
from cctrack.model import Modality
from cctrack.phantom.deposit import NoRoom
from cctrack.phantom.radiograph import Field, random_session, random_subject, usual_range
from cctrack.study.pipeline import AUTOMATIC, measure_image
from cctrack.study.validate.single import DepositCase, ImageCase, ImageTask, compare_with_truth
from cctrack.study.validate.truth import OFF_BONE, SIMULATORS

JUDGED_MM2 = 10.0


def main(first: int, count: int) -> None:
    for field in Field:
        if field is Field.HAND:
            continue
        cases, refused = [], 0
        for seed in range(first, first + count):
            try:
                cases.append(judged(field, seed))
            except CctrackError as error:
                refused += 1
                print(f"{field} {seed}: {error}", flush=True)
        print(line(field, cases, refused), flush=True)


def judged(field: Field, seed: int) -> ImageCase:
    """Draw, measure and judge one film."""
    rng = np.random.default_rng([31, seed])
    while True:
        try:
            subject = random_subject(rng, field)
            break
        except NoRoom:
            continue
    session = random_session(rng, usual_range(field))
    truth = SIMULATORS[Modality.XRAY].draw(subject, session)
    measured = measure_image(truth.image, AUTOMATIC)
    return compare_with_truth(ImageTask(Modality.XRAY, seed), truth, measured)


def line(field: Field, cases: list[ImageCase], refused: int) -> str:
    """Sum up the films of one part of the body."""
    large = [d for case in cases for d in case.deposits if _counts(d)]
    found = [d for d in large if d.found]
    held = sum(d.covered for d in found)
    totals = [abs(np.log(max(case.measured, 1.0) / case.true)) for case in cases if case.true]
    return (
        f"{field}: {len(cases)} films, {refused} refused; found {len(found)} of {len(large)}, "
        f"false {np.mean([case.false_finds for case in cases] or [0]):.2f} an image, "
        f"Dice {np.median([d.dice for d in found] or [0]):.2f}, "
        f"intervals hold {held} of {len(found)}, "
        f"totals off by {100 * np.expm1(np.median(totals or [0])):.0f} %"
    )


def _counts(deposit: DepositCase) -> bool:
    return deposit.place == OFF_BONE and deposit.true >= JUDGED_MM2


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
