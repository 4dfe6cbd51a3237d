"""Under which name results leave: a pseudonym, or the identity of the source on demand."""

import hashlib
import re
from dataclasses import dataclass

from pydicom import Dataset

from cctrack.io.dicom_values import raw

LONGEST_NAME = 64
"""Characters of an LO, and of each group of a PN (PS3.5 6.2)."""

KEPT_LENGTHS = {
    "PatientName": 64,
    "PatientID": 64,
    "IssuerOfPatientID": 64,
    "PatientBirthDate": 8,
    "PatientSex": 16,
    "AccessionNumber": 16,
    "StudyID": 16,
    "StudyTime": 14,
    "ReferringPhysicianName": 64,
    "StudyDescription": 64,
}
"""What joins a result to the patient and study of its source in a PACS, with the length each value
may have: the Patient and General Study modules, as far as cctrack needs them."""

_SPECIAL = re.compile(r"[\\^=\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
"""Separators of values and of parts of a name, control and escape characters, half surrogates."""

_UNPRINTABLE = re.compile(r"[\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

_HASH_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Person:
    """Whose results they are.

    Attributes
    ----------
    pseudonym : str
        Patient's id and name; empty makes one of the study's UID, which leaks nothing that the
        file does not hold anyway.
    keep_identity : bool
        Copy the patient's and the study's identity from the source instead.
    """

    pseudonym: str = ""
    keep_identity: bool = False


ANONYMOUS = Person()
"""Nobody has given a pseudonym."""


def plain_name(text: str) -> str:
    r"""Make a text safe and short enough for an id and a name, without making two texts one.

    Examples
    --------
    >>> plain_name("P001"), plain_name("a\\b")
    ('P001', 'a b 7e63a10a')
    """
    safe = _SPECIAL.sub(" ", text).strip()
    if safe == text and len(safe) <= LONGEST_NAME:
        return safe
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{safe[: LONGEST_NAME - _HASH_DIGITS - 1].strip()} {digest}"


def put_person(header: Dataset, source: Dataset, person: Person) -> None:
    """Write patient and study into a header that has its StudyInstanceUID already.

    Parameters
    ----------
    header : Dataset
        Filled.
    source : Dataset
        Read from only where the identity is kept.
    person : Person
    """
    for name in KEPT_LENGTHS:
        setattr(header, name, "")
    del header.IssuerOfPatientID, header.StudyDescription
    if person.keep_identity:
        _copy(header, source)
        return
    name = plain_name(person.pseudonym) or f"S{_short_hash(header.StudyInstanceUID)}"
    header.PatientID = header.PatientName = name
    header.PatientIdentityRemoved = "YES"
    header.DeidentificationMethod = "Pseudonym; written from a whitelist"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _copy(header: Dataset, source: Dataset) -> None:
    for name, length in KEPT_LENGTHS.items():
        value = raw(source, name)
        if value is None:
            continue
        text = _UNPRINTABLE.sub(" ", str(value)).strip()[:length].strip()
        if text:
            setattr(header, name, text)
