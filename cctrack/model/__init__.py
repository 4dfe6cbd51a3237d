"""The nouns of cctrack: frozen values without behaviour that reaches outside."""

from cctrack.model.alignment import Alignment, AlignmentModel
from cctrack.model.change import Change, Criteria, LesionGroup, Thresholds
from cctrack.model.codes import (
    Because,
    Confidence,
    Event,
    Flag,
    Method,
    Modality,
    Morphology,
    Outcome,
    Quality,
    Quantity,
    Reference,
    ScaleSource,
    Unit,
)
from cctrack.model.image import (
    Acquisition,
    Ct,
    Image,
    Mr,
    Photo,
    Provenance,
    Radiograph,
    Read,
    Refused,
)
from cctrack.model.marker import CCTRACK_CARD, MarkerSheet
from cctrack.model.measurement import Z95, Finding, Measurement
from cctrack.model.outline import LabelArray, Outline, lesion_name
from cctrack.model.scale import (
    AxisScale,
    FloatArray,
    PlaneHomography,
    Scale,
    SliceExtents,
    SpacingTags,
)
from cctrack.model.visit import Site, Visit

__all__ = [
    "CCTRACK_CARD",
    "Z95",
    "Acquisition",
    "Alignment",
    "AlignmentModel",
    "AxisScale",
    "Because",
    "Change",
    "Confidence",
    "Criteria",
    "Ct",
    "Event",
    "Finding",
    "Flag",
    "FloatArray",
    "Image",
    "LabelArray",
    "LesionGroup",
    "MarkerSheet",
    "Measurement",
    "Method",
    "Modality",
    "Morphology",
    "Mr",
    "Outcome",
    "Outline",
    "Photo",
    "PlaneHomography",
    "Provenance",
    "Quality",
    "Quantity",
    "Radiograph",
    "Read",
    "Reference",
    "Refused",
    "Scale",
    "ScaleSource",
    "Site",
    "SliceExtents",
    "SpacingTags",
    "Thresholds",
    "Unit",
    "Visit",
    "lesion_name",
]
