"""How an image was taken, in words of the standard and numbers only.

Nothing that a person could have typed in leaves this module: what is not in one of the lists
below becomes empty.
"""

import re

from pydicom import Dataset
from pydicom.uid import UID, AllTransferSyntaxes

from cctrack.io.dicom_values import number, text
from cctrack.io.found import Packing, Technique
from cctrack.io.pixels import is_lossy
from cctrack.io.projection import laterality_of, listed, view_of
from cctrack.io.radiograph import spacing_tags
from cctrack.model import Flag
from cctrack.model.scale import NO_SPACING_TAGS

_BODY_PARTS = """
    ABDOMEN ABDOMENPELVIS ACJOINT ANKLE ARM AXILLA BACK BILEDUCT BLADDER BRAIN BREAST BRONCHUS
    BUTTOCK CALCANEUS CALF CHEEK CHEST CHESTABDOMEN CHESTABDPELVIS CLAVICLE COCCYX COLON CSPINE
    CTSPINE DUODENUM EAR ELBOW ESOPHAGUS EXTREMITY EYE EYELID FACE FEMUR FIBULA FINGER FOOT
    FOREARM GALLBLADDER HAND HEAD HEADNECK HEART HIP HUMERUS IAC ILEUM ILIUM JAW JEJUNUM KIDNEY
    KNEE LARGEINTESTINE LARYNX LEG LIVER LSPINE LSSPINE LUNG MASTOID MAXILLA MEDIASTINUM MOUTH
    NECK NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE OPTICCANAL ORBIT PANCREAS PAROTID
    PATELLA PELVIS PENIS PHARYNX PROSTATE RADIUS RADIUSULNA RECTUM RIB SCALP SCAPULA SCJOINT
    SCROTUM SELLA SESAMOID SHOULDER SIJOINT SKULL SMALLINTESTINE SPINE SPLEEN SSPINE STERNUM
    STOMACH SUBMANDIBULAR THIGH THUMB THYROID TIBIA TIBIAFIBULA TLSPINE TMJ TOE TONGUE TRACHEA
    TSPINE ULNA URETER URETHRA UTERUS WHOLEBODY WRIST ZYGOMA
"""
BODY_PARTS = frozenset(_BODY_PARTS.split())
"""Defined terms of BodyPartExamined (PS3.16 Annex L) for parts that have skin, muscle or bone."""

_INTENTS = {"FOR PRESENTATION": "presentation", "FOR PROCESSING": "processing"}

_KERNEL = re.compile(
    r"[A-Za-z]{1,2}\d{2}[a-z]?|FC\d{2}(-[A-Z])?|FL\d{2}|[A-Z]{1,2}"
    r"|[A-Z]_(SOFT|SMOOTH|SHARP|VSHARP)_[A-Z]|STANDARD|SOFT|DETAIL|LUNG|BONE|BONEPLUS|CHST|EDGE|ULTRA"
)
"""Names that Siemens, Canon, Philips, United Imaging and GE give their kernels."""

_UID = re.compile(r"[0-9.]{1,64}")


def read_technique(dataset: Dataset, *, is_slice: bool) -> Technique:
    """Take out of a header what a radiographer looks at; what is missing or odd stays empty.

    Parameters
    ----------
    dataset : Dataset
    is_slice : bool
        Of a CT or MR, whose size is told by its position and not by the tags of projections.
    """
    meta = getattr(dataset, "file_meta", None) or Dataset()
    syntax = text(meta, "TransferSyntaxUID")
    compression = _compression(dataset, syntax)
    intent = text(dataset, "PresentationIntentType").upper()
    return Technique(
        view=view_of(dataset),
        laterality=laterality_of(dataset),
        body_part=listed(text(dataset, "BodyPartExamined"), BODY_PARTS),
        kvp=_positive(dataset, "KVP"),
        kernel=_kernel(text(dataset, "ConvolutionKernel")),
        thickness_mm=_positive(dataset, "SliceThickness"),
        field_of_view_mm=_positive(dataset, "ReconstructionDiameter"),
        presentation_intent=_INTENTS.get(intent, ""),
        transfer_syntax=syntax if _UID.fullmatch(syntax) else "",
        compression=compression,
        spacing=NO_SPACING_TAGS if is_slice else spacing_tags(dataset),
        flags=frozenset({Flag.LOSSY} if compression is Packing.LOSSY else ()),
    )


def _positive(dataset: Dataset, tag: str) -> float | None:
    value = number(dataset, tag)
    return value if value is not None and value > 0 else None


def _kernel(name: str) -> str:
    return name if _KERNEL.fullmatch(name) else ""


def _compression(dataset: Dataset, syntax: str) -> Packing | None:
    if is_lossy(dataset):
        return Packing.LOSSY
    if syntax not in AllTransferSyntaxes:
        # A file without a meta header has plain pixels; of a private syntax nothing is known.
        return None if syntax else Packing.NONE
    return Packing.LOSSLESS if UID(syntax).is_compressed else Packing.NONE
