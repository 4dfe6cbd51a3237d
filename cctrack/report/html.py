"""The report of a study as one self-contained HTML file: no scripts, nothing fetched."""

import base64
import hashlib
from importlib import resources
from typing import Any

from cctrack.model import Modality, Outcome
from cctrack.report import words
from cctrack.report.colours import lesion_colour
from cctrack.report.content import ModalityOutcome, PatientContent, Picture, StudyContent
from cctrack.report.figures import encode
from cctrack.report.summary import answers, cautions, count_outcomes, modalities_of, untold
from cctrack.report.waterfall import lay_out

TEMPLATE = "report.html.j2"
"""Name of the template in ``templates``."""


def render_report(content: StudyContent) -> str:
    """Write the report of a study.

    Parameters
    ----------
    content : StudyContent

    Returns
    -------
    str
        A complete HTML document. Its content security policy allows its own style sheet and the
        pictures inside it, nothing else; every text is escaped.
    """
    style = _asset("report.css")
    return str(
        _environment()
        .get_template(TEMPLATE)
        .render(
            study=content,
            style=style,
            policy=_policy(style),
            modalities=modalities_of(content.patients),
            counts=count_outcomes(content.patients),
            outcomes=tuple(Outcome),
            waterfalls=_waterfalls(content),
        )
    )


def data_uri(picture: Picture) -> str:
    """Encode a picture so that it lies inside the page."""
    kind = "png" if picture.lossless else "jpeg"
    encoded = base64.b64encode(encode(picture.pixels, lossless=picture.lossless))
    return f"data:image/{kind};base64,{encoded.decode('ascii')}"


def outcome_in(patient: PatientContent, modality: Modality) -> ModalityOutcome | None:
    """Find a patient's outcome in one modality."""
    return next((item for item in patient.outcomes if item.modality is modality), None)


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _waterfalls(content: StudyContent) -> list[object]:
    plots = [
        lay_out(content.patients, modality, content.criteria)
        for modality in modalities_of(content.patients)
    ]
    return [plot for plot in plots if plot is not None]


def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=words.percent,
        interval=words.interval,
        amount=words.amount,
        day=words.day,
        icon=words.icon,
        outcome_word=words.outcome_word,
        data_uri=data_uri,
        cautions=cautions,
        untold=untold,
        tied=words.tied,
        shares=words.shares,
        rgb=lambda lesion: "#{:02x}{:02x}{:02x}".format(*lesion_colour(lesion)),
    )
    environment.globals.update(words=words, outcome_in=outcome_in, answers=answers)
    return environment


def _asset(name: str) -> str:
    return (resources.files("cctrack.report") / "templates" / name).read_text("utf-8")
