"""How long patients were followed and treated, and when a change was first seen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from cctrack.compare.counts import spread
from cctrack.compare.rows import DAYS_A_MONTH, months_between
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.model import Outcome, Reference
from cctrack.study.cohort.groups import Group, Treated, groups_of
from cctrack.study.cohort.outcomes import Cohort, PatientOutcome

COLUMNS = (
    Column("group_kind", meaning="all, drug or class"),
    Column("group", meaning="as in responses"),
    Column("modality", meaning="photo, xray, ct or mr; empty for treatment"),
    Column("time", meaning="follow_up, treatment, first_regression or first_progression"),
    Column("count", Kind.COUNT, "patients who have it"),
    Column("median_months", Kind.NUMBER, "median, months"),
    Column("lowest_months", Kind.NUMBER, "shortest, months"),
    Column("highest_months", Kind.NUMBER, "longest, months"),
    Column("patients", Kind.COUNT, "patients in the group"),
)

Row = Mapping[str, object]


def times(cohort: Cohort) -> Sheet:
    """Give times as median and range; those without an event are not in them, but are counted."""
    rows: list[Row] = []
    judged = cohort.judged
    first = _first_seen(cohort)
    for group in groups_of(cohort):
        for modality in dict.fromkeys(item.modality for item in judged):
            members = [i for i in judged if i.modality == modality and i.patient in group.members]
            rows += _of_images(group, modality, members, first)
        given = [item for items in group.members.values() for item in items]
        if given:
            rows.append(_row(group, "", "treatment", _lengths(given, cohort)))
    return Sheet("times", COLUMNS, rows)


Event = tuple[str, str, str]
"""Patient, modality and outcome."""


def _of_images(
    group: Group,
    modality: str,
    judged: Sequence[PatientOutcome],
    first: Mapping[Event, float],
) -> Iterator[Row]:
    yield _row(group, modality, "follow_up", (item.months for item in judged))
    for outcome in (Outcome.REGRESSION, Outcome.PROGRESSION):
        seen = (first.get((item.patient, modality, str(outcome))) for item in judged)
        yield _row(group, modality, f"first_{outcome}", seen)


def _first_seen(cohort: Cohort) -> dict[Event, float]:
    """Months from baseline to the first visit at which a site of a patient had an outcome."""
    first: dict[Event, float] = {}
    for row in cohort.changes:
        if (str(row["reference"]), row["lesion"]) != (str(Reference.BASELINE), "total"):
            continue
        event = (str(row["patient"]), str(row["modality"]), str(row["outcome"]))
        months = months_between(_day(row["baseline_date"]), _day(row["followup_date"]))
        if months is not None:
            first[event] = min(months, first.get(event, months))
    return first


def _lengths(given: Iterable[Treated], cohort: Cohort) -> Iterator[float | None]:
    """Months of each treatment; one that goes on ends with the patient's last visit."""
    last: dict[str, date] = {}
    for item in cohort.judged:
        if item.last_date is not None:
            last[item.patient] = max(last.get(item.patient, item.last_date), item.last_date)
    for one in given:
        stop = one.stop or last.get(one.patient)
        known = one.start is not None and stop is not None and stop >= one.start
        yield (stop - one.start).days / DAYS_A_MONTH if known and one.start and stop else None


def _row(group: Group, modality: str, time: str, months: Iterable[float | None]) -> Row:
    found = spread(value for value in months if value is not None)
    return {
        "group_kind": group.kind,
        "group": group.name,
        "modality": modality,
        "time": time,
        "count": found.count,
        "median_months": _round(found.median),
        "lowest_months": _round(found.lowest),
        "highest_months": _round(found.highest),
        "patients": len(group.members),
    }


def _round(months: float | None) -> float | None:
    return None if months is None else round(months, 1)


def _day(value: object) -> date:
    return date.fromisoformat(str(value))
