"""Whether two images may be compared at all, and how much wider that makes the error."""

import math
from dataclasses import dataclass

import numpy as np

from cctrack.model import Method, Scale, ScaleSource

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
    remade : bool
        Made so differently that one may show what the other cannot: what only one of them shows
        is then no change by itself.
    """

    warnings: tuple[str, ...] = ()
    log_sd: float = 0.0
    obstacle: str = ""
    remade: bool = False

    @property
    def comparable(self) -> bool:
        """Whether a verdict may be given."""
        return not self.obstacle

    @property
    def alike(self) -> bool:
        """Whether nothing is known that would make one of them measure otherwise than the other."""
        return not (self.obstacle or self.remade or self.log_sd)

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
        remade=any(part.remade for part in parts),
    )


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


def compare_outlines(before: Method, after: Method) -> Comparability:
    """Tell that a reader outlined one of two visits only; `Case` has the error of that."""
    if (before is Method.READER) is (after is Method.READER):
        return ALIKE
    read, left = ("earlier", "later") if before is Method.READER else ("later", "earlier")
    return Comparability(
        (
            f"The {read} visit was outlined by a reader, the {left} one automatically, which "
            f"widens the interval: look at the {left} one too, and agree or correct it.",
        )
    )


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


def _same_spacing(before: Scale, after: Scale) -> bool:
    return bool(np.allclose(before.mean_mm, after.mean_mm, rtol=SAME_SPACING))
