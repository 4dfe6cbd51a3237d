"""Measure the volume, density and Agatston score of every deposit outlined on CT."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.measure.calcium import AGATSTON_INCREMENT_MM, agatston_score
from cctrack.measure.diameter import max_diameter_mm
from cctrack.measure.error import (
    border_log_sd,
    border_per_size,
    compactness,
    crop_scale,
    find_crops,
    shared_log_sd,
    touches_border,
)
from cctrack.measure.surroundings import Scan, Surroundings, look_around
from cctrack.measure.total import VOLUME_METHODS, empty_totals, sum_findings, total_volumes
from cctrack.measure.volumetry import fixed_threshold_mm3, half_peak_mm3, partial_volume_mm3
from cctrack.model import (
    AxisScale,
    Ct,
    Finding,
    Flag,
    Measurement,
    Method,
    Outline,
    Quantity,
    Scale,
    SliceExtents,
    Unit,
)
from cctrack.model.hounsfield import calcium_threshold_hu

BORDER_SHARE = {
    Method.PARTIAL_VOLUME: 0.4,
    Method.HALF_PEAK: 1.0,
    Method.FIXED_THRESHOLD: 1.0,
    Method.READER: 1.0,
    Method.AUTOMATIC: 1.0,
}
"""How much of the outline's border error reaches a volume: chosen on simulated deposits so that
95 % intervals of compact ones cover the true volume (see `THIN_LOG_SD` for the others)."""

METHOD_LOG_SD = {
    Method.PARTIAL_VOLUME: 0.02,
    Method.HALF_PEAK: 0.02,
    Method.FIXED_THRESHOLD: 0.05,
}
"""Error of ln(volume) left in large deposits. That of the fixed threshold is its repeatability
only: it counts the blur as calcium and lies 10 to 100 % above the true volume by definition."""

SMALL_LOG_SD = {Method.PARTIAL_VOLUME: 0.11, Method.HALF_PEAK: 0.2}
"""Error of ln(volume) where a deposit is all border, times border per size (1/px) squared: its own
peak is blurred away. Chosen on simulated stones of 10 to 190 mm³."""

THIN_COMPACTNESS = 0.55
"""Inscribed radius over that of a ball of the same volume: simulated stones have 0.62 to 0.96,
plates and nets 0.25 to 0.53."""

THIN_LOG_SD = 0.6
"""Error of ln(volume) of plates and nets: thinner than the blur they never show their own density,
and volumes by peak come out up to fivefold too large, by the same factor at every visit."""

PEAK_METHODS = (Method.PARTIAL_VOLUME, Method.HALF_PEAK)
"""Methods that rest on a lesion's own peak."""

AXIAL_COSINE = 0.8
"""Slices whose normal lies within 37° of the body's axis count as axial (gantry tilt: 30°)."""


def measure_ct(ct: Ct, outline: Outline) -> tuple[Finding, ...]:
    """Measure every deposit of a CT; tube voltage, padding and orientation come from it.

    Like `measure_volumes`, but without an Agatston score where slices are not axial: the score is
    defined on axial slices only.
    """
    findings = measure_volumes(ct.hu, outline, ct.scale, kvp=ct.acquisition.kvp, padding=ct.padding)
    if is_axial(ct):
        return findings
    return tuple(
        finding for finding in findings if finding.measurement.quantity is not Quantity.AGATSTON
    )


def is_axial(ct: Ct) -> bool:
    """Whether the slices cut the body across its long axis."""
    along_rows, along_columns = ct.affine[:3, 1], ct.affine[:3, 2]
    normal = np.cross(along_rows, along_columns)
    return bool(abs(normal[2]) >= AXIAL_COSINE * np.linalg.norm(normal))


def measure_volumes(
    ct_hu: NDArray[np.int16],
    outline: Outline,
    scale: Scale,
    *,
    kvp: float | None,
    padding: NDArray[np.bool_] | None = None,
) -> tuple[Finding, ...]:
    """Measure volume by three methods, density, Agatston score, longest diameter and count.

    Parameters
    ----------
    ct_hu : int16 array (slices, rows, columns)
        Hounsfield units; slices axial where the Agatston score is to mean anything.
    outline : Outline
        Of the same grid.
    scale : Scale
        `AxisScale` of three axes or `SliceExtents`.
    kvp : float or None
        Tube voltage; sets the threshold of ``fixed_threshold`` and the Agatston score.
    padding : bool array or None
        True where there is no data.

    Returns
    -------
    tuple of Finding
        Lesions ascending, then the total as lesion 0, without lesions flagged ``over_bone``. The
        total's longest diameter is the sum over lesions; its density the mean over all their
        voxels, absent when nothing was found.

    Raises
    ------
    ValueError
        If shapes differ or the scale is not one of a volume.
    """
    _require_one_grid(ct_hu, outline)
    threshold_hu, kvp_flags = calcium_threshold_hu(kvp)
    scan = Scan(ct_hu, crop_scale(scale, (slice(None),) * 3), threshold_hu, padding)
    findings = []
    for label, crop in find_crops(outline.labels).items():
        flags = outline.flags_of(label) | kvp_flags
        if touches_border(crop, ct_hu.shape):
            flags |= {Flag.NEAR_BORDER}
        surroundings = look_around(scan, outline, label, crop)
        findings += _measure_lesion(surroundings, outline, threshold_hu, (label, flags))
    return (*findings, *total_volumes(findings, outline, scale, kvp_flags))


def measure_mask_volume(outline: Outline, scale: Scale) -> tuple[Finding, ...]:
    """Measure volumes from a mask alone, as on MR where grey values have no unit.

    Parameters
    ----------
    outline : Outline
        Usually a reader's, 3D.
    scale : Scale
        `AxisScale` of three axes or `SliceExtents`.

    Returns
    -------
    tuple of Finding
        Volume, longest diameter and count, per lesion and as the total (lesion 0).

    Raises
    ------
    ValueError
        If the scale is not one of a volume.
    """
    findings = []
    for label, crop in find_crops(outline.labels).items():
        part = _Part(outline.labels[crop] == label, crop_scale(scale, crop))
        flags = outline.flags_of(label)
        if touches_border(crop, outline.labels.shape):
            flags |= {Flag.NEAR_BORDER}
        findings.append(Finding(label, _mask_volume(part, outline, outline.method), flags))
        findings.append(Finding(label, _diameter(part, outline), flags))
    nothing = empty_totals(outline, scale, (outline.method,))
    return (*findings, *sum_findings(findings, outline, nothing))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A cut-out region and its scale."""

    region: NDArray[np.bool_]
    scale: AxisScale | SliceExtents


def _require_one_grid(ct_hu: NDArray[np.int16], outline: Outline) -> None:
    if ct_hu.ndim != 3 or ct_hu.shape != outline.labels.shape:
        raise ValueError(f"outline of {outline.labels.shape} on a volume of {ct_hu.shape}")


def _measure_lesion(
    here: Surroundings,
    outline: Outline,
    threshold_hu: float,
    named: tuple[int, frozenset[Flag]],
) -> list[Finding]:
    label, flags = named
    part = _Part(here.region, here.scale)
    values = {
        Method.PARTIAL_VOLUME: partial_volume_mm3(here),
        Method.HALF_PEAK: half_peak_mm3(here),
        Method.FIXED_THRESHOLD: fixed_threshold_mm3(here, threshold_hu),
    }
    measured = [_volume(values[method], method, part, outline) for method in VOLUME_METHODS]
    measured += [_mean_hu(here, outline), _diameter(part, outline)]
    findings = [Finding(label, measurement, flags) for measurement in measured]
    return [*findings, Finding(label, *_agatston(here, outline, threshold_hu, flags))]


def _volume(value: float, method: Method, part: _Part, outline: Outline) -> Measurement:
    border = border_log_sd(part.region, BORDER_SHARE[method] * outline.border_sd_px)
    thin = (
        method in PEAK_METHODS and compactness(part.region, part.scale.mean_mm) < THIN_COMPACTNESS
    )
    small = SMALL_LOG_SD.get(method, 0.0) * border_per_size(part.region) ** 2
    unseen = THIN_LOG_SD if thin else 0.0
    own = math.hypot(METHOD_LOG_SD.get(method, 0.0), border, small, unseen)
    shared = shared_log_sd(part.scale, 3)
    return Measurement(Quantity.VOLUME, value, Unit.MM3, method, own, shared)


def _mask_volume(part: _Part, outline: Outline, method: Method) -> Measurement:
    sizes = np.broadcast_to(part.scale.pixel_sizes(part.region.shape), part.region.shape)
    return _volume(float(sizes[part.region].sum()), method, part, outline)


def _mean_hu(here: Surroundings, outline: Outline) -> Measurement:
    values = here.hu[here.region]
    mean = float(values.mean())
    spread = float(values.std()) / math.sqrt(len(values))
    own = spread / abs(mean) if mean else 0.0
    return Measurement(Quantity.MEAN_HU, mean, Unit.HU, outline.method, own)


def _diameter(part: _Part, outline: Outline) -> Measurement:
    diameter_mm = max_diameter_mm(part.region, (0,) * part.region.ndim, part.scale)
    px_mm = float(np.prod(part.scale.mean_mm)) ** (1 / 3)
    own = math.log1p(2 * outline.border_sd_px * px_mm / diameter_mm)
    shared = shared_log_sd(part.scale, 1)
    return Measurement(Quantity.MAX_DIAMETER, diameter_mm, Unit.MM, outline.method, own, shared)


def _agatston(
    here: Surroundings, outline: Outline, threshold_hu: float, flags: frozenset[Flag]
) -> tuple[Measurement, frozenset[Flag]]:
    extents_mm = _extents_mm(here.scale, len(here.hu))
    score = agatston_score(
        here.hu,
        here.region,
        here.scale.pixel_sizes(here.hu.shape),
        extents_mm,
        threshold_hu=threshold_hu,
    )
    own = math.hypot(
        METHOD_LOG_SD[Method.FIXED_THRESHOLD], border_log_sd(here.region, outline.border_sd_px)
    )
    if not np.allclose(extents_mm, AGATSTON_INCREMENT_MM, rtol=0.01):
        flags |= {Flag.SLICE_INCREMENT_SCALED}
    shared = shared_log_sd(here.scale, 3)
    return Measurement(Quantity.AGATSTON, score, Unit.ONE, outline.method, own, shared), flags


def _extents_mm(scale: AxisScale | SliceExtents, slices: int) -> NDArray[np.float64]:
    if isinstance(scale, SliceExtents):
        return np.asarray(scale.extents_mm)
    return np.full(slices, scale.mm[0])
