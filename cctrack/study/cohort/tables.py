"""All tables of a cohort, and where they are written."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cctrack.io import Sheet, write_csv_sheet
from cctrack.model import Criteria
from cctrack.study.cohort.characteristics import characteristics
from cctrack.study.cohort.outcomes import Cohort, outcomes_sheet, patient_outcomes
from cctrack.study.cohort.responses import responses
from cctrack.study.cohort.subjective import subjective_agreement, subjective_counts
from cctrack.study.cohort.times import times
from cctrack.study.folder import StudyFolder
from cctrack.study.inputs import Inputs

Row = Mapping[str, object]

NAMES = ("outcomes", "responses", "characteristics", "times", "subjective", "agreement")
"""Tables of a cohort, and of their files."""


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
        As in `NAMES`; see ``docs/study.md`` for what they hold.

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


def write_cohort(
    out: Path, inputs: Inputs, digest: str, tables: Callable[[], Sequence[Sheet]]
) -> None:
    """Write each table as a CSV file below ``out/cohort``.

    Parameters
    ----------
    out : Path
        Result folder.
    inputs : Inputs
        Knows which files were written before.
    digest : str
        Hash of all that the tables depend on: those written with it are left as they are.
    tables : callable
        Makes the tables; only called when one has to be written.

    Raises
    ------
    OSError
        As `cctrack.io.tables.write_bytes`.
    """
    paths = {name: out / "cohort" / f"{name}.csv" for name in NAMES}
    if all(inputs.holds(path, digest) for path in paths.values()):
        return
    for sheet in tables():
        write_csv_sheet(paths[sheet.name], sheet)
        inputs.remember(paths[sheet.name], digest)
