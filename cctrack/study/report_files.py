"""The report of a study, its figures for a paper and its PDF, all from the results of a run."""

from dataclasses import dataclass
from pathlib import Path

from cctrack.io import write_table
from cctrack.io.tables import write_bytes
from cctrack.report.plots import KINDS, Plot, cohort_sections, figure_bytes
from cctrack.study.folder import open_study
from cctrack.study.identity import row_id
from cctrack.study.printing import find_browser, print_page
from cctrack.study.report import KeptStudy, open_kept, write_kept

FIGURES = "figures"
"""Folder of the figures, in that of the results."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What to write beside report.html.

    Attributes
    ----------
    figures, pdf : bool
    patients : tuple of str
        Those to show, in a file named by an id of our own; empty for all.
    """

    figures: bool = False
    pdf: bool = False
    patients: tuple[str, ...] = ()


def write_report_files(root: Path, out: Path, options: ReportOptions) -> tuple[Path, ...]:
    """Write the report again without opening an image.

    Parameters
    ----------
    root : Path
        The study folder.
    out : Path
        The results of a run.
    options : ReportOptions

    Returns
    -------
    tuple of Path
        What was written, the report first.

    Raises
    ------
    StudyError
        If there are no results, a patient is unknown, or a PDF is wanted and no browser is there.
    OSError
        If something cannot be written.
    """
    if options.pdf:
        find_browser()
    kept = open_kept(open_study(root), out, options.patients)
    name = f"report-{row_id(*options.patients)}" if options.patients else "report"
    page = out / f"{name}.html"
    write_kept(kept, page)
    written = [page]
    if options.figures:
        written += write_figures(kept, out / FIGURES)
    if options.pdf:
        print_page(page, page.with_suffix(".pdf"))
        written.append(page.with_suffix(".pdf"))
    return tuple(written)


def write_figures(kept: KeptStudy, folder: Path) -> list[Path]:
    """Write each plot for a paper as SVG, PNG and PDF, and its data as CSV beside it.

    Raises
    ------
    OSError
        If something cannot be written.
    """
    plots = [plot for section in cohort_sections(kept.content) for plot in section.plots]
    return [path for plot in plots for path in _write_figure(plot, folder)]


def _write_figure(plot: Plot, folder: Path) -> list[Path]:
    paths = [folder / f"{plot.key}.{kind}" for kind in KINDS]
    for path, kind in zip(paths, KINDS, strict=True):
        write_bytes(path, figure_bytes(plot, kind))
    table = folder / f"{plot.key}.csv"
    write_table(table, plot.columns, plot.rows)
    return [*paths, table]
