"""Pictures and the report of a study, for the clinician."""

from cctrack.report.cohort import GroupOutcome, Share, group_outcomes
from cctrack.report.content import (
    GroupTable,
    JudgedStudy,
    ModalityOutcome,
    PatientContent,
    PatientOutcomes,
    StudyContent,
)
from cctrack.report.crops import Crop
from cctrack.report.figures import OverlayOptions, draw_overlay, encode
from cctrack.report.html import render_report
from cctrack.report.site_content import LesionRow, PairContent, Picture, SiteContent
from cctrack.report.views import draw_views

__all__ = [
    "Crop",
    "GroupOutcome",
    "GroupTable",
    "JudgedStudy",
    "LesionRow",
    "ModalityOutcome",
    "OverlayOptions",
    "PairContent",
    "PatientContent",
    "PatientOutcomes",
    "Picture",
    "Share",
    "SiteContent",
    "StudyContent",
    "draw_overlay",
    "draw_views",
    "encode",
    "group_outcomes",
    "render_report",
]
