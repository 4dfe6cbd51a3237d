"""All plots of a cohort, in the order in which a reader wants them."""

from collections.abc import Callable
from dataclasses import dataclass

from cctrack.model import Modality
from cctrack.report.content import StudyContent
from cctrack.report.plots.answers import plot_answers
from cctrack.report.plots.both import plot_both
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.spider import plot_spider
from cctrack.report.plots.swimmer import plot_swimmers
from cctrack.report.plots.waterfall import plot_waterfall
from cctrack.report.summary import modalities_of


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Plots that answer one question.

    Attributes
    ----------
    key : str
        Of the place in the page.
    heading, short : str
        ``short`` stands in the list of contents.
    plots : tuple of Plot
    """

    key: str
    heading: str
    short: str
    plots: tuple[Plot, ...]


def cohort_sections(study: StudyContent) -> tuple[Section, ...]:
    """Make all plots that a study has data for."""
    patients, criteria, unit = study.patients, study.criteria, study.time_unit
    kinds = modalities_of(patients)

    def each(plot: Callable[[Modality], Plot | None]) -> tuple[Plot, ...]:
        return tuple(made for kind in kinds if (made := plot(kind)) is not None)

    both = plot_both(patients, criteria)
    sections = (
        Section(
            "change",
            "Change of each patient",
            "Change",
            each(lambda kind: plot_waterfall(patients, kind, criteria)),
        ),
        Section(
            "over-time",
            "Change over time",
            "Over time",
            each(lambda kind: plot_spider(patients, kind, criteria, unit)),
        ),
        Section(
            "swimmers",
            "Visits, verdicts and treatments",
            "Treatments",
            plot_swimmers(patients, unit),
        ),
        Section(
            "answers",
            "Images against what patients said",
            "Patients’ answers",
            each(lambda kind: plot_answers(patients, kind)),
        ),
        Section("both", "Photo against radiology", "Photo, radiology", (both,) if both else ()),
    )
    return tuple(section for section in sections if section.plots)
