"""Write a study's report from what a run kept, without opening an image."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.io import write_text
from cctrack.io.tables import write_pieces
from cctrack.model import Modality
from cctrack.report.cohort import group_outcomes
from cctrack.report.content import (
    Course,
    CoursePoint,
    GroupTable,
    JudgedStudy,
    MissingVisit,
    PatientContent,
    PatientOutcomes,
    StudyContent,
    Treatment,
)
from cctrack.report.html import render_report
from cctrack.report.site_content import SiteContent
from cctrack.report.stored import from_json, to_json
from cctrack.study.folder import Row, StudyFolder
from cctrack.study.follow import SiteVisits, group_sites
from cctrack.study.report_site import FOLDER, read_site, site_file

JUDGED_FILE = "study.json"
"""In the report's folder: what was found of each patient, and by which rule."""

MOST_BYTES = 32_000_000
"""Pictures are made smaller where those of all patients would take more: such a page opens in
2 s and can be sent."""

UNTREATED = "none recorded"


def keep_judged(out: Path, judged: JudgedStudy) -> None:
    """Keep what a run found of its patients for this and later reports."""
    text = json.dumps(to_json(judged), ensure_ascii=False, indent=1)
    write_text(out / FOLDER / JUDGED_FILE, text + "\n")


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """What a run has kept of a study, ready to be shown.

    Attributes
    ----------
    content : StudyContent
    sites_of : callable
        Reads the sites of one patient; nothing of the others is held.
    share : float
        How large pictures may be, 1 for as they were drawn.
    """

    content: StudyContent
    sites_of: Callable[[str], Sequence[SiteContent]]
    share: float


def open_kept(study: StudyFolder, out: Path, patients: Sequence[str] = ()) -> KeptStudy:
    """Read what a run kept.

    Parameters
    ----------
    study : StudyFolder
    out : Path
        Its results.
    patients : sequence of str
        Those to show; empty for all.

    Raises
    ------
    StudyError
        If no run has finished there, what it kept cannot be read, or a patient is unknown.
    """
    judged = _read_judged(out)
    known = {item.patient: item for item in judged.patients}
    unknown = [patient for patient in patients if patient not in known]
    if unknown:
        raise StudyError(f"the results have {len(known)} patients, none of them {unknown[0]!r}")
    sites = group_sites(study.visits)
    wanted = [site for site in sites if not patients or site.patient in patients]
    files = [path for site in wanted if (path := site_file(out, site)).exists()]
    size = sum(path.stat().st_size for path in files)

    def sites_of(patient: str) -> Sequence[SiteContent]:
        return _sites(out, [site for site in wanted if site.patient == patient])

    shown = [item for item in judged.patients if not patients or item.patient in patients]
    content = _content(study, judged, shown, sites_of)
    return KeptStudy(content, sites_of, min(1.0, MOST_BYTES / max(size, 1)))


def write_report(study: StudyFolder, out: Path, path: Path) -> None:
    """Write the report of a study's results, one patient after the other.

    Raises
    ------
    StudyError
        As `open_kept`.
    OSError
        If ``path`` cannot be written.
    """
    write_kept(open_kept(study, out), path)


def write_kept(kept: KeptStudy, path: Path) -> None:
    """Write the report of what a run has kept; raises as `write_report`."""
    write_pieces(path, render_report(kept.content, kept.sites_of, picture_share=kept.share))


def remove_stale(out: Path, sites: Iterable[SiteVisits]) -> None:
    """Remove what earlier runs kept of sites that the study no longer has."""
    current = {site_file(out, site).name for site in sites} | {JUDGED_FILE}
    for path in (out / FOLDER).glob("*.json"):
        if path.name not in current:
            path.unlink(missing_ok=True)


def _read_judged(out: Path) -> JudgedStudy:
    try:
        text = (out / FOLDER / JUDGED_FILE).read_text(encoding="utf-8")
        return from_json(JudgedStudy, json.loads(text))
    except FileNotFoundError:
        raise StudyError("no results to report: run `cctrack study run` first") from None
    except (OSError, ValueError):
        raise StudyError(
            "the stored results cannot be read, or another version wrote them: "
            "run `cctrack study run` again"
        ) from None


def _sites(out: Path, sites: Iterable[SiteVisits]) -> tuple[SiteContent, ...]:
    """Read sites; one of which nothing was kept is left out."""
    listed = [path for site in sites if (path := site_file(out, site)).exists()]
    try:
        return tuple(read_site(path) for path in listed)
    except (OSError, ValueError):
        raise StudyError(
            "a stored site cannot be read, or another version wrote it: "
            "run `cctrack study run` again"
        ) from None


def _content(
    study: StudyFolder,
    judged: JudgedStudy,
    shown: Sequence[PatientOutcomes],
    sites_of: Callable[[str], Sequence[SiteContent]],
) -> StudyContent:
    patients, missing = [], []
    for item in shown:
        sites = sites_of(item.patient)
        patients.append(_patient(study, item, sites))
        missing += [absent for site in sites for absent in _missing(site)]
    return StudyContent(
        title=study.settings.title,
        criteria=judged.criteria,
        patients=tuple(patients),
        missing=tuple(missing),
        version=judged.version,
        notice=study.settings.notice,
        groups=_groups(patients),
        time_unit=study.settings.time_unit,
    )


def _patient(
    study: StudyFolder, judged: PatientOutcomes, sites: Sequence[SiteContent]
) -> PatientContent:
    patient = judged.patient
    return PatientContent(
        patient=patient,
        outcomes=judged.outcomes,
        description=_describe(study, patient),
        treatments=tuple(_treatment(row) for row in study.treatments if row["patient"] == patient),
        courses=tuple(_course(site) for site in sites),
    )


def _describe(study: StudyFolder, patient: str) -> str:
    """Say in one line who the patient is, without a name."""
    person: Row = next((row for row in study.participants if row["patient"] == patient), {})
    parts = [person.get("diagnosis", ""), person.get("sex", "")]
    return ", ".join(part for part in parts if part)


def _treatment(row: Row) -> Treatment:
    dose, cycles = row.get("dose_mg", ""), row.get("cycles", "")
    words = [f"{dose} mg" if dose else "", f"{cycles} cycles" if cycles else ""]
    return Treatment(
        drug=row["drug"],
        group=row.get("class", ""),
        start=_day(row.get("start", "")),
        stop=_day(row.get("stop", "")),
        words=", ".join(word for word in words if word),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _course(site: SiteContent) -> Course:
    """Change since the first visit; the sign of the last visit is the verdict of the site."""
    later = {pair.after: pair.total for pair in site.since_first}
    if len(site.visits) - 1 in later:
        last = later[len(site.visits) - 1]
        later[len(site.visits) - 1] = replace(last, outcome=site.verdict.outcome)
    points = []
    for number, visit in enumerate(site.visits):
        total = later.get(number)
        if number == 0:
            start = None if visit.missing else 0.0
            points.append(CoursePoint(visit.acquired, start, None, None))
        elif total is not None:
            points.append(CoursePoint(visit.acquired, total.percent, total.interval, total.outcome))
    return Course(site.site, site.modality, tuple(points))


def _missing(site: SiteContent) -> Iterable[MissingVisit]:
    for visit in site.visits:
        if visit.missing:
            yield MissingVisit(
                site.patient, site.site, site.modality, visit.acquired, visit.missing
            )


def _groups(patients: Sequence[PatientContent]) -> tuple[GroupTable, ...]:
    """Outcomes by class of treatment; empty where no class is told."""
    if not any(treatment.group for patient in patients for treatment in patient.treatments):
        return ()
    tables = []
    for modality in Modality:
        listed = [
            (group, outcome.outcome)
            for patient in patients
            for outcome in patient.outcomes
            if outcome.modality is modality
            for group in _classes(patient)
        ]
        if listed:
            tables.append(GroupTable("Treatment class", modality, group_outcomes(listed)))
    return tuple(tables)


def _classes(patient: PatientContent) -> list[str]:
    known = dict.fromkeys(item.group for item in patient.treatments if item.group)
    return list(known) or [UNTREATED]
