"""Measured values as rows of the tables that interface.md promises."""

from collections.abc import Iterable, Iterator, Mapping

from cctrack.model import (
    Finding,
    Flag,
    Image,
    Scale,
    Visit,
    lesion_name,
)
from cctrack.study.identity import row_id
from cctrack.study.pipeline import Measured

Row = Mapping[str, object]

MEASUREMENT_COLUMNS = (
    "row_id",
    "image_id",
    "patient",
    "site",
    "modality",
    "acquired",
    "source",
    "series",
    "lesion",
    "quantity",
    "value",
    "sd",
    "lower95",
    "upper95",
    "log_sd_own",
    "log_sd_shared",
    "log_sd_common",
    "unit",
    "method",
    "scale_mm",
    "scale_source",
    "flags",
    "files",
    "morphology",
)
"""Columns of measurements.csv; ``files`` counts the files the image was read from."""


def measurement_rows(measured: Measured, visit: Visit | None = None) -> Iterator[Row]:
    """Yield one row for every finding of one image, totals first."""
    image = measured.image
    common = {
        "image_id": measured.image_id,
        "patient": visit.patient if visit else "",
        "site": str(visit.site) if visit else "",
        "modality": image.modality,
        "acquired": _date_of(image, visit),
        "source": image.provenance.source,
        "series": image.provenance.series_uid,
        "scale_mm": scale_text(image.scale),
        "scale_source": source_of(image.scale),
        "files": max(1, len(image.provenance.members)),
    }
    for finding in sorted(measured.findings, key=lambda item: item.lesion):
        yield {**common, **_finding_cells(finding, measured)}


def scale_text(scale: Scale | None) -> str:
    """Write a scale as ``row x column [x slice]`` in mm, empty without one."""
    if scale is None:
        return ""
    in_plane, slices = scale.mean_mm[-2:], scale.mean_mm[:-2]
    return " x ".join(f"{value:.6g}" for value in (*in_plane, *slices))


def source_of(scale: Scale | None) -> str:
    """How a scale is known, empty without one."""
    return str(scale.source) if scale is not None else ""


def number(value: float | None) -> float | None:
    """Round a number to six significant digits; None, an empty cell, for not-a-number.

    It stays a number: text that begins with a minus sign is written with an apostrophe, so that
    no spreadsheet takes it for a formula.
    """
    return None if value is None or value != value else float(f"{value:.6g}")


def _finding_cells(finding: Finding, measured: Measured) -> Row:
    measurement = finding.measurement
    lower, upper = measurement.interval
    flags = measured.flags | finding.flags | measured.outline.flags_of(finding.lesion)
    lesion = lesion_name(finding.lesion) if finding.lesion else "total"
    key = (measured.image_id, lesion, measurement.quantity, measurement.method)
    return {
        "row_id": row_id(*key, scale_text(measured.image.scale), measured.parameters),
        "lesion": lesion,
        "quantity": measurement.quantity,
        "value": number(measurement.value),
        "sd": number(measurement.sd),
        "lower95": number(lower),
        "upper95": number(upper),
        "log_sd_own": number(measurement.log_sd_own),
        "log_sd_shared": number(measurement.log_sd_shared),
        "log_sd_common": number(measurement.log_sd_common),
        "unit": measurement.unit,
        "method": measurement.method,
        "flags": flag_text(flags),
        "morphology": str(finding.morphology or ""),
    }


def flag_text(flags: Iterable[Flag]) -> str:
    """Write flags as the ``;``-separated list of the tables."""
    return ";".join(sorted(flags))


def _date_of(image: Image, visit: Visit | None) -> str:
    acquired = visit.acquired if visit else image.acquired
    return acquired.isoformat() if acquired else ""
