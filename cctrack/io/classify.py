"""Decide from one header what a DICOM file is: a projection, a slice, or nothing to measure."""

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Header
from cctrack.io.dicom_tags import CLASS_MODALITIES, UNMEASURED_CLASSES
from cctrack.io.found import Kind
from cctrack.model import Because, Modality

PROJECTIONS = frozenset({"CR", "DX", "RG"})
"""Computed and digital radiography, and film digitised as such."""

PHOTO_CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.77.1.4", "1.2.840.10008.5.1.4.1.1.77.1.7"})
"""VL Photographic and Dermoscopic Photography; other visible light goes through an instrument."""

PHOTO_MODALITIES = frozenset({"XC", "DMS"})
"""External camera photography and dermoscopy."""

GREY = ("MONOCHROME1", "MONOCHROME2")
"""Photometric interpretations of a single grey value."""

SLICES = {"CT": Modality.CT, "MR": Modality.MR}

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

MODALITY_NAMES = {
    "AU": "audio",
    "BI": "biomagnetic imaging",
    "BMD": "bone densitometry",
    "CFM": "confocal microscopy",
    "CTPROTOCOL": "a CT protocol",
    "DMS": "dermoscopy",
    "DOC": "a document",
    "ECG": "an electrocardiogram",
    "ES": "endoscopy",
    "FID": "fiducials",
    "GM": "microscopy",
    "IO": "intra-oral radiography",
    "IVUS": "intravascular ultrasound",
    "KO": "a key object selection",
    "MG": "mammography",
    "NM": "nuclear medicine",
    "OCT": "optical coherence tomography",
    "OP": "ophthalmic photography",
    "OPT": "ophthalmic tomography",
    "OT": "other",
    "PR": "a presentation state",
    "PT": "positron emission tomography",
    "PX": "panoramic radiography",
    "REG": "a registration",
    "RF": "fluoroscopy",
    "RTDOSE": "a radiotherapy dose",
    "RTIMAGE": "a radiotherapy image",
    "RTPLAN": "a radiotherapy plan",
    "RTRECORD": "a radiotherapy record",
    "RTSTRUCT": "radiotherapy structures",
    "SEG": "a segmentation",
    "SM": "slide microscopy",
    "SR": "a structured report",
    "US": "ultrasound",
    "XA": "angiography",
    "XC": "external camera photography",
}
"""Modalities that are refused, in words; only codes listed here are ever repeated in a message."""


def kind_of(header: Header) -> Kind:
    """Whether a file is a projection or part of a series.

    Raises
    ------
    UnreadableImage
        Naming what it is instead.
    """
    _require_known(header)
    modality = header.modality
    captured = is_secondary_capture(header.sop_class)
    if modality in PHOTO_MODALITIES and (captured or header.sop_class in PHOTO_CLASSES):
        _require_photo(header)
        return Kind.CAPTURE if captured and header.photometric in GREY else Kind.PHOTO
    if modality in PROJECTIONS:
        _require_projection(header)
        return Kind.PROJECTION
    if captured and modality in ("", "OT", "SC", *SLICES):
        _require_maybe_film(header)
        return Kind.CAPTURE
    if modality not in SLICES:
        raise UnreadableImage(Because.UNSUPPORTED_MODALITY, _named(modality))
    _require_image(header)
    return Kind.SERIES


def _require_known(header: Header) -> None:
    if not header.modality and not header.sop_class:
        raise UnreadableImage(Because.NOT_AN_IMAGE, "neither a picture nor a complete DICOM file")
    if header.sop_class in UNMEASURED_CLASSES:
        words = UNMEASURED_CLASSES[header.sop_class]
        raise UnreadableImage(Because.UNSUPPORTED_MODALITY, f"{words} is not measured")


def _require_maybe_film(header: Header) -> None:
    single = header.frames == 1 and header.has_pixels
    if header.modality in SLICES or header.photometric not in GREY or not single:
        raise UnreadableImage(Because.SECONDARY_CAPTURE, "a captured screen or scanned picture")


def _require_photo(header: Header) -> None:
    _require_image(header)
    if header.frames > 1:
        raise UnreadableImage(
            Because.UNSUPPORTED_MODALITY, f"a photo of {header.frames} frames; one is needed"
        )


def _require_projection(header: Header) -> None:
    _require_image(header)
    if header.samples > 1:
        raise UnreadableImage(Because.SECONDARY_CAPTURE, "a colour picture, not measured values")
    if header.frames > 1:
        raise UnreadableImage(
            Because.UNSUPPORTED_MODALITY, f"a radiograph of {header.frames} frames; one is needed"
        )


def _require_image(header: Header) -> None:
    if header.has_pixels:
        return
    if header.sop_class in CLASS_MODALITIES:
        raise UnreadableImage(Because.TRUNCATED, "the file ends within its header")
    raise UnreadableImage(Because.UNSUPPORTED_MODALITY, "data without an image")


def _named(modality: str) -> str:
    if modality in MODALITY_NAMES:
        return f"{modality} ({MODALITY_NAMES[modality]}) is not measured"
    return "a DICOM modality that is not measured"


def is_secondary_capture(sop_class: str) -> bool:
    """Whether a SOP class is that of a captured or scanned picture, multi-frame ones included."""
    # 1.2.840.10008.5.1.4.1.1.77 (visible light) begins with the same digits.
    return sop_class == _SECONDARY_CAPTURE or sop_class.startswith(_SECONDARY_CAPTURE + ".")
