"""Bring a place into view at both visits: the viewer's world is one for them."""

import numpy as np

from cctrack.model import LabelArray
from cctrack.model.boxes import label_boxes
from napari_cctrack.session.state import PairState
from napari_cctrack.stage import Role, Stage

ROOM = 4.0
"""A lesion fills a quarter of the view, so that the skin around it is seen."""

LEAST_PX = 60.0
"""A small lesion is not blown up beyond this many px of the image across the view."""


def focus_on(
    stage: Stage, number: int, labels: LabelArray, lesions: tuple[int, ...], room: float = ROOM
) -> bool:
    """Centre and zoom on lesions of one visit; return whether there are any.

    Parameters
    ----------
    stage : Stage
    number : int
        The visit.
    labels : uint16 array
        Its outline.
    lesions : tuple of int
    room : float
        How much larger than the lesions the view is.
    """
    layer = stage.layer(number, Role.IMAGE)
    boxes = label_boxes(labels)
    wanted = [boxes[lesion] for lesion in lesions if lesion in boxes]
    if layer is None or not wanted:
        return False
    low = np.min([[side.start for side in box] for box in wanted], axis=0).astype(float)
    high = np.max([[side.stop for side in box] for box in wanted], axis=0) - 1.0
    viewer = stage.viewer
    middle = np.asarray(layer.data_to_world((low + high) / 2))
    if len(middle) == 3:
        level = fullest_slice(labels, lesions)
        viewer.dims.set_point(0, layer.data_to_world((level, 0, 0))[0])
    camera = viewer.scene.camera
    camera.center = (0.0, *middle[-2:])
    extent = np.maximum((high - low + 1)[-2:] * room, LEAST_PX) * np.asarray(layer.scale)[-2:]
    camera.zoom = float(np.min(np.asarray(_cell(stage)) / extent))
    return True


def first_view(stage: Stage, pair: PairState) -> None:
    """Show all of the images; in a scan the slice with most of the latest visit's lesions."""
    stage.viewer.reset_view()
    last = len(pair.visits) - 1
    labels = pair.visits[last].measured.outline.labels
    layer = stage.layer(last, Role.IMAGE)
    if labels.ndim < 3 or layer is None:
        return
    level = fullest_slice(labels, pair.visits[last].measured.outline.lesions)
    stage.viewer.dims.set_point(0, layer.data_to_world((level, 0, 0))[0])


def fullest_slice(labels: LabelArray, lesions: tuple[int, ...]) -> int:
    """Slice of a scan that shows most of some lesions; the middle one where it shows none."""
    counts = np.array([np.count_nonzero(np.isin(plane, lesions)) for plane in labels])
    return int(np.argmax(counts)) if counts.any() else len(counts) // 2


def _cell(stage: Stage) -> tuple[float, float]:
    """Height and width of what one visit is shown in, in px of the screen."""
    height, width = stage.viewer.canvas.size
    grid = stage.viewer.canvas.grid
    columns = grid.actual_shape(stage.viewer.layers)[1] if grid.enabled else 1
    return height, width / columns
