"""Write every visit of a study as DICOM: outlines as SEG, numbers and verdicts as SR."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrack.errors import UnreadableImage
from cctrack.io import Found, Lost, scan
from cctrack.io.exchange.content import Compared
from cctrack.io.exchange.person import Person
from cctrack.io.exchange.uids import Tracking
from cctrack.model import Because, Refused, Visit
from cctrack.study.compare_step import plan_sites, site_task
from cctrack.study.exchange import Written, tracking_of, write_outline, write_report
from cctrack.study.folder import open_study
from cctrack.study.follow import ComparedPair, SiteResult, VisitResult
from cctrack.study.identity import row_id
from cctrack.study.locking import locked
from cctrack.study.measure_step import VISIT_LIMIT_S, measure_visits, plan_visits
from cctrack.study.run import LOCK_FILE, RunOptions
from cctrack.study.running import RECORD_FOLDER, Running, open_running, record_home
from cctrack.study.site import SiteTask, compare_task
from cctrack.study.sources import PREFIX, visit_members
from cctrack.study.told import Told, read_told_files
from cctrack.study.told_record import recorded_images
from cctrack.study.workers import Workers


@dataclass(frozen=True, slots=True)
class ExportTask:
    """What a worker needs to write the visits of one site.

    ``shared`` holds the paths of images that show other sites too: their files are named by both.
    """

    site: SiteTask
    out: Path
    keep_identity: bool
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, by image id, and why some visits were not."""

    images: tuple[str, ...]
    refused: tuple[Refused, ...]


def export_dicom(
    root: Path, out: Path, options: RunOptions, *, keep_identity: bool = False
) -> Exported:
    """Write SEG and SR of every visit of a study, and VL images of its photos.

    Visits that are new or have changed are measured first, as by a run.

    Parameters
    ----------
    root : Path
        The study folder.
    out : Path
        Gets ``seg/``, ``sr/`` and ``vl/``.
    options : RunOptions
    keep_identity : bool
        Put the source's patient into the files instead of the study's pseudonym.

    Raises
    ------
    StudyError
        If the study's tables, criteria or record cannot be used.
    OSError
        If a file cannot be written.
    """
    study = open_study(root)
    home = record_home(root, out)
    with (
        locked(home / RECORD_FOLDER / LOCK_FILE, options.waiting),
        open_running(study, home, options.clock) as running,
    ):
        return _export(running, out, options, keep_identity=keep_identity)


def _export(running: Running, out: Path, options: RunOptions, *, keep_identity: bool) -> Exported:
    root = running.study.root
    files = read_told_files(root / RECORD_FOLDER, (visit.path for visit in running.study.visits))
    told = Told(recorded_images(running.record), files)
    images: list[str] = []
    with Workers(options.jobs, options.scheduler) as workers:
        visits = measure_visits(running, told, plan_visits(running, told), workers, lambda: None)
        refused = [state.refused for state in visits if state.refused is not None]
        states = plan_sites(running, visits)
        shared = _shared(running.study.visits)
        tasks = (
            ExportTask(site_task(running, state), out, keep_identity, shared) for state in states
        )
        for done, (task, outcome) in enumerate(
            workers.run_each(export_site, tasks, _limit_s), start=1
        ):
            if isinstance(outcome, Lost):
                lost = (visit.path for visit in task.site.site.visits)
                refused += [Refused(path, outcome.because, outcome.detail) for path in lost]
            else:
                images += outcome.images
                refused += outcome.refused
            options.progress(done, len(states))
    return Exported(tuple(sorted(images)), tuple(refused))


def _shared(visits: Sequence[Visit]) -> frozenset[str]:
    """Paths that stand in more than one line: one film of two hands."""
    counts = Counter(visit.path for visit in visits)
    return frozenset(path for path, count in counts.items() if count > 1)


def _limit_s(task: ExportTask) -> float:
    return VISIT_LIMIT_S * len(task.site.site.visits)


def export_site(task: ExportTask) -> Exported:
    """Compare a site's visits, and write what is known of each under one name of each lesion."""
    result = compare_task(task.site)
    site = _tracking(result)
    written: dict[int, Written] = {}
    refused: list[Refused] = []
    for number, visit in enumerate(result.visits):
        try:
            outline = _write_outline(task, visit, site)
        except UnreadableImage as error:
            detail = f"no SEG and SR: {error.detail}"
            refused.append(Refused(visit.visit.path, Because(error.because), detail))
            continue
        if outline is not None:
            written[number] = outline
    for number, outline in written.items():
        compared = tuple(_compared(result, number, written))
        write_report(task.out, outline, compared, task.site.criteria.name)
    ids = tuple(outline.measured.image_id for outline in written.values())
    return Exported(ids, tuple(refused))


def _tracking(result: SiteResult) -> Tracking:
    """Tracking UIDs of all lesions of a site; the first image names the site as a whole."""
    measured = [visit.measured for visit in result.visits if visit.measured]
    lesions: dict[int, str] = {}
    for item in reversed(measured):
        lesions |= tracking_of(item).lesions
    first = measured[0].image.provenance.sha256 if measured else ""
    return Tracking({**lesions, **result.lineage.uids}, first)


def _write_outline(task: ExportTask, visit: VisitResult, site: Tracking) -> Written | None:
    if visit.measured is None:
        return None
    person = Person(visit.visit.patient, keep_identity=task.keep_identity)
    found = _found(task.site.root, visit.visit)
    name = ""
    if visit.visit.path in task.shared:
        listed = task.site.site
        own = row_id(listed.patient, str(listed.site), listed.modality)
        name = f"{visit.measured.image_id}-{own}"
    return write_outline(task.out, found, visit.measured, (person, site), name=name)


def _found(root: Path, visit: Visit) -> Found:
    """Find again what a visit was read from."""
    given: Sequence[Path] = [root / visit.path]
    outcomes = (
        scan(visit_members(root, visit.path), modality=visit.modality)
        if visit.path.startswith(PREFIX)
        else scan(given, modality=visit.modality)
    )
    found = [item for item in outcomes if isinstance(item, Found)]
    if len(found) != 1:
        raise UnreadableImage(Because.INCONSISTENT_SERIES, f"{len(found)} images found now")
    return found[0]


def _compared(
    result: SiteResult, number: int, written: Mapping[int, Written]
) -> Iterator[Compared]:
    """Yield what changed at a visit since each of those that it was compared with."""
    after = result.visits[number]
    for pair in result.pairs:
        if pair.after is not after:
            continue
        before = next(n for n, visit in enumerate(result.visits) if visit is pair.before)
        yield from _changes(pair, written.get(before))


def _changes(pair: ComparedPair, before: Written | None) -> Iterator[Compared]:
    prior = None
    if before is not None:
        prior = before.seg.dataset if before.seg else before.source.first
    groups = {group.name: group for group in pair.result.groups}
    day = pair.before.visit.acquired
    total, *lesions = pair.result.changes
    yield Compared(total, day, None, prior)
    for change in lesions:
        yield Compared(change, day, groups[change.lesion], prior)
