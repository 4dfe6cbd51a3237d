"""How outlines and landmarks are drawn, and where."""

import numpy as np
from napari.layers import Layer, Points, Shapes

from napari_cctrack.layers import Placement

LANDMARK_COLOUR = "#ff3df2"
"""Magenta is no colour of skin, film or lesion, and the colour-blind tell it by its lightness."""

LINE_COST = 50.0
"""Million px times the square of a line's width that napari draws in about a second."""

FAINTEST = 4.0
"""Where a line would be so many times thinner than wanted, lesions are filled instead."""


def line_px(shape: tuple[int, ...], wanted_px: float) -> int:
    """Width of an outline in px of the image; 0 where lesions are better filled.

    The time that napari takes for a line grows with the square of its width: 8 s for one of 16 px
    on 12 MP. It is a power of two, so that zooming draws it anew once in a doubling.

    Parameters
    ----------
    shape : tuple of int
    wanted_px : float
        What would be seen well at this zoom.
    """
    widest = max(1.0, np.sqrt(LINE_COST / (shape[-2] * shape[-1] / 1e6)))
    if wanted_px > FAINTEST * widest:
        return 0
    return int(2 ** np.floor(np.log2(np.clip(wanted_px, 1.0, widest))))


def brush_px(shape: tuple[int, ...]) -> int:
    """Width of the brush that an image of a shape begins with."""
    return max(3, round(max(shape[-2:]) / 100))


def mark_px(shape: tuple[int, ...]) -> float:
    """Width of lines drawn round things in an image of a shape."""
    return max(shape) / 400


def point_px(shape: tuple[int, ...]) -> float:
    """Size of a landmark in an image of a shape."""
    return max(shape[-2:]) / 60


def clear_marks(layer: Shapes) -> None:
    """Take drawn lines away; napari takes a while even where there are none."""
    if len(layer.data):
        layer.data = []


def number_points(layer: Points) -> None:
    """Write the numbers of landmarks beside them."""
    layer.features = {"n": [str(place) for place in range(1, len(layer.data) + 1)]}
    layer.refresh_text()


def points_layer(shape: tuple[int, ...], placement: Placement, name: str) -> Points:
    """Make the layer of a visit's landmarks, without any."""
    return Points(
        np.zeros((0, len(shape))),
        ndim=len(shape),
        name=name,
        size=point_px(shape),
        symbol="cross",
        face_color=LANDMARK_COLOUR,
        border_color="black",
        features={"n": np.array([], dtype=str)},
        text={
            "string": "{n}",
            "color": LANDMARK_COLOUR,
            "size": 14,
            "anchor": "upper_left",
        },
        **placement.options,
    )


def move(layer: Layer, placement: Placement) -> None:
    """Place a layer anew, where that changes anything."""
    if tuple(layer.scale) != placement.scale:
        layer.scale = placement.scale
    if tuple(str(unit) for unit in layer.units) != placement.units:
        layer.units = placement.units
    if not np.allclose(np.asarray(layer.affine), placement.affine):
        layer.affine = placement.affine
