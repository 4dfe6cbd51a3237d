"""Draw the page of scale markers as a PDF, true to size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cctrack.calibrate.marker import MODULES, draw_tag
from cctrack.model import CCTRACK_CARD, LARGE_FRAME, QUIET_MM, SMALL_FRAME, MarkerSheet

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

PT_PER_MM = 72 / 25.4
"""A PDF's unit is 1/72 inch."""

PAPERS_MM = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
"""Width and height: ISO 216 and ANSI Y14.1."""

CHECK_BAR_MM = 50.0
"""Long enough to see a print that is 0.4 % off with a ruler read to 0.2 mm."""

TICK_MM = {0: 3.5, 5: 2.7}
"""Length of ticks at 10 and 5 mm; `SHORT_TICK_MM` between."""

SHORT_TICK_MM = 1.8

TICK_WIDTH_MM = 0.18
"""Two pixels of a photo with 0.1 mm per px."""

BLACK = (0.0, 0.0, 0.0)

EVEN_ODD = 0
"""Fill rule: what lies inside two outlines is a hole."""

Pair = tuple[float, float]
Rectangle = tuple[Pair, Pair]

INSTRUCTIONS = (
    "Print at 100 % (actual size), on matt paper. Measure the bar: it must be 50.0 mm long.",
    "Cut along the grey lines, outside and inside. Lay a frame flat on the skin, the lesion in its",
    "window, and photograph from straight above with all tags in the picture and no glare on them.",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One sheet of tags on the page.

    Attributes
    ----------
    sheet : MarkerSheet
    left_mm, top_mm : float
        Where its cut line begins, from the page's upper left.
    name : str
        Printed on it.
    """

    sheet: MarkerSheet
    left_mm: float
    top_mm: float
    name: str

    @property
    def side_mm(self) -> float:
        """Side of the square that is cut out."""
        return self.sheet.extent_mm + 2 * QUIET_MM


PIECES = (
    Piece(LARGE_FRAME, 20.0, 42.0, "cctrack frame, window 80 mm"),
    Piece(SMALL_FRAME, 20.0, 176.0, "cctrack frame, window 38 mm"),
    Piece(CCTRACK_CARD, 112.0, 176.0, "cctrack card"),
)


def draw_page(path: Path, *, paper: str = "a4") -> None:
    """Write the page of markers.

    Parameters
    ----------
    path : Path
        Of the PDF; an existing file is replaced.
    paper : str
        A key of `PAPERS_MM`.

    Raises
    ------
    KeyError
        If there is no such paper.
    OSError
        If the file cannot be written.
    """
    from reportlab.pdfgen.canvas import Canvas

    size_pt = [side * PT_PER_MM for side in PAPERS_MM[paper]]
    # Invariant: the same page has the same bytes.
    canvas = Canvas(str(path), pagesize=size_pt, invariant=1)
    canvas.setTitle("cctrack scale markers")
    pen = _Pen(canvas, PAPERS_MM[paper][1])
    _header(pen)
    for piece in PIECES:
        _piece(pen, piece)
    canvas.showPage()
    canvas.save()


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws on the page in mm from its upper left, as everything else is laid out."""

    canvas: "Canvas"
    height_mm: float

    def fill(self, place_mm: Pair, size_mm: Pair, colour: tuple[float, float, float]) -> None:
        """Fill a rectangle; place: (top, left), size: (height, width)."""
        self.canvas.setFillColorRGB(*colour)
        self.canvas.rect(*self._box(place_mm, size_mm), stroke=0, fill=1)

    def fill_but(self, square_mm: Rectangle, holes_mm: Sequence[Rectangle]) -> None:
        """Fill a square with black except its holes, as one shape without seams."""
        self.canvas.setFillColorRGB(0, 0, 0)
        path = self.canvas.beginPath()
        for place, size in (square_mm, *holes_mm):
            path.rect(*self._box(place, size))
        self.canvas.drawPath(path, stroke=0, fill=1, fillMode=EVEN_ODD)

    def _box(self, place_mm: Pair, size_mm: Pair) -> tuple[float, ...]:
        """Left, bottom, width and height in PDF units."""
        bottom = self.height_mm - place_mm[0] - size_mm[0]
        return tuple(value * PT_PER_MM for value in (place_mm[1], bottom, size_mm[1], size_mm[0]))

    def cut_line(self, place_mm: Pair, side_mm: float) -> None:
        """Outline a square along which to cut."""
        self.canvas.setStrokeColorRGB(0.55, 0.55, 0.55)
        self.canvas.setLineWidth(0.15 * PT_PER_MM)
        self.canvas.rect(*self._box(place_mm, (side_mm, side_mm)), stroke=1, fill=0)

    def write(self, place_mm: Pair, text: str, size_pt: float) -> None:
        """Write a line; place: (base line, left)."""
        self.canvas.setFillColorRGB(0, 0, 0)
        self.canvas.setFont("Helvetica", size_pt)
        bottom = (self.height_mm - place_mm[0]) * PT_PER_MM
        self.canvas.drawString(place_mm[1] * PT_PER_MM, bottom, text)


def _header(pen: _Pen) -> None:
    pen.write((15.0, 20.0), "cctrack scale markers", 13)
    for line, text in enumerate(INSTRUCTIONS):
        pen.write((21.0 + 4.2 * line, 20.0), text, 8.5)
    pen.fill((33.5, 20.0), (2.0, CHECK_BAR_MM), BLACK)
    for left in (20.0, 20.0 + CHECK_BAR_MM - 0.2):
        pen.fill((32.5, left), (4.0, 0.2), BLACK)
    pen.write((36.0, 20.0 + CHECK_BAR_MM + 3.0), "50 mm", 8.5)


def _piece(pen: _Pen, piece: Piece) -> None:
    """Draw cut lines, tags, ticks round the window and patches between the tags."""
    top, left = piece.top_mm + QUIET_MM, piece.left_mm + QUIET_MM
    pen.cut_line((piece.top_mm, piece.left_mm), piece.side_mm)
    for number, (row, column) in piece.sheet.places_mm:
        _tag(pen, piece.sheet, number, (top + row, left + column))
    pen.write((piece.top_mm + piece.side_mm - 0.9, left), piece.name, 5)
    if piece.sheet.window_mm:
        edge = (piece.side_mm - piece.sheet.window_mm) / 2
        pen.cut_line((piece.top_mm + edge, piece.left_mm + edge), piece.sheet.window_mm)
        _ticks(pen, piece, edge)
        _patches(pen, piece)


def _tag(pen: _Pen, sheet: MarkerSheet, number: int, place_mm: Pair) -> None:
    modules = MODULES[sheet.dictionary]
    cells = draw_tag(sheet.dictionary, number, modules)
    module = sheet.side_mm / modules
    white = [
        ((place_mm[0] + row * module, place_mm[1] + column * module), (module, module))
        for row, column in np.argwhere(cells).tolist()
    ]
    pen.fill_but((place_mm, (sheet.side_mm, sheet.side_mm)), white)


def _ticks(pen: _Pen, piece: Piece, edge_mm: float) -> None:
    """Draw a ruler in mm along each side of the window, outside it."""
    top, left = piece.top_mm + edge_mm, piece.left_mm + edge_mm
    far = piece.sheet.window_mm
    for mm in range(round(far) + 1):
        length = TICK_MM.get(mm % 10, SHORT_TICK_MM) if mm % 5 == 0 else SHORT_TICK_MM
        at = mm - TICK_WIDTH_MM / 2
        across, along = (length, TICK_WIDTH_MM), (TICK_WIDTH_MM, length)
        pen.fill((top - length, left + at), across, BLACK)
        pen.fill((top + far, left + at), across, BLACK)
        pen.fill((top + at, left - length), along, BLACK)
        pen.fill((top + at, left + far), along, BLACK)


def _patches(pen: _Pen, piece: Piece) -> None:
    """Grey patches left and coloured ones right of the tag in the middle of the upper side."""
    for patch in piece.sheet.patches:
        row, column = patch.place_mm
        place = piece.top_mm + QUIET_MM + row, piece.left_mm + QUIET_MM + column
        pen.fill(place, (patch.side_mm, patch.side_mm), patch.srgb)
