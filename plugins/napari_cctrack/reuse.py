"""Let the layers of one visit show another: napari takes seconds to put new ones of 12 MP there."""

from typing import Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from numpy.typing import NDArray

from napari_cctrack.drawing import brush_px, clear_marks, mark_px, move, point_px
from napari_cctrack.layers import Placement


def can_show(layer: Image, pixels: NDArray[Any], options: dict[str, Any]) -> bool:
    """Whether a layer can take other pixels: of the same kind, or napari draws them wrong."""
    alike = layer.data.ndim == pixels.ndim and layer.data.dtype == pixels.dtype
    return alike and bool(layer.rgb) == bool(options.get("rgb", False))


def reuse_image(
    layer: Image, pixels: NDArray[Any], options: dict[str, Any], placement: Placement
) -> None:
    """Show other pixels, at their place and in their window."""
    layer.data = pixels
    move(layer, placement)
    window = options.get("contrast_limits")
    if window is not None:
        layer.contrast_limits_range = window
        layer.contrast_limits = window


def reuse_labels(layer: Labels, labels: NDArray[np.uint16], placement: Placement) -> None:
    """Take another outline; what napari remembers to undo belonged to the former one."""
    layer.data = labels
    move(layer, placement)
    layer.editable = False
    layer.editable = True
    layer.brush_size = brush_px(labels.shape)


def reuse_marks(layer: Shapes, shape: tuple[int, ...], placement: Placement) -> None:
    """Forget what was drawn, and draw from now on as wide as suits an image of another shape."""
    clear_marks(layer)
    move(layer, placement)
    layer.current_edge_width = mark_px(shape)


def reuse_points(layer: Points, shape: tuple[int, ...], placement: Placement) -> None:
    """Forget the landmarks, and set new ones as large as suits an image of another shape."""
    if len(layer.data):
        layer.data = np.zeros((0, len(shape)))
    move(layer, placement)
    layer.current_size = point_px(shape)
