"""How plots look: sizes for a paper, colours that turn over in the dark, signs beside colours."""

import unicodedata

from cctrack.model import Outcome

ONE_COLUMN_MM, WIDE_MM, PAGE_MM = 90.0, 140.0, 190.0
"""Widths that journals ask for: one column, one and a half, the whole page."""

FONT_PT = 8.0
"""Letters of a figure on paper; journals ask for 7 to 10."""

INK, SOFT, GRID, PAPER = "#1b2530", "#4d5a68", "#e3e8ed", "#ffffff"

COLOURS = {
    Outcome.REGRESSION: "#2f7fbf",
    Outcome.STABLE: "#76828e",
    Outcome.PROGRESSION: "#c9591b",
    Outcome.NOT_EVALUABLE: "#7f8a95",
}
"""Told apart by the colour-blind; 3:1 and more against white. No verdict hangs on them alone."""

MARKERS = {
    Outcome.REGRESSION: "v",
    Outcome.STABLE: "s",
    Outcome.PROGRESSION: "^",
    Outcome.NOT_EVALUABLE: "o",
}
"""The signs of the verdicts, as in the tables."""

VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    GRID: "var(--plot-grid)",
    PAPER: "var(--paper)",
    COLOURS[Outcome.REGRESSION]: "var(--plot-down)",
    COLOURS[Outcome.STABLE]: "var(--plot-flat)",
    COLOURS[Outcome.PROGRESSION]: "var(--plot-up)",
    COLOURS[Outcome.NOT_EVALUABLE]: "var(--plot-none)",
}
"""What a colour becomes in a page that may be dark."""

CEILING = 200.0
"""Percent beyond which values are cut off and marked: one patient must not flatten all others."""

LONGEST_NAME = 24
"""Letters of a pseudonym that a plot shows; the tables show all."""


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    """Make a text fit for a plot: one line, no control characters, not too long."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in text.encode("utf-8", "replace").decode()
        if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn")
    )
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clipped(percent: float) -> float:
    """Keep a percentage on the axis."""
    return min(percent, CEILING)
