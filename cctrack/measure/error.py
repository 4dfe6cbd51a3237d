"""Turn what is known of borders and scales into errors on the log scale, and add them up."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import (
    AxisScale,
    Measurement,
    Method,
    Outline,
    Quantity,
    Scale,
    SliceExtents,
    Unit,
    add_up,
)
from cctrack.model.boxes import label_boxes

FACES_TO_BORDER = {2: math.pi / 4, 3: 2 / 3}
"""Share of exposed pixel faces that is real border.

A staircase is longer than the curve it follows; averaged over all directions by 4/π for a curve
and 3/2 for a surface (Cauchy-Crofton with axis-parallel lines).
"""


def border_per_size(region: NDArray[np.bool_]) -> float:
    """Length (2D) or surface (3D) of a region's border over its size, per px.

    Parameters
    ----------
    region : bool array, 2D or 3D
        Outside the array counts as outside the region.

    Returns
    -------
    float
        Moving the whole border by b px changes the size by about b times this; 0 when empty.
    """
    size = int(np.count_nonzero(region))
    if size == 0:
        return 0.0
    padded = np.pad(region, 1)
    faces = sum(int(np.count_nonzero(np.diff(padded, axis=axis))) for axis in range(region.ndim))
    return FACES_TO_BORDER[region.ndim] * faces / size


def compactness(region: NDArray[np.bool_], spacing_mm: Sequence[float]) -> float:
    """Inscribed radius over that of a ball of the same volume: 1 for a ball, less for a plate.

    Parameters
    ----------
    region : bool array (slices, rows, columns)
        Not empty.
    spacing_mm : sequence of float
    """
    inner_mm = ndimage.distance_transform_edt(np.pad(region, 1), sampling=spacing_mm).max()
    volume_mm3 = float(np.count_nonzero(region)) * math.prod(spacing_mm)
    return float(inner_mm / (3 * volume_mm3 / (4 * math.pi)) ** (1 / 3))


def border_log_sd(region: NDArray[np.bool_], border_sd_px: float) -> float:
    """Error of ln(size) when the whole border is known to ``border_sd_px``.

    Grows with ln(1 + relative shift): a border uncertain by a lesion's own radius doubles or
    halves it, it does not make it infinitely uncertain.
    """
    return math.log1p(border_sd_px * border_per_size(region))


def shared_log_sd(scale: Scale | None, power: int) -> float:
    """Error common to all lesions of an image: a length's error to the power of the quantity.

    Parameters
    ----------
    scale : Scale or None
        Without one sizes are in px, which have no scale error.
    power : int
        1 for lengths, 2 for areas, 3 for volumes.
    """
    return 0.0 if scale is None else power * scale.relative_sd


def sum_or_nothing(
    parts: Sequence[Measurement], empty: Measurement, outline: Outline
) -> Measurement:
    """Add up one quantity of the lesions of one image, ``empty`` when there are none."""
    if not any(part.value for part in parts):
        return empty
    total = add_up(parts, selection_log_sd=outline.selection_log_sd)
    return replace(total, detection_limit=empty.detection_limit)


def count_lesions(lesions: Sequence[int], method: Method) -> Measurement:
    """Count the lesions; the count has no error of its own and never carries a verdict."""
    return Measurement(Quantity.COUNT, float(len(lesions)), Unit.ONE, method)


def touches_border(crop: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether a bounding box reaches the image's edge, so that a part may lie outside."""
    return any(
        part.start == 0 or part.stop == length for part, length in zip(crop, shape, strict=True)
    )


def find_crops(labels: NDArray[np.uint16]) -> dict[int, tuple[slice, ...]]:
    """Bounding box of every lesion present, by its label value, ascending."""
    return label_boxes(labels)


def crop_scale(scale: Scale, crop: tuple[slice, ...]) -> AxisScale | SliceExtents:
    """Scale of a part of a volume.

    Raises
    ------
    ValueError
        If the scale is not one of a volume.
    """
    if isinstance(scale, SliceExtents):
        extents = scale.extents_mm[crop[0]]
        return SliceExtents(scale.row_mm, scale.column_mm, extents, scale.source, scale.relative_sd)
    if isinstance(scale, AxisScale) and len(scale.mm) == 3:
        return scale
    raise ValueError("a volume needs the scale of a volume")
