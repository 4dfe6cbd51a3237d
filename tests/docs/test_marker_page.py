"""The picture of the page of markers in the guide is the page that the command writes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.cli.main import main

PICTURE = Path(__file__).parents[2] / "docs" / "marker.png"

DPI = 72
MOST_BYTES = 50_000


def page_as_picture(path):
    """Draw the page anew, in grey levels and the patches' colours: small enough for the guide."""
    pdfium = pytest.importorskip("pypdfium2", reason="no renderer of PDF files")
    document = pdfium.PdfDocument(path)
    picture = document[0].render(scale=DPI / 72).to_pil()
    document.close()
    return picture.convert("RGB").quantize(200)


def test_the_guide_shows_the_page_that_is_printed(tmp_path):
    main(["marker", "--quiet", "--out", str(tmp_path / "marker.pdf")])
    drawn = page_as_picture(tmp_path / "marker.pdf")
    drawn.save(tmp_path / "marker.png", optimize=True)
    with Image.open(PICTURE) as shown:
        pixels = np.asarray(shown.convert("RGB"), float)
    wanted = np.asarray(drawn.convert("RGB"), float)
    # When the page was changed on purpose, the picture just saved takes the old one's place.
    assert pixels.shape == wanted.shape
    assert np.abs(pixels - wanted).mean() < 2.0
    assert PICTURE.stat().st_size < MOST_BYTES
