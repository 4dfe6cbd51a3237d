"""Each patient's outcome in each modality: as judged, and against baseline, prior and nadir."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cctrack.compare.rows import months_between
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.model import Criteria, Outcome, Reference
from cctrack.study.cohort.sums import SiteRow, judge_sum
from cctrack.study.folder import StudyFolder
from cctrack.study.rows import number

Row = Mapping[str, object]

JUDGED = "judged"
"""Stands where others name a reference: the verdict of patients.csv, which may rest on two."""

SMALLEST = "smallest_so_far"
"""Outcome against the nadir where the last visit is the nadir."""


@dataclass(frozen=True, slots=True)
class PatientOutcome:
    """One patient in one modality against one reference; a row of outcomes.csv.

    Attributes
    ----------
    patient, modality : str
    reference : str
        ``judged``, ``baseline``, ``prior`` or ``nadir``.
    reference_date, last_date : date or None
        Of the earliest reference and of the last visit among the patient's sites.
    months : float or None
    change_percent, lower95, upper95 : float or None
    outcome, confidence : str
    subjective : str
        What the patient said last: ``better``, ``same``, ``worse`` or empty.
    sites : str
        How many sites count, of how many.
    reason : str
    """

    patient: str
    modality: str
    reference: str
    reference_date: date | None = None
    last_date: date | None = None
    months: float | None = None
    change_percent: float | None = None
    lower95: float | None = None
    upper95: float | None = None
    outcome: str = str(Outcome.NOT_EVALUABLE)
    confidence: str = ""
    subjective: str = ""
    sites: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A study and what became of its patients.

    Attributes
    ----------
    study : StudyFolder
    outcomes : tuple of PatientOutcome
    changes : tuple of rows
        As in changes.csv.
    """

    study: StudyFolder
    outcomes: tuple[PatientOutcome, ...]
    changes: tuple[Row, ...]

    @property
    def judged(self) -> tuple[PatientOutcome, ...]:
        """The verdicts of patients.csv."""
        return tuple(item for item in self.outcomes if item.reference == JUDGED)

    @property
    def patients(self) -> tuple[str, ...]:
        """Everybody whom any table of the study knows."""
        tables = (self.study.participants, self.study.treatments, self.study.questionnaires)
        told = (row["patient"] for table in tables for row in table)
        return tuple(dict.fromkeys((*self.study.patients, *filter(None, told))))


def patient_outcomes(
    study: StudyFolder, patients: Sequence[Row], changes: Sequence[Row], criteria: Criteria
) -> tuple[PatientOutcome, ...]:
    """Give each patient and modality a row as judged and one against each reference."""
    totals: dict[tuple[str, str], list[SiteRow]] = defaultdict(list)
    names = {(str(visit.site), str(visit.modality)): visit.site for visit in study.visits}
    for row in changes:
        if row["lesion"] == "total":
            site = names.get((str(row["site"]), str(row["modality"])))
            item = SiteRow.of(row, site)
            totals[item.patient, item.modality].append(item)
    found: list[PatientOutcome] = []
    counted = _places(study)
    for row in patients:
        judged = _judged(row)
        found.append(judged)
        sites = _by_site(totals[judged.patient, judged.modality])
        places = counted[judged.patient, judged.modality]
        for reference in Reference:
            if reference is Reference.BASELINE and places > 1:
                found.append(replace(judged, reference=str(reference)))
            else:
                found.append(_against(judged, reference, sites, (criteria, places)))
    return tuple(found)


def _places(study: StudyFolder) -> Counter[tuple[str, str]]:
    """How many sites each patient has in each modality; several views of one are one."""
    seen = {
        (visit.patient, str(visit.modality), visit.site.name, visit.site.laterality)
        for visit in study.visits
    }
    return Counter((patient, modality) for patient, modality, *_ in seen)


def outcomes_sheet(outcomes: Sequence[PatientOutcome]) -> Sheet:
    """Write the outcomes as a table."""
    rows = [{item.name: getattr(line, item.name) for item in COLUMNS} for line in outcomes]
    return Sheet("outcomes", COLUMNS, rows)


COLUMNS = (
    Column("patient", meaning="pseudonym"),
    Column("modality", meaning="photo, xray, ct or mr"),
    Column("reference", meaning="what the change is against; judged: the verdict of the study"),
    Column("reference_date", Kind.DATE, "day of the reference, the earliest of all sites"),
    Column("last_date", Kind.DATE, "day of the last visit"),
    Column("months", Kind.NUMBER, "months between the two"),
    Column("change_percent", Kind.NUMBER, "change of the sum of all sites, %"),
    Column("lower95", Kind.NUMBER, "lower end of its 95 % interval, %"),
    Column("upper95", Kind.NUMBER, "upper end of its 95 % interval, %"),
    Column("outcome", meaning="regression, stable, progression, not_evaluable, smallest_so_far"),
    Column("confidence", meaning="definite, probable or empty"),
    Column("subjective", meaning="what the patient said last: better, same or worse"),
    Column("sites", meaning="sites that count, of all"),
    Column("reason", meaning="one sentence"),
)
"""Columns of outcomes.csv: one for each attribute of `PatientOutcome`."""


def _judged(row: Row) -> PatientOutcome:
    return PatientOutcome(
        patient=str(row["patient"]),
        modality=str(row["modality"]),
        reference=JUDGED,
        reference_date=_date(row["baseline_date"]),
        last_date=_date(row["last_date"]),
        months=as_number(row["months"]),
        change_percent=as_number(row["change_percent"]),
        lower95=as_number(row["lower95"]),
        upper95=as_number(row["upper95"]),
        outcome=str(row["outcome"]),
        confidence=str(row["confidence"] or ""),
        subjective=str(row["subjective"] or ""),
        sites=str(row["sites_evaluable"]),
        reason=str(row["reason"]),
    )


def _by_site(rows: Sequence[SiteRow]) -> list[list[SiteRow]]:
    sites: dict[str, list[SiteRow]] = defaultdict(list)
    for row in rows:
        sites[row.site].append(row)
    return list(sites.values())


def _against(
    judged: PatientOutcome,
    reference: Reference,
    sites: Sequence[Sequence[SiteRow]],
    rule: tuple[Criteria, int],
) -> PatientOutcome:
    """Judge against a reference by a rule, and the number of sites that the patient has."""
    chosen = [_row_against(rows, reference) for rows in sites]
    rows = [item for item in chosen if isinstance(item, SiteRow)]
    base = PatientOutcome(
        judged.patient, judged.modality, str(reference), subjective=judged.subjective
    )
    if not rows:
        smallest = bool(chosen) and all(item == SMALLEST for item in chosen)
        return _without(base, judged, smallest=smallest)
    first = min(row.baseline_date for row in rows)
    last = max(row.followup_date for row in rows)
    total = judge_sum(rows, reference, rule[0], places=rule[1])
    low, high = total.interval or (None, None)
    return replace(
        base,
        reference_date=first,
        last_date=last,
        months=months_between(first, last),
        change_percent=number(total.percent),
        lower95=number(low),
        upper95=number(high),
        outcome=total.outcome,
        confidence=total.confidence,
        sites=total.sites,
        reason=total.reason,
    )


def _without(base: PatientOutcome, judged: PatientOutcome, *, smallest: bool) -> PatientOutcome:
    """Say why there is no change against a reference."""
    reason = judged.reason
    if base.reference == Reference.NADIR:
        reason = "The criteria, or the images, gave no comparison with the smallest value so far."
    if smallest:
        reason = "The last visit is the smallest so far."
    outcome = SMALLEST if smallest else str(Outcome.NOT_EVALUABLE)
    return replace(base, last_date=judged.last_date, outcome=outcome, reason=reason)


def _row_against(rows: Sequence[SiteRow], reference: Reference) -> SiteRow | str:
    """Return a site's last visit against a reference; empty where it was not compared."""
    last = max(row.followup_date for row in rows)
    found = {row.reference: row for row in rows if row.followup_date == last}
    if str(reference) in found:
        return found[str(reference)]
    first = found.get(str(Reference.BASELINE))
    since = sorted(_since_baseline(rows), key=lambda row: row.followup_date)
    if first is None or (reference is Reference.PRIOR and len(since) > 1):
        return ""
    if reference is Reference.PRIOR:
        return first
    return _nadir(first, since)


def _nadir(last: SiteRow, since: Sequence[SiteRow]) -> SiteRow | str:
    percents = [row.percent for row in since if row.percent is not None]
    if last.percent is None:
        return ""
    if min([*percents, 0.0]) == 0.0:
        return last
    return SMALLEST if last.percent == min(percents) else ""


def _since_baseline(rows: Sequence[SiteRow]) -> Iterator[SiteRow]:
    return (row for row in rows if row.reference == Reference.BASELINE)


def as_number(value: object) -> float | None:
    """Read a cell that may be text, to six digits; None where there is nothing."""
    return None if value in (None, "") else number(float(str(value)))


def _date(value: object) -> date | None:
    return None if value in (None, "") else date.fromisoformat(str(value))
