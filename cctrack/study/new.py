"""Make a study folder: study.toml, tables with their headers, a key; what is there stays."""

import json
from pathlib import Path

from cctrack.compare import DEFAULT_CRITERIA, load_criteria
from cctrack.errors import StudyError
from cctrack.io import write_table, write_text
from cctrack.study.pseudonyms import study_key
from cctrack.study.visit_table import COLUMNS

TABLES = {
    "visits.csv": COLUMNS,
    "participants.csv": ("patient", "sex", "diagnosis", "age_at_onset"),
    "treatments.csv": ("patient", "drug", "class", "dose_mg", "start", "stop", "cycles"),
    "questionnaires.csv": ("patient", "date", "item", "answer"),
}
"""Tables of a study; a researcher fills in all but the first."""


def new_study(root: Path, *, title: str = "", criteria: str = "") -> None:
    """Make a study folder.

    Parameters
    ----------
    root : Path
        Made where it is missing; images and tables may lie in it already.
    title, criteria : str
        For study.toml; empty for the usual ones.

    Raises
    ------
    StudyError
        If there is a study already, or a study.toml that says something else.
    CctrackError
        If the criteria are not known.
    """
    if (root / "visits.csv").exists():
        raise StudyError("the folder holds a study already; cctrack study add adds images to it")
    settings = root / "study.toml"
    if settings.exists() and (title or criteria):
        raise StudyError("study.toml is there already; change title and criteria in it")
    load_criteria(criteria or DEFAULT_CRITERIA)
    study_key(root)
    if not settings.exists():
        write_text(settings, _settings(title or "Study", criteria or DEFAULT_CRITERIA))
    for name, columns in TABLES.items():
        if not (root / name).exists():
            write_table(root / name, columns, ())


def _settings(title: str, criteria: str) -> str:
    # A string of JSON is a basic string of TOML, but for the character DEL.
    said = {"title": title.replace("\x7f", ""), "criteria": criteria}
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())
