"""What the columns of a study's tables hold, for programs that must know and people who ask."""

from collections.abc import Iterable

from cctrack.io import Column
from cctrack.io.sheets import Kind

_TEXTS = {
    "row_id": "id of the row: the same for the same image, parameters and quantity",
    "image_id": "id of the image, from its content",
    "patient": "pseudonym",
    "site": "side, body site and view",
    "modality": "photo, xray, ct or mr",
    "source": "empty in a study: sources.csv, kept apart, maps image_id to files",
    "series": "SeriesInstanceUID of DICOM images",
    "lesion": "total, or a lesion's id (L2+L5: a group)",
    "quantity": "area, volume, max_diameter, mean_hu, agatston, mass, coverage, density, ...",
    "unit": "UCUM unit of the values; relative: on the aligned grid of two images, no mm",
    "method": "automatic, reader, paired; on CT fixed_threshold, half_peak, partial_volume",
    "scale_mm": "mm per pixel: row x column [x slice]",
    "scale_source": "how the scale is known",
    "flags": "cautions, separated by semicolons",
    "reference": "visit that the change is against: baseline, prior or nadir",
    "event": "what happened to the lesion: persisted, new, resolved, merged, ...",
    "outcome": "regression, stable, progression or not_evaluable",
    "confidence": "definite, probable, or empty where not evaluable",
    "criteria": "name of the rule",
    "comparability": "what stands between the two images",
    "comparable": "yes, caution or no",
    "reason": "one sentence",
    "subjective": "what the patient said last: better, same or worse",
    "sites_evaluable": "sites that count, of all",
    "morphology": "CT: stone, plate, net, or uncertain where the image cannot tell",
    "because": "code of the reason for a refusal",
    "detail": "what was found and what was needed",
    "reader_outcome": "what a reader decided instead",
    "reader_reason": "why",
    "automatic_outcome": "the outcome without any reader's decision",
    "baseline_scale_source": "how the scale of the earlier image is known",
    "followup_scale_source": "how the scale of the later image is known",
    "drug": "as in treatments.csv",
    "class": "treatment class",
    "diagnosis": "as in participants.csv",
    "item": "what was asked",
    "answer": "better, same or worse",
}

_NUMBERS = {
    "value": "in unit",
    "sd": "standard deviation of value, in unit",
    "lower95": "lower end of the 95 % interval: of value in unit, of a change in %",
    "upper95": "upper end of it",
    "log_sd_own": "SD of ln(value) from border, noise and method",
    "log_sd_shared": "SD of ln(value) from scale and pose, common to all lesions of the image",
    "log_sd_common": "SD of ln(value) that another measurement made alike repeats",
    "log_sd": "SD of ln(followup / baseline)",
    "baseline": "value at the reference, in unit",
    "followup": "value at the later visit, in unit",
    "change_percent": "change from the reference, %",
    "months": "from the first visit to the last, months",
    "percent_per_year": "change_percent as compounded yearly change, % per year",
}

_COUNTS = {
    "files": "files that the image was read from",
    "days": "days since the patient's first visit",
    "baseline_days": "days from the patient's first visit to the reference",
}

_DATES = {
    "acquired": "day of the image",
    "baseline_date": "day of the reference",
    "followup_date": "day of the later visit",
    "last_date": "day of the last visit",
}

_KNOWN = {
    name: Column(name, kind, meaning)
    for kind, columns in (
        (Kind.TEXT, _TEXTS),
        (Kind.NUMBER, _NUMBERS),
        (Kind.COUNT, _COUNTS),
        (Kind.DATE, _DATES),
    )
    for name, meaning in columns.items()
}


def columns_of(names: Iterable[str]) -> tuple[Column, ...]:
    """Describe columns of results; one that is not known holds text."""
    return tuple(_KNOWN.get(name, Column(name)) for name in names)


def written_by_hand(names: Iterable[str], rows: Iterable[dict[str, str]]) -> tuple[Column, ...]:
    """Describe columns of a table that a researcher wrote: numbers where nothing else is there."""
    listed = list(rows)
    return tuple(
        Column(name, _kind_of([row.get(name, "") for row in listed]), _TEXTS.get(name, ""))
        for name in names
    )


def _kind_of(cells: Iterable[str]) -> Kind:
    known = [cell for cell in cells if cell]
    return Kind.NUMBER if known and all(map(_is_number, known)) else Kind.TEXT


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    # 007 is a name, and so is 1_000.
    plain = text.lstrip("+-").replace(".", "", 1)
    return abs(value) < float("inf") and plain.isdecimal() and not _has_leading_zero(plain, text)


def _has_leading_zero(digits: str, text: str) -> bool:
    return len(digits) > 1 and digits[0] == "0" and "." not in text
