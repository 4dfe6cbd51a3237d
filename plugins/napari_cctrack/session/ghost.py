"""A re-shoot aid: the earlier view with its outline, to take the next photo from the same place."""

import io
from pathlib import Path

from cctrack.io.tables import write_bytes
from cctrack.model import PlaneHomography
from cctrack.report.crops import Crop
from cctrack.report.figures import OverlayOptions, draw_overlay, encode
from cctrack.study.pipeline import Measured

SIZE_PX = 1600
"""Longer side of the picture: sharp on a page and on a telephone."""

MARGIN_MM = 15.0
"""White around the picture on a page."""

HOW = (
    "Take the next photo like this one: same place, same side up, same distance.",
    "The whole of the outlined area and the scale must be in view.",
)


def write_ghost(path: Path, measured: Measured) -> None:
    """Write the view of a visit with its outline as PDF or PNG, by the file's ending.

    Nothing on it says whose it is.

    Parameters
    ----------
    path : Path
    measured : Measured
    """
    picture = draw_ghost(measured)
    if path.suffix.lower() == ".png":
        write_bytes(path, picture)
        return
    write_bytes(path, _page(picture, _notes(measured)))


def draw_ghost(measured: Measured) -> bytes:
    """Draw the whole view, lesions outlined, as PNG."""
    image = measured.image
    rows, columns = image.shape[-2:]
    whole = Crop(0, rows, 0, columns) if len(image.shape) == 2 else None
    options = OverlayOptions(size_px=SIZE_PX)
    return encode(draw_overlay(image, measured.outline, crop=whole, options=options), lossless=True)


def _notes(measured: Measured) -> tuple[str, ...]:
    scale = measured.image.scale
    if isinstance(scale, PlaneHomography):
        return (*HOW, f"This camera was tilted by {scale.tilt_deg:.0f}°; straight on is better.")
    return HOW


def _page(picture: bytes, notes: tuple[str, ...]) -> bytes:
    from reportlab.lib.pagesizes import A4, landscape  # type: ignore[import-untyped]
    from reportlab.lib.units import mm  # type: ignore[import-untyped]
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    image = ImageReader(io.BytesIO(picture))
    width, height = image.getSize()
    page = landscape(A4) if width > height else A4
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=page, invariant=1)
    room = page[0] - 2 * MARGIN_MM * mm, page[1] - 3 * MARGIN_MM * mm
    factor = min(room[0] / width, room[1] / height)
    left, bottom = (page[0] - width * factor) / 2, MARGIN_MM * mm
    canvas.drawImage(image, left, bottom, width * factor, height * factor)
    for number, note in enumerate(notes):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(MARGIN_MM * mm, page[1] - (MARGIN_MM + 6 * number) * mm, note)
    canvas.save()
    return stream.getvalue()
