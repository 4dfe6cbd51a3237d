"""Measure the area and the longest diameter of every lesion outlined on a flat image."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    Quantity,
    Scale,
    Unit,
)

PHOTO_FLOOR_MM2 = 25.0
"""Smaller lesions on photos can't carry a verdict of their own: 0.1 mm of border is ±10 %."""


@dataclass(frozen=True, slots=True)
class _Lesion:
    """One lesion's cut-out: where, which pixels and how large each is."""

    label: int
    region: NDArray[np.bool_]
    offset_px: tuple[int, ...]
    sizes: FloatArray
    flags: frozenset[Flag]

    @property
    def area(self) -> float:
        return float(np.broadcast_to(self.sizes, self.region.shape)[self.region].sum())


def measure_areas(
    outline: Outline, scale: Scale | None, *, modality: Modality = Modality.PHOTO
) -> tuple[Finding, ...]:
    """Measure area, longest diameter, count and coverage.

    Parameters
    ----------
    outline : Outline
        Of a 2D image (rows, columns).
    scale : Scale or None
        Under a `PlaneHomography` each pixel counts with its own mm². Without a scale areas are
        in px and nothing is in mm.
    modality : Modality
        On photos lesions under `PHOTO_FLOOR_MM2` are flagged ``below_floor``.

    Returns
    -------
    tuple of Finding
        Lesions ascending, then the total as lesion 0. Lesions flagged ``over_bone`` are measured
        but not in the total. The total's longest diameter is the sum over lesions, as RECIST has
        it. Coverage (%) only when the outline knows the soft tissue.

    Raises
    ------
    ValueError
        If the scale belongs to an image of another shape.
    """
    sizes = np.ones((1, 1)) if scale is None else scale.pixel_sizes(outline.labels.shape)
    lesions = _cut_out(outline, sizes)
    findings = [
        finding
        for lesion in lesions
        for finding in _measure_lesion(lesion, outline, scale, modality)
    ]
    return (*findings, *_measure_total(findings, outline, scale, sizes))


def _cut_out(outline: Outline, sizes: FloatArray) -> list[_Lesion]:
    shape = outline.labels.shape
    lesions = []
    for label, crop in find_crops(outline.labels).items():
        flags = outline.flags_of(label)
        if touches_border(crop, shape):
            flags |= {Flag.NEAR_BORDER}
        here = sizes[crop] if sizes.shape == shape else sizes
        offset = tuple(part.start for part in crop)
        lesions.append(_Lesion(label, outline.labels[crop] == label, offset, here, flags))
    return lesions


def _measure_lesion(
    lesion: _Lesion, outline: Outline, scale: Scale | None, modality: Modality
) -> list[Finding]:
    area = Measurement(
        Quantity.AREA,
        lesion.area,
        Unit.PX if scale is None else Unit.MM2,
        outline.method,
        border_log_sd(lesion.region, outline.border_sd_px),
        shared_log_sd(scale, 2),
    )
    flags = lesion.flags
    if modality is Modality.PHOTO and scale is not None and area.value < PHOTO_FLOOR_MM2:
        flags |= {Flag.BELOW_FLOOR}
    findings = [Finding(lesion.label, area, flags)]
    if scale is not None:
        findings.append(Finding(lesion.label, _measure_diameter(lesion, outline, scale), flags))
    return findings


def _measure_diameter(lesion: _Lesion, outline: Outline, scale: Scale) -> Measurement:
    diameter_mm = max_diameter_mm(lesion.region, lesion.offset_px, scale)
    px_mm = math.sqrt(lesion.area / np.count_nonzero(lesion.region))
    # A border moved outwards as a whole moves both ends of the diameter.
    own = math.log1p(2 * outline.border_sd_px * px_mm / diameter_mm)
    return Measurement(
        Quantity.MAX_DIAMETER, diameter_mm, Unit.MM, outline.method, own, shared_log_sd(scale, 1)
    )


def _measure_total(
    findings: list[Finding], outline: Outline, scale: Scale | None, sizes: FloatArray
) -> list[Finding]:
    counted = set(outline.counted())
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
        totals.append(_measure_coverage(totals[0], outline, sizes))
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


def _measure_coverage(area: Measurement, outline: Outline, sizes: FloatArray) -> Measurement:
    """Share of the site's soft tissue that is deposit; the scale's error cancels in it."""
    counted = np.isin(outline.labels, outline.counted())
    tissue = counted if outline.soft_tissue is None else outline.soft_tissue | counted
    site = float(np.broadcast_to(sizes, tissue.shape)[tissue].sum())
    share = 100.0 / site if site > 0 else 0.0
    return Measurement(
        Quantity.COVERAGE,
        area.value * share,
        Unit.PERCENT,
        outline.method,
        area.log_sd_own,
        detection_limit=area.detection_limit * share,
    )
