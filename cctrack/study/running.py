"""What every step of a study's run works with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cctrack.compare import load_criteria
from cctrack.model import Criteria
from cctrack.study.folder import StudyFolder
from cctrack.study.inputs import Inputs
from cctrack.study.pseudonyms import KEY_FILE
from cctrack.study.record import Record, open_record
from cctrack.study.told import Told, read_told_files
from cctrack.study.told_record import recorded_images

RECORD_FOLDER = KEY_FILE.parent
"""Where the record lies, relative to its home."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Running:
    """An open study.

    Attributes
    ----------
    study : StudyFolder
    criteria : Criteria
    record : Record
    inputs : Inputs
    clock : callable
        Returns the time with its zone.
    """

    study: StudyFolder
    criteria: Criteria
    record: Record
    inputs: Inputs
    clock: Clock


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


def record_home(root: Path, out: Path) -> Path:
    """Return the folder whose ``record`` a run uses.

    It is the study's own folder where the study has a record already, or the results lie in it.
    Results elsewhere, of a study without a record, bring theirs along: such a study is only read.
    """
    inside = out.resolve().is_relative_to(root.resolve())
    return root if inside or (root / KEY_FILE).exists() else out


@contextmanager
def open_running(study: StudyFolder, home: Path, clock: Clock = utc_now) -> Iterator[Running]:
    """Open a study's record and all that a run needs.

    Parameters
    ----------
    study : StudyFolder
    home : Path
        From `record_home`.
    clock : callable

    Raises
    ------
    StudyError
        If the record or the criteria cannot be used.
    """
    criteria = load_study_criteria(study)
    with open_record(home, study.settings.record) as record:
        yield Running(study, criteria, record, Inputs(home / RECORD_FOLDER), clock)


def read_all_told(running: Running) -> Told:
    """Read what readers told about single images, in the record and in files beside it.

    Raises
    ------
    StudyError
        If the record cannot be used.
    CctrackError
        If a file cannot be read at all.
    """
    study = running.study
    files = read_told_files(study.root / RECORD_FOLDER, (visit.path for visit in study.visits))
    return Told(recorded_images(running.record), files)


def load_study_criteria(study: StudyFolder) -> Criteria:
    """Load the rule that a study is judged by: its own file, or one that cctrack brings.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    name = study.settings.criteria
    own = study.root / name
    return load_criteria(own if own.suffix == ".toml" and own.exists() else name)
