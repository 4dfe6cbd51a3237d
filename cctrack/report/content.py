"""What a report shows of a whole study, as frozen values; sites are in `site_content`."""

from dataclasses import dataclass
from datetime import date

from cctrack.model import (
    Confidence,
    Criteria,
    Modality,
    Outcome,
    percent_a_year,
)
from cctrack.report.cohort import GroupOutcome

DAYS_A_MONTH = 365.25 / 12
"""Mean length of a month."""


@dataclass(frozen=True, slots=True)
class ModalityOutcome:
    """One patient's outcome in one modality: a line of patients.csv.

    Attributes
    ----------
    subjective : str
        What the patient said (better, same, worse), or empty.
    sites_evaluable : str
        Such as ``2 of 3``.
    """

    modality: Modality
    first: date | None
    last: date | None
    months: float | None
    percent: float | None
    interval: tuple[float, float] | None
    outcome: Outcome
    confidence: Confidence
    reason: str
    subjective: str = ""
    sites_evaluable: str = ""

    @property
    def percent_per_year(self) -> float | None:
        """Change in percent a year, compounded; None for less than half a year."""
        return percent_a_year(self.percent, self.months)


@dataclass(frozen=True, slots=True)
class PatientOutcomes:
    """One patient's outcomes, at most one in each modality."""

    patient: str
    outcomes: tuple[ModalityOutcome, ...]


@dataclass(frozen=True, slots=True)
class JudgedStudy:
    """What a run found of its patients: kept with the results, so that reports need no images.

    Attributes
    ----------
    criteria : Criteria
        That the verdicts were made by.
    version : str
        Of cctrack.
    patients : tuple of PatientOutcomes
    """

    criteria: Criteria
    version: str
    patients: tuple[PatientOutcomes, ...]


@dataclass(frozen=True, slots=True)
class Treatment:
    """A drug over time.

    Attributes
    ----------
    drug, group : str
        ``group`` is its class, such as ``bisphosphonate``; empty where it is not told.
    start, stop : date or None
        No stop where it goes on, no start where that is not known.
    words : str
        Dose and cycles, as far as they are told.
    """

    drug: str
    group: str
    start: date | None
    stop: date | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """One visit of a site against its first.

    Attributes
    ----------
    acquired : date
    percent : float or None
        0 at the first visit; None where the two cannot be compared.
    interval : (float, float) or None
    outcome : Outcome or None
        None at the first visit, and where there was nothing to measure.
    """

    acquired: date
    percent: float | None
    interval: tuple[float, float] | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Course:
    """One site over its visits, oldest first."""

    site: str
    modality: Modality
    points: tuple[CoursePoint, ...]


@dataclass(frozen=True, slots=True)
class PatientContent:
    """One patient, under a pseudonym, as far as a cohort's tables and plots need it.

    Attributes
    ----------
    patient : str
    outcomes : tuple of ModalityOutcome
        At most one per modality.
    description : str
        Such as ``dermatomyositis, female``; empty if nothing is to be said.
    treatments : tuple of Treatment
    courses : tuple of Course
    """

    patient: str
    outcomes: tuple[ModalityOutcome, ...]
    description: str = ""
    treatments: tuple[Treatment, ...] = ()
    courses: tuple[Course, ...] = ()

    @property
    def first(self) -> date | None:
        """The first visit of any site."""
        dates = [point.acquired for course in self.courses for point in course.points]
        return min(dates, default=None)

    def months(self, day: date) -> float:
        """Months from the patient's first visit to a day; 0 without visits."""
        return (day - self.first).days / DAYS_A_MONTH if self.first else 0.0


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Outcomes by group in one modality.

    Attributes
    ----------
    heading : str
        What the groups are, such as ``Treatment class``.
    modality : Modality
    rows : tuple of GroupOutcome
    """

    heading: str
    modality: Modality
    rows: tuple[GroupOutcome, ...]


@dataclass(frozen=True, slots=True)
class MissingVisit:
    """A visit that could not be used, named without any file of the patient."""

    patient: str
    site: str
    modality: Modality
    acquired: date
    why: str


@dataclass(frozen=True, slots=True)
class StudyContent:
    """Everything the report of a study shows but its sites, which are handed over one by one.

    Attributes
    ----------
    title : str
    criteria : Criteria
    patients : tuple of PatientContent
    missing : tuple of MissingVisit
    version : str
        Of cctrack.
    methods : tuple of (str, str)
        Further lines of the methods: a heading and a text.
    notice : str
        Printed on top, such as that all images are simulated.
    groups : tuple of GroupTable
        Outcomes by treatment class or any other grouping, one table for each modality.
    time_unit : str
        ``days``, ``months`` or ``years``: of the axes over time.
    """

    title: str
    criteria: Criteria
    patients: tuple[PatientContent, ...]
    missing: tuple[MissingVisit, ...] = ()
    version: str = ""
    methods: tuple[tuple[str, str], ...] = ()
    notice: str = ""
    groups: tuple[GroupTable, ...] = ()
    time_unit: str = "months"
