"""Sum the sites of a patient against any reference, from the rows of changes.csv."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cctrack.compare import classify
from cctrack.model import (
    Criteria,
    Measurement,
    Method,
    Outcome,
    Quantity,
    Reference,
    Site,
    Unit,
)


@dataclass(frozen=True, slots=True)
class SiteRow:
    """The total of one site between two visits.

    Attributes
    ----------
    patient, site, modality, reference : str
    place : (str, str)
        Site and side, which several views share.
    baseline_date, followup_date : date
    quantity, unit, method : str
    before, after : float or None
    percent, lower, upper : float or None
    log_sd : float
    outcome, confidence, reason, comparable : str
    """

    patient: str
    site: str
    modality: str
    reference: str
    place: tuple[str, str]
    baseline_date: date
    followup_date: date
    quantity: str
    unit: str
    method: str
    before: float | None
    after: float | None
    percent: float | None
    lower: float | None
    upper: float | None
    log_sd: float
    outcome: str
    confidence: str
    reason: str
    comparable: str

    @classmethod
    def of(cls, row: Mapping[str, object], site: Site | None) -> "SiteRow":
        """Take it out of a row of changes.csv, with values or as text."""
        text = {key: "" if value is None else str(value) for key, value in row.items()}
        return cls(
            patient=text["patient"],
            site=text["site"],
            modality=text["modality"],
            reference=text["reference"],
            place=(site.name, site.laterality) if site else (text["site"], ""),
            baseline_date=date.fromisoformat(text["baseline_date"]),
            followup_date=date.fromisoformat(text["followup_date"]),
            quantity=text["quantity"],
            unit=text["unit"],
            method=text["method"].split("+")[0],
            before=_number(text["baseline"]),
            after=_number(text["followup"]),
            percent=_number(text["change_percent"]),
            lower=_number(text["lower95"]),
            upper=_number(text["upper95"]),
            log_sd=_number(text["log_sd"]) or 0.0,
            outcome=text["outcome"],
            confidence=text["confidence"],
            reason=text["reason"],
            comparable=text["comparable"],
        )

    @property
    def counts(self) -> bool:
        """Whether it may be added to other sites: measured twice, and the two may be compared."""
        known = self.before is not None and self.after is not None
        return known and self.comparable != "no"


@dataclass(frozen=True, slots=True)
class Total:
    """The sum over a patient's sites, judged."""

    percent: float | None
    interval: tuple[float, float] | None
    outcome: str
    confidence: str
    reason: str
    sites: str


def judge_sum(
    rows: Sequence[SiteRow], reference: Reference, criteria: Criteria, *, places: int
) -> Total:
    """Judge the sum over sites, as `cctrack.compare.combine_sites` does against baseline.

    Parameters
    ----------
    rows : sequence of SiteRow
        One for each site and view; views of one site are never summed, the first that counts does.
    reference : Reference
    criteria : Criteria
    places : int
        How many sites the patient has.
    """
    counted: dict[tuple[str, str], SiteRow] = {}
    for row in rows:
        if row.counts and row.unit == _common_unit(rows):
            counted.setdefault(row.place, row)
    told_of = f"{len(counted)} of {places}"
    if places == 1 or not counted:
        only = next(iter(counted.values()), rows[0])
        told = (only.outcome, only.confidence, only.reason)
        return Total(only.percent, _ends(only), *told, told_of)
    return _judged(list(counted.values()), reference, criteria, told_of)


def _judged(rows: Sequence[SiteRow], reference: Reference, criteria: Criteria, sites: str) -> Total:
    thresholds = criteria.of(Quantity(rows[0].quantity))
    if thresholds is None or rows[0].unit == Unit.RELATIVE:
        reason = "Sites without a scale, or without a rule, cannot be summed."
        return Total(None, None, str(Outcome.NOT_EVALUABLE), "", reason, sites)
    change = classify(
        _sum(rows, "before"),
        _sum(rows, "after"),
        thresholds,
        reference=reference,
        extra_log_sd=_log_sd(rows),
        alike=True,
    )
    told = (str(change.outcome), str(change.confidence), change.reason)
    return Total(change.percent, change.interval_percent, *told, sites)


def _sum(rows: Sequence[SiteRow], side: str) -> Measurement:
    """Add up one side of each pair; the error of the ratio is kept apart, see `_log_sd`."""
    values = [getattr(row, side) for row in rows]
    limits = [_limit(row, side) for row in rows]
    return Measurement(
        quantity=Quantity(rows[0].quantity),
        value=math.fsum(values),
        unit=Unit(rows[0].unit),
        method=Method(rows[0].method),
        detection_limit=math.hypot(*limits),
    )


def _limit(row: SiteRow, side: str) -> float:
    """Tell the detection limit of a visit where nothing was found from the end of the interval."""
    if side == "before" or row.after != 0 or row.upper is None or row.before is None:
        return 0.0
    return row.before * (1 + row.upper / 100.0)


def _log_sd(rows: Sequence[SiteRow]) -> float:
    """Error of the ratio of two sums of sites, which have nothing in common.

    The error of each pair is taken to come from both of its visits alike.
    """
    sums = [math.fsum(getattr(row, side) for row in rows) for side in ("before", "after")]
    parts = [
        row.log_sd * getattr(row, side) / total / math.sqrt(2)
        for side, total in zip(("before", "after"), sums, strict=True)
        for row in rows
        if total
    ]
    return math.hypot(*parts)


def _common_unit(rows: Sequence[SiteRow]) -> str:
    units = [row.unit for row in rows if row.counts]
    physical = [unit for unit in units if unit != Unit.RELATIVE]
    return (physical or units or [""])[0]


def _ends(row: SiteRow) -> tuple[float, float] | None:
    return None if row.lower is None or row.upper is None else (row.lower, row.upper)


def _number(text: str) -> float | None:
    return float(text) if text else None
