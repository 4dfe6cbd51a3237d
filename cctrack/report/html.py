"""The report of a study as one self-contained HTML file: nothing is fetched, nothing sent."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import resources
from typing import Any

from cctrack.model import Modality, Outcome
from cctrack.model.notice import RESEARCH_ONLY
from cctrack.report import summary, words
from cctrack.report.colours import colour_number, lesion_hex
from cctrack.report.content import PatientContent, StudyContent
from cctrack.report.figures import shrink
from cctrack.report.pen import bar_of
from cctrack.report.plots import Plot, cohort_sections, inline_svg, plot_course
from cctrack.report.site_content import Picture, SiteContent

TEMPLATE = "report.html.j2"
"""Name of the template in ``templates``."""

LONG = 30
"""With more patients than this, a page shows what is on the screen only: it opens much faster."""

LEAST_SAVED = 0.95
"""Pictures that would be smaller by less than 5 % are left as they are."""


def render_report(
    study: StudyContent,
    sites_of: Callable[[str], Sequence[SiteContent]],
    *,
    picture_share: float = 1.0,
) -> Iterator[str]:
    """Write the report of a study, piece by piece.

    Parameters
    ----------
    study : StudyContent
    sites_of : callable
        Returns the sites of a patient; called once for each, so that the pictures of one patient
        at a time are in memory.
    picture_share : float
        How much of their pixels pictures keep, 0-1.

    Yields
    ------
    str
        Parts of a complete HTML document. Its content security policy allows its own style sheet,
        its own script and the pictures inside it, nothing else; every text is escaped.
    """
    style, script = _asset("report.css"), _asset("report.js")
    template = _environment(picture_share).get_template(TEMPLATE)
    pieces: Iterator[str] = template.generate(
        study=study,
        sections=_sections(study, sites_of),
        style=style,
        script=script,
        policy=_policy(style, script),
        modalities=summary.modalities_of(study.patients),
        counts=summary.count_outcomes(study.patients),
        outcomes=tuple(Outcome),
        long=len(study.patients) > LONG,
        plots=cohort_sections(study),
        course_of=partial(_course_of, study),
    )
    return pieces


def _sections(
    study: StudyContent, sites_of: Callable[[str], Sequence[SiteContent]]
) -> Iterator[tuple[PatientContent, Sequence[SiteContent]]]:
    for patient in study.patients:
        yield patient, sites_of(patient.patient)


def _course_of(study: StudyContent, patient: PatientContent, number: int) -> Plot | None:
    return plot_course(patient, study.criteria, study.time_unit, f"course-{number}")


def data_uri(picture: Picture, share: float) -> str:
    """Encode a picture so that it lies inside the page."""
    jpeg = shrink(picture.jpeg, share) if share < LEAST_SAVED else picture.jpeg
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _environment(picture_share: float) -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("percent", "interval", "amount", "day", "icon", "outcome_word", "tied", "shares"):
        environment.filters[name] = getattr(words, name)
    environment.filters["data_uri"] = partial(data_uri, share=picture_share)
    environment.filters["colour"] = lesion_hex
    environment.filters["colour_number"] = colour_number
    environment.filters["svg"] = inline_svg
    environment.globals.update(
        words=words,
        research_only=RESEARCH_ONLY,
        summary=summary,
        bar_of=bar_of,
        photo=Modality.PHOTO,
        enumerate=enumerate,
    )
    return environment


def _asset(name: str) -> str:
    return (resources.files("cctrack.report") / "templates" / name).read_text("utf-8")
