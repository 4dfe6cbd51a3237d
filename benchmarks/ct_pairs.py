"""Find out what is said of two CTs: one object remade, unchanged, grown and shrunk.

Usage: ct_pairs.py remade|alike FIRST COUNT
``remade``: an unchanged limb or hand is reconstructed again with another kernel, slice thickness
(0.6 to 5 mm), tube voltage (80 to 140 kVp) and noise; every other time it also lies anew. No
verdict may be a change. ``alike``: one protocol, the limb lies anew, and its deposits are
unchanged, or all have grown or shrunk by 50 %. Everything is outlined automatically and goes
the way of ``cctrack compare``, with the second look and without. Seeds below 10000 are for tuning.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np

from cctrack.compare import load_criteria
from cctrack.model import Flag
from cctrack.phantom import ct
from cctrack.phantom.deposit import scaled
from cctrack.study import pair
from cctrack.study.aligned import align_visits
from cctrack.study.pipeline import AUTOMATIC, Measured, measure_image

RULE = load_criteria("calcinosis-25")
PROCESSES = 1
REGIONS = ("forearm", "thigh", "hand")
THICKNESSES_MM = (0.6, 1.0, 1.5, 2.0, 3.0, 5.0)
VOLTAGES = (80.0, 100.0, 120.0, 140.0)
NOISES_HU = (8.0, 25.0)
FACTORS = {"unchanged": 1.0, "+50 %": 1.5, "-50 %": 0.5}
RIGHT = {"unchanged": "stable", "+50 %": "progression", "-50 %": "regression"}
WITHOUT = "without a second look"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one pair.

    Attributes
    ----------
    seed : int
    name : str
        What happened.
    made : str
        How the two scans were made.
    true, measured : float
        Ratio of the totals.
    outcome, outcome_without : str
        With the second look, and without.
    lesions : tuple of str
        Outcomes of single lesions, with the second look.
    looked : int
        Deposits that the second look added.
    reason : str
    """

    seed: int
    name: str
    made: str
    true: float
    measured: float
    outcome: str
    outcome_without: str
    lesions: tuple[str, ...]
    looked: int
    reason: str


def remade(seed: int) -> list[Said]:
    """Compare one object with itself, made otherwise."""
    rng, subject, session = _start(seed)
    length_mm = session.shape[0] * session.increment_mm
    other = session
    while _made(other) == _made(session):
        increment = float(rng.choice(THICKNESSES_MM))
        other = replace(
            session,
            kernel=ct.Kernel.SOFT if rng.random() < 0.5 else ct.Kernel.SHARP,
            increment_mm=increment,
            thickness_mm=increment * float(rng.choice([1.0, 1.0, 1.25])),
            kvp=float(rng.choice(VOLTAGES)),
            noise_hu=float(rng.uniform(*NOISES_HU)),
            shape=(int(np.ceil(length_mm / increment)), *session.shape[1:]),
            seed=session.seed + 1,
        )
    if seed % 2:
        other = ct.repeat_session(rng, other)
    first, second = ct.draw_ct(subject, session), ct.draw_ct(subject, other)
    ways = f"{_made(session)} and {_made(other)}"
    return [_compared((seed, "remade", ways), (first, second), measure_image(first.ct, AUTOMATIC))]


def alike(seed: int) -> list[Said]:
    """Compare two visits with one protocol, for each of `FACTORS`."""
    rng, subject, session = _start(seed)
    first = ct.draw_ct(subject, session)
    measured = measure_image(first.ct, AUTOMATIC)
    said = []
    for name, factor in FACTORS.items():
        grown = tuple(scaled(deposit, factor) for deposit in subject.deposits)
        later = replace(subject, deposits=grown) if factor != 1 else subject
        second = ct.draw_ct(later, ct.repeat_session(rng, session))
        said.append(_compared((seed, name, _made(session)), (first, second), measured))
    return said


def _start(seed: int) -> tuple[np.random.Generator, ct.CtSubject, ct.CtSession]:
    rng = np.random.default_rng((seed, 31))
    region = str(rng.choice(REGIONS))
    subject = ct.random_subject(rng, region)
    return rng, subject, replace(ct.random_session(rng, region), contrast=False)


def _made(session: ct.CtSession) -> str:
    return f"{session.kernel} {session.thickness_mm:g} mm {session.kvp:g} kVp"


def _compared(
    about: tuple[int, str, str],
    scans: tuple[ct.SimulatedCt, ct.SimulatedCt],
    first: Measured,
) -> Said:
    second = measure_image(scans[1].ct, AUTOMATIC)
    aligned = align_visits(first, second, RULE, None)
    result = pair.compare_aligned(first, second, aligned)
    with mock.patch.object(pair, "look_at", lambda visit, *_: visit):
        without = pair.compare_aligned(first, second, aligned)
    looked = sum(
        Flag.SECOND_LOOK in visit.outline.flags_of(lesion)
        for visit in result.compared or ()
        for lesion in visit.outline.lesions
    )
    total = result.total
    sizes = [item.value if item else 0.0 for item in (total.before, total.after)]
    return Said(
        *about,
        scans[1].total_mm3 / scans[0].total_mm3,
        sizes[1] / sizes[0] if sizes[0] else float("nan"),
        str(total.outcome),
        str(without.total.outcome),
        tuple(str(change.outcome) for change in result.changes[1:]),
        looked,
        total.reason,
    )


def report(said: list[Said]) -> Iterator[str]:
    """Sum up."""
    for name in dict.fromkeys(item.name for item in said):
        here = [item for item in said if item.name == name]
        right = RIGHT.get(name, "stable")
        yield f"{name}: totals {_counted(item.outcome for item in here)}"
        yield f"    {WITHOUT}: {_counted(item.outcome_without for item in here)}"
        yield f"    lesions {_counted(lesion for item in here for lesion in item.lesions)}"
        wrong = [item for item in here if item.outcome != right]
        looked = sum(item.looked for item in here)
        share = f"{len(here) - len(wrong)} of {len(here)} {right}"
        yield f"    {share}; {looked} deposits found on a second look"


def _counted(outcomes: Iterator[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(outcomes).most_common())


def main() -> None:
    """Judge all seeds, print each pair and the summary."""
    kind, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    said = []
    with ProcessPoolExecutor(PROCESSES) as pool:
        for items in pool.map(
            {"remade": remade, "alike": alike}[kind], range(first, first + count)
        ):
            said += items
            for item in items:
                print(
                    f"{item.seed} {item.name} ({item.made}): {item.outcome} ({WITHOUT} "
                    f"{item.outcome_without}), true {item.true:.2f} measured {item.measured:.2f}, "
                    f"lesions {' '.join(item.lesions)}; {item.reason}",
                    flush=True,
                )
    print("\n".join(report(said)))


if __name__ == "__main__":
    main()
