"""Measure the area and the longest diameter of every lesion outlined on a flat image."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack.measure.cylinder import (
    Cylinder,
    surface_diameter_mm,
    surface_log_sd,
    surface_sizes,
)
from cctrack.measure.diameter import max_diameter_mm
from cctrack.measure.error import (
    border_log_sd,
    count_lesions,
    find_crops,
    shared_log_sd,
    sum_or_nothing,
    touches_border,
)
from cctrack.model import (
    Finding,
    Flag,
    FloatArray,
    Measurement,
    Modality,
    Outline,
    PlaneHomography,
    Quantity,
    Scale,
    Unit,
)

PHOTO_FLOOR_MM2 = 25.0
"""Smaller lesions on photos can't carry a verdict of their own: 0.1 mm of border is ±10 %."""

SITE_PX = 250_000
"""So many pixels give the area of a site as well as all of them: it has no fine border."""

Crop = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class _Lesion:
    """One lesion's cut-out: where, which pixels, and the scale there."""

    label: int
    region: NDArray[np.bool_]
    crop: Crop
    scale: Scale | None
    flags: frozenset[Flag]
    cylinder: Cylinder | None

    @property
    def offset_px(self) -> tuple[int, ...]:
        return tuple(part.start for part in self.crop)

    @property
    def sizes(self) -> FloatArray:
        """Size of each pixel in mm², or px without a scale, on the surface it lies on."""
        flat = _sizes(self.scale, self.crop)
        if self.cylinder is None:
            return flat
        return flat * surface_sizes(self.cylinder, self.region.shape, self.offset_px, self.scale)

    @property
    def area(self) -> float:
        return float(np.broadcast_to(self.sizes, self.region.shape)[self.region].sum())


def measure_areas(
    outline: Outline,
    scale: Scale | None,
    *,
    modality: Modality = Modality.PHOTO,
    cylinder: Cylinder | Mapping[int, Cylinder] | None = None,
) -> tuple[Finding, ...]:
    """Measure area, longest diameter, count and coverage.

    Parameters
    ----------
    outline : Outline
        Of a 2D image (rows, columns).
    scale : Scale or None
        Under a `PlaneHomography` each pixel counts with its own mm², and its error is the one at
        the lesion. Without a scale areas are in px and nothing is in mm.
    modality : Modality
        On photos lesions under `PHOTO_FLOOR_MM2` are flagged ``below_floor``.
    cylinder : Cylinder or mapping of int to Cylinder, optional
        The finger or limb that carries all of the lesions, or each one's own: areas and diameters
        are then those on its surface. Without it the skin counts as flat.

    Returns
    -------
    tuple of Finding
        Lesions ascending, then the total as lesion 0. Lesions flagged ``over_bone`` are measured
        but not in the total. The total's longest diameter is the sum over lesions, as RECIST has
        it. Coverage (%) only when the outline knows the soft tissue; it is that of the picture.

    Raises
    ------
    ValueError
        If the scale belongs to an image of another shape, or the cylinder has no width.
    """
    if isinstance(scale, PlaneHomography) and scale.shape != outline.labels.shape:
        found = f"a scale for {scale.shape} px used on an image of {outline.labels.shape} px"
        raise ValueError(found)
    lesions = _cut_out(outline, scale, cylinder)
    findings = [
        finding for lesion in lesions for finding in _measure_lesion(lesion, outline, modality)
    ]
    return (*findings, *_measure_total(findings, outline, scale))


def _cut_out(
    outline: Outline, scale: Scale | None, cylinder: Cylinder | Mapping[int, Cylinder] | None
) -> list[_Lesion]:
    lesions = []
    for label, crop in find_crops(outline.labels).items():
        flags = outline.flags_of(label)
        if touches_border(crop, outline.labels.shape):
            flags |= {Flag.NEAR_BORDER}
        region = outline.labels[crop] == label
        own = cylinder.get(label) if isinstance(cylinder, Mapping) else cylinder
        if own is not None:
            flags |= {Flag.ON_FINGER}
        lesions.append(_Lesion(label, region, crop, scale, flags, own))
    return lesions


def _sizes(scale: Scale | None, crop: Crop) -> FloatArray:
    """Size of each pixel of a part of the image, broadcastable to it."""
    if scale is None:
        return np.ones((1, 1))
    shape = tuple(part.stop - part.start for part in crop)
    if not isinstance(scale, PlaneHomography):
        return scale.pixel_sizes(shape)
    shift = np.eye(3)
    shift[:2, 2] = [part.start for part in crop]
    here = replace(scale, matrix=scale.matrix @ shift, shape=(shape[0], shape[1]))
    return here.pixel_sizes(shape)


def _measure_lesion(lesion: _Lesion, outline: Outline, modality: Modality) -> list[Finding]:
    scale = lesion.scale
    border = border_log_sd(lesion.region, outline.border_sd_of(lesion.label))
    area = Measurement(
        Quantity.AREA,
        lesion.area,
        Unit.PX if scale is None else Unit.MM2,
        outline.method,
        math.hypot(outline.border_anew * border, _curvature_log_sd(lesion)),
        _shared_log_sd(lesion, 2),
        log_sd_common=math.sqrt(1 - outline.border_anew**2) * border,
    )
    flags = lesion.flags
    if modality is Modality.PHOTO and scale is not None and area.value < PHOTO_FLOOR_MM2:
        flags |= {Flag.BELOW_FLOOR}
    findings = [Finding(lesion.label, area, flags)]
    if scale is not None:
        findings.append(Finding(lesion.label, _measure_diameter(lesion, outline, scale), flags))
    return findings


def _shared_log_sd(lesion: _Lesion, power: int) -> float:
    """Error of the scale where the lesion lies: far from a marker it is known less well."""
    if not isinstance(lesion.scale, PlaneHomography):
        return shared_log_sd(lesion.scale, power)
    middle = np.argwhere(lesion.region).mean(axis=0) + lesion.offset_px
    return power * float(lesion.scale.relative_sd_at(middle[None])[0])


def _curvature_log_sd(lesion: _Lesion) -> float:
    if lesion.cylinder is None:
        return 0.0
    return surface_log_sd(lesion.cylinder, lesion.region, lesion.offset_px, lesion.scale)


def _measure_diameter(lesion: _Lesion, outline: Outline, scale: Scale) -> Measurement:
    if lesion.cylinder is None:
        diameter_mm = max_diameter_mm(lesion.region, lesion.offset_px, scale)
    else:
        cylinder = lesion.cylinder
        diameter_mm = surface_diameter_mm(cylinder, lesion.region, lesion.offset_px, scale)
    px_mm = math.sqrt(lesion.area / np.count_nonzero(lesion.region))
    # A border moved outwards as a whole moves both ends of the diameter.
    own = math.log1p(2 * outline.border_sd_of(lesion.label) * px_mm / diameter_mm)
    return Measurement(
        Quantity.MAX_DIAMETER,
        diameter_mm,
        Unit.MM,
        outline.method,
        math.hypot(own, _curvature_log_sd(lesion)),
        _shared_log_sd(lesion, 1),
    )


def _measure_total(findings: list[Finding], outline: Outline, scale: Scale | None) -> list[Finding]:
    measured = {finding.lesion for finding in findings}
    counted = measured & set(outline.counted())
    step = max(1, int(math.sqrt(outline.labels.size / SITE_PX)))
    sizes = _thinned(scale, outline.labels.shape, step)
    limit = outline.detection_limit_px * float(np.median(sizes))
    totals = [
        sum_or_nothing(
            [
                finding.measurement
                for finding in findings
                if finding.lesion in counted and finding.measurement.quantity is empty.quantity
            ],
            empty,
            outline,
        )
        for empty in _empty_totals(outline, scale, limit)
    ]
    totals.append(count_lesions(sorted(counted), outline.method))
    if outline.soft_tissue is not None:
        totals.append(_measure_coverage(totals[0], outline, counted, step, sizes))
    return [Finding(0, measurement) for measurement in totals]


def _empty_totals(outline: Outline, scale: Scale | None, limit: float) -> list[Measurement]:
    unit = Unit.PX if scale is None else Unit.MM2
    area = Measurement(Quantity.AREA, 0.0, unit, outline.method, detection_limit=limit)
    if scale is None:
        return [area]
    # The longest diameter of a disc of the smallest area that would have been seen.
    disc_mm = 2 * math.sqrt(limit / math.pi)
    diameter = Measurement(
        Quantity.MAX_DIAMETER, 0.0, Unit.MM, outline.method, detection_limit=disc_mm
    )
    return [area, diameter]


def _thinned(scale: Scale | None, shape: tuple[int, ...], step: int) -> FloatArray:
    """Size of every ``step``-th pixel along both axes."""
    if not isinstance(scale, PlaneHomography):
        return np.ones((1, 1)) if scale is None else scale.pixel_sizes(shape)
    coarse = np.diag([float(step), float(step), 1.0])
    rows, columns = (-(-size // step) for size in shape)
    thin = replace(scale, matrix=scale.matrix @ coarse, shape=(rows, columns))
    return thin.pixel_sizes((rows, columns)) / step**2


def _measure_coverage(
    area: Measurement, outline: Outline, counted: set[int], step: int, sizes: FloatArray
) -> Measurement:
    """Share of the site's soft tissue that is deposit; the scale's error cancels in it."""
    site = np.isin(outline.labels[::step, ::step], sorted(counted))
    if outline.soft_tissue is not None:
        site |= outline.soft_tissue[::step, ::step]
    whole = step**2 * float(np.broadcast_to(sizes, site.shape)[site].sum())
    share = 100.0 / whole if whole > 0 else 0.0
    return Measurement(
        Quantity.COVERAGE,
        area.value * share,
        Unit.PERCENT,
        outline.method,
        area.log_sd_own,
        detection_limit=area.detection_limit * share,
    )
