"""Run a whole study: measure what is new, compare what changed, write the results.

Everything measured is in the record as soon as it is known, and results are written from there. So
a run that was stopped goes on where it was, and one with nothing to do reads no image.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrack import __version__
from cctrack.errors import StudyError
from cctrack.io import Sheet
from cctrack.model import Because, Outcome, Refused, Visit
from cctrack.report.content import JudgedStudy, ModalityOutcome, PatientOutcomes
from cctrack.study.cohort import cohort_tables, write_cohort
from cctrack.study.compare_step import SiteState, compare_sites, plan_sites
from cctrack.study.folder import open_study
from cctrack.study.judge import JudgedPatient, judge_patients, read_decisions
from cctrack.study.locking import locked
from cctrack.study.measure_step import PROGRAM, VisitState, measure_visits, plan_visits
from cctrack.study.program import program_id
from cctrack.study.provenance import RUN_DIGITS, provenance, result_digest
from cctrack.study.record import Kind, Statement
from cctrack.study.report import keep_judged, remove_stale, write_report
from cctrack.study.results import Results, change_rows, write_once, write_results
from cctrack.study.rows import Row
from cctrack.study.running import (
    RECORD_FOLDER,
    Clock,
    Running,
    open_running,
    read_all_told,
    record_home,
    utc_now,
)
from cctrack.study.told import Told
from cctrack.study.workers import Workers

Progress = Callable[[int, int], None]

LOCK_FILE = "run.lock"


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """What a run found.

    Attributes
    ----------
    patients : tuple of rows
        As in patients.csv.
    refused : tuple of Refused
    report : Path
    measured, taken : int
        Visits measured now, and those whose measurement the record held.
    compared : int
        Sites compared now.
    """

    patients: tuple[Row, ...]
    refused: tuple[Refused, ...]
    report: Path
    measured: int
    taken: int
    compared: int

    @property
    def complete(self) -> bool:
        """Whether every visit was measured and every patient judged."""
        judged = all(row["outcome"] != Outcome.NOT_EVALUABLE for row in self.patients)
        return judged and not self.refused

    @property
    def reasons(self) -> Counter[Because]:
        """How many visits were refused for which reason."""
        return Counter(item.because for item in self.refused)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a study is run.

    Attributes
    ----------
    jobs : int
        Worker processes; 0 works in this one, without protection against a decoder that dies.
    progress : callable
        Called with the steps done and the steps in all: visits to measure and sites to compare.
    waiting : callable
        Told who works on the study, when that must be waited for.
    clock : callable
    scheduler : str
        Address of a Dask scheduler, whose workers then do the work; empty for this machine.
    """

    jobs: int = 0
    progress: Progress = lambda _done, _total: None
    waiting: Callable[[str], None] = lambda _holder: None
    clock: Clock = utc_now
    scheduler: str = ""


def run_study(root: Path, out: Path, options: RunOptions) -> StudyResult:
    """Measure and compare everything in a study folder and write its results.

    Parameters
    ----------
    root : Path
        The study folder; nothing in it is changed but its record, and ``out`` if that lies inside.
    out : Path
        Result folder; see `record_home` for where the record lies when it is elsewhere.
    options : RunOptions

    Raises
    ------
    StudyError
        If the study's tables, criteria or record cannot be used.
    OSError
        If the results cannot be written; the next run goes on where this one was.
    """
    study = open_study(root)
    home = record_home(root, out)
    with (
        locked(home / RECORD_FOLDER / LOCK_FILE, options.waiting),
        open_running(study, home, options.clock) as running,
    ):
        _require_whole(running)
        told = read_all_told(running)
        visits, sites, done = _work(running, told, options)
        result = _conclude(running, out, visits, sites, done)
        running.inputs.save()
    return result


def _require_whole(running: Running) -> None:
    running.record.renew_anchor(running.clock())
    found = running.record.verify(data=False)
    if not found.ok:
        raise StudyError(
            f"the study's record is not as it was written: {found.problem}; put a copy of the "
            "record folder back"
        )


def _work(
    running: Running, told: Told, options: RunOptions
) -> tuple[list[VisitState], list[SiteState], tuple[int, int]]:
    """Measure and compare what is due; say how much that was."""
    visits = plan_visits(running, told)
    due = sum(state.due for state in visits)
    touched = {(item.visit.patient, item.visit.site) for item in visits if item.due}
    steps = _Steps(options.progress, due + len(touched))
    with Workers(options.jobs, options.scheduler) as workers:
        visits = measure_visits(running, told, visits, workers, steps.one_more)
        sites = plan_sites(running, visits)
        compared = sum(state.verdict is None for state in sites)
        steps.total = due + compared
        sites = compare_sites(running, sites, workers, steps.one_more)
    return visits, sites, (due, compared)


@dataclass(slots=True)
class _Steps:
    """Counts what is done."""

    progress: Progress
    total: int
    done: int = 0

    def one_more(self) -> None:
        self.done += 1
        self.progress(self.done, self.total)


def _conclude(
    running: Running,
    out: Path,
    visits: Sequence[VisitState],
    sites: Sequence[SiteState],
    done: tuple[int, int],
) -> StudyResult:
    """Judge the patients and write the results."""
    decisions = read_decisions(running.record)
    patients = judge_patients(running.study, running.criteria, sites, decisions)
    refused = _refused(running, visits, sites)
    digest = result_digest(running, sites, patients, decisions)
    results = Results(running.record, running.inputs, sites, patients, decisions, refused)
    out.mkdir(parents=True, exist_ok=True)
    write_results(out, results, digest)
    _write_cohort(running, out, results, digest)
    write_once(
        running.inputs,
        out / "provenance.json",
        digest,
        lambda: provenance(running, sites, digest),
    )
    report = _write_report(running, out, sites, patients, digest)
    _note_run(running, digest)
    measured, compared = done
    imaged = sum(bool(state.visit.path) for state in visits)
    rows = tuple(item.row for item in patients)
    return StudyResult(rows, refused, report, measured, imaged - measured, compared)


def _write_cohort(running: Running, out: Path, results: Results, digest: str) -> None:
    def tables() -> tuple[Sheet, ...]:
        changes = [row for row in change_rows(results) if row["lesion"] == "total"]
        patients = [item.row for item in results.patients]
        return cohort_tables(running.study, patients, changes, running.criteria)

    write_cohort(out, running.inputs, digest, tables)


def _refused(
    running: Running, visits: Sequence[VisitState], sites: Sequence[SiteState]
) -> tuple[Refused, ...]:
    hide = running.study.settings.pseudonyms
    by_path = {state.visit.path: state.visit for state in visits}
    at_visits = [state.refused for state in visits if state.refused is not None]
    since = [refused for state in sites for refused in state.refused]
    named = [_by_visit(item, by_path[item.source]) if hide else item for item in at_visits + since]
    return (*running.study.incomplete, *named)


def _by_visit(refused: Refused, visit: Visit) -> Refused:
    """Name a refused image by its visit: a path may hold the patient's name."""
    named = f"{visit.patient} {visit.site} {visit.acquired.isoformat()} {visit.modality}"
    return Refused(named, refused.because, refused.detail)


def _write_report(
    running: Running,
    out: Path,
    sites: Sequence[SiteState],
    patients: Sequence[JudgedPatient],
    digest: str,
) -> Path:
    path = out / "report.html"
    if not running.inputs.holds(path, digest):
        keep_judged(out, _judged(running, patients))
        remove_stale(out, [state.site for state in sites])
        write_report(running.study, out, path)
        running.inputs.remember(path, digest)
    return path


def _judged(running: Running, judged: Sequence[JudgedPatient]) -> JudgedStudy:
    """Collect what the report says of the patients."""
    outcomes: dict[str, list[ModalityOutcome]] = {name: [] for name in running.study.patients}
    for item in judged:
        outcomes[item.pair.patient].append(item.outcome)
    patients = tuple(PatientOutcomes(name, tuple(found)) for name, found in outcomes.items())
    return JudgedStudy(running.criteria, __version__, patients)


def _note_run(running: Running, digest: str) -> None:
    """Write down that results were made; once, however often the same ones are asked for."""
    after = {"run": digest[:RUN_DIGITS], "program": program_id()}
    statement = Statement(Kind.RUN, "study", PROGRAM, after)
    running.record.append_changed([statement], running.clock())
