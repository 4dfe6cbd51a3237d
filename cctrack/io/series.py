"""Sort the slices of a batch into series, and refuse by name what is no measurable series."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Header, Vector
from cctrack.io.geometry import SAME_POSITION_MM, Geometry, heights_of, locate
from cctrack.io.image_types import captured, derived, localizer, not_hounsfield
from cctrack.model import Because

ORIENTATION_WITHIN = 1e-3
"""Direction cosines of one series agree to 0.001, 0.06 degrees; scanners write six digits."""

SPACING_WITHIN = 1e-3
"""Pixel spacings of one series agree to 0.1 %."""


def group(headers: Iterable[Header]) -> list[list[Header]]:
    """Sort slices into series that belong together in space, one slice per position if possible.

    A SeriesInstanceUID can hold a localizer, two acquisitions and a dose screen at once: it is
    split by orientation, size, spacing and kind of image, and by acquisition where positions
    repeat.
    """
    keyed: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        keyed[_series_key(header)].append(header)
    parts = (part for members in keyed.values() for part in _parallel(members))
    return [piece for part in parts for piece in _one_per_position(part)]


def _series_key(header: Header) -> Hashable:
    kinds = header.image_type
    return (
        header.study_uid,
        # Without a series UID files cannot be known to belong together.
        header.series_uid or header.member.name,
        header.modality,
        header.sop_class,
        (header.rows, header.columns, header.samples),
        (header.lowest is None, header.rescale_type),
        (localizer(kinds), captured(kinds), not_hounsfield(kinds), derived(kinds)),
    )


def _parallel(headers: Iterable[Header]) -> list[list[Header]]:
    """Split by orientation and spacing, with a tolerance, so that jitter splits nothing."""
    parts: list[list[Header]] = []
    for header in headers:
        for part in parts:
            if _alike(part[0], header):
                part.append(header)
                break
        else:
            parts.append([header])
    return parts


def _alike(one: Header, other: Header) -> bool:
    return _close(one.orientation, other.orientation, ORIENTATION_WITHIN) and _close(
        one.pixel_spacing, other.pixel_spacing, SPACING_WITHIN
    )


def _close(one: Vector | None, other: Vector | None, within: float) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


def _one_per_position(headers: list[Header]) -> list[list[Header]]:
    """Split by the first value that leaves one slice per position, else leave as it is."""
    if not positions_repeat(headers):
        return [headers]
    for split in range(len(headers[0].split)):
        parts = _split_by(headers, split)
        if len(parts) > 1 and not any(positions_repeat(part) for part in parts):
            return parts
    return [headers]


def _split_by(headers: Iterable[Header], split: int) -> list[list[Header]]:
    parts: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        parts[header.split[split]].append(header)
    return list(parts.values())


def positions_repeat(headers: Sequence[Header]) -> bool:
    """Whether two slices lie at one place; False where positions are not known."""
    try:
        heights_mm = np.sort(heights_of(headers))
    except UnreadableImage:
        return False
    return bool((np.diff(heights_mm) < SAME_POSITION_MM).any())


def in_order(headers: Sequence[Header]) -> list[Header]:
    """Slices sorted along their normal; equal positions by name, so that the order is fixed.

    Raises
    ------
    UnreadableImage
        If positions are missing.
    """
    named = sorted(headers, key=lambda header: (header.member.name, header.frame))
    heights_mm = heights_of(named)
    return [named[index] for index in np.argsort(heights_mm, kind="stable")]


def one_of_each(headers: Sequence[Header]) -> list[Header]:
    """Sorted slices without those that repeat a position; `cctrack.io.ct` compares their pixels."""
    heights_mm = heights_of(headers)
    kept = [0]
    for index in range(1, len(headers)):
        if heights_mm[index] - heights_mm[kept[-1]] >= SAME_POSITION_MM:
            kept.append(index)
    return [headers[index] for index in kept]


def require_measurable(headers: Sequence[Header]) -> Geometry:
    """Work out the geometry from headers, and refuse a series that no volume can come from.

    Raises
    ------
    UnreadableImage
        Saying what it is instead.
    """
    first = headers[0]
    if localizer(first.image_type):
        raise UnreadableImage(Because.LOCALIZER, "a localizer is a projection, not a slice")
    if first.samples > 1 or captured(first.image_type):
        raise UnreadableImage(Because.SECONDARY_CAPTURE, "a captured screen, not measured values")
    if first.modality == "CT":
        _require_hounsfield(headers)
    made = derived(first.image_type)
    if made and len(headers) > 1:
        found = ", ".join(sorted(made))
        raise UnreadableImage(
            Because.DERIVED, f"a reformat or rendering ({found}); measure its source"
        )
    places = one_of_each(in_order(headers))
    if len(places) == 1 < len(headers):
        raise UnreadableImage(Because.NO_POSITIONS, f"{len(headers)} slices at one position")
    return locate(places)


def _require_hounsfield(headers: Sequence[Header]) -> None:
    odd = not_hounsfield(headers[0].image_type)
    if odd:
        found = ", ".join(sorted(odd))
        raise UnreadableImage(Because.NOT_HOUNSFIELD, f"a map ({found}), not HU of one energy")
    unit = headers[0].rescale_type
    # Vendors write HU, Hounsfield and Houndsfield Unit; HU_MOD is a processed dual-energy value.
    if unit and unit != "HU" and not unit.startswith("HOUN"):
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "RescaleType is not HU")
    lowest = [header.lowest for header in headers if header.lowest is not None]
    if len(lowest) < len(headers):
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "no rescale slope and intercept")
    if max(lowest) >= 0:
        raise UnreadableImage(
            Because.NOT_HOUNSFIELD, "values that cannot go below 0: air and fat have no HU there"
        )
