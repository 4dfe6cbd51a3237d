"""A study for images that belong to none: kept under the user's data folder, images left in place.

What a reader does to loose images is remembered there, and found again when the same images are
opened again.
"""

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from cctrack.errors import StudyError
from cctrack.io import write_table
from cctrack.model import Modality, Refused
from cctrack.study.add import AddOptions, add_images
from cctrack.study.draw_sample import write_sample_pair
from cctrack.study.identity import ID_LENGTH
from cctrack.study.new import new_study
from cctrack.study.visit_table import COLUMNS

DATA_VARIABLE = "CCTRACK_DATA"
"""Environment variable that names another folder, such as one on an encrypted disk."""

NO_NAME = "loose"
"""Patient and site of images that say neither."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """Images that were found under some paths, and what is not known of them.

    Attributes
    ----------
    root : Path
        Of their study.
    rows : tuple of mapping
        Lines of visits.csv, in the order of the paths; ``acquired`` or ``modality`` may be empty.
    refused : tuple of Refused
    """

    root: Path
    rows: tuple[Row, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether the study is there already, with everything it needs."""
        return (self.root / "visits.csv").exists()


def data_folder() -> Path:
    """Return the user's folder for cctrack, made readable by its owner only."""
    given = os.environ.get(DATA_VARIABLE)
    folder = Path(given) if given else _platform_folder() / "cctrack"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def sample_study(modality: Modality) -> Path:
    """Return the study of a simulated pair; it is drawn on first use."""
    root = data_folder() / "samples" / str(modality)
    if not (root / "visits.csv").exists():
        write_sample_pair(root, modality)
    return root


def find_images(paths: Sequence[Path]) -> Found:
    """Look what images lie under some paths, and which study they have or will have.

    Raises
    ------
    StudyError
        If there is no image that can be measured; the message gives the first reason.
    """
    with TemporaryDirectory(dir=data_folder()) as scratch:
        root = Path(scratch) / "study"
        new_study(root, title="Loose images")
        added = add_images(root, paths, AddOptions(jobs=1))
        if not added.rows:
            raise StudyError(added.refused[0].detail if added.refused else "No image was found.")
        home = data_folder() / "loose" / _name_of(added.rows)
        if not home.exists():
            (root / "visits.csv").unlink()
            copytree(root, home)
        return Found(home, added.rows, added.refused)


def make_study(root: Path, paths: Sequence[Path]) -> int:
    """Make a study of an export; images stay where they are.

    Returns
    -------
    int
        Lines of visits.csv that somebody has to complete before it can be used.

    Raises
    ------
    StudyError
        If the folder holds a study already, or no image was found.
    """
    new_study(root)
    added = add_images(root, paths, AddOptions(jobs=1))
    if not added.rows:
        raise StudyError(added.refused[0].detail if added.refused else "No image was found.")
    return added.unfinished


def complete(found: Found, dates: Sequence[date], modalities: Sequence[Modality]) -> Path:
    """Write the study of loose images once the reader has said what they do not say themselves.

    Parameters
    ----------
    found : Found
    dates, modalities : sequence
        One of each image.

    Returns
    -------
    Path
        The study's folder.
    """
    rows = [
        {
            **row,
            "patient": row["patient"] or NO_NAME,
            "site": NO_NAME,
            "laterality": "",
            "view": "",
            "acquired": day.isoformat(),
            "modality": str(modality),
            "guessed": "",
            "note": "",
        }
        for row, day, modality in zip(found.rows, dates, modalities, strict=True)
    ]
    write_table(found.root / "visits.csv", COLUMNS, rows)
    return found.root


def _name_of(rows: Sequence[Row]) -> str:
    """Name a set of images by their contents, whatever their order."""
    words = sorted(row["path"] for row in rows)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:ID_LENGTH]


def _platform_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
