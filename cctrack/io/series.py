"""Sort the slices of a batch into series, and refuse by name what is no measurable series."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations, pairwise

import numpy as np

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Header
from cctrack.io.dicom_values import Vector
from cctrack.io.geometry import SAME_POSITION_MM, Geometry, heights_of, locate, normal_of
from cctrack.io.image_types import (
    CONE_BEAM,
    SPECTRAL,
    captured,
    derived,
    localizer,
    not_hounsfield,
)
from cctrack.model import Because

ORIENTATION_WITHIN = 1e-3
"""Direction cosines of one series agree to 0.001, 0.06 degrees; scanners write six digits."""

SPACING_WITHIN = 1e-3
"""Pixel spacings of one series agree to 0.1 %."""

TURNING_WITHIN = 0.02
"""Stacks of one series that differ by less than this (1.1 degrees), and by more than rounding, are
no two stacks but slices that turn."""

CONTINUES_WITHIN = (0.5, 1.5)
"""A slice that lies this many usual gaps beyond the end of a stack was meant to be part of it."""

MOST_STACKS = 50
"""Directions and spacings in one series: a spine has a stack for each disc, no scan has more."""

MOST_PARTS = 2
"""Acquisitions that share positions number no more than this times the slices at one position;
more parts come of values that differ from slice to slice, such as the time."""


def group(headers: Iterable[Header]) -> list[list[Header]]:
    """Sort slices into series that belong together in space, one slice per position if possible.

    A SeriesInstanceUID can hold a localizer, two acquisitions and a dose screen at once: it is
    split by orientation, size, spacing, kernel, tube voltage and kind of image, and by acquisition
    where positions repeat.
    """
    series: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        # Without a series UID files cannot be known to belong together.
        series[header.study_uid, header.series_uid or header.member.name].append(header)
    return [piece for members in series.values() for piece in _pieces(members)]


def _pieces(headers: Iterable[Header]) -> list[list[Header]]:
    keyed: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        keyed[_series_key(header)].append(header)
    parts = [part for members in keyed.values() for part in _stacks(members)]
    return _with_strays([piece for part in parts for piece in _one_per_position(part)])


def _series_key(header: Header) -> Hashable:
    return (
        header.modality,
        header.sop_class,
        (header.rows, header.columns, header.samples),
        (header.lowest is None, is_hounsfield(header.rescale_type), header.kernel, header.kvp),
        _kind(header),
    )


def _kind(header: Header) -> Hashable:
    kinds = header.image_type
    return localizer(kinds), captured(kinds), not_hounsfield(kinds), derived(kinds), header.hints


def is_hounsfield(rescale_type: str) -> bool:
    """Whether a RescaleType is absent or says HU.

    Vendors write HU, Hounsfield and Houndsfield Unit; HU_MOD is a processed dual-energy value.
    """
    return rescale_type in ("", "HU") or rescale_type.startswith("HOUN")


def _stacks(headers: list[Header]) -> list[list[Header]]:
    """Parallel slices; all in one where they turn step by step, to be refused as one series."""
    parts = _parallel(headers)
    single = sum(len(part) == 1 for part in parts)
    if len(parts) > 2 and 2 * single > len(parts):
        return [headers]
    if any(_turned(one[0], other[0]) for one, other in combinations(parts, 2)):
        return [headers]
    return parts


def _turned(one: Header, other: Header) -> bool:
    """Whether slices turn a little, or lie in one plane but turned or mirrored within it."""
    if _close(one.orientation, other.orientation, ORIENTATION_WITHIN):
        return False
    if _close(one.orientation, other.orientation, TURNING_WITHIN):
        return True
    try:
        aligned = abs(float(normal_of(one.orientation or ()) @ normal_of(other.orientation or ())))
    except (UnreadableImage, ValueError):
        return False
    return aligned > 1.0 - ORIENTATION_WITHIN


def _with_strays(pieces: list[list[Header]]) -> list[list[Header]]:
    """Put single slices back that continue a stack but differ in size, spacing or kernel.

    Left alone they would be refused, and the stack would be measured without its last slice.
    """
    kept = [piece for piece in pieces if len(piece) > 1]
    if len(pieces) - len(kept) > MOST_STACKS:
        return pieces
    for stray in (piece[0] for piece in pieces if len(piece) == 1):
        stack = next((piece for piece in kept if _continues(stray, piece)), None)
        if stack is None:
            kept.append([stray])
        else:
            stack.append(stray)
    return kept


def _continues(stray: Header, stack: list[Header]) -> bool:
    first = stack[0]
    if len(stack) < 2 or first.modality != stray.modality or _kind(first) != _kind(stray):
        return False
    if not _close(first.orientation, stray.orientation, TURNING_WITHIN):
        return False
    try:
        *heights_mm, here_mm = heights_of([*stack, stray])
    except UnreadableImage:
        return False
    gap_mm = float(np.median([b - a for a, b in pairwise(sorted(heights_mm))]))
    beyond_mm = max(min(heights_mm) - here_mm, here_mm - max(heights_mm))
    low, high = CONTINUES_WITHIN
    return bool(low * gap_mm < beyond_mm < high * gap_mm)


def _parallel(headers: Sequence[Header]) -> list[list[Header]]:
    """Split by orientation and spacing, with a tolerance, so that jitter splits nothing."""
    parts: list[list[Header]] = []
    for header in headers:
        for part in parts:
            if _alike(part[0], header):
                part.append(header)
                break
        else:
            parts.append([header])
        if len(parts) > MOST_STACKS:
            # To compare everything with everything would take hours, and changes nothing.
            return [list(headers)]
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
    """Split by the first value, or pair of values, that leaves one slice per position.

    Left as it is where none does: `cctrack.io.ct` then compares the pixels.
    """
    if not positions_repeat(headers):
        return [headers]
    most = MOST_PARTS * _most_at_one_position(headers)
    places = range(len(headers[0].split))
    for chosen in (*combinations(places, 1), *combinations(places, 2)):
        parts = _split_by(headers, chosen)
        if 1 < len(parts) <= most and not any(positions_repeat(part) for part in parts):
            return parts
    return [headers]


def _split_by(headers: Iterable[Header], chosen: tuple[int, ...]) -> list[list[Header]]:
    parts: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        parts[tuple(header.split[place] for place in chosen)].append(header)
    return list(parts.values())


def _most_at_one_position(headers: Sequence[Header]) -> int:
    gaps_mm = np.diff(np.sort(heights_of(headers)))
    most = run = 1
    for gap_mm in gaps_mm:
        run = run + 1 if gap_mm < SAME_POSITION_MM else 1
        most = max(most, run)
    return most


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
    if len({header.patient_key for header in headers}) > 1:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, "slices of one series name different patients"
        )
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
    if CONE_BEAM in headers[0].hints:
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "a cone-beam scan: its grey values are no HU")
    if SPECTRAL in headers[0].hints:
        raise UnreadableImage(
            Because.NOT_HOUNSFIELD,
            "the series is named as a dual-energy result, not HU of one energy",
        )
    if not is_hounsfield(headers[0].rescale_type):
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "RescaleType is not HU")
    lowest = [header.lowest for header in headers if header.lowest is not None]
    if len(lowest) < len(headers):
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "no rescale slope and intercept")
    if max(lowest) >= 0:
        raise UnreadableImage(
            Because.NOT_HOUNSFIELD, "values that cannot go below 0: air and fat have no HU there"
        )
