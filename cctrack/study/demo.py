"""Run the sample cohort from its images alone and hold the results against the exact truth."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cctrack
from cctrack.errors import StudyError
from cctrack.model import Modality, Outcome
from cctrack.study.rows import Row
from cctrack.study.run import RunOptions, StudyResult, run_study

VERDICT_METHOD = {"ct": "partial_volume"}
"""Which of several methods' totals is held against the truth."""

LEAST_COVERED = 0.85
"""Share of 95 % intervals that must hold the true value. With 22 totals, 19 or more are expected
in 98 of 100 cohorts if the intervals are right."""

RADIOLOGY = frozenset({Modality.XRAY, Modality.CT, Modality.MR})


@dataclass(frozen=True, slots=True)
class TruthCheck:
    """One measured total beside its true value.

    Attributes
    ----------
    path : str
    modality : Modality
    measured, lower, upper, true : float
        In ``unit``.
    """

    path: str
    modality: Modality
    measured: float
    lower: float
    upper: float
    true: float
    unit: str

    @property
    def covered(self) -> bool:
        """Whether the 95 % interval holds the true value."""
        return self.lower <= self.true <= self.upper

    @property
    def error_percent(self) -> float:
        """Measured minus true in percent of the true value."""
        return 100.0 * (self.measured / self.true - 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class DemoResult:
    """The study's result and how it compares with the truth.

    Attributes
    ----------
    study : StudyResult
    checks : tuple of TruthCheck
    wrong : tuple of str
        Verdicts that differ from the true ones, in words.
    """

    study: StudyResult
    checks: tuple[TruthCheck, ...]
    wrong: tuple[str, ...]

    @property
    def covered(self) -> int:
        """How many intervals hold the true value."""
        return sum(check.covered for check in self.checks)

    @property
    def matches(self) -> bool:
        """Whether every verdict is the true one and the intervals hold what they promise."""
        enough = self.covered >= LEAST_COVERED * len(self.checks) > 0
        return enough and not self.wrong

    def median_error_percent(self, modality: Modality) -> float:
        """Median absolute error of the totals of one modality, in percent."""
        return median(abs(c.error_percent) for c in self.checks if c.modality is modality)

    def counts(self, *, radiology: bool) -> Counter[Outcome]:
        """How many patients had which outcome, by radiology or by photo."""
        return Counter(
            Outcome(str(row["outcome"]))
            for row in self.study.patients
            if (Modality(str(row["modality"])) in RADIOLOGY) is radiology
        )


def run_demo(out: Path, *, jobs: int, progress: Callable[[int, int], None]) -> DemoResult:
    """Run the sample cohort and check it.

    Parameters
    ----------
    out : Path
        Result folder.
    jobs : int
    progress : callable

    Raises
    ------
    StudyError
        If the sample cohort cannot be found or drawn.
    """
    root = sample_folder(out)
    study = run_study(root, out, RunOptions(jobs, progress))
    truth = _read(root / "truth.csv")
    checks = tuple(_checks(_read(out / "measurements.csv"), truth, _read(out / "sources.csv")))
    return DemoResult(study, checks, tuple(_wrong_verdicts(study.patients, truth)))


def sample_folder(out: Path) -> Path:
    """Return the sample cohort: the one beside the package, else drawn again from its seeds."""
    beside = Path(cctrack.__file__).parents[1] / "sample_images"
    if (beside / "visits.csv").exists():
        return beside
    from cctrack.study.draw_sample import write_sample

    drawn = out / "sample_images"
    if not (drawn / "visits.csv").exists():
        write_sample(drawn)
    return drawn


def _checks(
    measured: Sequence[Mapping[str, str]],
    truth: Sequence[Mapping[str, str]],
    sources: Sequence[Mapping[str, str]],
) -> list[TruthCheck]:
    true = {row["path"]: row for row in truth}
    path_of = {row["image_id"]: row["source"] for row in sources}
    return [_check(row, true[path_of[str(row["image_id"])]]) for row in measured if _is_total(row)]


def _is_total(row: Row) -> bool:
    wanted = VERDICT_METHOD.get(str(row["modality"]), row["method"])
    size = row["quantity"] in ("area", "volume")
    return row["lesion"] == "total" and size and row["method"] == wanted


def _check(row: Row, true: Mapping[str, str]) -> TruthCheck:
    if row["unit"] != true["unit"]:
        raise StudyError(f"{true['path']} was measured in {row['unit']}, not in {true['unit']}")
    return TruthCheck(
        path=true["path"],
        modality=Modality(true["modality"]),
        measured=float(str(row["value"])),
        lower=float(str(row["lower95"])),
        upper=float(str(row["upper95"])),
        true=float(true["value"]),
        unit=true["unit"],
    )


def _wrong_verdicts(patients: Sequence[Row], truth: Sequence[Mapping[str, str]]) -> list[str]:
    true = {(row["patient"], row["modality"]): row["outcome"] for row in truth}
    found = {(str(row["patient"]), str(row["modality"])): str(row["outcome"]) for row in patients}
    return [
        f"{patient} by {modality}: found {found.get((patient, modality))}, true {outcome}"
        for (patient, modality), outcome in true.items()
        if found.get((patient, modality)) != outcome
    ]


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except FileNotFoundError:
        raise StudyError(f"{path.name} is missing from the sample cohort") from None
