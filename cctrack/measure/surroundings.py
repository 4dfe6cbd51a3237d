"""What lies around a deposit on CT: its background, its own peak and the voxels it blurs into."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.measure.error import crop_scale
from cctrack.measure.sharpness import USUAL_BLUR, Blur
from cctrack.model import (
    AxisScale,
    FloatArray,
    LabelArray,
    Method,
    Outline,
    Scale,
    SliceExtents,
)
from cctrack.model.calibration import Calibration

REACH_MM = 1.5
"""How far a deposit blurs into its surroundings: 2.5 SD of a usual body kernel (0.6 mm)."""

REACH_VOXELS = 1.5
"""At least this many voxels along each axis: thick slices blur further."""

TAIL = 1.6
"""A deposit's own blur ends within this many reaches of its outline, also of one drawn tightly."""

FALL = 0.7
"""From a voxel to the next a deposit's blurred border falls below this share; bone rises."""

SHELL_PX = 2
"""How far around a deposit is looked for other bright things: they take part of its blur."""

FACES = ndimage.generate_binary_structure(3, 1)
"""Neighbours across a face."""

RING = 2.2
"""The background is read between one and this many reaches from the deposit."""

AIR_HU = -300.0
"""Below it lies air or the blurred skin surface, no background for a deposit."""

ALL_AIR = 0.9
"""With more air than this around it a deposit lies in air, as test objects do."""

SOFT_TISSUE_HU = 40.0
"""Background where a deposit has no surroundings of its own (a mean of muscle, skin and fascia)."""

LEAST_RING = 12
"""Fewer background voxels give a median no better than the assumed soft tissue."""

LEAST_CORE = 8
"""Fewer voxels free of partial volume give no plateau; the brightest ones are taken then."""

BRIGHTEST_SHARE = 0.1
"""Share of a small deposit's voxels that stands for its peak."""

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A deposit's cut-out, ready to be measured.

    Attributes
    ----------
    hu : float32 array (slices, rows, columns)
    region : bool array
        The lesion's own voxels.
    near : bool array
        The lesion and the voxels it blurs into, without other deposits, bone and air.
    background : float32 array
        Local background in HU at every voxel.
    peak_hu : float
        The lesion's own plateau, or the mean of its brightest voxels where it is too small.
    scale : AxisScale or SliceExtents
        Of the cut-out.
    reach_px : float array (3,)
        How far the deposit blurs along each axis.
    beside : float
        Share of the voxels around it that something else as bright as calcium fills, 0-1.
    """

    hu: Float32
    region: Bool
    near: Bool
    background: Float32
    peak_hu: float
    scale: AxisScale | SliceExtents
    reach_px: FloatArray
    beside: float = 0.0

    @property
    def contrast_hu(self) -> float:
        """Peak over the background at the lesion, in HU."""
        return self.peak_hu - float(self.background[self.region].mean())


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A volume and what must be known to measure deposits in it.

    Attributes
    ----------
    hu : int16 array (slices, rows, columns)
    scale : AxisScale or SliceExtents
    threshold_hu : float
        Calcium threshold at the scan's tube voltage.
    padding : bool array or None
        True where the file holds no data.
    blur : Blur
        How far a point spreads.
    skew : tuple of float
        Rows and columns that a slice is shifted by for each mm along the normal, in mm: a tilted
        gantry.
    calibration : Calibration or None
        Turns density into mass; None where there is none.
    """

    hu: NDArray[np.int16]
    scale: AxisScale | SliceExtents
    threshold_hu: float
    padding: Bool | None = None
    blur: Blur = USUAL_BLUR
    skew: tuple[float, float] = (0.0, 0.0)
    calibration: Calibration | None = None


def look_around(scan: Scan, outline: Outline, label: int, crop: tuple[slice, ...]) -> Surroundings:
    """Cut a lesion out of a volume and find its background and its peak.

    Parameters
    ----------
    scan : Scan
    outline : Outline
    label : int
        The lesion.
    crop : tuple of slice
        Its bounding box.

    Returns
    -------
    Surroundings
    """
    # Uneven slices: how thick they are here decides, not how thick they are elsewhere.
    reach_px = _reach_px(crop_scale(scan.scale, crop))
    wide = _widen(crop, np.ceil(RING * reach_px).astype(int) + 1, outline.labels.shape)
    hu = scan.hu[wide].astype(np.float32)
    region = outline.labels[wide] == label
    bright = (hu >= scan.threshold_hu) & (outline.labels[wide] == 0)
    outside = ndimage.distance_transform_edt(~region, sampling=1 / reach_px)
    grown = region
    if outline.method is Method.READER:
        grown = region | _tail(hu, region, bright, outside)
        outside = ndimage.distance_transform_edt(~grown, sampling=1 / reach_px)
    barred = _barred(scan, outline.labels[wide], wide, grown, outside)
    near = grown | ((outside <= 1) & ~barred)
    ring = (outside > 1) & (outside <= RING) & ~barred
    background = _background(hu, ring, reach_px)
    peak_hu = _peak_hu(hu, region, reach_px)
    scale = crop_scale(scan.scale, wide)
    beside = _share_beside(region, (hu >= scan.threshold_hu) & ~near)
    return Surroundings(hu, region, near, background, peak_hu, scale, reach_px, beside)


def _reach_px(scale: Scale) -> FloatArray:
    spacing_mm = np.asarray(scale.mean_mm)
    return np.maximum(REACH_MM / spacing_mm, REACH_VOXELS)


def _widen(
    crop: tuple[slice, ...], margin: NDArray[np.int_], shape: tuple[int, ...]
) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, part.start - int(add)), min(length, part.stop + int(add)))
        for part, add, length in zip(crop, margin, shape, strict=True)
    )


def _barred(
    scan: Scan, labels: LabelArray, wide: tuple[slice, ...], own: Bool, outside: FloatArray
) -> Bool:
    """Voxels that are neither this deposit's blur nor its background."""
    hu = scan.hu[wide]
    others = (labels != 0) & ~own
    foreign = _foreign((hu >= scan.threshold_hu) & ~own, outside) & ~ndimage.binary_dilation(own)
    barred: Bool = ndimage.binary_dilation(foreign | others)
    air = hu < AIR_HU
    around = (outside > 1) & (outside <= RING)
    if around.any() and air[around].mean() < ALL_AIR:
        barred |= ndimage.binary_dilation(air)
    if scan.padding is not None:
        barred |= scan.padding[wide]
    barred &= ~own
    return barred


def _foreign(bright: Bool, outside: FloatArray) -> Bool:
    """Bright voxels that hang together with something beyond the deposit's reach: bone, vessels.

    What ends within its reach is its own blur.
    """
    parts, count = ndimage.label(bright)
    foreign: Bool = _touching(parts, count, outside > 1)[parts]
    return foreign


def _tail(hu: Float32, own: Bool, bright: Bool, outside: FloatArray) -> Bool:
    """Blur that a reader's tight outline leaves outside: bright voxels that hang on the deposit.

    Where they go on to something else, bone or a vessel, only those count that are reached by steps
    that each lead clearly downwards: bone rises.
    """
    parts, count = ndimage.label(bright)
    goes_on = _touching(parts, count, outside > TAIL)
    hangs_on = _touching(parts, count, ndimage.binary_dilation(own))
    near = bright & (outside <= TAIL)
    tail: Bool = (hangs_on & ~goes_on)[parts] | _fallen(hu, own, near & goes_on[parts])
    return tail


def _fallen(hu: Float32, own: Bool, bright: Bool) -> Bool:
    """Add to a deposit the bright voxels reached from it by steps that each lead clearly down."""
    fallen = own.copy()
    while True:
        above = ndimage.grey_dilation(np.where(fallen, hu, 0.0), footprint=FACES)
        steps = bright & ~fallen & (hu <= FALL * above)
        if not steps.any():
            return fallen
        fallen |= steps


def _share_beside(own: Bool, other: Bool) -> float:
    shell = ndimage.binary_dilation(own, iterations=SHELL_PX) & ~own
    return float(other[shell].mean()) if shell.any() else 0.0


def _touching(parts: NDArray[np.int32], count: int, place: Bool) -> Bool:
    """Which of the labelled parts, by number, reach into a place."""
    reached = np.zeros(count + 1, dtype=bool)
    reached[np.unique(parts[place])] = True
    reached[0] = False
    return reached


def _background(hu: Float32, ring: Bool, reach_px: FloatArray) -> Float32:
    """Background carried inwards from the ring, smoothly, so that a fascia may pass through."""
    if np.count_nonzero(ring) < LEAST_RING:
        return np.full_like(hu, SOFT_TISSUE_HU)
    middle = float(np.median(hu[ring]))
    weight = ndimage.gaussian_filter(ring.astype(np.float32), reach_px)
    carried = ndimage.gaussian_filter(np.where(ring, hu - middle, 0).astype(np.float32), reach_px)
    # The small constant lets the middle of a large deposit fall back on the median.
    field: Float32 = (middle + carried / (weight + 0.01)).astype(np.float32)
    return field


def find_core(region: Bool, reach_px: FloatArray) -> Bool:
    """Voxels of a deposit that lie deeper than its blur reaches: free of partial volume."""
    inside = ndimage.distance_transform_edt(np.pad(region, 1), sampling=1 / reach_px)
    core: Bool = inside[1:-1, 1:-1, 1:-1] >= 1
    return core


def _peak_hu(hu: Float32, region: Bool, reach_px: FloatArray) -> float:
    core = find_core(region, reach_px)
    if np.count_nonzero(core) >= LEAST_CORE:
        return float(np.median(hu[core]))
    values = np.sort(hu[region])
    return float(values[-max(1, round(BRIGHTEST_SHARE * len(values))) :].mean())
