"""Read the scale of a radiograph from its DICOM spacing attributes.

The table of the guide, row by row (`tests/calibrate/test_detector.py` goes through all of it):

===================================================  ====================================
present                                              scale and its source
===================================================  ====================================
ImagerPixelSpacing only                              it, ``detector``
ImagerPixelSpacing and a magnification               spacing / magnification,
                                                     ``detector_magnification_corrected``
PixelSpacing equal to ImagerPixelSpacing             it, ``detector``
PixelSpacing unequal, calibration type or text       PixelSpacing, ``calibrated``
PixelSpacing unequal, neither                        PixelSpacing, ``unknown_calibration``
PixelSpacing only                                    PixelSpacing, ``unknown_calibration``
any of them zero, negative, not finite or absurd     none, ``bad_spacing``
none of them                                         none, ``no_scale``
===================================================  ====================================

A secondary capture's NominalScannedPixelSpacing is the paper's grid, not the patient's, and
never gives mm; `cctrack.model.SpacingTags` does not even hold it.
"""

import math
from dataclasses import replace

from cctrack.model import AxisScale, Flag, ScaleSource, SpacingTags

SMALLEST_MM = 0.01
"""No X-ray detector has finer pixels: mammography, the finest, has 0.05 mm."""

LARGEST_MM = 5.0
"""A hand would be 40 px wide: such a file holds a thumbnail or a wrong unit."""

SAME_WITHIN = 1e-3
"""Two spacings differ when they are apart by more than rounding to three digits."""

LARGEST_MAGNIFICATION = 5.0
"""Above it the source would stand closer to the patient than any clinical device allows."""

DETECTOR_SD = 0.01
"""A deposit 10 mm above the detector is drawn 2 % too large in area, 1 % in length (source at
1 m); how deep it lies is unknown on one projection."""

CALIBRATED_SD = 0.015
"""The same, and 1 % more for reading the calibration object's two edges."""

UNKNOWN_CALIBRATION_SD = 0.03
"""Nobody says what the spacing refers to, so it may miss the magnification of the examination:
3 % of length is a part 30 mm above the detector with the source at 1 m."""

WIDEST_FLAT_MM = 110.0
"""Hands and feet lie flat on the detector. Discs of 74 to 78 mm fit into simulated hands, of 87 to
94 mm into forearms, of 139 mm and more into knees, shoulders and trunks."""

THICKEST_MM = 300.0
"""A trunk is wider than it is thick."""

SOURCE_MM = 1000.0
"""Distance of the source of a usual examination."""

_SD = {
    ScaleSource.DETECTOR: DETECTOR_SD,
    ScaleSource.DETECTOR_MAGNIFICATION_CORRECTED: DETECTOR_SD,
    ScaleSource.CALIBRATED: CALIBRATED_SD,
    ScaleSource.UNKNOWN_CALIBRATION: UNKNOWN_CALIBRATION_SD,
}

Spacing = tuple[float, float]


def read_detector(tags: SpacingTags) -> tuple[AxisScale | None, frozenset[Flag]]:
    """Turn a radiograph's spacing attributes into a scale, or say why there is none.

    Parameters
    ----------
    tags : SpacingTags
        As in the file, also when absurd.

    Returns
    -------
    scale : AxisScale or None
        mm per px along (row, column); None when no attribute can be trusted.
    flags : frozenset of Flag
        ``no_scale`` whenever the scale is None, with ``bad_spacing`` when an attribute was there
        but impossible; ``unknown_calibration`` when nobody says what the spacing refers to.
    """
    if tags.pixel_spacing is None and tags.imager_pixel_spacing is None:
        return None, frozenset({Flag.NO_SCALE})
    if not _all_plausible(tags):
        return None, frozenset({Flag.NO_SCALE, Flag.BAD_SPACING})
    spacing, source = _row_of_the_table(tags)
    if not _is_plausible(spacing):
        return None, frozenset({Flag.NO_SCALE, Flag.BAD_SPACING})
    flagged = source is ScaleSource.UNKNOWN_CALIBRATION
    flags = frozenset({Flag.UNKNOWN_CALIBRATION}) if flagged else frozenset[Flag]()
    return AxisScale(spacing, source, _relative_sd(tags, source)), flags


def allow_for_depth(scale: AxisScale, width_mm: float) -> AxisScale:
    """Widen the error of a scale that refers to the detector, where a part of the body is thick.

    What lies d above the detector is drawn 1 / (1 - d / source) times as large; nobody knows how
    deep a deposit lies. A knee's deposits are drawn 7 to 12 % too large in length.

    Parameters
    ----------
    scale : AxisScale
    width_mm : float
        Of the part that is shown: it is taken to be as thick, and its deposits to lie in its middle
        give or take as much.
    """
    of_the_detector = scale.source in (ScaleSource.DETECTOR, ScaleSource.UNKNOWN_CALIBRATION)
    if not of_the_detector or width_mm <= WIDEST_FLAT_MM:
        return scale
    deep = 0.5 * min(width_mm, THICKEST_MM) / SOURCE_MM
    return replace(scale, relative_sd=math.hypot(scale.relative_sd, deep))


def _row_of_the_table(tags: SpacingTags) -> tuple[Spacing, ScaleSource]:
    pixel, imager = tags.pixel_spacing, tags.imager_pixel_spacing
    if pixel is None:
        return _from_detector(tags)
    if imager is None:
        return pixel, ScaleSource.UNKNOWN_CALIBRATION
    if _same(pixel, imager):
        return pixel, _unless_captured(tags, ScaleSource.DETECTOR)
    if tags.calibration_type.strip() or tags.calibration_described:
        return pixel, ScaleSource.CALIBRATED
    return pixel, ScaleSource.UNKNOWN_CALIBRATION


def _from_detector(tags: SpacingTags) -> tuple[Spacing, ScaleSource]:
    if tags.imager_pixel_spacing is None:
        raise ValueError("called without any spacing")
    row, column = tags.imager_pixel_spacing
    if tags.magnification is None:
        return (row, column), _unless_captured(tags, ScaleSource.DETECTOR)
    corrected = (row / tags.magnification, column / tags.magnification)
    return corrected, _unless_captured(tags, ScaleSource.DETECTOR_MAGNIFICATION_CORRECTED)


def _unless_captured(tags: SpacingTags, source: ScaleSource) -> ScaleSource:
    # A secondary capture has no detector: the attribute was copied from another image, whose
    # pixels may have been resampled since.
    return ScaleSource.UNKNOWN_CALIBRATION if tags.secondary_capture else source


def _relative_sd(tags: SpacingTags, source: ScaleSource) -> float:
    sd = _SD[source]
    if source is ScaleSource.DETECTOR and tags.magnification is not None:
        # The file knows of a magnification that its own PixelSpacing leaves out.
        return math.hypot(sd, tags.magnification - 1.0)
    return sd


def _all_plausible(tags: SpacingTags) -> bool:
    spacings = (tags.pixel_spacing, tags.imager_pixel_spacing)
    if not all(spacing is None or _is_plausible(spacing) for spacing in spacings):
        return False
    factor = tags.magnification
    return factor is None or (math.isfinite(factor) and 1.0 <= factor <= LARGEST_MAGNIFICATION)


def _is_plausible(spacing: Spacing) -> bool:
    return len(spacing) == 2 and all(
        math.isfinite(value) and SMALLEST_MM <= value <= LARGEST_MM for value in spacing
    )


def _same(first: Spacing, second: Spacing) -> bool:
    return all(math.isclose(a, b, rel_tol=SAME_WITHIN) for a, b in zip(first, second, strict=True))
