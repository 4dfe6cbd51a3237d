"""What a scan finds: one image, the files it is made of, and what its header says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from cctrack.model import Modality


class Kind(StrEnum):
    """How the members of a `Found` are decoded."""

    PICTURE = "picture"
    PROJECTION = "projection"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Member:
    """One input file: on disk, or inside an archive, or inside an archive in an archive.

    Attributes
    ----------
    name : str
        Relative to the argument it was found under; ``export.zip!DICOM/IM1`` in an archive.
    path : Path
        The file on disk: the image itself, or the outermost archive.
    entries : tuple of int
        Position in the directory of each archive on the way in; empty for a file on disk. A
        position and not a name, because an archive may hold one name twice.
    size : int
        Bytes once unpacked.
    """

    name: str
    path: Path
    entries: tuple[int, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """An image that can probably be read, known from headers only.

    Attributes
    ----------
    modality : Modality or None
        None for a grey picture, which may be a photo or a film: `load` needs to be told.
    source : str
        Name of the file, or of the folder of a series.
    kind : Kind
    members : tuple of Member
        The files, those of a series in order along the normal.
    order : tuple of (int, int)
        For each slice its file, as a position in ``members``, and its frame in that file; empty
        where every file is one slice.
    rows, columns, frames : int
        Size in px, before the EXIF orientation of a photo is applied.
    spacing, spacing_source : str
        What the header says about size, as text for a listing; never a scale to measure with.
    acquired : date or None
    series_uid, study_uid, patient_key : str
        DICOM identity, empty for photos; ``patient_key`` is a hash.
    description : str
        One line for a listing, without anything a person could have typed in.
    """

    modality: Modality | None
    source: str
    kind: Kind
    members: tuple[Member, ...]
    rows: int
    columns: int
    frames: int = 1
    order: tuple[tuple[int, int], ...] = ()
    spacing: str = ""
    spacing_source: str = ""
    acquired: date | None = None
    series_uid: str = ""
    study_uid: str = ""
    patient_key: str = ""
    description: str = ""

    def slices(self) -> Iterator[tuple[Member, int]]:
        """Each slice as its file and the frame within it."""
        order = self.order or tuple((index, 0) for index in range(len(self.members)))
        return ((self.members[file], frame) for file, frame in order)

    @property
    def member_names(self) -> tuple[str, ...]:
        """Names of the files; the accounting of a batch rests on them."""
        return tuple(member.name for member in self.members)
