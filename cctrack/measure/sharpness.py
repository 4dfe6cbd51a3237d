"""How much a scanner blurs, read from the skin against the air around it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model.scale import AxisScale, SliceExtents

USUAL_BLUR_MM = 0.55
"""Standard deviation in plane of a usual soft kernel; taken where no skin is in the image."""

LEAST_BLUR_MM = 0.05
"""Sharp kernels overshoot, so that their skin looks sharper than sharp; they end here."""

MOST_BLUR_MM = 1.2
"""The softest kernels reach 1 mm; what looks softer is no edge of skin."""

AIR_HU, SKIN_HU = -1000.0, 40.0

NO_DATA_HU = -9000.0
"""Stands for padding: far from any air, so that no crossing begins there."""

LOOKED_AT = 12
"""Slices that are looked at: each gives hundreds of crossings from air to skin."""

LEAST_CROSSINGS = 30
"""Fewer crossings give no median to rely on."""

BEFORE_MM = 2.5
"""Air that must lie before the skin: four standard deviations of a usual kernel."""

BEHIND_MM = 1.5
"""Tissue that must lie behind it; table tops and cloth are thinner or less dense."""

STRAIGHT = 0.9
"""Cosine from which on a line crosses the skin at a right angle (within 26°)."""

Plane = NDArray[np.float32]
Column = NDArray[np.float32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Blur:
    """What a point becomes in a scan.

    Attributes
    ----------
    in_plane_mm : float
        Standard deviation within a slice.
    slice_mm : float
        Full width of a slice's profile.
    """

    in_plane_mm: float = USUAL_BLUR_MM
    slice_mm: float = 1.0


USUAL_BLUR = Blur()
"""What is taken where nothing is known."""


def read_blur_mm(
    hu: NDArray[np.int16],
    scale: AxisScale | SliceExtents,
    padding: NDArray[np.bool_] | None = None,
) -> float:
    """Measure the blur within slices.

    Along a line that crosses an edge blurred by a Gaussian of standard deviation σ, the share f of
    skin obeys ∫ f (1 - f) dx = σ/√π, half of it before the middle. A sum over pixels estimates the
    integral without bias wherever the pixels lie, also where they are wider than the blur.

    Parameters
    ----------
    hu : int16 array (slices, rows, columns)
    scale : AxisScale or SliceExtents
    padding : bool array or None
        True where the file holds no data: its edge is sharp and no skin.

    Returns
    -------
    float
        Standard deviation in mm; `USUAL_BLUR_MM` where too little skin is seen.
    """
    _, row_mm, column_mm = scale.mean_mm
    found: list[Column] = []
    for index in np.unique(np.linspace(0, len(hu) - 1, LOOKED_AT + 2).astype(int)[1:-1]):
        plane = hu[index].astype(np.float32)
        if padding is not None:
            plane[padding[index]] = NO_DATA_HU
        found += _cross(plane, column_mm)
        found += _cross(np.ascontiguousarray(plane.T), row_mm)
    widths_mm = np.concatenate(found)
    if len(widths_mm) < LEAST_CROSSINGS:
        return USUAL_BLUR_MM
    return float(np.clip(np.median(widths_mm), LEAST_BLUR_MM, MOST_BLUR_MM))


def _cross(plane: Plane, px_mm: float) -> Iterator[Column]:
    """Blur at every place where the skin crosses the plane's rows, from either side."""
    share = (plane - AIR_HU) / (SKIN_HU - AIR_HU)
    yield _from_left(share, px_mm)
    yield _from_left(share[:, ::-1], px_mm)


def _from_left(share: Plane, px_mm: float) -> Column:
    before = max(3, int(np.ceil(BEFORE_MM / px_mm)))
    behind = max(2, round(BEHIND_MM / px_mm))
    last = share.shape[1] - behind
    if last <= before + 1:
        return np.zeros(0, np.float32)
    row, column = np.nonzero(
        (share[1:-1, before : last - 1] < 0.5) & (share[1:-1, before + 1 : last] >= 0.5)
    )
    row, column = row + 1, column + before
    air = share[row[:, None], column[:, None] - np.arange(before)]
    tissue = share[row[:, None], column[:, None] + 1 + np.arange(behind)]
    clear = (np.abs(air[:, -2:]) < 0.06).all(axis=1) & (air.max(axis=1, initial=0) < 0.5)
    clear &= (tissue[:, -1] > 0.75) & (tissue.max(axis=1, initial=0) < 1.25)
    cosine = _cosine(share, row[clear], column[clear])
    half: Column = (air[clear] * (1 - air[clear])).sum(axis=1)
    width: Column = 2 * np.float32(np.sqrt(np.pi) * px_mm) * half * cosine
    return width[cosine > STRAIGHT]


def _cosine(share: Plane, row: Places, column: Places) -> Column:
    """Cosine of the angle between the rows and the steepest way, from the pixels around."""
    beside = np.arange(-1, 2)
    around = share[row[:, None, None] + beside[:, None], column[:, None, None] + beside]
    along = (around[:, :, 2] - around[:, :, 0]).sum(axis=1)
    across = (around[:, 2] - around[:, 0]).sum(axis=1)
    cosine: Column = np.abs(along) / np.maximum(np.hypot(along, across), np.float32(1e-6))
    return cosine
