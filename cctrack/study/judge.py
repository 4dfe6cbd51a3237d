"""From sites to patients, and what readers decided otherwise.

A reader's verdict never takes the place of the automatic one unseen: tables show both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cctrack.compare import PatientResult, SiteChange, combine_sites, patient_row
from cctrack.compare.rows import Pair, months_between
from cctrack.errors import StudyError
from cctrack.model import Change, Confidence, Criteria, Outcome, Quantity, Thresholds
from cctrack.report.content import ModalityOutcome
from cctrack.study.compare_step import SiteState
from cctrack.study.folder import StudyFolder, subjective_answer
from cctrack.study.record import Entry, Kind, Record, patient_subject, verdict_subject
from cctrack.study.rows import Row
from cctrack.study.site import SiteVerdict

READER_COLUMNS = ("reader_outcome", "reader", "reader_reason")
"""Columns after those of changes.csv and patients.csv: what a reader decided, if one did."""

AUTOMATIC_COLUMN = "automatic_outcome"
"""Last column of patients.csv: the verdict without any reader's."""

NO_READER: Row = dict.fromkeys(READER_COLUMNS, "")


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict of a reader.

    Attributes
    ----------
    outcome : Outcome
    confidence : Confidence or None
        None where the reader did not say.
    reader, why : str
    """

    outcome: Outcome
    confidence: Confidence | None
    reader: str
    why: str

    @property
    def cells(self) -> Row:
        """The cells of `READER_COLUMNS`."""
        return dict(zip(READER_COLUMNS, (self.outcome, self.reader, self.why), strict=True))

    def on(self, change: Change) -> Change:
        """Return a change with this verdict; its numbers stay, and the reason tells both."""
        confidence = change.confidence if self.confidence is None else self.confidence
        agrees = self.outcome is change.outcome
        automatic = str(change.outcome).replace("_", " ")
        why = f": {self.why.rstrip('.')}" if self.why else ""
        added = f"A reader decided so{why}. Automatic verdict: {automatic}. "
        return replace(
            change,
            outcome=self.outcome,
            confidence=Confidence.NONE if self.outcome is Outcome.NOT_EVALUABLE else confidence,
            reason=change.reason if agrees else added + change.reason,
        )


Decisions = Mapping[str, Decision]
"""Readers' verdicts by their subjects."""


@dataclass(frozen=True, slots=True)
class JudgedPatient:
    """One patient in one modality.

    Attributes
    ----------
    pair : Pair
        From the first visit of any site to the last.
    result : PatientResult
        The sum over the sites, as readers decided.
    automatic : Outcome
        As it would be without them.
    decision : Decision or None
    subjective : str
        What the patient said.
    """

    pair: Pair
    result: PatientResult
    automatic: Outcome
    decision: Decision | None
    subjective: str

    @property
    def row(self) -> Row:
        """The row of patients.csv."""
        row = patient_row(self.result, self.pair, subjective=self.subjective)
        said = self.decision.cells if self.decision else NO_READER
        return {**row, **said, AUTOMATIC_COLUMN: self.automatic}

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


def read_decisions(record: Record) -> dict[str, Decision]:
    """Read the verdicts of readers.

    Raises
    ------
    StudyError
        If one is none of the outcomes that there are.
    """
    return {subject: _decision(entry) for subject, entry in record.latest_of(Kind.VERDICT).items()}


def judge_patients(
    study: StudyFolder, criteria: Criteria, sites: Sequence[SiteState], decisions: Decisions
) -> tuple[JudgedPatient, ...]:
    """Judge every patient in every modality, in the order of visits.csv."""
    of_patient: dict[tuple[str, Any], list[SiteState]] = {}
    for state in sites:
        of_patient.setdefault((state.site.patient, state.site.modality), []).append(state)
    return tuple(
        _judge_patient(study, criteria, listed, decisions) for listed in of_patient.values()
    )


def decided(row: Row, images: Sequence[str], decisions: Decisions) -> Row:
    """Add to a row of changes.csv what a reader decided about that change."""
    before, after = images
    if not (before and after):
        return {**row, **NO_READER}
    decision = decisions.get(verdict_subject(before, after, str(row["lesion"])))
    return {**row, **(decision.cells if decision else NO_READER)}


def _decision(entry: Entry) -> Decision:
    said = entry.after
    try:
        confidence = Confidence(said["confidence"]) if "confidence" in said else None
        return Decision(Outcome(said["outcome"]), confidence, entry.reader, entry.why)
    except (KeyError, ValueError):
        raise StudyError(
            f"entry {entry.seq} of the record is no verdict: needed one of {', '.join(Outcome)}"
        ) from None


def _judge_patient(
    study: StudyFolder, criteria: Criteria, sites: Sequence[SiteState], decisions: Decisions
) -> JudgedPatient:
    first = sites[0].site
    verdicts = [state.verdict or SiteVerdict.of_lost() for state in sites]
    changes = [
        SiteChange(state.site.site, verdict.change, verdict.against_baseline)
        for state, verdict in zip(sites, verdicts, strict=True)
    ]
    result = combine_sites(changes, _thresholds(criteria, verdicts[0].quantity))
    automatic = result.change.outcome
    decision = decisions.get(patient_subject(first.patient, first.modality))
    if decision is None and len(sites) == 1 and verdicts[0].images:
        # The site is all there is of the patient, so its verdict is the patient's.
        decision = decisions.get(verdict_subject(*verdicts[0].images))
    if decision is not None:
        result = replace(result, change=decision.on(result.change))
    dates = [visit.acquired for state in sites for visit in state.site.visits]
    pair = Pair(first.patient, "", first.modality, min(dates), max(dates), criteria)
    said = subjective_answer(study, first.patient)
    return JudgedPatient(pair, result, automatic, decision, said)


def _thresholds(criteria: Criteria, quantity: Quantity) -> Thresholds:
    thresholds = criteria.of(quantity)
    if thresholds is None:
        raise StudyError(f"the criteria {criteria.name} have no rule for a {quantity}")
    return thresholds
