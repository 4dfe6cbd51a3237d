"""Photos of simulated skin with outlined deposits, as measured visits."""

import numpy as np
from scipy import ndimage

from cctrack.measure.area import measure_areas
from cctrack.model import AxisScale, Method, Outline, Photo, Scale, ScaleSource
from cctrack.study.pipeline import Measured

SHAPE = (300, 400)
SCALE = AxisScale((0.2, 0.2), ScaleSource.GIVEN, 0.01)
Disc = tuple[float, float, float]


def skin(seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (600, 800)
    field = sum(ndimage.gaussian_filter(rng.normal(size=shape), s) * s for s in (2, 4, 9))
    return 130 + 70 * field / np.abs(field).max()


def visit(
    discs: list[Disc],
    shift: tuple[int, int] = (0, 0),
    *,
    scale: Scale | None = SCALE,
    seed: int = 5,
) -> Measured:
    """A photo of mottled skin with reader-outlined discs, given in the baseline's px."""
    row, column = shift
    grey = skin(seed)[100 + row : 400 + row, 150 + column : 550 + column]
    pixels = np.stack([grey + 40, grey, grey - 20], axis=-1).clip(0, 255).astype(np.uint8)
    labels = np.zeros(SHAPE, dtype=np.uint16)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number, (r, c, radius) in enumerate(discs, start=1):
        labels[(rows - r + row) ** 2 + (columns - c + column) ** 2 <= radius**2] = number
    outline = Outline(labels, Method.READER, border_sd_px=0.3, detection_limit_px=10)
    photo = Photo(pixels, scale=scale)
    return Measured(photo, outline, measure_areas(outline, scale))
