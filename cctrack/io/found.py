"""What a scan finds: one image, the files it is made of, and what its header says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from cctrack.model import Flag, Modality, Scale, SpacingTags
from cctrack.model.scale import NO_SPACING_TAGS


class Kind(StrEnum):
    """How the members of a `Found` are decoded."""

    PICTURE = "picture"
    PROJECTION = "projection"
    SERIES = "series"
    PHOTO = "photo"
    CAPTURE = "capture"
    """A grey secondary capture of which only a person can say whether it is a film."""


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


class Packing(StrEnum):
    """What was done to the pixels on their way into the file."""

    NONE = "none"
    LOSSLESS = "lossless"
    LOSSY = "lossy"


@dataclass(frozen=True, slots=True)
class Technique:
    """How an image was taken: terms of the standard and numbers, nothing that was typed in.

    Attributes
    ----------
    view, laterality, body_part : str
        Defined terms of DICOM; empty when absent or not one of them.
    kvp, thickness_mm, field_of_view_mm : float or None
    kernel : str
        A maker's name of a reconstruction kernel.
    presentation_intent : str
        ``presentation``, ``processing`` or empty.
    transfer_syntax : str
    compression : Packing or None
        None when that cannot be told.
    spacing : SpacingTags
        What a projection says about size; `cctrack.calibrate` turns it into a scale.
    flags : frozenset of Flag
    """

    view: str = ""
    laterality: str = ""
    body_part: str = ""
    kvp: float | None = None
    kernel: str = ""
    thickness_mm: float | None = None
    field_of_view_mm: float | None = None
    presentation_intent: str = ""
    transfer_syntax: str = ""
    compression: Packing | None = None
    spacing: SpacingTags = NO_SPACING_TAGS
    flags: frozenset[Flag] = frozenset()


UNKNOWN_TECHNIQUE = Technique()
"""Of a file that says nothing about it."""


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
    technique : Technique
        Of the first slice in a series.
    scale : Scale or None
        Of a series, from the positions of its slices; None for projections and pictures, whose
        scale is worked out by `cctrack.calibrate`.
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
    technique: Technique = UNKNOWN_TECHNIQUE
    scale: Scale | None = None

    def slices(self) -> Iterator[tuple[Member, int]]:
        """Each slice as its file and the frame within it."""
        order = self.order or tuple((index, 0) for index in range(len(self.members)))
        return ((self.members[file], frame) for file, frame in order)

    @property
    def member_names(self) -> tuple[str, ...]:
        """Names of the files; the accounting of a batch rests on them."""
        return tuple(member.name for member in self.members)
