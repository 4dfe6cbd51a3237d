"""Pictures and the report of a study, for the clinician."""

from cctrack.report.cohort import GroupOutcome, Share, exact_interval, group_outcomes
from cctrack.report.content import (
    GroupTable,
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
    "GroupOutcome",
    "GroupTable",
    "LesionRow",
    "ModalityOutcome",
    "OverlayOptions",
    "PairContent",
    "PatientContent",
    "Picture",
    "Share",
    "StudyContent",
    "draw_overlay",
    "draw_pair",
    "encode",
    "exact_interval",
    "group_outcomes",
    "render_report",
]
