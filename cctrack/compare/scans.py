"""Whether two CTs were made alike, and how much wider it makes the error where they were not."""

import re

import numpy as np

from cctrack.compare.comparability import ALIKE, Comparability, combine
from cctrack.model import Acquisition, Ct, Flag, Method

KERNEL_LOG_SD = {Method.FIXED_THRESHOLD: 0.39}
"""Different reconstruction kernels: one skull above 600 HU measured 165 and 357 mL.

ln(357 / 165) / 1.96 = 0.39 makes that the edge of the 95 % interval of a fixed threshold.
"""

KERNEL_LOG_SD_ELSE = 0.15
"""The same for methods that weigh partial volumes; chosen with caution. Totals of one simulated
limb differ by less than 3 % between a soft and a sharp kernel."""

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

SAME_PIXEL = 1.1
"""Pixels nearer in size than this ratio are the same: scanners vary the field by a little."""

PIXEL_LOG_SD = {Method.FIXED_THRESHOLD: 0.05}
"""Pixels of another size: a fixed threshold counts whole pixels of a blurred border."""

PIXEL_LOG_SD_ELSE = 0.02
"""The same for methods that weigh partial volumes: 1.5 and 1.8 % on two simulated forearms."""

LOSSY_LOG_SD = 0.05
"""Compression with loss at one visit only: chosen with caution, not measured."""

PADDED_SHARE = 0.05
"""Difference in the share of a frame without data from which on it is worth a word."""

KERNEL_NAME = re.compile(
    r"[A-Za-z]{1,2}\d{2,3}[a-z]?|FC\d{2}|STANDARD|SOFT|DETAIL|LUNG|BONE(PLUS)?|EDGE"
)
"""Names that scanners give their kernels. Any other text may be a person's, and is not repeated."""


def compare_scans(
    before: Ct, after: Ct, *, method: Method = Method.PARTIAL_VOLUME
) -> Comparability:
    """Compare how two CTs were made and stored.

    Parameters
    ----------
    before, after : Ct
    method : Method
        How volumes are measured; a fixed threshold suffers most from different reconstructions.
    """
    return combine(
        compare_acquisitions(before.acquisition, after.acquisition, method=method),
        _compare_pixels(before, after, method),
        _compare_padding(before, after),
        _compare_loss(before, after),
    )


def compare_acquisitions(
    before: Acquisition, after: Acquisition, *, method: Method = Method.PARTIAL_VOLUME
) -> Comparability:
    """Compare kernel, slice thickness, tube voltage, contrast and scanner.

    Parameters
    ----------
    before, after : Acquisition
    method : Method
        How volumes are measured.
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
        which = _missing(before, after)
        text = f"The reconstruction kernel is not stated {which}: sharper ones show larger volumes."
        return Comparability((text,), UNKNOWN_LOG_SD)
    if _plain(before) == _plain(after):
        return ALIKE
    known = all(KERNEL_NAME.fullmatch(name) for name in (before, after))
    names = f" ({before}, {after})" if known else ""
    text = (
        f"Different reconstruction kernels{names}: the sharper one shows borders and noise larger."
    )
    return Comparability((text,), KERNEL_LOG_SD.get(method, KERNEL_LOG_SD_ELSE), remade=True)


def _compare_thickness(
    before_mm: float | None, after_mm: float | None, method: Method
) -> Comparability:
    if not before_mm or not after_mm:
        text = f"The slice thickness is not stated {_missing(before_mm, after_mm)}."
        return Comparability((text,), UNKNOWN_LOG_SD)
    ratio = max(before_mm, after_mm) / min(before_mm, after_mm)
    if ratio < SAME_THICKNESS:
        return ALIKE
    text = f"Different slice thickness ({before_mm:g} and {after_mm:g} mm)"
    if ratio > MAX_THICKNESS_RATIO:
        least = f"more than a factor of {MAX_THICKNESS_RATIO:g}"
        return Comparability(obstacle=f"{text}: {least}, so small deposits cannot be compared.")
    text = f"{text}: thick slices blur small deposits and may lose them."
    return Comparability((text,), THICKNESS_LOG_SD.get(method, THICKNESS_LOG_SD_ELSE), remade=True)


def _compare_kvp(before: float | None, after: float | None) -> Comparability:
    if before is None or after is None:
        text = (
            f"The tube voltage is not stated {_missing(before, after)}: "
            "calcium is looked for there as at 120 kVp."
        )
        return Comparability((text,), TUBE_LOG_SD)
    if np.isclose(before, after):
        return ALIKE
    text = (
        f"Different tube voltage ({before:g} and {after:g} kVp): calcium is brighter at the lower "
        "one; the threshold follows it."
    )
    return Comparability((text,), TUBE_LOG_SD, remade=True)


def _compare_contrast(before: Acquisition, after: Acquisition) -> Comparability:
    if before.contrast == after.contrast:
        return ALIKE
    which = "earlier" if before.contrast else "later"
    text = (
        f"Contrast agent at one visit only (the {which} one): enhanced vessels may be taken for "
        "deposits, and deposits stand out less."
    )
    return Comparability((text,), CONTRAST_LOG_SD, remade=True)


def _compare_scanners(before: str, after: str) -> Comparability:
    if not before or not after or _plain(before) == _plain(after):
        return ALIKE
    return Comparability(("Scanners of different makers.",))


def _compare_pixels(before: Ct, after: Ct, method: Method) -> Comparability:
    """Compare pixel sizes, and with them the field of view."""
    sizes_mm = [float(np.mean(ct.scale.mean_mm[1:])) for ct in (before, after)]
    if max(sizes_mm) < SAME_PIXEL * min(sizes_mm):
        return ALIKE
    fields_mm = [
        max(ct.shape[1:]) * size for ct, size in zip((before, after), sizes_mm, strict=True)
    ]
    text = (
        f"Different pixels ({sizes_mm[0]:.2g} and {sizes_mm[1]:.2g} mm; field of view "
        f"{fields_mm[0]:.0f} and {fields_mm[1]:.0f} mm): large ones blur small deposits."
    )
    return Comparability((text,), PIXEL_LOG_SD.get(method, PIXEL_LOG_SD_ELSE))


def _compare_padding(before: Ct, after: Ct) -> Comparability:
    shares = [0.0 if ct.padding is None else float(ct.padding.mean()) for ct in (before, after)]
    if abs(shares[0] - shares[1]) < PADDED_SHARE:
        return ALIKE
    which = "earlier" if shares[0] > shares[1] else "later"
    text = (
        f"The {which} scan holds no data in {max(shares):.0%} of its frame, the other in "
        f"{min(shares):.0%}: deposits there are not seen."
    )
    return Comparability((text,))


def _compare_loss(before: Ct, after: Ct) -> Comparability:
    lossy = [Flag.LOSSY in ct.flags for ct in (before, after)]
    if lossy[0] == lossy[1]:
        return ALIKE
    which = "earlier" if lossy[0] else "later"
    text = (
        f"The {which} scan was compressed with loss, the other was not: compression smooths "
        "borders and noise."
    )
    return Comparability((text,), LOSSY_LOG_SD)


def _missing(before: object, after: object) -> str:
    if not before and not after:
        return "at either visit"
    return "at the earlier visit" if not before else "at the later visit"


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
