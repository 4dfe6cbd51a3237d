"""Add the lesions of one volume up to its totals."""

import math

import numpy as np

from cctrack.measure.calcium import AGATSTON_INCREMENT_MM
from cctrack.measure.error import count_lesions, sum_or_nothing
from cctrack.model import Finding, Flag, Measurement, Method, Outline, Quantity, Scale, Unit

VOLUME_METHODS = (Method.PARTIAL_VOLUME, Method.HALF_PEAK, Method.FIXED_THRESHOLD)
"""The three volumes of CT; the first is the one verdicts rest on."""


def total_volumes(
    findings: list[Finding], outline: Outline, scale: Scale, kvp_flags: frozenset[Flag]
) -> list[Finding]:
    """Add up a CT's lesions: volumes by each method, diameter, Agatston score, count, density."""
    empty = empty_totals(outline, scale, VOLUME_METHODS)
    limit_mm3 = empty[0].detection_limit
    empty.append(
        Measurement(
            Quantity.AGATSTON,
            0.0,
            Unit.ONE,
            outline.method,
            detection_limit=limit_mm3 / AGATSTON_INCREMENT_MM,
        )
    )
    totals = sum_findings(findings, outline, empty)
    density = _total_density(findings, outline)
    return [
        Finding(0, item.measurement, item.flags | kvp_flags)
        for item in ([*totals, density] if density else totals)
    ]


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


def _total_density(findings: list[Finding], outline: Outline) -> Finding | None:
    counted = outline.counted()
    if not counted:
        return None
    sizes = np.bincount(outline.labels[outline.labels > 0])
    own = {
        finding.lesion: finding.measurement
        for finding in findings
        if finding.measurement.quantity is Quantity.MEAN_HU
    }
    weight = np.array([sizes[lesion] for lesion in counted], dtype=np.float64)
    values = np.array([own[lesion].value for lesion in counted])
    spreads = np.array([own[lesion].sd for lesion in counted])
    mean = float(np.average(values, weights=weight))
    spread = float(np.hypot.reduce(weight * spreads) / weight.sum())
    log_sd = abs(spread / mean) if mean else 0.0
    return Finding(0, Measurement(Quantity.MEAN_HU, mean, Unit.HU, outline.method, log_sd))
