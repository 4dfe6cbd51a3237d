"""Soft tissue around the bones: a smooth union of rounded limbs with a layer of fat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model.image import Float32Array
from cctrack.phantom.radiograph.pose import FilmGrid, Place

COARSE_MM = 0.8
"""Grid of the squared half-depth: it is smooth, and its square root brings back a sharp skin."""

MELT_MM2 = 14.0
"""How far neighbouring parts melt together: webs between fingers come out 2–4 mm wide."""

FAINTEST = -200.0
"""Squared half-depth over `MELT_MM2` where there is nothing."""

REACH = 1.9
"""Parts are evaluated this many radii around their axis; beyond they add nothing."""


@dataclass(frozen=True, slots=True)
class Flesh:
    """A rounded limb segment between two points of a bone's frame.

    Attributes
    ----------
    part : str
        Bone whose frame it moves with.
    start_mm, end_mm : tuple of float
        (along, across).
    start_radius_mm, end_radius_mm : float
        Half-width on the film.
    flatness : float
        Depth over width.
    """

    part: str
    start_mm: tuple[float, float]
    end_mm: tuple[float, float]
    start_radius_mm: float
    end_radius_mm: float
    flatness: float = 0.9


@dataclass(frozen=True, slots=True)
class Layer:
    """What lies under the skin.

    Attributes
    ----------
    fat_mm : float
        Thickness of the fat where the part is about 8 mm in radius; thinner on larger parts.
    smooth_mm : float
        How far corners between parts are rounded.
    """

    fat_mm: float
    smooth_mm: float = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class FleshMaps:
    """Paths through the soft tissue in mm, arrays of the film's shape."""

    total_mm: Float32Array
    fat_mm: Float32Array


def draw_flesh(
    flesh: Sequence[Flesh], places: Mapping[str, Place], grid: FilmGrid, layer: Layer
) -> FleshMaps:
    """Draw the paths through soft tissue and through the fat under its skin.

    Parameters
    ----------
    flesh : sequence of Flesh
    places : mapping of str to Place
    grid : FilmGrid
    layer : Layer
    """
    step = COARSE_MM / grid.pixel_mm
    shape = tuple(int(np.ceil(n / step)) + 2 for n in grid.shape)
    height = np.full(shape, FAINTEST, np.float32)
    for part in flesh:
        _add_part(height, part, places[part.part], (grid, step))
    squared = cv2.GaussianBlur(MELT_MM2 * height, (0, 0), layer.smooth_mm / COARSE_MM)
    matrix = np.array([[1.0 / step, 0.0, -0.5], [0.0, 1.0 / step, -0.5]])
    fine = cv2.warpAffine(
        squared,
        matrix,
        grid.shape[::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    total = 2.0 * np.sqrt(np.maximum(fine, 0.0))
    lean = 2.0 * np.sqrt(np.maximum(fine - 16.0 * layer.fat_mm, 0.0))
    return FleshMaps(total.astype(np.float32), (total - lean).astype(np.float32))


def _add_part(
    height: Float32Array, part: Flesh, place: Place, film: tuple[FilmGrid, float]
) -> None:
    # Melts the part's squared half-depth into the others', by a smooth maximum.
    grid, step = film
    ends = np.array([[0.0, *part.start_mm], [0.0, *part.end_mm]])
    ends_px = grid.to_px(place.to_film_mm(ends)) / step - 0.5
    mm = step * grid.pixel_mm
    radii = np.array([part.start_radius_mm, part.end_radius_mm])
    reach = REACH * radii.max() / mm
    low = np.maximum(np.floor(ends_px.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(ends_px.max(axis=0) + reach) + 1, height.shape).astype(int)
    if np.any(low >= high):
        return
    row = (np.arange(low[0], high[0]) - ends_px[0, 0])[:, None] * mm
    column = (np.arange(low[1], high[1]) - ends_px[0, 1])[None, :] * mm
    axis = (ends_px[1] - ends_px[0]) * mm
    length2 = max(float(axis @ axis), 1e-6)
    share = np.clip((row * axis[0] + column * axis[1]) / length2, 0.0, 1.0)
    away2 = (row - share * axis[0]) ** 2 + (column - share * axis[1]) ** 2
    radius = radii[0] + share * (radii[1] - radii[0])
    squared = part.flatness**2 * (radius**2 - away2)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    height[window] = np.logaddexp(height[window], (squared / MELT_MM2).astype(np.float32))
