"""Pictures and the report of a study, for the clinician."""

from cctrack.report.content import (
    LesionRow,
    ModalityOutcome,
    PairContent,
    PatientContent,
    Picture,
    StudyContent,
)
from cctrack.report.crops import Crop
from cctrack.report.figures import OverlayOptions, draw_overlay, draw_pair, encode
from cctrack.report.html import render_report

__all__ = [
    "Crop",
    "LesionRow",
    "ModalityOutcome",
    "OverlayOptions",
    "PairContent",
    "PatientContent",
    "Picture",
    "StudyContent",
    "draw_overlay",
    "draw_pair",
    "encode",
    "render_report",
]
