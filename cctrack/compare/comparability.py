"""Whether two images may be compared at all, and how much wider that makes the error."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cctrack.model import Acquisition, Ct, Image, Method, Scale, ScaleSource

KERNEL_LOG_SD = {Method.FIXED_THRESHOLD: 0.39}
"""Different reconstruction kernels: one skull above 600 HU measured 165 and 357 mL.

ln(357 / 165) / 1.96 = 0.39 makes that the edge of the 95 % interval of a fixed threshold.
"""

KERNEL_LOG_SD_ELSE = 0.15
"""The same for methods that weigh partial volumes; chosen with caution, not measured."""

THICKNESS_LOG_SD = {Method.FIXED_THRESHOLD: 0.10}
"""Slices up to 2.5 times thicker cost a fixed threshold 5 to 11 % in simulation."""

THICKNESS_LOG_SD_ELSE = 0.03
"""The same for methods that weigh partial volumes: 2 % in simulation, rounded up."""

SAME_THICKNESS = 1.1
"""Slice thicknesses nearer than this ratio are the same."""

MAX_THICKNESS_RATIO = 4.0
"""Beyond this nothing is known about how volumes agree; they are not compared."""

TUBE_LOG_SD = 0.05
"""Different or unknown tube voltages; the threshold follows kVp, the rest is left to this."""

CONTRAST_LOG_SD = 0.05
"""Contrast agent at one visit only."""

UNKNOWN_LOG_SD = 0.05
"""A kernel or slice thickness that at least one file does not state."""

SCALE_LOG_SD = 0.02
"""Spacings that are known in different ways, per length; 2 % is a hand 20 mm off the detector."""

UNKNOWN_SCALE_LOG_SD = 0.05
"""The same where one of them is of unknown calibration."""

FULL_COVERAGE = 0.98
"""A common field larger than this is the whole field."""

MIN_COVERAGE = 0.1
"""With less of the field in common two images do not show the same site.

A close-up after an overview shares little more; lesions outside it are left out one by one.
"""

SAME_SPACING = 0.01
"""Relative difference of spacings below which they are the same."""


@dataclass(frozen=True, slots=True)
class Comparability:
    """What stands between two images.

    Attributes
    ----------
    warnings : tuple of str
        One sentence each, for the reader.
    log_sd : float
        To be added to the error of ln(ratio), in quadrature.
    obstacle : str
        Why they cannot be compared at all; empty when they can.
    """

    warnings: tuple[str, ...] = ()
    log_sd: float = 0.0
    obstacle: str = ""

    @property
    def comparable(self) -> bool:
        """Whether a verdict may be given."""
        return not self.obstacle

    @property
    def text(self) -> str:
        """Everything there is to say, in one line."""
        return " ".join((*filter(None, (self.obstacle,)), *self.warnings))


ALIKE = Comparability()
"""Nothing stands between the images."""


def combine(*parts: Comparability) -> Comparability:
    """Join what was found about one pair: warnings in order, errors in quadrature."""
    return Comparability(
        warnings=tuple(warning for part in parts for warning in part.warnings),
        log_sd=math.hypot(*(part.log_sd for part in parts)),
        obstacle=next((part.obstacle for part in parts if part.obstacle), ""),
    )


def compare_images(
    before: Image, after: Image, *, coverage: float = 1.0, method: Method = Method.PARTIAL_VOLUME
) -> Comparability:
    """Compare how two images of one site were made.

    Parameters
    ----------
    before, after : Image
    coverage : float
        Share of the smaller field that both images show, 0–1.
    method : Method
        How volumes are measured; it decides how much a different reconstruction matters.
    """
    if before.modality is not after.modality:
        return Comparability(obstacle="The two images are of different kinds.")
    parts = [compare_coverage(coverage)]
    if isinstance(before, Ct) and isinstance(after, Ct):
        parts.append(compare_acquisitions(before.acquisition, after.acquisition, method=method))
    else:
        parts.append(compare_scales(before.scale, after.scale))
    return combine(*parts)


def compare_coverage(coverage: float) -> Comparability:
    """Judge how much of the field both visits show (``coverage``, 0–1)."""
    if coverage < MIN_COVERAGE:
        return Comparability(
            obstacle=f"Only {coverage:.0%} of the field was imaged at both visits."
        )
    if coverage < FULL_COVERAGE:
        return Comparability(
            (f"{coverage:.0%} of the field was imaged at both visits; only that is compared.",)
        )
    return ALIKE


def compare_scales(before: Scale | None, after: Scale | None) -> Comparability:
    """Compare how the spacing of two projections is known, and its value."""
    if before is None and after is None:
        return Comparability(("Neither image has a scale: only relative change can be told.",))
    if before is None or after is None:
        which = "earlier" if before is None else "later"
        return Comparability((f"The {which} image has no scale.",))
    if before.source is not after.source:
        sources = (before.source, after.source)
        unknown = ScaleSource.UNKNOWN_CALIBRATION in sources
        length = UNKNOWN_SCALE_LOG_SD if unknown else SCALE_LOG_SD
        names = " and ".join(str(source).replace("_", " ") for source in sources)
        return Comparability((f"The scale is known in different ways ({names}).",), 2 * length)
    if before.source is ScaleSource.UNKNOWN_CALIBRATION and not _same_spacing(before, after):
        text = "The spacings differ and it is not known how either was calibrated."
        return Comparability((text,), 2 * UNKNOWN_SCALE_LOG_SD)
    return ALIKE


def compare_acquisitions(
    before: Acquisition, after: Acquisition, *, method: Method = Method.PARTIAL_VOLUME
) -> Comparability:
    """Compare how two CTs were made: kernel, slice thickness, tube voltage, contrast, scanner.

    Parameters
    ----------
    before, after : Acquisition
    method : Method
        How volumes are measured; a fixed threshold suffers most from different reconstructions.
    """
    return combine(
        _compare_kernels(before.kernel, after.kernel, method),
        _compare_thickness(before.slice_thickness_mm, after.slice_thickness_mm, method),
        _compare_kvp(before.kvp, after.kvp),
        _compare_contrast(before, after),
        _compare_scanners(before.manufacturer, after.manufacturer),
    )


def _compare_kernels(before: str, after: str, method: Method) -> Comparability:
    if not before or not after:
        return Comparability(("A reconstruction kernel is not stated.",), UNKNOWN_LOG_SD)
    if _plain(before) == _plain(after):
        return ALIKE
    log_sd = KERNEL_LOG_SD.get(method, KERNEL_LOG_SD_ELSE)
    return Comparability((f"Different reconstruction kernels ({before}, {after}).",), log_sd)


def _compare_thickness(
    before_mm: float | None, after_mm: float | None, method: Method
) -> Comparability:
    if not before_mm or not after_mm:
        return Comparability(("A slice thickness is not stated.",), UNKNOWN_LOG_SD)
    ratio = max(before_mm, after_mm) / min(before_mm, after_mm)
    if ratio < SAME_THICKNESS:
        return ALIKE
    text = f"Different slice thickness ({before_mm:g} and {after_mm:g} mm)."
    if ratio > MAX_THICKNESS_RATIO:
        return Comparability(obstacle=text)
    return Comparability((text,), THICKNESS_LOG_SD.get(method, THICKNESS_LOG_SD_ELSE))


def _compare_kvp(before: float | None, after: float | None) -> Comparability:
    if before is None or after is None:
        return Comparability(("A tube voltage is not stated.",), TUBE_LOG_SD)
    if np.isclose(before, after):
        return ALIKE
    return Comparability((f"Different tube voltage ({before:g} and {after:g} kVp).",), TUBE_LOG_SD)


def _compare_contrast(before: Acquisition, after: Acquisition) -> Comparability:
    if before.contrast == after.contrast:
        return ALIKE
    return Comparability(("Contrast agent at one visit only.",), CONTRAST_LOG_SD)


def _compare_scanners(before: str, after: str) -> Comparability:
    if not before or not after or _plain(before) == _plain(after):
        return ALIKE
    return Comparability(("Scanners of different makers.",))


def _same_spacing(before: Scale, after: Scale) -> bool:
    return bool(np.allclose(before.mean_mm, after.mean_mm, rtol=SAME_SPACING))


def _plain(text: str) -> str:
    return _joined(character for character in text.casefold() if character.isalnum())


def _joined(characters: Iterable[str]) -> str:
    return "".join(characters)
