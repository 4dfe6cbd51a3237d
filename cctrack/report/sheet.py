"""One picture of two visits: earlier, later, and both in turn, with how they were aligned."""

import numpy as np
from numpy.typing import NDArray

from cctrack.model import Alignment, Image, Outline
from cctrack.report.pen import RgbArray, draw_outlines, draw_scale_bar, with_line, with_notice
from cctrack.report.views import pair_panels, trusted_only
from cctrack.report.volume_views import Panel

GAP_PX = 10
"""Between two pictures."""

TILES = 8
"""Squares along the longer side of the picture that shows both visits in turn: borders of skin
and bone that run on from one into the next prove the alignment to the eye."""

UNNAMED = 6
"""The lesion whose colour, white, stands for none."""

GROUND = 255


def draw_sheet(
    images: tuple[Image, Image],
    outlines: tuple[Outline, Outline],
    alignment: Alignment | None,
    captions: tuple[str, str],
) -> RgbArray:
    """Draw two visits beside each other, and in turn where they were aligned.

    Parameters
    ----------
    images, outlines : pairs
        The earlier first; outlines under the ids that lesions keep.
    alignment : Alignment or None
        A failed one is told in words, and the pictures are shown all the same.
    captions : pair of str

    Returns
    -------
    uint8 array (rows, columns, 3)

    Raises
    ------
    TypeError
        If one image is a volume and the other is not.
    """
    trusted = trusted_only(alignment)
    panels = pair_panels(images, outlines, trusted)
    rows = [_row(pair, captions, turns=trusted is not None) for pair in panels]
    return with_notice(with_line(_below(rows), _words(alignment), above=True))


def _words(alignment: Alignment | None) -> str:
    if alignment is None:
        return "Alignment: failed"
    reason = f": {alignment.reason}" if alignment.reason else ""
    return f"Alignment: {alignment.quality}, {alignment.model}{reason}"


def _row(pair: tuple[Panel, Panel], captions: tuple[str, str], *, turns: bool) -> RgbArray:
    shown = [
        with_line(
            _outlined(panel, named=turns),
            ", ".join(part for part in (caption, panel.title, panel.note) if part),
        )
        for panel, caption in zip(pair, captions, strict=True)
    ]
    if turns:
        shown.append(with_line(_in_turn(*pair), "earlier and later in turn"))
    return _beside(shown)


def _outlined(panel: Panel, *, named: bool) -> RgbArray:
    picture = panel.pixels.copy()
    # Without an alignment the numbers of two visits have nothing in common: none is shown.
    labels = panel.labels if named else (panel.labels > 0).astype(np.uint16) * UNNAMED
    draw_outlines(picture, labels, (1.0, 1.0), ids=named)
    if panel.mm_per_px is not None:
        draw_scale_bar(picture, panel.mm_per_px)
    return picture


def _in_turn(before: Panel, after: Panel) -> RgbArray:
    rows, columns = before.pixels.shape[:2]
    side = max(1, max(rows, columns) // TILES)
    down, across = np.arange(rows) // side, np.arange(columns) // side
    odd: NDArray[np.bool_] = np.add.outer(down, across) % 2 > 0
    mixed: RgbArray = np.where(odd[..., None], after.pixels, before.pixels)
    return mixed


def _beside(pictures: list[RgbArray]) -> RgbArray:
    height = max(len(picture) for picture in pictures)
    width = sum(picture.shape[1] for picture in pictures) + GAP_PX * (len(pictures) - 1)
    canvas: RgbArray = np.full((height, width, 3), GROUND, np.uint8)
    left = 0
    for picture in pictures:
        canvas[: len(picture), left : left + picture.shape[1]] = picture
        left += picture.shape[1] + GAP_PX
    return canvas


def _below(pictures: list[RgbArray]) -> RgbArray:
    turned = [picture.transpose(1, 0, 2) for picture in pictures]
    return np.ascontiguousarray(_beside(turned).transpose(1, 0, 2))
