"""The printed page of markers: true to size, and recognised in a photo without any option."""

import re

import numpy as np
import pytest

from cctrack.calibrate.options import NOTHING_GIVEN
from cctrack.calibrate.photo import calibrate_photo, find_objects
from cctrack.calibrate.seen import look_for
from cctrack.calibrate.sheet import CHECK_BAR_MM, PAPERS_MM, PIECES, PT_PER_MM, draw_page
from cctrack.calibrate.sources import read_sources
from cctrack.model import KNOWN_SHEETS, LARGE_FRAME, SMALL_FRAME, Photo, ScaleSource

DPI = 300
MM_PER_PX = 25.4 / DPI


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """The page as a perfect printer and a scanner of 300 dpi would show it."""
    pdfium = pytest.importorskip("pypdfium2", reason="no renderer of PDF files")
    path = tmp_path_factory.mktemp("page") / "marker.pdf"
    draw_page(path)
    document = pdfium.PdfDocument(path)
    pixels = np.ascontiguousarray(document[0].render(scale=DPI / 72).to_numpy()[..., ::-1])
    document.close()
    return pixels


@pytest.mark.parametrize("paper", sorted(PAPERS_MM))
def test_the_check_bar_is_fifty_millimetres_in_the_units_of_the_file(tmp_path, paper):
    from reportlab import rl_config

    rl_config.pageCompression, before = 0, rl_config.pageCompression
    try:
        draw_page(tmp_path / "marker.pdf", paper=paper)
    finally:
        rl_config.pageCompression = before
    text = (tmp_path / "marker.pdf").read_bytes().decode("latin-1")
    boxes = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", text)
    bars = [box for box in boxes if abs(float(box[3]) - 2.0 * 72 / 25.4) < 0.01]
    assert [float(width) * 25.4 / 72 for _, _, width, _ in bars] == [
        pytest.approx(CHECK_BAR_MM, abs=0.005)
    ]
    page = re.search(r"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", text)
    assert [float(side) / PT_PER_MM for side in page.groups()] == pytest.approx(PAPERS_MM[paper])


def test_every_piece_of_the_printed_page_is_true_to_a_tenth_of_a_percent(scan):
    seen = look_for(scan, NOTHING_GIVEN)
    assert len(seen.tags) == sum(len(sheet.places_mm) for sheet in KNOWN_SHEETS)
    read = [item.scale for item in read_sources(seen, NOTHING_GIVEN) if item.scale]
    assert len(read) == len(KNOWN_SHEETS)
    for scale in read:
        assert scale.source is ScaleSource.MARKER
        assert scale.mean_mm == pytest.approx((MM_PER_PX, MM_PER_PX), rel=1e-3)
        assert scale.tilt_deg < 0.5


def test_a_photo_of_the_whole_page_has_one_scale(scan):
    scale, flags = calibrate_photo(Photo(scan))
    assert not flags
    assert scale.mean_mm == pytest.approx((MM_PER_PX, MM_PER_PX), rel=1e-3)


@pytest.mark.parametrize("sheet", [LARGE_FRAME, SMALL_FRAME])
def test_the_frame_is_no_lesion_and_its_window_is_not_hidden(scan, sheet):
    piece = next(piece for piece in PIECES if piece.sheet == sheet)
    covered = find_objects(scan)
    top, left, side = (
        round(value / MM_PER_PX) for value in (piece.top_mm, piece.left_mm, piece.side_mm)
    )
    middle, window = side // 2, round(sheet.window_mm / MM_PER_PX)
    whole = covered[top : top + side, left : left + side]
    half = round(0.35 * window)
    assert not whole[middle - half : middle + half, middle - half : middle + half].any()
    assert whole[: side // 8].all()
    assert whole[:, : side // 8].all()


def test_numbers_of_the_sheets_are_nowhere_twice():
    numbers = [number for sheet in KNOWN_SHEETS for number, _ in sheet.places_mm]
    assert len(set(numbers)) == len(numbers)


def test_pieces_do_not_overlap_and_fit_every_paper():
    for piece in PIECES:
        assert piece.left_mm + piece.side_mm < min(width for width, _ in PAPERS_MM.values()) - 5
        assert piece.top_mm + piece.side_mm < min(height for _, height in PAPERS_MM.values()) - 5
    large, small, card = PIECES
    assert large.top_mm + large.side_mm < min(small.top_mm, card.top_mm)
    assert small.left_mm + small.side_mm < card.left_mm
