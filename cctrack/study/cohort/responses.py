"""How many patients of each treatment got better, with exact intervals; nobody is left out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cctrack.compare.counts import share
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.model import Outcome
from cctrack.study.cohort.groups import Group, groups_of
from cctrack.study.cohort.outcomes import JUDGED, SMALLEST, Cohort, PatientOutcome
from cctrack.study.rows import number

JUDGEMENTS = (Outcome.REGRESSION, Outcome.STABLE, Outcome.PROGRESSION)
ANSWERS = ("better", "same", "worse")

SUBJECTIVE = "subjective"
"""Stands for a modality where the patients themselves were asked."""

LEFT_OUT = (str(Outcome.NOT_EVALUABLE), SMALLEST, "not_treated_then", "not_imaged", "not_asked")
"""What becomes of patients who cannot be counted among those who responded or not."""

COLUMNS = (
    Column("group_kind", meaning="all, drug or class"),
    Column("group", meaning="drug or class as in treatments.csv; a patient may be in several"),
    Column("modality", meaning="photo, xray, ct, mr, or subjective: what the patient said last"),
    Column("reference", meaning="as in outcomes"),
    Column("outcome", meaning="the outcome, the answer, or why there is none"),
    Column("count", Kind.COUNT, "patients with it"),
    Column("of", Kind.COUNT, "patients who have an outcome; all of the group for those left out"),
    Column("percent", Kind.NUMBER, "count of of, %"),
    Column("lower95", Kind.NUMBER, "lower end of the exact (Clopper-Pearson) 95 % interval, %"),
    Column("upper95", Kind.NUMBER, "upper end of it, %"),
    Column("patients", Kind.COUNT, "patients in the group"),
)

Row = Mapping[str, object]


def responses(cohort: Cohort) -> Sheet:
    """Count the outcomes of each group of patients.

    A patient counts for a treatment when it was given at any time between the two visits.

    Raises
    ------
    StudyError
        If a date in treatments.csv cannot be understood.
    """
    rows: list[Row] = []
    modalities = list(dict.fromkeys(item.modality for item in cohort.outcomes))
    references = list(dict.fromkeys(item.reference for item in cohort.outcomes))
    for group in groups_of(cohort):
        for modality in modalities:
            for reference in references:
                about = {"modality": modality, "reference": reference}
                counted = _outcomes(group, cohort.outcomes, modality, reference)
                rows += _counts(group, about, counted, tuple(map(str, JUDGEMENTS)))
        about = {"modality": SUBJECTIVE, "reference": JUDGED}
        rows += _counts(group, about, _answers(group, cohort), ANSWERS)
    return Sheet("responses", COLUMNS, rows)


def _outcomes(
    group: Group, outcomes: Sequence[PatientOutcome], modality: str, reference: str
) -> Counter[str]:
    """Give each patient of a group one outcome."""
    found = {
        item.patient: item
        for item in outcomes
        if (item.modality, item.reference) == (modality, reference)
    }
    return Counter(_outcome(group, found.get(patient)) for patient in group.members)


def _outcome(group: Group, item: PatientOutcome | None) -> str:
    if item is None:
        return "not_imaged"
    return item.outcome if group.counts(item) else "not_treated_then"


def _answers(group: Group, cohort: Cohort) -> Counter[str]:
    said = last_answers(cohort)
    return Counter(said.get(patient, "not_asked") for patient in group.members)


def last_answers(cohort: Cohort) -> dict[str, str]:
    """Return what each patient said last, as `subjective_answer` does; others are absent."""
    last: dict[str, tuple[str, str]] = {}
    for row in cohort.study.questionnaires:
        before = last.get(row["patient"])
        if before is None or row["date"] > before[0]:
            last[row["patient"]] = (row["date"], row["answer"])
    return {patient: answer for patient, (_, answer) in last.items() if answer in ANSWERS}


def _counts(
    group: Group, about: Row, counted: Counter[str], judgements: Sequence[str]
) -> Iterator[Row]:
    evaluable = sum(counted[name] for name in judgements)
    patients = len(group.members)
    for name in judgements:
        yield _row(group, about, name, (counted[name], evaluable))
    for name in LEFT_OUT:
        if counted[name]:
            yield _row(group, about, name, (counted[name], patients))


def _row(group: Group, about: Row, outcome: str, counts: tuple[int, int]) -> Row:
    found = share(*counts)
    low, high = found.interval or (None, None)
    return {
        "group_kind": group.kind,
        "group": group.name,
        **about,
        "outcome": outcome,
        "count": found.count,
        "of": found.of,
        "percent": number(found.percent),
        "lower95": None if low is None else number(100.0 * low),
        "upper95": None if high is None else number(100.0 * high),
        "patients": len(group.members),
    }
