"""Groups of patients by their treatment, and whether they were treated while they were followed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cctrack.errors import StudyError
from cctrack.study.cohort.outcomes import Cohort, PatientOutcome

EVERYBODY = "all"
UNTREATED = "none recorded"
"""Name of the treatment of patients of whom treatments.csv knows nothing."""


@dataclass(frozen=True, slots=True)
class Treated:
    """A line of treatments.csv.

    Attributes
    ----------
    patient, drug, drug_class : str
    start, stop : date or None
        None where it is not known, or goes on.
    """

    patient: str
    drug: str
    drug_class: str
    start: date | None
    stop: date | None

    def meanwhile(self, outcome: PatientOutcome) -> bool:
        """Whether it was given at any time between the two visits of an outcome."""
        begins = outcome.reference_date or date.min
        ends = outcome.last_date or date.max
        return (self.start or date.min) <= ends and (self.stop or date.max) >= begins


@dataclass(frozen=True, slots=True)
class Group:
    """Patients who are counted together.

    Attributes
    ----------
    kind : str
        ``all``, ``drug`` or ``class``.
    name : str
    members : mapping of str to tuple of Treated
        Their treatments by patient; empty where nothing counts but belonging to it.
    """

    kind: str
    name: str
    members: Mapping[str, tuple[Treated, ...]]

    def counts(self, outcome: PatientOutcome) -> bool:
        """Whether a member was treated while the outcome came about, or needs no treatment."""
        given = self.members[outcome.patient]
        return not given or any(item.meanwhile(outcome) for item in given)


def groups_of(cohort: Cohort) -> tuple[Group, ...]:
    """All patients, then those of each drug and each class, by name; a patient may be in several.

    Raises
    ------
    StudyError
        If a date in treatments.csv cannot be understood.
    """
    treated = tuple(_treated(cohort.study.treatments))
    everybody = Group(EVERYBODY, EVERYBODY, dict.fromkeys(cohort.patients, ()))
    groups = [everybody]
    for kind, attribute in (("drug", "drug"), ("class", "drug_class")):
        names = sorted({getattr(item, attribute) for item in treated} - {""})
        for name in names:
            given = [item for item in treated if getattr(item, attribute) == name]
            groups.append(Group(kind, name, _by_patient(given)))
    known = {item.patient for item in treated}
    others = [patient for patient in cohort.patients if patient not in known]
    if treated and others:
        groups.append(Group("drug", UNTREATED, dict.fromkeys(others, ())))
    return tuple(groups)


def _by_patient(given: Sequence[Treated]) -> dict[str, tuple[Treated, ...]]:
    members: dict[str, tuple[Treated, ...]] = {}
    for item in given:
        members[item.patient] = (*members.get(item.patient, ()), item)
    return members


def _treated(rows: Sequence[Mapping[str, str]]) -> Iterator[Treated]:
    for line, row in enumerate(rows, start=2):
        start, stop = (_date(row.get(name, ""), name, line) for name in ("start", "stop"))
        yield Treated(row["patient"], row["drug"], row.get("class", ""), start, stop)


def _date(text: str, name: str, line: int) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise StudyError(
            f"treatments.csv line {line}: {name} is no ISO date (2024-03-31)"
        ) from None
