"""How dense deposits on a film look beside its own bone, in three steps.

A film's grey is not linear in what the rays passed: plates, displays and processing bend it. So
density is an order, never a ratio or a change in percent (see the measurement rules, §5).
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.measure.error import find_crops
from cctrack.model import Finding, LabelArray, Measurement, Method, Quantity, Unit

BoolArray = NDArray[np.bool_]
Float32Array = NDArray[np.float32]

FAINT_SHARE = 0.5
"""Contrast to the soft tissue around, as a share of that of bone, from which a deposit is no longer
faint. Ours: no published rule for single deposits was found."""

AROUND_PX = 40
"""The soft tissue a deposit is held against lies within this distance."""

LEAST_PX = 50
"""Fewer pixels of soft tissue around, or of bone on the film, are no reference."""


class Density(IntEnum):
    """How bright a deposit is: fainter than half of bone, fainter than bone, as bright or more."""

    FAINT = 1
    MEDIUM = 2
    DENSE = 3


def grade_densities(
    pixels: Float32Array, labels: LabelArray, bone: BoolArray, tissue: BoolArray
) -> dict[int, Density]:
    """Grade every deposit by its contrast relative to that of the film's bone.

    Parameters
    ----------
    pixels : float32 array (rows, columns)
        Bone bright, any exposure and display curve.
    labels : uint16 array (rows, columns)
    bone, tissue : bool array (rows, columns)
        Bone, and all of the body; both may include deposits.

    Returns
    -------
    dict of int to Density
        Without deposits that have no soft tissue around them; empty where the film shows no bone.
    """
    if np.count_nonzero(bone & (labels == 0)) < LEAST_PX:
        return {}
    bright = float(np.median(pixels[bone & (labels == 0)]))
    soft = tissue & ~bone & (labels == 0)
    grades = {}
    for label, crop in find_crops(labels).items():
        dark = _soft_around(pixels, soft, _widened(crop, labels.shape))
        if dark is None or bright <= dark:
            continue
        level = float(np.median(pixels[crop][labels[crop] == label]))
        grades[label] = _grade((level - dark) / (bright - dark))
    return grades


def measure_densities(grades: dict[int, Density], method: Method) -> list[Finding]:
    """Write grades as findings; a grade has no error that a number could state."""
    return [
        Finding(label, Measurement(Quantity.DENSITY, float(grade), Unit.ONE, method))
        for label, grade in grades.items()
    ]


def _grade(contrast: float) -> Density:
    if contrast < FAINT_SHARE:
        return Density.FAINT
    return Density.MEDIUM if contrast < 1.0 else Density.DENSE


def _widened(crop: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, side.start - AROUND_PX), min(size, side.stop + AROUND_PX))
        for side, size in zip(crop, shape, strict=True)
    )


def _soft_around(pixels: Float32Array, soft: BoolArray, crop: tuple[slice, ...]) -> float | None:
    # The border of a deposit blurs into what is around it, so its nearest pixels do not count.
    clear = ndimage.binary_erosion(soft[crop], iterations=2)
    if np.count_nonzero(clear) < LEAST_PX:
        return None
    return float(np.median(pixels[crop][clear]))
