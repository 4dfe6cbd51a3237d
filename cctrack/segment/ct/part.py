"""A part of a bone's component, and how it looks: its own shape and density, and what is around."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import FloatArray
from cctrack.segment.ct.candidates import Bool, Box

LAYER_MM = 0.5
"""Thickness of the layers the density is read in."""

CORE = 0.6
"""The core lies deeper than this share of the inscribed radius."""

CORTEX_LAYERS = 5
"""The brightest of the outer 2.5 mm stands for the cortex."""

SHELLS_MM = {"near": (1.0, 2.5), "far": (2.5, 4.0)}
"""Where surroundings are looked at: beyond the part's own blur, and beyond a joint's gap."""

TENTHS = (0.1, 0.9)
"""Quantiles that stand for the darkest and the brightest tenth."""

ALIKE = 0.6
"""Surroundings of this share of a part's own brightness are as bright as it: bone goes on."""

BEYOND_MM = 1.6
"""A bone goes on behind a part of it, a deposit ends: looked at so far beyond both of its ends."""

MOST_SECTIONS = 0.4
"""The footprint of a part: where this share of its sections is filled."""

Portrait = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a bone's component above some level.

    Attributes
    ----------
    number : int
        Its value in ``parts``.
    box : tuple of slice
    parts : int32 array
        All parts of the cut-out.
    above : bool array
        Voxels above the level.
    solid : bool array
        The whole component at the calcium threshold, marrow filled in.
    hu : int16 array
    """

    number: int
    box: Box
    parts: NDArray[np.int32]
    above: Bool
    solid: Bool
    hu: NDArray[np.int16]

    @property
    def filled(self) -> Bool:
        """The part within its box."""
        filled: Bool = self.parts[self.box] == self.number
        return filled


def describe_inside(part: Part, spacing_mm: FloatArray, threshold_hu: float) -> Portrait:
    """Shape and density of a part; brightness in multiples of the calcium threshold.

    Parameters
    ----------
    part : Part
    spacing_mm : array (3,)
    threshold_hu : float
        The calcium threshold.

    Returns
    -------
    dict of str to float
        ``volume_mm3``; ``radius_mm``, the inscribed one; ``compact``, it over a ball's; ``hollow``,
        the share below the level; ``peak``, the brightest tenth; ``core`` and ``spread``, median
        and coefficient of variation of the middle; ``core_ratio``, the middle over the brightest
        layer; ``faint``, the darkest tenth; ``long``, longest over middle axis; ``flat``, middle
        over shortest.
    """
    filled, hu = part.filled, part.hu[part.box]
    volume_mm3 = float(np.count_nonzero(filled)) * float(np.prod(spacing_mm))
    inner_mm = ndimage.distance_transform_edt(np.pad(filled, 1), sampling=spacing_mm)
    inner_mm = inner_mm[1:-1, 1:-1, 1:-1]
    radius_mm = float(inner_mm.max())
    core = filled & (inner_mm > CORE * radius_mm)
    middle = hu[core].astype(np.float64)
    ordered = np.sort(hu[filled])
    low, high = (ordered[round(share * (len(ordered) - 1))] / threshold_hu for share in TENTHS)
    short, mean, long = _axes_mm(filled, spacing_mm)
    return {
        "volume_mm3": volume_mm3,
        "radius_mm": radius_mm,
        "compact": radius_mm / (3 * volume_mm3 / (4 * np.pi)) ** (1 / 3),
        "hollow": 1.0 - float(part.above[part.box][filled].mean()),
        "peak": float(high),
        "faint": float(low),
        "core": float(np.median(middle)) / threshold_hu,
        "spread": float(middle.std() / max(middle.mean(), 1.0)),
        "core_ratio": float(np.median(middle)) / _brightest_layer_hu(hu, filled, inner_mm),
        "long": long / mean,
        "flat": mean / short,
    }


def _brightest_layer_hu(hu: NDArray[np.int16], filled: Bool, inner_mm: FloatArray) -> float:
    layers = (inner_mm[filled] / LAYER_MM).astype(int)
    count = np.bincount(layers)
    mean = np.bincount(layers, weights=hu[filled].astype(float)) / np.maximum(count, 1)
    return float(mean[:CORTEX_LAYERS].max())


def _axes_mm(filled: Bool, spacing_mm: FloatArray) -> list[float]:
    """List the standard deviations along the principal axes, shortest first."""
    spread = np.cov((np.argwhere(filled) * spacing_mm).T)
    # A voxel's own width keeps a piece of one slice from being infinitely flat.
    axes = np.linalg.eigvalsh(spread + np.diag(np.square(spacing_mm) / 12.0))
    return [float(axis) for axis in np.sqrt(axes)]


def describe_outside(
    part: Part, inside: Portrait, spacing_mm: FloatArray, threshold_hu: float
) -> Portrait:
    """How a part hangs on its bone, and what surrounds it.

    Parameters
    ----------
    part : Part
    inside : dict of str to float
        From `describe_inside`.
    spacing_mm : array (3,)
    threshold_hu : float

    Returns
    -------
    dict of str to float
        ``neck``, root of the contact with other parts over the radius; ``contact``, its share of
        the surface; of a shell ``near`` and one ``far``: ``soft``, the share outside the bone,
        ``marrow``, that of marrow, ``alike``, that as bright as the part, and ``upper``, its
        brightest tenth over the part's core; beyond both ends of each axis: ``goes_on``, the share
        of the part's footprint that is bone, and ``ahead``, its brightness over the core's.
    """
    reach_mm = max(stop for _, stop in SHELLS_MM.values())
    wide = _widened(part, np.ceil(reach_mm / spacing_mm).astype(int) + 1)
    own = part.parts[wide] == part.number
    solid, hu = part.solid[wide], part.hu[wide] / (inside["core"] * threshold_hu)
    faint = 1.0 / inside["core"]
    portrait = _describe_contact(own, part.parts[wide], spacing_mm, inside["radius_mm"])
    away_mm = ndimage.distance_transform_edt(~own, sampling=spacing_mm)
    for name, (start, stop) in SHELLS_MM.items():
        shell = (away_mm > start) & (away_mm <= stop)
        portrait |= {
            f"{feature}_{name}": value
            for feature, value in _describe_shell(hu[shell], solid[shell], faint).items()
        }
    return portrait | _describe_ends(own, solid, hu, spacing_mm)


def _describe_contact(
    own: Bool, around: NDArray[np.int32], spacing_mm: FloatArray, radius_mm: float
) -> Portrait:
    contact_mm2 = free_mm2 = 0.0
    for axis in range(3):
        face_mm2 = float(np.prod(spacing_mm) / spacing_mm[axis])
        one, two = (np.moveaxis(array, axis, 0) for array in (own, around))
        border = one[1:] != one[:-1]
        other = np.where(one[1:], two[:-1], two[1:])[border]
        touching = np.count_nonzero(other)
        contact_mm2 += face_mm2 * touching
        free_mm2 += face_mm2 * (len(other) - touching)
    surface_mm2 = max(contact_mm2 + free_mm2, 1e-6)
    neck = float(np.sqrt(contact_mm2)) / radius_mm
    return {"neck": neck, "contact": contact_mm2 / surface_mm2}


def _describe_shell(hu: FloatArray, solid: Bool, faint: float) -> Portrait:
    if not len(hu):
        return {"soft": 0.0, "marrow": 0.0, "alike": 1.0, "upper": 1.0}
    place = round(TENTHS[1] * (len(hu) - 1))
    return {
        "soft": 1.0 - float(solid.mean()),
        "marrow": float((solid & (hu < faint)).mean()),
        "alike": float((hu >= ALIKE).mean()),
        "upper": float(np.partition(hu, place)[place]),
    }


def _describe_ends(own: Bool, solid: Bool, hu: FloatArray, spacing_mm: FloatArray) -> Portrait:
    along = _ends_of_axis(own, solid, hu, (0, spacing_mm[0]))
    across = [
        end for axis in (1, 2) for end in _ends_of_axis(own, solid, hu, (axis, spacing_mm[axis]))
    ]
    # Rows and columns are alike: a limb may lie turned.
    return {
        f"{name}_{extreme}_{where}": float(choose(end[place] for end in ends))
        for where, ends in (("along", along), ("across", across))
        for place, name in enumerate(("goes_on", "ahead"))
        for extreme, choose in (("least", min), ("most", max))
    }


def _ends_of_axis(
    own: Bool, solid: Bool, hu: FloatArray, axis: tuple[int, float]
) -> list[tuple[float, float]]:
    """Share of bone, and brightness, of a part's footprint beyond its two ends along an axis."""
    inside, bone, bright = (np.moveaxis(array, axis[0], 0) for array in (own, solid, hu))
    filled = np.flatnonzero(inside.any(axis=(1, 2)))
    first, last = int(filled[0]), int(filled[-1])
    foot = inside[first : last + 1].mean(axis=0) > MOST_SECTIONS
    if not foot.any():
        foot = inside.any(axis=0)
    step = max(1, round(BEYOND_MM / axis[1]))
    return [
        (float(bone[place][foot].mean()), float(bright[place][foot].mean()))
        if 0 <= place < len(bone)
        else (0.0, 0.0)
        for place in (first - step, last + step)
    ]


def _widened(part: Part, margin: NDArray[np.int_]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, side.start - int(add)), min(length, side.stop + int(add)))
        for side, add, length in zip(part.box, margin, part.parts.shape, strict=True)
    )
