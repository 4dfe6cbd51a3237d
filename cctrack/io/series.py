"""Sort the slices of a batch into series, and refuse by name what is no measurable series."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Header
from cctrack.io.geometry import SAME_POSITION_MM, Geometry, heights_of, locate
from cctrack.model import Because

_NOT_HU_TYPES = frozenset(
    [
        "PERFUSION",
        "RCBF",
        "RCBV",
        "CBF",
        "CBV",
        "MTT",
        "TTP",
        "TMAX",
        "PERMEABILITY",
        "IODINE",
        "IODINE_MAP",
        "EFF_ATOMIC_NUM",
        "EFF_Z",
        "ELECTRON_DENSITY",
        "MATERIAL_FRACTION",
        "MATERIAL_REMOVED",
        "MAT_FRACTIONAL",
        "MAT_REMOVED",
        "VALUE_MAP",
        "VIRTUAL_NON_CONTRAST",
        "VNC",
        "VMI",
        "MONOENERGETIC",
        "MONO_ENERGETIC",
        "EFF_DOSE",
        "PROTON_DENSITY",
        "SUBTRACTION",
    ]
)
"""ImageType values of dual-energy, perfusion and difference images: no HU of one X-ray energy."""

_DERIVED_TYPES = frozenset(
    [
        "MPR",
        "MPR_THICK",
        "REFORMATTED",
        "CPR",
        "CSA",
        "MIP",
        "MINIP",
        "MAX_IP",
        "MIN_IP",
        "PROJECTION",
        "VOLUME_RENDER",
        "VR",
        "VRT",
        "3D",
        "SSD",
        "SURFACE",
        "RENDERED",
        "CSAMPR",
        "CSAPARALLEL",
        "CSARADIAL",
        "AVERAGE",
    ]
)
"""ImageType values of reformats and renderings: made from the slices that should be measured."""

_HU_NAMES = ("HU", "HOUN")
"""Vendors write HU, Hounsfield and Houndsfield Unit."""

_UNSTATED = ""


def group(headers: Iterable[Header]) -> list[list[Header]]:
    """Sort slices into series that belong together in space, one slice per position if possible.

    A SeriesInstanceUID can hold a localizer, two acquisitions and a dose screen at once: it is
    split by orientation, size, spacing and kind of image, and by acquisition where positions
    repeat.
    """
    groups: dict[Hashable, list[Header]] = defaultdict(list)
    for header in headers:
        groups[_series_key(header)].append(header)
    return [part for members in groups.values() for part in _one_per_position(members)]


def _series_key(header: Header) -> Hashable:
    image_type = header.image_type
    kind = "LOCALIZER" in image_type, bool(_NOT_HU_TYPES & set(image_type)), _is_derived(header)
    return (
        header.study_uid,
        # Without a series UID files cannot be known to belong together.
        header.series_uid or header.member.name,
        header.modality,
        header.sop_class,
        (header.rows, header.columns, header.samples),
        _rounded(header.orientation, 3),
        _rounded(header.pixel_spacing, 4),
        (header.rescale, header.rescale_type),
        kind,
    )


def _rounded(values: Sequence[float] | None, digits: int) -> tuple[float, ...] | None:
    # Adding 0.0 turns -0.0 into 0.0, which would not match in a key.
    return None if values is None else tuple(round(value, digits) + 0.0 for value in values)


def _is_derived(header: Header) -> bool:
    return bool(_DERIVED_TYPES & set(header.image_type))


def _one_per_position(headers: list[Header]) -> list[list[Header]]:
    """Split by the first value that leaves one slice per position, else leave as it is."""
    if not positions_repeat(headers):
        return [headers]
    for split in range(len(headers[0].split)):
        parts = _split_by(headers, lambda header, split=split: header.split[split])  # type: ignore[misc]
        if len(parts) > 1 and not any(positions_repeat(part) for part in parts):
            return parts
    return [headers]


def _split_by(headers: Iterable[Header], value: Callable[[Header], str]) -> list[list[Header]]:
    parts: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        parts[value(header)].append(header)
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
    kinds = set(first.image_type)
    if "LOCALIZER" in kinds or "SCOUT" in kinds:
        raise UnreadableImage(Because.LOCALIZER, "a localizer is a projection, not a slice")
    if first.samples > 1 or "SECONDARY CAPTURE" in kinds or "SCREEN SAVE" in kinds:
        raise UnreadableImage(Because.SECONDARY_CAPTURE, "a captured screen, not measured values")
    if first.modality == "CT":
        _require_hounsfield(first)
    if _is_derived(first):
        raise UnreadableImage(
            Because.DERIVED, f"a reformat or rendering ({_type_text(first)}); measure its source"
        )
    return locate(one_of_each(in_order(headers)))


def _require_hounsfield(header: Header) -> None:
    odd = _NOT_HU_TYPES & set(header.image_type)
    if odd:
        found = ", ".join(sorted(odd))
        raise UnreadableImage(Because.NOT_HOUNSFIELD, f"a map ({found}), not HU of one energy")
    if header.rescale_type not in (_UNSTATED,) and not header.rescale_type.startswith(_HU_NAMES):
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "RescaleType is not HU")
    if not header.rescale:
        raise UnreadableImage(Because.NOT_HOUNSFIELD, "no rescale slope and intercept")


def _type_text(header: Header) -> str:
    return ", ".join(sorted(_DERIVED_TYPES & set(header.image_type)))
