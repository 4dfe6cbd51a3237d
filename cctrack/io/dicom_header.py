"""The few header values that decide what a DICOM file is and which series it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from pydicom import Dataset

from cctrack.io.dicom_tags import CLASS_MODALITIES, SPLIT_TAGS
from cctrack.io.dicom_values import (
    Vector,
    finite,
    integer,
    number,
    numbers,
    raw,
    text,
    texts,
    vector,
    whole_text,
)
from cctrack.io.found import UNKNOWN_TECHNIQUE, Member, Technique
from cctrack.io.image_types import hints_in
from cctrack.io.sources import patient_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a slice lies, and what must not differ between the slices of one image.

    Attributes
    ----------
    position : tuple of 3 float or None
        ImagePositionPatient in mm, LPS.
    orientation : tuple of 6 float or None
        ImageOrientationPatient.
    pixel_spacing : tuple of 2 float or None
        (row, column) in mm.
    kernel : str
        ConvolutionKernel, all its values.
    kvp : float or None
    tilt_deg : float or None
        GantryDetectorTilt as it stands in the file.
    resampled : bool
        The file says that its pixels were computed from others (DERIVED), and not only packed.
    announced : int
        ImagesInAcquisition; 0 when the file does not say.
    part : tuple of (str, int, int) or None
        A concatenation that this file is a part of, which one, and of how many (0 if unsaid).
    """

    modality: str
    rows: int
    columns: int
    position: Vector | None
    orientation: Vector | None
    pixel_spacing: Vector | None
    thickness_mm: float | None
    kernel: str = ""
    kvp: float | None = None
    tilt_deg: float | None = None
    resampled: bool = False
    announced: int = 0
    part: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(Place):
    """What is kept of one file (or one frame of a multi-frame file) while a batch is sorted.

    Attributes
    ----------
    lowest : float or None
        Smallest value that the format can hold once rescaled; None without a rescale.
    split : tuple of str
        Values that tell apart acquisitions which share their positions, most telling first.
    hints : frozenset of str
        Known words in the names of the device and the series; see `cctrack.io.image_types`.
    technique : Technique
        For a listing; not filled in where nobody asks for it.
    """

    member: Member
    sop_class: str
    sop_uid: str
    series_uid: str
    study_uid: str
    patient_key: str
    transfer_syntax: str
    frames: int
    samples: int
    photometric: str
    image_type: tuple[str, ...]
    imager_spacing: Vector | None
    lowest: float | None
    rescale_type: str
    acquired: date | None
    has_pixels: bool
    split: tuple[str, ...]
    frame: int = 0
    hints: frozenset[str] = frozenset()
    technique: Technique = UNKNOWN_TECHNIQUE


def read_place(dataset: Dataset) -> Place:
    """Take out of a dataset where its slice lies; senseless values become None."""
    return Place(
        modality=_modality(dataset),
        rows=integer(dataset, "Rows"),
        columns=integer(dataset, "Columns"),
        position=finite(vector(dataset, "ImagePositionPatient", 3)),
        orientation=finite(vector(dataset, "ImageOrientationPatient", 6)),
        pixel_spacing=finite(vector(dataset, "PixelSpacing", 2)),
        thickness_mm=number(dataset, "SliceThickness"),
        kernel="\\".join(texts(dataset, "ConvolutionKernel")),
        kvp=number(dataset, "KVP"),
        tilt_deg=number(dataset, "GantryDetectorTilt"),
        resampled=_is_resampled(dataset),
        announced=integer(dataset, "ImagesInAcquisition"),
        part=_part(dataset),
    )


def read_header(dataset: Dataset, member: Member, *, frame: int = 0) -> Header:
    """Take the header values out of a dataset; missing or senseless ones become empty or None."""
    place = read_place(dataset)
    placed = {field.name: getattr(place, field.name) for field in fields(place)}
    return Header(
        **placed,
        member=member,
        sop_class=_sop_class(dataset),
        sop_uid=text(dataset, "SOPInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        patient_key=patient_key(
            whole_text(dataset, "PatientID"), whole_text(dataset, "IssuerOfPatientID")
        ),
        transfer_syntax=text(_meta(dataset), "TransferSyntaxUID"),
        frames=max(1, integer(dataset, "NumberOfFrames")),
        samples=max(1, integer(dataset, "SamplesPerPixel")),
        photometric=text(dataset, "PhotometricInterpretation").upper(),
        image_type=_image_type(dataset),
        imager_spacing=finite(vector(dataset, "ImagerPixelSpacing", 2)),
        lowest=_lowest(dataset),
        rescale_type=_rescale_type(dataset),
        acquired=acquisition_date(dataset),
        has_pixels=place.rows > 0,
        split=tuple("\\".join(texts(dataset, tag)) for tag in SPLIT_TAGS),
        frame=frame,
        hints=hints_in(
            texts(dataset, "ManufacturerModelName"), texts(dataset, "SeriesDescription")
        ),
    )


def _meta(dataset: Dataset) -> Dataset:
    return getattr(dataset, "file_meta", None) or Dataset()


def _sop_class(dataset: Dataset) -> str:
    return text(dataset, "SOPClassUID") or text(_meta(dataset), "MediaStorageSOPClassUID")


def _modality(dataset: Dataset) -> str:
    modality = text(dataset, "Modality").upper() or CLASS_MODALITIES.get(_sop_class(dataset), "")
    if modality in ("", "OT", "SC") and text(dataset, "ConversionType").upper() == "DF":
        # Digitized Film: the only thing that says so in a secondary capture.
        return "RG"
    return modality


def _image_type(dataset: Dataset) -> tuple[str, ...]:
    """ImageType, and what newer files say in attributes of their own instead."""
    values = [part.upper() for part in texts(dataset, "ImageType")]
    made = text(dataset, "VolumeBasedCalculationTechnique").upper()
    kind = text(dataset, "VolumetricProperties").upper()
    values += [made] if made not in ("", "NONE", "MIXED") else []
    values += [kind] if kind in ("SAMPLED", "DISTORTED") else []
    return tuple(values)


def _is_resampled(dataset: Dataset) -> bool:
    made = text(dataset, "ImageType").upper() == "DERIVED"
    # Packing with loss makes an image DERIVED too, but leaves it where it was.
    return made and text(dataset, "LossyImageCompression") != "01"


def _part(dataset: Dataset) -> tuple[str, int, int] | None:
    whole = text(dataset, "ConcatenationUID")
    which = integer(dataset, "InConcatenationNumber")
    if not whole and not which:
        return None
    return whole, which, integer(dataset, "InConcatenationTotalNumber")


def stored_range(dataset: Dataset) -> tuple[int, int]:
    """Smallest and largest stored value that BitsStored can hold."""
    bits = min(max(integer(dataset, "BitsStored"), 1), 32)
    if integer(dataset, "PixelRepresentation") == 1:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _lowest(dataset: Dataset) -> float | None:
    lut = _lut(dataset)
    if lut is not None:
        values = numbers(texts(lut, "LUTData"))
        return min(values) if values else None
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is None or intercept is None or slope == 0:
        return None
    return min(slope * end + intercept for end in stored_range(dataset))


def _rescale_type(dataset: Dataset) -> str:
    lut = _lut(dataset)
    named = text(dataset, "RescaleType") or (text(lut, "ModalityLUTType") if lut else "")
    return named.upper()


def _lut(dataset: Dataset) -> Dataset | None:
    sequence = raw(dataset, "ModalityLUTSequence")
    return sequence[0] if isinstance(sequence, Sequence) and len(sequence) else None


def acquisition_date(dataset: Dataset) -> date | None:
    """Day the image was taken: acquisition, else series, else study, else content date.

    The content date comes last: it is the day the file was made, also when that was years later.
    """
    tags = ("AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "StudyDate", "ContentDate")
    for tag in tags:
        digits = text(dataset, tag).replace(".", "").replace("-", "")[:8]
        try:
            return date.fromisoformat(digits)
        except ValueError:
            continue
    return None
