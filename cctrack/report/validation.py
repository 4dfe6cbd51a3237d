"""The validation report as one self-contained HTML file: no scripts, nothing fetched."""

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from cctrack.model import Modality

TEMPLATE = "validation.html.j2"
"""Name of the template in ``templates``."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of merit; ``interval`` is nan where there is none."""

    modality: Modality
    group: str
    name: str
    value: float
    unit: str
    count: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A figure, what it must reach, and whether it does (``pass``, ``fail``, ``too few cases``)."""

    figure: FigureRow
    limit: str
    standing: str
    why: str


@dataclass(frozen=True, slots=True)
class Point:
    """One deposit: truth and measurement in the same unit."""

    true: float
    measured: float
    covered: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """All deposits of one modality; ``missed`` holds the true sizes of those not found."""

    modality: Modality
    quantity: str
    unit: str
    points: tuple[Point, ...]
    missed: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many pairs of each scenario got which verdict."""

    modality: Modality
    outcomes: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A published figure to hold ours against."""

    what: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ValidationContent:
    """What the report shows.

    Attributes
    ----------
    made : mapping of str to str
        Versions, date, machine.
    images, pairs : int
    limits, figures, agreements, confusions, anchors : tuples
    """

    made: Mapping[str, str]
    images: int
    pairs: int
    limits: tuple[LimitRow, ...]
    figures: tuple[FigureRow, ...]
    agreements: tuple[Agreement, ...]
    confusions: tuple[Confusion, ...]
    anchors: tuple[Anchor, ...]


def render_validation(content: ValidationContent) -> str:
    """Write the report as a complete HTML document with a strict content security policy."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    from cctrack.report.validation_plots import agreement_plot

    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    style = _asset("validation.css")
    return environment.get_template(TEMPLATE).render(
        content=content,
        style=style,
        policy=_policy(style),
        modalities=[item.modality for item in content.agreements],
        plots={item.modality: agreement_plot(item) for item in content.agreements},
    )


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'"


def _number(value: float, unit: str = "") -> str:
    if math.isnan(value):
        return "–"
    digits = 2 if unit in ("1", "mm") or "image" in unit else 1
    return f"{value:.{digits}f}".replace("-", "−")


def _asset(name: str) -> str:
    return (resources.files("cctrack.report") / "templates" / name).read_text("utf-8")
