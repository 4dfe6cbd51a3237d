"""All tables of a cohort, and where they are written."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cctrack.io import Sheet, write_csv_sheet
from cctrack.model import Criteria
from cctrack.study.cohort.characteristics import characteristics
from cctrack.study.cohort.outcomes import Cohort, outcomes_sheet, patient_outcomes
from cctrack.study.cohort.responses import responses
from cctrack.study.cohort.subjective import subjective_agreement, subjective_counts
from cctrack.study.cohort.times import times
from cctrack.study.folder import StudyFolder

Row = Mapping[str, object]


def cohort_tables(
    study: StudyFolder, patients: Sequence[Row], changes: Sequence[Row], criteria: Criteria
) -> tuple[Sheet, ...]:
    """Describe the patients of a study as a group.

    Parameters
    ----------
    study : StudyFolder
    patients, changes : sequence of rows
        As in patients.csv and changes.csv, with values or as text read back from there.
    criteria : Criteria
        The rule they were judged by.

    Returns
    -------
    tuple of Sheet
        ``outcomes``, ``responses``, ``characteristics``, ``times``, ``subjective`` and
        ``agreement``; see ``docs/study.md`` for their columns.

    Raises
    ------
    StudyError
        If a date in treatments.csv cannot be understood.
    """
    cohort = Cohort(study, patient_outcomes(study, patients, changes, criteria), tuple(changes))
    return (
        outcomes_sheet(cohort.outcomes),
        responses(cohort),
        characteristics(study),
        times(cohort),
        subjective_counts(cohort.outcomes),
        subjective_agreement(cohort.outcomes),
    )


def write_cohort(out: Path, sheets: Sequence[Sheet]) -> None:
    """Write each table as a CSV file below ``out/cohort``; raises OSError as `write_bytes`."""
    for sheet in sheets:
        write_csv_sheet(out / "cohort" / f"{sheet.name}.csv", sheet)
