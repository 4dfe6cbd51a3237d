"""Measure every deposit outlined on a volume: CT by its Hounsfield units, MR by a mask alone."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.measure.calibration import calibration_flags
from cctrack.measure.deposit import Deposit, measure_deposit
from cctrack.measure.diameter import max_diameter_mm
from cctrack.measure.error import (
    border_log_sd,
    crop_scale,
    find_crops,
    shared_log_sd,
    touches_border,
)
from cctrack.measure.sharpness import Blur, read_blur_mm
from cctrack.measure.surroundings import Scan, look_around
from cctrack.measure.total import empty_totals, sum_findings, total_volumes
from cctrack.model import (
    AxisScale,
    Ct,
    Finding,
    Flag,
    FloatArray,
    Measurement,
    Outline,
    Quantity,
    Scale,
    SliceExtents,
    Unit,
)
from cctrack.model.calibration import Calibration
from cctrack.model.hounsfield import calcium_threshold_hu

AXIAL_COSINE = 0.8
"""Slices whose normal lies within 37° of the body's axis count as axial (gantry tilt: 30°)."""

PLAUSIBLE_PROFILE = (0.5, 4.0)
"""Slice thickness over increment: outside it the header is wrong and the increment is taken."""


def measure_ct(
    ct: Ct, outline: Outline, *, calibration: Calibration | None = None
) -> tuple[Finding, ...]:
    """Measure every deposit of a CT; tube voltage, padding and orientation come from it.

    Like `measure_volumes`, with a mass where a calibration holds for the scan, and without an
    Agatston score where slices are not axial: the score is defined on axial slices only.

    Parameters
    ----------
    ct : Ct
    outline : Outline
        Of the same grid. A depth under the skin is passed through where the outline knows it.
    calibration : Calibration or None
        Made at the tube voltage of the scan; else no mass is given and ``calibration_mismatch``
        says so.

    Raises
    ------
    ValueError
        If shapes differ or the scale is not one of a volume.
    """
    threshold_hu, flags = calcium_threshold_hu(ct.acquisition.kvp)
    scan = Scan(
        ct.hu,
        _volume_scale(ct.scale),
        threshold_hu,
        padding=ct.padding,
        skew=skew_of(ct.affine),
        calibration=calibration,
    )
    if calibration is not None:
        flags |= calibration_flags(calibration, ct.acquisition)
    _require_one_grid(scan, outline)
    scan = _with_blur(scan, outline, ct.acquisition.slice_thickness_mm)
    findings = _measure_scan(scan, outline, flags)
    if is_axial(ct):
        return findings
    return tuple(
        finding for finding in findings if finding.measurement.quantity is not Quantity.AGATSTON
    )


def is_axial(ct: Ct) -> bool:
    """Whether the slices cut the body across its long axis."""
    normal = np.cross(ct.affine[:3, 1], ct.affine[:3, 2])
    return bool(abs(normal[2]) >= AXIAL_COSINE * np.linalg.norm(normal))


def skew_of(affine: FloatArray) -> tuple[float, float]:
    """How far a tilted gantry shifts the slices along rows and columns, in mm per mm of the normal.

    Parameters
    ----------
    affine : array (4, 4)
        Maps (slice, row, column, 1) to mm.
    """
    step, row, column = (affine[:3, axis] for axis in range(3))
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    normal = np.cross(row, column)
    along = float(step @ normal) / float(np.linalg.norm(normal))
    if along == 0:
        return 0.0, 0.0
    # Scales count slices along the normal away from the first, whichever way that is.
    return float(step @ row) / abs(along), float(step @ column) / abs(along)


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
        total's longest diameter is the sum over lesions; its mean density that of all their
        voxels and its maximum the highest, absent when nothing was found.

    Raises
    ------
    ValueError
        If shapes differ or the scale is not one of a volume.
    """
    threshold_hu, flags = calcium_threshold_hu(kvp)
    scan = Scan(ct_hu, _volume_scale(scale), threshold_hu, padding)
    _require_one_grid(scan, outline)
    return _measure_scan(_with_blur(scan, outline, None), outline, flags)


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
        flags = outline.flags_of(label)
        if touches_border(crop, outline.labels.shape):
            flags |= {Flag.NEAR_BORDER}
        region, here = outline.labels[crop] == label, crop_scale(scale, crop)
        for measurement in (
            _mask_volume(region, here, outline),
            _mask_length(region, here, outline),
        ):
            findings.append(Finding(label, measurement, flags))
    nothing = empty_totals(outline, scale, (outline.method,))
    return (*findings, *sum_findings(findings, outline, nothing))


def _volume_scale(scale: Scale) -> AxisScale | SliceExtents:
    return crop_scale(scale, (slice(None),) * 3)


def _with_blur(scan: Scan, outline: Outline, thickness_mm: float | None) -> Scan:
    """Find how far a point spreads; not looked for where there is nothing to measure."""
    increment_mm = scan.scale.mean_mm[0]
    low, high = (share * increment_mm for share in PLAUSIBLE_PROFILE)
    stated = thickness_mm is not None and low <= thickness_mm <= high
    profile_mm = thickness_mm if stated and thickness_mm is not None else increment_mm
    if not outline.labels.any():
        return scan
    return replace(scan, blur=Blur(read_blur_mm(scan.hu, scan.scale, scan.padding), profile_mm))


def _require_one_grid(scan: Scan, outline: Outline) -> None:
    if scan.hu.ndim != 3 or scan.hu.shape != outline.labels.shape:
        raise ValueError(f"outline of {outline.labels.shape} on a volume of {scan.hu.shape}")


def _measure_scan(scan: Scan, outline: Outline, flags: frozenset[Flag]) -> tuple[Finding, ...]:
    findings = []
    for label, crop in find_crops(outline.labels).items():
        own = outline.flags_of(label) | flags
        if touches_border(crop, scan.hu.shape):
            own |= {Flag.NEAR_BORDER}
        here = look_around(scan, outline, label, crop)
        findings += measure_deposit(Deposit(here, outline, label, own, scan), flags)
    return (*findings, *total_volumes(findings, outline, scan, flags))


def _mask_volume(
    region: NDArray[np.bool_], scale: AxisScale | SliceExtents, outline: Outline
) -> Measurement:
    sizes = np.broadcast_to(scale.pixel_sizes(region.shape), region.shape)
    own, shared = border_log_sd(region, outline.border_sd_px), shared_log_sd(scale, 3)
    volume_mm3 = float(sizes[region].sum())
    return Measurement(Quantity.VOLUME, volume_mm3, Unit.MM3, outline.method, own, shared)


def _mask_length(
    region: NDArray[np.bool_], scale: AxisScale | SliceExtents, outline: Outline
) -> Measurement:
    diameter_mm = max_diameter_mm(region, (0,) * region.ndim, scale)
    px_mm = float(np.prod(scale.mean_mm)) ** (1 / 3)
    own = math.log1p(2 * outline.border_sd_px * px_mm / diameter_mm)
    shared = shared_log_sd(scale, 1)
    return Measurement(Quantity.MAX_DIAMETER, diameter_mm, Unit.MM, outline.method, own, shared)
