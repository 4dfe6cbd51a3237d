"""Plots of a cohort and of a patient, drawn by matplotlib."""

from cctrack.report.plots.cohort import Section, cohort_sections
from cctrack.report.plots.course import plot_course
from cctrack.report.plots.draw import KINDS, figure_bytes, inline_svg
from cctrack.report.plots.plot import Plot

__all__ = [
    "KINDS",
    "Plot",
    "Section",
    "cohort_sections",
    "figure_bytes",
    "inline_svg",
    "plot_course",
]
