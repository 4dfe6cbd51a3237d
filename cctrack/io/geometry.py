"""Where the slices of a series lie: order, extents along the normal, shear, what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.io.agreement import (
    is_partial,
    require_all_parts,
    require_millimetres,
    require_one_kind,
    require_tilt_agrees,
)
from cctrack.io.dicom_header import Place
from cctrack.io.dicom_values import Vector
from cctrack.model import AxisScale, Because, Flag, FloatArray, Scale, ScaleSource, SliceExtents

EVEN_WITHIN = 0.01
"""Gaps that differ by less than 1 % are one spacing: positions are rounded to 0.01 mm at best."""

SAME_POSITION_MM = 0.01
"""Two slices closer than this are at one position; CT tables move by 0.1 mm at least."""

MULTIPLE_WITHIN = 0.05
"""A gap within 5 % of twice, three times … the usual one is slices left out of even ones.

The head scan with gaps of 1.08, 4 and 7 mm (3.70 and 6.48 times) was made so on purpose.
"""

USUAL_WITHIN = 0.05
"""Gaps within 5 % of the usual one count as usual when slices left out are looked for."""

ALONE_FROM = 1.5
"""A single gap of 1.5 times its usual neighbours on both sides is a hole, whole multiple or not."""

THICK_ENOUGH = 0.75
"""A gap whose neighbours are nominally this thick, as a share of it, is covered by them."""

THICKER_FROM = 1.2
"""What covers a gap is thicker than the slices at usual gaps by this; else it only overlaps more
than it needs to, and a slice is missing."""

MOST_UNSEEN = 3.0
"""A series whose gaps exceed its nominal thickness so many times has not seen most of the tissue.

High-resolution chest scans (1 mm every 10 mm) are made so; no volume can come of them.
"""

LATERAL_TOLERANCE_MM = 0.5
"""Slices may stray from their common line by rounding and by couch sag, not by more."""

TILT_FLAG_DEG = 0.5
"""A line of slices further from their normal than this is called tilted."""

UNIT_WITHIN = 0.01
"""Direction cosines rounded to two digits are this far from a unit vector, and still serve: the
normal is off by 0.6 degrees at most, the distance along it by 0.4 % when the gantry is tilted."""


WIDEST_FIELD_MM = 2500.0
"""A whole body is 2 m long; a wider field comes of a pixel spacing in the wrong unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A sorted series in space.

    Attributes
    ----------
    affine : array (4, 4)
        Maps (slice, row, column, 1) to LPS mm.
    scale : Scale
        `AxisScale` for even slices, `SliceExtents` for uneven ones.
    flags : frozenset of Flag
    """

    affine: FloatArray
    scale: Scale
    flags: frozenset[Flag]


def normal_of(orientation: Vector) -> FloatArray:
    """Work out the unit normal of a slice from its six direction cosines.

    Raises
    ------
    UnreadableImage
        If the two directions are not unit vectors at a right angle.
    """
    along_columns, along_rows = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = float(np.linalg.norm(along_columns)), float(np.linalg.norm(along_rows))
    askew = abs(float(along_columns @ along_rows))
    if not max(abs(lengths[0] - 1), abs(lengths[1] - 1), askew) < UNIT_WITHIN:
        raise UnreadableImage(Because.NO_POSITIONS, "the slice orientation is no right angle")
    normal: FloatArray = np.cross(along_columns, along_rows)
    return normal / np.linalg.norm(normal)


def heights_of(headers: Sequence[Place]) -> FloatArray:
    """Position of each slice along the normal in mm, array (slices,).

    Raises
    ------
    UnreadableImage
        If a position or the orientation is missing.
    """
    orientation = headers[0].orientation
    if orientation is None or any(header.position is None for header in headers):
        raise UnreadableImage(
            Because.NO_POSITIONS, "slices without ImagePositionPatient or ImageOrientationPatient"
        )
    positions = np.array([header.position for header in headers], dtype=np.float64)
    heights: FloatArray = positions @ normal_of(orientation)
    return heights


def locate(headers: Sequence[Place]) -> Geometry:
    """Work out the geometry of slices that are sorted along their normal, one per position.

    Raises
    ------
    UnreadableImage
        If it is one slice only, slices are missing or stray, or the spacing is absurd.
    """
    if len(headers) < 2:
        raise UnreadableImage(Because.SINGLE_SLICE, "one slice has no volume; two are needed")
    require_one_kind(headers)
    require_all_parts(headers)
    heights_mm = heights_of(headers)
    row_mm, column_mm = _in_plane(headers[0])
    gaps_mm = np.diff(heights_mm)
    _require_complete(headers, gaps_mm)
    affine, tilt_deg = _affine(headers, heights_mm, (row_mm, column_mm))
    require_tilt_agrees(headers, tilt_deg, normal_of(headers[0].orientation or ()))
    mean_mm = float(gaps_mm.mean())
    flags = {Flag.GANTRY_TILT} if tilt_deg > TILT_FLAG_DEG else set()
    if is_partial(headers):
        flags.add(Flag.PARTIAL_SERIES)
    if float(np.abs(gaps_mm - mean_mm).max()) <= EVEN_WITHIN * mean_mm:
        even = AxisScale((mean_mm, row_mm, column_mm), ScaleSource.SLICE_POSITIONS)
        return Geometry(affine, even, frozenset(flags))
    extents = tuple(float(extent) for extent in slice_extents(gaps_mm))
    flags.add(Flag.UNEVEN_SLICES)
    return Geometry(affine, SliceExtents(row_mm, column_mm, extents), frozenset(flags))


def slice_extents(gaps_mm: FloatArray) -> FloatArray:
    """Own extent of each slice: half the gap below and half the gap above, in mm.

    The outer halves of the first and the last slice are taken as deep as their inner ones.

    Examples
    --------
    >>> slice_extents(np.array([1.0, 3.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    below = np.concatenate([gaps_mm[:1], gaps_mm])
    above = np.concatenate([gaps_mm, gaps_mm[-1:]])
    extents: FloatArray = (below + above) / 2
    return extents


def _in_plane(header: Place) -> tuple[float, float]:
    spacing = header.pixel_spacing
    if spacing is None or not all(0.01 <= value <= 10.0 for value in spacing):
        raise UnreadableImage(Because.NO_SPACING, "PixelSpacing is missing or absurd")
    field_mm = max(header.rows * spacing[0], header.columns * spacing[1])
    if field_mm > WIDEST_FIELD_MM:
        raise UnreadableImage(
            Because.NO_SPACING, f"PixelSpacing makes a field of {field_mm:.0f} mm"
        )
    return spacing[0], spacing[1]


def _require_complete(headers: Sequence[Place], gaps_mm: FloatArray) -> None:
    """Refuse a series with slices left out, or one that leaves most tissue between its slices."""
    thickness_mm = [header.thickness_mm for header in headers]
    usual_mm = float(np.sort(gaps_mm)[(len(gaps_mm) - 1) // 2])
    ratio = gaps_mm / usual_mm
    wide = np.flatnonzero(_too_wide(ratio))
    left_out = [gap for gap in wide if not _covered(int(gap), gaps_mm, thickness_mm)]
    if left_out:
        lost = int(sum(max(1, round(float(ratio[gap])) - 1) for gap in left_out))
        widest_mm, places = float(gaps_mm[left_out].max()), len(left_out)
        raise UnreadableImage(
            Because.MISSING_SLICES,
            f"about {lost} missing: slices lie {usual_mm:.2f} mm apart, "
            f"but up to {widest_mm:.2f} mm in {places} place(s)",
        )
    if headers[0].modality == "CT":
        # Slices of a 2D MR sequence have gaps by design, and nobody thresholds them.
        _require_dense(usual_mm, thickness_mm)
        require_millimetres(headers, usual_mm)


def _require_dense(usual_mm: float, thickness_mm: Sequence[float | None]) -> None:
    known = [value for value in thickness_mm if value is not None and value > 0]
    if known and usual_mm > MOST_UNSEEN * float(np.median(known)):
        thin = f"{float(np.median(known)):.2f} mm thick slices {usual_mm:.2f} mm apart"
        raise UnreadableImage(Because.MISSING_SLICES, f"{thin} leave most tissue unseen")


def _too_wide(ratio: FloatArray) -> NDArray[np.bool_]:
    """Which gaps, as multiples of the usual one, have the look of slices left out."""
    usual = np.abs(ratio - 1) <= USUAL_WITHIN
    whole = np.maximum(1.0, np.round(ratio))
    multiple = np.abs(ratio - whole) <= np.where(whole == 1, USUAL_WITHIN, MULTIPLE_WITHIN * whole)
    if multiple.all():
        too_wide: NDArray[np.bool_] = whole > 1
        return too_wide
    # Uneven on purpose comes in blocks; one wide gap among usual ones does not.
    beside = np.pad(usual, 1, constant_values=True)
    alone: NDArray[np.bool_] = (ratio > ALONE_FROM) & beside[:-2] & beside[2:]
    return alone


def _covered(gap: int, gaps_mm: FloatArray, thickness_mm: Sequence[float | None]) -> bool:
    """Whether both slices beside a wide gap are nominally thick enough to fill it.

    Thin and thick blocks in one series are made on purpose; SliceThickness serves here only to
    excuse a gap, never to measure.
    """
    usual_mm = float(np.sort(gaps_mm)[(len(gaps_mm) - 1) // 2])
    at_usual = [
        thickness_mm[int(index)] or 0.0
        for index in np.flatnonzero(np.abs(gaps_mm / usual_mm - 1) <= USUAL_WITHIN)
    ]
    enough_mm = max(THICK_ENOUGH * gaps_mm[gap], THICKER_FROM * float(np.median(at_usual)))
    beside = (thickness_mm[gap], thickness_mm[gap + 1])
    return any(value is not None and value >= enough_mm for value in beside)


def _affine(
    headers: Sequence[Place], heights_mm: FloatArray, in_plane_mm: tuple[float, float]
) -> tuple[FloatArray, float]:
    """Work out the affine, and by how many degrees the line of slices leaves their normal."""
    orientation = headers[0].orientation or ()
    along_columns, along_rows = np.array(orientation[:3]), np.array(orientation[3:])
    positions = np.array([header.position for header in headers], dtype=np.float64)
    span_mm = float(heights_mm[-1] - heights_mm[0])
    line = (positions[-1] - positions[0]) / span_mm
    expected = positions[0] + np.outer(heights_mm - heights_mm[0], line)
    stray_mm = float(np.abs(positions - expected).max())
    if stray_mm > LATERAL_TOLERANCE_MM:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, f"slices stray {stray_mm:.1f} mm from one line"
        )
    affine = np.eye(4)
    affine[:3, 0] = line * span_mm / (len(headers) - 1)
    affine[:3, 1] = along_rows / np.linalg.norm(along_rows) * in_plane_mm[0]
    affine[:3, 2] = along_columns / np.linalg.norm(along_columns) * in_plane_mm[1]
    affine[:3, 3] = positions[0]
    # The line rises 1 mm along the unit normal per mm of height, so its length is 1 / cos(tilt).
    return affine, float(np.degrees(np.arccos(min(1.0, 1.0 / float(np.linalg.norm(line))))))
