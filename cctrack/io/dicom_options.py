"""What a DICOM file that we write says beside its pixels."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

REGION_CODES = {
    "HAND": ("85562004", "Hand"),
    "WRIST": ("8205005", "Wrist"),
    "FOREARM": ("14975008", "Forearm"),
    "ELBOW": ("127949000", "Elbow"),
    "SHOULDER": ("16982005", "Shoulder"),
    "HIP": ("29836001", "Hip"),
    "THIGH": ("68367000", "Thigh"),
    "KNEE": ("72696002", "Knee"),
    "LEG": ("30021000", "Leg"),
    "FOOT": ("56459004", "Foot"),
}
"""SNOMED CT codes of the body parts calcinosis is imaged at, by BodyPartExamined (PS3.16 L)."""


class Compression(StrEnum):
    """How pixels are packed; every one of them is lossless."""

    NONE = "none"
    RLE = "rle"
    JPEG2000 = "jpeg2000"


class RadiographKind(StrEnum):
    """Which information object a radiograph is written as."""

    CR = "CR"
    DX = "DX"


@dataclass(frozen=True, slots=True)
class DicomOptions:
    """What a file says beside its pixels.

    Attributes
    ----------
    patient : str
        Pseudonym: both the patient's id and name.
    acquired : date or None
        Date of study, series and image; None takes the image's own.
    study_description, series_description : str
    body_part : str
        BodyPartExamined, such as ``HAND``.
    laterality : str
        ``L``, ``R`` or empty.
    comment : str
        ImageComments.
    seed : str
        Makes UIDs: they are hashes of it, the pseudonym, the date, the descriptions and, for
        series and images, the pixels.
    compression : Compression
    kind : RadiographKind
        Radiographs only.
    monochrome1 : bool
        Radiographs only: store dense as dark, as many detectors do.
    view : str
        Radiographs only: ViewPosition.
    orientation : (str, str)
        Radiographs only: PatientOrientation, where rows and columns point to.
    positions_mm : tuple of float
        CT only: distance of each slice from the first along the normal, where slices are uneven.
    """

    patient: str = "P000"
    acquired: date | None = None
    study_description: str = ""
    series_description: str = ""
    body_part: str = "HAND"
    laterality: str = ""
    comment: str = ""
    seed: str = "cctrack"
    compression: Compression = Compression.NONE
    kind: RadiographKind = RadiographKind.CR
    monochrome1: bool = False
    view: str = "PA"
    orientation: tuple[str, str] = ("R", "F")
    positions_mm: tuple[float, ...] = ()
