"""What a plot is: its words, its data and how it is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, object]
"""One line of a plot's table."""


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """One figure.

    Attributes
    ----------
    key : str
        Names its files, such as ``waterfall-photo``.
    title, caption : str
        For the page; a paper has its own.
    description : str
        What it shows, for those who cannot see it.
    size_mm : (float, float)
        Width and height on paper.
    draw : callable
        Draws into a matplotlib figure.
    columns : tuple of str
    rows : tuple of Row
        Every number that is drawn.
    margins_mm : tuple of float or None
        Left, right, top and bottom of the axes where they are known beforehand: drawing is then
        twice as fast. None makes room for what is written.
    """

    key: str
    title: str
    caption: str
    description: str
    size_mm: tuple[float, float]
    draw: Callable[[Any], None]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    margins_mm: tuple[float, float, float, float] | None = None
