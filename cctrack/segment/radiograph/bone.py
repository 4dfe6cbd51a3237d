"""Where a film shows bone: what the density of its deposits is held against."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import Radiograph
from cctrack.segment.radiograph.grid import BoolArray, grid_of
from cctrack.segment.radiograph.pixels import judge_pixels


def find_parts(radiograph: Radiograph) -> tuple[BoolArray, BoolArray]:
    """Tell the body from air, and bone from the rest of it.

    Parameters
    ----------
    radiograph : Radiograph
        Without a scale, feature sizes rest on an assumed film size.

    Returns
    -------
    tissue, bone : bool array (rows, columns)
        Dense deposits may look like bone too: leave them out by their labels.
    """
    grid = grid_of(radiograph)
    bone = judge_pixels(grid)["bone"] > 0
    return on_film(grid.tissue, radiograph.shape), on_film(bone, radiograph.shape)


def on_film(mask: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Bring a mask from the working grid to the film's own."""
    full = cv2.resize(mask.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(full > 0)
