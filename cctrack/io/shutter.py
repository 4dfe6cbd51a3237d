"""Where a radiograph's display shutter is open: what it hides was never meant to be looked at."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.io.dicom_values import integer, texts, vector

SMALLEST_OPENING = 0.02
"""A shutter that leaves less of the image open is broken, and is not applied."""

_EDGES = (
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
)


def hidden_by_shutter(dataset: Dataset) -> NDArray[np.bool_] | None:
    """Pixels outside a rectangular, circular or polygonal shutter (PS3.3 C.7.6.11).

    Returns
    -------
    bool array (rows, columns) or None
        None without a shutter, or when what it says makes no sense.
    """
    shapes = texts(dataset, "ShutterShape")
    if not shapes:
        return None
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    hidden = np.zeros((rows, columns), dtype=np.bool_)
    for shape in shapes:
        # Several shapes: only what all of them leave open is seen.
        opening = _opening(dataset, shape.upper(), (rows, columns))
        if opening is not None:
            hidden |= ~opening
    open_share = 1.0 - float(hidden.mean())
    return hidden if SMALLEST_OPENING < open_share < 1.0 else None


def _opening(dataset: Dataset, shape: str, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    if shape == "RECTANGULAR":
        return _rectangle(dataset, size)
    if shape == "CIRCULAR":
        return _circle(dataset, size)
    if shape == "POLYGONAL":
        return _polygon(dataset, size)
    return None


def _rectangle(dataset: Dataset, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    edges = [texts(dataset, edge) for edge in _EDGES]
    if not all(edges):
        return None
    top, bottom, left, right = (integer(dataset, edge) for edge in _EDGES)
    opening = np.zeros(size, dtype=np.bool_)
    # Edges are counted from 1, and are themselves inside.
    opening[max(0, top - 1) : bottom, max(0, left - 1) : right] = True
    return opening


def _circle(dataset: Dataset, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    centre, radius_px = (
        vector(dataset, "CenterOfCircularShutter", 2),
        integer(dataset, "RadiusOfCircularShutter"),
    )
    if centre is None or radius_px <= 0:
        return None
    row, column = np.ogrid[1 : size[0] + 1, 1 : size[1] + 1]
    circle: NDArray[np.bool_] = (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius_px**2
    return circle


def _polygon(dataset: Dataset, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    values = texts(dataset, "VerticesOfThePolygonalShutter")
    corners = vector(dataset, "VerticesOfThePolygonalShutter", len(values))
    if corners is None or len(corners) < 6 or len(corners) % 2:
        return None
    from skimage.draw import polygon2mask

    mask: NDArray[np.bool_] = polygon2mask(size, np.array(corners).reshape(-1, 2) - 1)
    return mask
