"""Add the lesions of one volume up to its totals."""

import math

import numpy as np
from numpy.typing import NDArray

from cctrack.measure.calcium import AGATSTON_INCREMENT_MM
from cctrack.measure.error import count_lesions, sum_or_nothing
from cctrack.measure.surroundings import Scan
from cctrack.model import Finding, Flag, Measurement, Method, Outline, Quantity, Scale, Unit

VOLUME_METHODS = (Method.PARTIAL_VOLUME, Method.HALF_PEAK, Method.FIXED_THRESHOLD)
"""The three volumes of CT; the first is the one verdicts rest on."""


def total_volumes(
    findings: list[Finding], outline: Outline, scan: Scan, flags: frozenset[Flag]
) -> list[Finding]:
    """Add up a CT's lesions: volumes by each method, diameter, calcium, count and density."""
    empty = empty_totals(outline, scan.scale, VOLUME_METHODS)
    score = empty[0].detection_limit / AGATSTON_INCREMENT_MM
    empty.append(
        Measurement(Quantity.AGATSTON, 0.0, Unit.ONE, outline.method, detection_limit=score)
    )
    if scan.calibration is not None and Flag.CALIBRATION_MISMATCH not in flags:
        empty.append(Measurement(Quantity.MASS, 0.0, Unit.MG, Method.PARTIAL_VOLUME))
    totals = [*sum_findings(findings, outline, empty), *_total_densities(findings, outline)]
    return [Finding(0, item.measurement, item.flags | flags) for item in totals]


def empty_totals(outline: Outline, scale: Scale, methods: tuple[Method, ...]) -> list[Measurement]:
    """Volumes and longest diameter of nothing found: 0, with what would have been missed."""
    limit = outline.detection_limit_px * float(np.prod(scale.mean_mm))
    empty = [
        Measurement(Quantity.VOLUME, 0.0, Unit.MM3, method, detection_limit=limit)
        for method in methods
    ]
    # The longest diameter of a ball of the smallest volume that would have been seen.
    ball_mm = (6 * limit / math.pi) ** (1 / 3)
    diameter = Measurement(
        Quantity.MAX_DIAMETER, 0.0, Unit.MM, outline.method, detection_limit=ball_mm
    )
    return [*empty, diameter]


def sum_findings(
    findings: list[Finding], outline: Outline, empty: list[Measurement]
) -> list[Finding]:
    """Sum each quantity of ``empty`` over the lesions that count, and count them."""
    counted = set(outline.counted())
    totals = []
    for none in empty:
        parts = [
            finding
            for finding in findings
            if finding.lesion in counted
            and finding.measurement.quantity is none.quantity
            and finding.measurement.method is none.method
        ]
        total = sum_or_nothing([part.measurement for part in parts], none, outline)
        scaled = frozenset(
            {Flag.SLICE_INCREMENT_SCALED} & {flag for part in parts for flag in part.flags}
        )
        totals.append(Finding(0, total, scaled))
    return [*totals, Finding(0, count_lesions(sorted(counted), outline.method))]


def _total_densities(findings: list[Finding], outline: Outline) -> list[Finding]:
    """Mean over all voxels of the lesions that count, and the highest of their maxima."""
    counted = outline.counted()
    if not counted:
        return []
    sizes = _count_voxels(outline)
    mean, peak = (
        {
            finding.lesion: finding.measurement
            for finding in findings
            if finding.measurement.quantity is quantity
        }
        for quantity in (Quantity.MEAN_HU, Quantity.MAX_HU)
    )
    weight = np.array([sizes[lesion] for lesion in counted], dtype=np.float64)
    values = np.array([mean[lesion].value for lesion in counted])
    spreads = np.array([mean[lesion].sd for lesion in counted])
    average = float(np.average(values, weights=weight))
    spread = float(np.hypot.reduce(weight * spreads) / weight.sum())
    log_sd = abs(spread / average) if average else 0.0
    highest = max((peak[lesion] for lesion in counted), key=lambda item: item.value)
    overall = Measurement(Quantity.MEAN_HU, average, Unit.HU, outline.method, log_sd)
    return [Finding(0, overall), Finding(0, highest)]


def _count_voxels(outline: Outline) -> NDArray[np.int64]:
    """Voxels of each label; plane by plane, since a whole CT would take four times its memory."""
    counts = np.zeros(int(outline.labels.max(initial=0)) + 1, dtype=np.int64)
    for plane in outline.labels:
        if plane.any():
            counts += np.bincount(plane[plane > 0], minlength=len(counts))
    return counts
