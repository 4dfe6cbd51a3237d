"""Whether what two images show is as large in mm on both: if not, one of their scales is wrong."""

import math

import numpy as np
from numpy.typing import NDArray

from cctrack.compare.comparability import ALIKE, Comparability
from cctrack.model import Alignment, FloatArray, Photo, Radiograph

SAME_SIZE = {Radiograph: 1.03, Photo: 1.05}
"""Ratio of lengths within which two images are of one size.

Unchanged simulated patients, posed and photographed anew, with the scales that cctrack found: 0.988
to 1.013 on films of hands (12 pairs), 0.984 to 1.035 on photos of skin that also stretches (21). A
hand that lies 20 mm off the detector is 1.02 times as large.
"""

OTHER_SIZE = 1.15
"""Beyond this the change in area says nothing but that a scale is wrong."""

PLACES = 5
"""Along each axis: sizes are compared all over the image, because skin stretches in places."""

HALF_SIDE_PX = 8.0
"""Of the squares whose sizes are compared."""


def compare_sizes(
    before: Photo | Radiograph, after: Photo | Radiograph, alignment: Alignment
) -> Comparability:
    """Compare the size in mm of what the alignment finds on both images.

    The error of a change in area becomes as large as the change that a wrong scale would feign.

    Parameters
    ----------
    before, after : Photo or Radiograph
        Without a scale on both of them nothing is said.
    alignment : Alignment
        From the earlier to the later image.
    """
    if before.scale is None or after.scale is None:
        return ALIKE
    ratio = alignment.stretch or size_ratio(before, after, alignment)
    off = abs(math.log(ratio))
    if off < math.log(SAME_SIZE[type(before)]):
        return ALIKE
    text = f"What both images show measures {ratio - 1:+.0%} in length on the later one:"
    if off > math.log(OTHER_SIZE):
        return Comparability(obstacle=f"{text} one of the two scales must be wrong.")
    others = ", or the patient has grown" if isinstance(before, Radiograph) else ""
    reasons = f"one of the two scales is wrong, or the distance was another{others}."
    return Comparability((f"{text} {reasons}",), 2 * off)


def size_ratio(
    before: Photo | Radiograph, after: Photo | Radiograph, alignment: Alignment
) -> float:
    """Length in mm on the later image of what is 1 mm long on the earlier one.

    The median over places all over the earlier image; 1 where none of them lies on the later one.
    Both images need a scale.
    """
    places = _places(before.shape)
    corners = places[:, None] + HALF_SIDE_PX * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    mapped = alignment.transform(corners.reshape(-1, 2)).reshape(corners.shape)
    there = np.rint(mapped.mean(axis=1)).astype(int)
    inside = ((there >= 0) & (there < after.shape)).all(axis=1)
    if not inside.any():
        return 1.0
    sizes = _sizes_at(before, np.rint(places).astype(int)[inside])
    grown = _areas(mapped[inside]) * _sizes_at(after, there[inside])
    return float(np.median(np.sqrt(grown / (_areas(corners[inside]) * sizes))))


def _places(shape: tuple[int, ...]) -> FloatArray:
    axes = [np.linspace(0.1, 0.9, PLACES) * (size - 1) for size in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def _areas(corners: FloatArray) -> FloatArray:
    """Areas of quadrilaterals (n, 4, 2), by the shoelace formula."""
    row, column = corners[..., 0], corners[..., 1]
    crossed = row * np.roll(column, -1, axis=1) - column * np.roll(row, -1, axis=1)
    areas: FloatArray = np.abs(crossed.sum(axis=1)) / 2
    return areas


def _sizes_at(image: Photo | Radiograph, places: NDArray[np.int64]) -> FloatArray:
    """Area of the px at places (n, 2), in mm²; of an image that has a scale."""
    assert image.scale is not None
    sizes = np.broadcast_to(image.scale.pixel_sizes(image.shape), image.shape)
    found: FloatArray = sizes[places[:, 0], places[:, 1]]
    return found
