"""Run a whole study: every site followed, every patient judged, one report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cctrack import __version__
from cctrack.compare import (
    CHANGE_COLUMNS,
    PATIENT_COLUMNS,
    PatientResult,
    SiteChange,
    combine_sites,
    load_criteria,
    patient_row,
)
from cctrack.compare.rows import Pair, months_between
from cctrack.errors import StudyError
from cctrack.io import Lost, write_json, write_table
from cctrack.model import Criteria, Outcome, Quantity, Refused, Thresholds, Visit
from cctrack.report.content import JudgedStudy, ModalityOutcome, PatientOutcomes
from cctrack.study.folder import StudyFolder, open_study, subjective_answer
from cctrack.study.follow import group_sites, measure_visit
from cctrack.study.pipeline import MeasureOptions
from cctrack.study.refusals import REFUSED_COLUMNS, refused_rows
from cctrack.study.report import keep_judged, remove_stale, write_report
from cctrack.study.rows import MEASUREMENT_COLUMNS, Row
from cctrack.study.site import SiteOutcome, SiteTask, run_site
from cctrack.study.workers import Workers

Progress = Callable[[int, int], None]

VISIT_LIMIT_S = 900.0
"""Wall time in s that a visit may take to be read, measured and compared with two others."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """What a run found.

    Attributes
    ----------
    patients, measurements, changes : tuple of rows
        As in patients.csv, measurements.csv and changes.csv.
    refused : tuple of Refused
    report : Path
    """

    patients: tuple[Row, ...]
    measurements: tuple[Row, ...]
    changes: tuple[Row, ...]
    refused: tuple[Refused, ...]
    report: Path

    @property
    def complete(self) -> bool:
        """Whether every visit was measured and every patient judged."""
        judged = all(row["outcome"] != Outcome.NOT_EVALUABLE for row in self.patients)
        return judged and not self.refused


def run_study(root: Path, out: Path, *, jobs: int, progress: Progress) -> StudyResult:
    """Measure and compare everything in a study folder and write its results.

    Parameters
    ----------
    root : Path
        The study folder; nothing in it is changed but ``out``, if that lies inside.
    out : Path
        Result folder; rebuilt from the images.
    jobs : int
        Worker processes; 0 works in this one, without protection against a decoder that dies.
    progress : callable
        Called with sites done and sites in all.

    Raises
    ------
    StudyError
        If the study's tables or criteria cannot be used.
    """
    study = open_study(root)
    criteria = _criteria(study)
    options = MeasureOptions(sizes=study.settings.sizes)
    sites = group_sites(study.visits, study.links)
    tasks = [SiteTask(root, out, site, criteria, options) for site in sites]
    outcomes: list[SiteOutcome] = []
    with Workers(jobs) as workers:
        for task, outcome in zip(tasks, workers.run(run_site, tasks, _limit_s), strict=True):
            outcomes.append(_rescued(task, workers) if isinstance(outcome, Lost) else outcome)
            progress(len(outcomes), len(tasks))
    patients = _judge_patients(study, criteria, outcomes)
    result = _write(out, outcomes, patients)
    keep_judged(out, _judged(study, criteria, patients))
    remove_stale(out, sites)
    write_report(study, out, result.report)
    return result


def _limit_s(task: SiteTask) -> float:
    return VISIT_LIMIT_S * len(task.site.visits)


def _rescued(task: SiteTask, workers: Workers) -> SiteOutcome:
    """Follow a site again without the visits that its worker did not survive."""
    visits = task.site.visits
    probes = workers.run(partial(_probe, task), visits, lambda _visit: VISIT_LIMIT_S)
    lost = {
        visit.path: Refused(visit.path, probe.because, probe.detail)
        for visit, probe in zip(visits, probes, strict=True)
        if isinstance(probe, Lost)
    }
    (outcome,) = workers.run(run_site, [replace(task, lost=lost)], _limit_s)
    return SiteOutcome.lost(task) if isinstance(outcome, Lost) else outcome


def _probe(task: SiteTask, visit: Visit) -> None:
    measure_visit(task.root, visit, task.options)


@dataclass(frozen=True, slots=True)
class JudgedPatient:
    """One patient in one modality.

    Attributes
    ----------
    pair : Pair
        From the first visit of any site to the last.
    result : PatientResult
        The sum over the sites.
    subjective : str
        What the patient said.
    """

    pair: Pair
    result: PatientResult
    subjective: str

    @property
    def row(self) -> Row:
        """The row of patients.csv."""
        return patient_row(self.result, self.pair, subjective=self.subjective)

    @property
    def outcome(self) -> ModalityOutcome:
        """The same for the report."""
        change = self.result.change
        first, last = self.pair.baseline_date, self.pair.followup_date
        return ModalityOutcome(
            modality=self.pair.modality,
            first=first,
            last=last,
            months=months_between(first, last),
            percent=change.percent,
            interval=change.interval_percent,
            outcome=change.outcome,
            confidence=change.confidence,
            reason=change.reason,
            subjective=self.subjective,
            sites_evaluable=self.result.sites_evaluable,
        )


def _criteria(study: StudyFolder) -> Criteria:
    name = study.settings.criteria
    own = study.root / name
    return load_criteria(own if own.suffix == ".toml" and own.exists() else name)


def _judge_patients(
    study: StudyFolder, criteria: Criteria, outcomes: Sequence[SiteOutcome]
) -> tuple[JudgedPatient, ...]:
    keys = dict.fromkeys((item.site.patient, item.site.modality) for item in outcomes)
    return tuple(
        _judge_patient(
            study,
            criteria,
            [item for item in outcomes if (item.site.patient, item.site.modality) == key],
        )
        for key in keys
    )


def _judge_patient(
    study: StudyFolder, criteria: Criteria, sites: list[SiteOutcome]
) -> JudgedPatient:
    first = sites[0].site
    changes = [SiteChange(item.site.site, item.verdict, item.against_baseline) for item in sites]
    result = combine_sites(changes, _thresholds(criteria, sites[0].quantity))
    dates = [visit.acquired for item in sites for visit in item.site.visits]
    pair = Pair(first.patient, "", first.modality, min(dates), max(dates), criteria)
    return JudgedPatient(pair, result, subjective_answer(study, first.patient))


def _thresholds(criteria: Criteria, quantity: Quantity) -> Thresholds:
    thresholds = criteria.of(quantity)
    if thresholds is None:
        raise StudyError(f"the criteria {criteria.name} have no rule for a {quantity}")
    return thresholds


def _judged(study: StudyFolder, criteria: Criteria, judged: Sequence[JudgedPatient]) -> JudgedStudy:
    """Collect what the report says of the patients."""
    patients = tuple(
        PatientOutcomes(
            patient, tuple(item.outcome for item in judged if item.pair.patient == patient)
        )
        for patient in study.patients
    )
    return JudgedStudy(criteria, __version__, patients)


def _write(
    out: Path, outcomes: Sequence[SiteOutcome], patients: Sequence[JudgedPatient]
) -> StudyResult:
    out.mkdir(parents=True, exist_ok=True)
    measurements = tuple(row for item in outcomes for row in item.measurements)
    changes = tuple(row for item in outcomes for row in item.changes)
    refused = tuple(refused for item in outcomes for refused in item.refused)
    rows = tuple(item.row for item in patients)
    write_table(out / "measurements.csv", MEASUREMENT_COLUMNS, measurements)
    write_table(out / "changes.csv", CHANGE_COLUMNS, changes)
    write_table(out / "patients.csv", PATIENT_COLUMNS, rows)
    write_table(out / "refused.csv", REFUSED_COLUMNS, refused_rows(refused))
    write_json(out / "alignment.json", [record for item in outcomes for record in item.alignments])
    write_json(out / "lineage.json", [item.lineage for item in outcomes if item.lineage])
    sources = {key: path for item in outcomes for key, path in (item.sources or {}).items()}
    write_table(
        out / "sources.csv",
        ("image_id", "source"),
        ({"image_id": key, "source": path} for key, path in sources.items()),
    )
    (out / "sources.csv").chmod(0o600)
    return StudyResult(rows, measurements, changes, refused, out / "report.html")
