"""Whether two images of one site were taken alike: side, view, pose and light."""

import math

import numpy as np

from cctrack.compare.comparability import ALIKE, Comparability, combine
from cctrack.compare.size import compare_sizes
from cctrack.model import (
    Alignment,
    Flag,
    FloatArray,
    Image,
    Photo,
    PlaneHomography,
    Quality,
    Radiograph,
)

SAME_POSE = 1.06
"""Stretch of one image against the other below which both are taken from the same direction.

1 / cos 20°: beyond a tilt of 20° a single ruler in a photo is warned of.
"""

SAME_LIGHT = 2.0
"""Ratio of brightness below which two photos are lit alike: one stop of a camera.

More is worth a word, but no wider error: outlines state theirs for photos of any brightness.
"""

MAGNIFIED_LOG_SD = 0.02
"""Length on a film of a hand that lies 20 mm nearer to the tube, or farther."""

SIDES = {"R": "right", "L": "left"}
"""Enumerated values of ImageLaterality that exclude one another."""

SRGB_GAMMA = 2.2
"""Turns stored brightness into light, near enough for a ratio."""

BRIGHTNESS_STEP = 8
"""Every eighth pixel along each axis is enough for the brightness of a photo."""

SPOILED = {
    Flag.BLUR: "blurred",
    Flag.EXPOSURE: "badly exposed",
    Flag.GLARE: "covered by glare in places",
}
"""What may be wrong with the light of one photo, in words."""

Flags = frozenset[Flag]
"""Cautions about one image."""


def compare_taking(
    images: tuple[Image, Image], flags: tuple[Flags, Flags], alignment: Alignment
) -> Comparability:
    """Compare from where, of which side and in which light two images were taken.

    Parameters
    ----------
    images : pair of Image
        The earlier and the later one.
    flags : pair of frozenset of Flag
    alignment : Alignment
        From the earlier to the later image.
    """
    before, after = images
    parts = [_compare_fit(alignment)]
    if isinstance(before, Radiograph) and isinstance(after, Radiograph):
        parts += [_compare_sides(before, after), _compare_views(before, after)]
        parts.append(compare_sizes(before, after, alignment))
    if isinstance(before, Photo) and isinstance(after, Photo):
        parts += [_compare_pose(before, after, alignment), _compare_light(before, after, flags)]
        parts.append(compare_sizes(before, after, alignment))
    return combine(*parts)


def _compare_fit(alignment: Alignment) -> Comparability:
    if alignment.quality is Quality.GOOD or not alignment.reason:
        return ALIKE
    return Comparability((f"Look at how the images were aligned: {alignment.reason.rstrip('.')}.",))


def _compare_sides(before: Radiograph, after: Radiograph) -> Comparability:
    sides = SIDES.get(before.laterality), SIDES.get(after.laterality)
    if None in sides or sides[0] == sides[1]:
        return ALIKE
    return Comparability(
        obstacle=f"The earlier image is of the {sides[0]} side, the later one of the {sides[1]}."
    )


def _compare_views(before: Radiograph, after: Radiograph) -> Comparability:
    if not before.view or not after.view or before.view == after.view:
        return ALIKE
    if {before.view, after.view} == {"AP", "PA"}:
        text = "Different views (AP and PA): deposits lie at another distance from the detector."
        return Comparability((text,), 2 * MAGNIFIED_LOG_SD)
    return Comparability(
        obstacle=f"Different views ({before.view} and {after.view}) show different areas of the "
        "same deposits."
    )


def _compare_pose(before: Photo, after: Photo, alignment: Alignment) -> Comparability:
    """Ask whether both photos were taken from the same direction; a plane's scale corrects it."""
    stretch = _stretch(alignment.matrix, before.shape)
    corrected = all(
        image.scale is None or isinstance(image.scale, PlaneHomography) for image in (before, after)
    )
    if corrected or stretch < SAME_POSE:
        return ALIKE
    text = (
        f"The photos were taken from different directions: one is stretched by {stretch - 1:.0%} "
        "against the other, and a single ruler or marker cannot correct that."
    )
    return Comparability((text,), math.log(stretch) / 2)


def _stretch(matrix: FloatArray, shape: tuple[int, ...]) -> float:
    """How much longer one direction has become than the other, at the middle of the image."""
    middle = np.array([*(0.5 * size for size in shape), 1.0])
    mapped = matrix @ middle
    # Derivative of the mapped point by the point: the quotient rule of the homogeneous division.
    slopes = (matrix[:2, :2] - np.outer(mapped[:2] / mapped[2], matrix[2, :2])) / mapped[2]
    longest, shortest = np.linalg.svd(slopes, compute_uv=False)
    return float(longest / shortest)


def _compare_light(before: Photo, after: Photo, flags: tuple[Flags, Flags]) -> Comparability:
    texts = [
        f"The {which} photo is {SPOILED[flag]}, the other is not."
        for which, own, other in (("earlier", *flags), ("later", *flags[::-1]))
        for flag in SPOILED
        if flag in own - other
    ]
    ratio = _brightness(before) / _brightness(after)
    if max(ratio, 1 / ratio) < SAME_LIGHT:
        return Comparability(tuple(texts))
    which = "later" if ratio > 1 else "earlier"
    texts.append(
        f"The {which} photo is much darker than the other: pale borders may be seen differently."
    )
    return Comparability(tuple(texts))


def _brightness(photo: Photo) -> float:
    """Median light of a photo, 0-1, never 0."""
    grey = photo.pixels[::BRIGHTNESS_STEP, ::BRIGHTNESS_STEP].mean(axis=-1)
    return float((max(np.median(grey), 1.0) / 255.0) ** SRGB_GAMMA)
