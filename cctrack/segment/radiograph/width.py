"""How wide the body on a film is: a wide part is thick, and lies far from the detector."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.model import Because, Radiograph
from cctrack.segment.radiograph.grid import grid_of

WIDEST_MM = 110.0
"""Discs of 74 to 78 mm fit into simulated hands, of 87 to 94 mm into forearms. Beyond, too little
is found for any total: 4 of 18 simulated deposits off bone in knees, 5 of 19 in shoulders, 3 of 20
in hips and none of 19 in chests (seeds 140000-140007)."""


def part_width_mm(radiograph: Radiograph) -> float:
    """Return the diameter of the largest disc that fits into the body on a film, in mm.

    Parameters
    ----------
    radiograph : Radiograph
        With a scale.

    Returns
    -------
    float
        0 where no body is told from air.

    Raises
    ------
    ValueError
        If the film has no scale.
    """
    if radiograph.scale is None:
        raise ValueError("a film without a scale has no width in mm")
    try:
        grid = grid_of(radiograph)
    except UnreadableImage:
        return 0.0
    tissue = grid.tissue
    if tissue.all():
        return float(max(tissue.shape)) * grid.mm
    inner = cv2.distanceTransform(tissue.astype(np.uint8), cv2.DIST_L2, 5)
    return 2.0 * float(inner.max()) * grid.mm


def require_hand(radiograph: Radiograph) -> None:
    """Refuse to outline what is wider than a hand or forearm.

    Parameters
    ----------
    radiograph : Radiograph
        One without a scale passes: how wide anything on it is nobody knows, and it gives no mm.

    Raises
    ------
    UnreadableImage
        If it is: a reader has to outline it.
    """
    if radiograph.scale is None:
        return
    width_mm = part_width_mm(radiograph)
    if width_mm > WIDEST_MM:
        raise UnreadableImage(
            Because.NOT_OUTLINED,
            f"a part of the body {width_mm:.0f} mm wide; hands and forearms, up to "
            f"{WIDEST_MM:.0f} mm, are outlined automatically: give a reader's mask, or strokes "
            "that replace the proposal",
        )
