"""Changes as rows of changes.csv and patients.csv."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cctrack.compare.patient import PatientResult
from cctrack.model import Change, Criteria, Modality, Quantity, Unit, percent_a_year

CHANGE_COLUMNS = (
    "row_id",
    "patient",
    "site",
    "modality",
    "baseline_date",
    "followup_date",
    "reference",
    "lesion",
    "event",
    "quantity",
    "method",
    "baseline",
    "followup",
    "unit",
    "change_percent",
    "lower95",
    "upper95",
    "log_sd",
    "outcome",
    "confidence",
    "criteria",
    "comparability",
    "reason",
    "baseline_scale_source",
    "followup_scale_source",
    "comparable",
)
"""Columns of changes.csv, in order."""

PATIENT_COLUMNS = (
    "patient",
    "modality",
    "baseline_date",
    "last_date",
    "months",
    "change_percent",
    "lower95",
    "upper95",
    "outcome",
    "confidence",
    "subjective",
    "sites_evaluable",
    "reason",
    "percent_per_year",
)
"""Columns of patients.csv, in order."""

DAYS_A_MONTH = 365.25 / 12
"""Mean length of a month."""

Row = Mapping[str, object]
"""One line of a table; None is written as an empty cell."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two visits that a change is between.

    Attributes
    ----------
    patient, site : str
        Pseudonym and site; empty for loose images.
    modality : Modality
    baseline_date, followup_date : date or None
    criteria : Criteria
    comparability : str
        What stands between the two images, in words.
    scale_sources : (str, str)
        How the scale of the earlier and of the later image is known; empty where there is none.
    comparable : str
        ``yes``, ``caution`` (something stands between the images) or ``no``.
    """

    patient: str
    site: str
    modality: Modality
    baseline_date: date | None
    followup_date: date | None
    criteria: Criteria
    comparability: str = ""
    scale_sources: tuple[str, str] = ("", "")
    comparable: str = ""


def change_row(change: Change, pair: Pair, *, row_id: str, quantity: Quantity) -> Row:
    """Write a change as a row of changes.csv."""
    low, high = change.interval_percent or (None, None)
    either = change.after or change.before
    return {
        "row_id": row_id,
        "patient": pair.patient,
        "site": pair.site,
        "modality": pair.modality,
        "baseline_date": pair.baseline_date,
        "followup_date": pair.followup_date,
        "reference": change.reference,
        "lesion": change.lesion,
        "event": change.event,
        "quantity": quantity,
        "method": _method(change),
        "baseline": change.before.value if change.before else None,
        "followup": change.after.value if change.after else None,
        "unit": _unit(change) if either else None,
        "change_percent": change.percent,
        "lower95": low,
        "upper95": high,
        "log_sd": change.log_sd if change.percent is not None else None,
        "outcome": change.outcome,
        "confidence": change.confidence,
        "criteria": pair.criteria.name,
        "comparability": pair.comparability,
        "reason": change.reason,
        "baseline_scale_source": pair.scale_sources[0],
        "followup_scale_source": pair.scale_sources[1],
        "comparable": pair.comparable,
    }


def patient_row(result: PatientResult, pair: Pair, *, subjective: str = "") -> Row:
    """Write a patient's outcome in one modality as a row of patients.csv."""
    change = result.change
    low, high = change.interval_percent or (None, None)
    months = months_between(pair.baseline_date, pair.followup_date)
    return {
        "patient": pair.patient,
        "modality": pair.modality,
        "baseline_date": pair.baseline_date,
        "last_date": pair.followup_date,
        "months": months,
        "change_percent": change.percent,
        "lower95": low,
        "upper95": high,
        "outcome": change.outcome,
        "confidence": change.confidence,
        "subjective": subjective,
        "sites_evaluable": result.sites_evaluable,
        "reason": change.reason,
        "percent_per_year": percent_a_year(change.percent, months),
    }


def months_between(start: date | None, end: date | None) -> float | None:
    """Months between two dates to one decimal; None where one is not known."""
    if start is None or end is None:
        return None
    return round((end - start).days / DAYS_A_MONTH, 1)


def _method(change: Change) -> str | None:
    methods = {str(item.method) for item in (change.before, change.after) if item}
    return "+".join(sorted(methods)) or None


def _unit(change: Change) -> Unit | str:
    units = {item.unit for item in (change.before, change.after) if item}
    return units.pop() if len(units) == 1 else "+".join(sorted(units))
