"""What the automatic outline of films finds, misses and invents, on seeds it never saw.

    python -m benchmarks.film_outline FIRST COUNT [FOLDER_OF_REAL_FILMS]

Simulated hands are drawn, measured and judged as in ``cctrack validate``. Real films show no
calcium: everything counted on them is a false find. Folders ``xray-hand`` and ``xray-hip-cr`` are
looked for.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cctrack.io import read_one
from cctrack.model import Modality
from cctrack.segment.radiograph import outline_radiograph
from cctrack.study.pipeline import AUTOMATIC, calibrate_image
from cctrack.study.validate.single import DepositCase, ImageCase, ImageTask, judge_image
from cctrack.study.validate.truth import OFF_BONE

JUDGED_MM2 = 10.0
"""Deposits from here on are judged."""

COMPACT, NETS = ("stone", "amorphous", "plate"), ("net",)


def main(first: int, count: int, real: Path | None) -> None:
    """Judge films and print one line a figure."""
    cases = []
    for seed in range(first, first + count):
        case = judge_image(ImageTask(Modality.XRAY, seed))
        print(_line(case), flush=True)
        cases.append(case)
    print(*figures(cases), sep="\n")
    for name, found in real_films(real) if real else ():
        print(f"{name}: {found} counted")


def figures(cases: Iterable[ImageCase]) -> Iterator[str]:
    """Sum up what became of deposits off bone and of totals."""
    cases = list(cases)
    large = [d for case in cases for d in case.deposits if _judged(d)]
    found = [d for d in large if d.found]
    yield f"{len(cases)} films, {len(large)} deposits of {JUDGED_MM2:g} mm² or more off bone"
    yield f"found {len(found) / len(large):.3f}"
    yield f"false finds an image {np.mean([case.false_finds for case in cases]):.2f}"
    for name, kinds in (("compact", COMPACT), ("nets", NETS)):
        dice = [d.dice for d in found if d.kind in kinds]
        yield f"median Dice of {len(dice)} {name} found {np.median(dice or [0]):.2f}"
    errors = np.array([d.log_error for d in found])
    yield f"area: median {_percent(np.median(errors))}, |error| {_percent(_middle(errors))}"
    yield f"area: 95 % interval holds {np.mean([d.covered for d in found]):.2f}"
    pairs = [(case.measured, case.true, case.log_sd) for case in cases if case.true > 0]
    totals = np.array([np.log(max(got, 1.0) / true) for got, true, _ in pairs])
    stated = np.array([sd for *_, sd in pairs])
    yield f"total: median {_percent(np.median(totals))}, |error| {_percent(_middle(totals))}"
    held = np.abs(totals) <= 1.96 * stated
    yield f"total: 95 % interval holds {held.mean():.2f}, stated log-SD {np.median(stated):.2f}"


def real_films(folder: Path) -> Iterator[tuple[str, int]]:
    """Count what is found on real films without calcium."""
    hands = sorted((folder / "xray-hand").glob("*.png"))
    for path in (*hands, folder / "xray-hip-cr" / "RG2_UNC.dcm"):
        if path.exists():
            film, _ = calibrate_image(read_one(path, modality=Modality.XRAY), AUTOMATIC)
            yield path.name, len(outline_radiograph(film).counted())


def _judged(deposit: DepositCase) -> bool:
    return deposit.place == OFF_BONE and deposit.true >= JUDGED_MM2


def _line(case: ImageCase) -> str:
    missed = [d for d in case.deposits if _judged(d) and not d.found]
    names = " ".join(f"{d.kind}:{d.true:.0f}" for d in missed)
    return (
        f"{case.seed} total {case.measured:.0f} of {case.true:.0f} mm², "
        f"{case.false_finds} false, missed {names or 'none'}"
    )


def _middle(errors: np.ndarray) -> float:
    return float(np.median(np.abs(errors)))


def _percent(log: float) -> str:
    return f"{100 * np.expm1(log):+.0f} %"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
