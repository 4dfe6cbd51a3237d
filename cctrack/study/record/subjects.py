"""What statements are about, as short texts that are the same wherever they are made.

Patients are written as they stand in the study, which is by pseudonym; paths never are.
"""

import hashlib
from datetime import date
from urllib.parse import quote, unquote

from cctrack.model import Modality, Site, Visit

PATH_DIGITS = 12
"""Hex digits that stand for a path: 48 bits tell the files of any study apart."""


def image_subject(image_id: str) -> str:
    """Name an image by its id, as in measurements.csv.

    Examples
    --------
    >>> image_subject("060f105fb4bd")
    'image/060f105fb4bd'
    """
    return _join("image", image_id)


def pair_subject(baseline_id: str, followup_id: str) -> str:
    """Name two visits of one site by the ids of their images, the earlier first."""
    return _join("pair", baseline_id, followup_id)


def verdict_subject(baseline_id: str, followup_id: str, lesion: str = "total") -> str:
    """Name the change of a lesion, or of the total, between two images."""
    return _join("change", baseline_id, followup_id, lesion)


def site_subject(patient: str, site: Site | str, modality: Modality | str) -> str:
    """Name a site of a patient in one modality.

    Examples
    --------
    >>> site_subject("P1", "left hand", "xray")
    'site/P1/left%20hand/xray'
    """
    return _join("site", patient, str(site), str(modality))


def patient_subject(patient: str, modality: Modality | str) -> str:
    """Name a patient in one modality: a line of patients.csv."""
    return _join("patient", patient, str(modality))


def visit_subject(visit: Visit) -> str:
    """Name a line of visits.csv; its path, which may hold a name, only by a hash."""
    place = hashlib.sha256(visit.path.encode("utf-8", "surrogatepass")).hexdigest()[:PATH_DIGITS]
    day: date = visit.acquired
    return _join("visit", visit.patient, str(visit.site), visit.modality, day.isoformat(), place)


def subject_parts(subject: str) -> tuple[str, ...]:
    """Take a subject apart: what kind of thing it is, then what names it.

    Examples
    --------
    >>> subject_parts("site/P1/left%20hand/xray")
    ('site', 'P1', 'left hand', 'xray')
    """
    return tuple(unquote(part) for part in subject.split("/"))


def _join(*parts: str) -> str:
    return "/".join(quote(part, safe="", errors="backslashreplace") for part in parts)
