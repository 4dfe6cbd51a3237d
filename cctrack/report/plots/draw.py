"""Turn a plot into files for a paper, or into SVG that lies within the page."""

import io
import re
import warnings
from typing import Any
from xml.etree import ElementTree

from cctrack.model.notice import RESEARCH_ONLY
from cctrack.report.plots.plot import Plot
from cctrack.report.plots.style import FONT_PT, GRID, INK, SOFT, VARIABLES

KINDS = ("svg", "png", "pdf")
"""What figures are written as."""

DPI = 300
"""Of PNG figures: what journals ask for."""

MM_AN_INCH = 25.4
SCREEN = 1.45
"""Px on a screen for one point on paper: letters of 8 pt become 11.6 px."""

_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")
"""Places are written to a tenth of a point: finer cannot be seen."""

SETTINGS: Any = {
    "font.family": ["DejaVu Sans"],  # Comes with matplotlib: the same letters on every machine.
    "font.size": FONT_PT,
    "text.color": INK,
    "text.parse_math": False,  # A pseudonym may hold a dollar sign.
    "axes.labelcolor": SOFT,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "cctrack",
    "pdf.fonttype": 42,
}
METADATA: Any = {
    "svg": {"Date": None, "Creator": "cctrack"},
    "png": {"Software": "cctrack"},
    "pdf": {"CreationDate": None, "Creator": "cctrack", "Producer": None},
}
"""Nothing that differs from run to run: the same results give the same bytes."""


def figure_bytes(plot: Plot, kind: str) -> bytes:
    """Draw a plot as a file of its own, with what it may be used for written on it.

    Parameters
    ----------
    plot : Plot
    kind : str
        One of `KINDS`.
    """
    return _saved(plot, kind, notice=True)


def inline_svg(plot: Plot) -> str:
    """Draw a plot as SVG that takes letters and colours from the page around it.

    Nothing in it needs a style of its own, so that the page's content security policy need not
    allow any; its text is text.
    """
    root = ElementTree.fromstring(_saved(plot, "svg", notice=False))
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        _adapt(element, plot.key)
    _prune(root)
    root.set("role", "img")
    root.set("aria-label", plot.description)
    root.set("class", "drawing")
    for side in ("width", "height"):
        root.set(side, f"{float(root.get(side, '0').removesuffix('pt')) * SCREEN:.0f}")
    return ElementTree.tostring(root, encoding="unicode")


def _saved(plot: Plot, kind: str, *, notice: bool) -> bytes:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    stream = io.BytesIO()
    size = plot.size_mm[0] / MM_AN_INCH, plot.size_mm[1] / MM_AN_INCH
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # A name in letters that the font lacks is still drawn.
        figure = Figure(figsize=size, layout=None if plot.margins_mm else "constrained")
        if plot.margins_mm:
            figure.subplots_adjust(**_margins(plot.margins_mm, plot.size_mm))
        plot.draw(figure)
        if notice:
            figure.supxlabel(RESEARCH_ONLY, fontsize=FONT_PT - 2.5, color=SOFT, ha="left", x=0.01)
        transparent = kind == "svg" and not notice
        figure.savefig(
            stream, format=kind, dpi=DPI, metadata=METADATA[kind], transparent=transparent
        )
    return stream.getvalue()


def _margins(
    margins_mm: tuple[float, float, float, float], size_mm: tuple[float, float]
) -> dict[str, float]:
    (left, right, top, bottom), (width, height) = margins_mm, size_mm
    return {
        "left": left / width,
        "right": 1.0 - right / width,
        "top": 1.0 - top / height,
        "bottom": bottom / height,
        "hspace": 0.0,
    }


def _adapt(element: ElementTree.Element, key: str) -> None:
    """Turn styles into attributes, fixed colours into the page's, ids into the plot's own."""
    element.tag = _name(element.tag)
    attributes = {_name(name): value for name, value in element.attrib.items()}
    for declaration in attributes.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if value and not name.strip().startswith("font"):
            attributes[name.strip()] = value.strip()
        elif name.strip() in ("font", "font-size"):
            attributes["font-size"] = next(part for part in value.split() if part.endswith("px"))
    element.attrib.clear()
    for name, value in attributes.items():
        element.set(name, _adapted(name, value, key))


def _prune(root: ElementTree.Element) -> None:
    """Drop ids that nothing refers to, and groups that then say nothing: half of the elements."""
    values = [value for element in root.iter() for value in element.attrib.values()]
    named = {part.strip("()") for value in values for part in value.split("#")[1:]}
    for element in root.iter():
        if element.get("id") not in named:
            element.attrib.pop("id", None)
    _lift(root)


def _lift(parent: ElementTree.Element) -> None:
    """Put what lies in groups without attributes in their place."""
    kept: list[ElementTree.Element] = []
    for child in parent:
        _lift(child)
        kept += list(child) if child.tag == "g" and not child.attrib else [child]
    parent[:] = [child for child in kept if child.tag != "defs" or len(child)]


def _adapted(name: str, value: str, key: str) -> str:
    if name == "id":
        return f"{key}-{value}"
    if name == "href":
        return value.replace("#", f"#{key}-", 1)
    if name == "clip-path":
        return value.replace("url(#", f"url(#{key}-", 1)
    if name in ("d", "x", "y", "transform"):
        return _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)
    return VARIABLES.get(value.lower(), value)


def _name(name: Any) -> str:
    """Leave out the namespace, which HTML does not write."""
    return str(name).rpartition("}")[2]
