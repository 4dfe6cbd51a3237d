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

AROUND_MM = 10.0
"""Half the side of the skin around a lesion that says how large its mm are at both visits: more
than the bend of the skin is fitted on, less than a scale's error changes over."""

SKIN_LOG_SD = 0.02
"""SD of ln(area on the later / on the earlier photo) of such skin where two scales are right.

Around 49 lesions of 16 simulated pairs of photos it missed the true ratio of the scales by 0.006 in
the root of the mean square, while the scales' own stated errors made 0.07; three times as much
leaves room for skin that is not drawn."""


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
    ratios = _area_ratios((before, after), alignment, _places(before.shape), HALF_SIDE_PX)
    known = ratios[np.isfinite(ratios)]
    return float(np.median(np.sqrt(known))) if len(known) else 1.0


def skin_log_sd(
    images: tuple[Photo, Photo], alignment: Alignment, places: FloatArray, weights: FloatArray
) -> float:
    """SD of what two scales make of a change in area, as the skin around the lesions tells.

    Each scale may err by several per cent far from its marker. Where the same skin measures alike
    on both photos, their errors are alike too, or small; where it does not, they differ by so much.

    Parameters
    ----------
    images : pair of Photo
        The earlier and the later one; both with a scale.
    alignment : Alignment
        From the earlier to the later photo.
    places : array (n, 2)
        Middles of lesions in px of the earlier photo.
    weights : array (n,)
        Areas of these lesions.

    Returns
    -------
    float
        Of ln(later / earlier); infinite where the later photo shows none of the places.
    """
    assert images[0].scale is not None
    px_mm = float(np.sqrt(np.prod(images[0].scale.mean_mm)))
    ratios = _area_ratios(images, alignment, places, AROUND_MM / px_mm)
    known = np.isfinite(ratios)
    if not known.any():
        return math.inf
    off = math.sqrt(float(np.average(np.log(ratios[known]) ** 2, weights=weights[known])))
    return math.hypot(SKIN_LOG_SD, off)


def _area_ratios(
    images: tuple[Photo | Radiograph, Photo | Radiograph],
    alignment: Alignment,
    places: FloatArray,
    half_px: float,
) -> FloatArray:
    """Areas in mm² of squares around places (n, 2), later over earlier; nan where not on both."""
    before, after = images
    corners = places[:, None] + half_px * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    mapped = alignment.transform(corners.reshape(-1, 2)).reshape(corners.shape)
    there = np.rint(mapped.mean(axis=1)).astype(int)
    inside = ((there >= 0) & (there < after.shape)).all(axis=1)
    ratios: FloatArray = np.full(len(places), np.nan)
    if inside.any():
        sizes = _sizes_at(before, np.rint(places).astype(int)[inside])
        grown = _areas(mapped[inside]) * _sizes_at(after, there[inside])
        ratios[inside] = grown / (_areas(corners[inside]) * sizes)
    return ratios


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
