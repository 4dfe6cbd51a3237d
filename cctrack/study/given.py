"""The pseudonyms that a study has for its patients already."""

import csv
import re
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.io import patient_key

PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ .-]{0,39}")
"""Letters, digits, spaces, dots and dashes: nothing that a table or a folder would trip over."""


def read_pseudonyms(path: Path) -> dict[str, str]:
    """Read given pseudonyms.

    Parameters
    ----------
    path : Path
        CSV with the columns ``patient_id`` and ``pseudonym``, perhaps ``issuer``: the ids as in
        the DICOM files, or the names of patients' folders. Several ids may have one pseudonym.
        The file is read and not kept.

    Returns
    -------
    dict of str to str
        Pseudonyms by `cctrack.io.patient_key`.

    Raises
    ------
    StudyError
        If it cannot be understood; the message names the line and quotes nothing.
    """
    try:
        reader = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        told = [(row["patient_id"], row.get("issuer"), row["pseudonym"]) for row in reader]
    except (OSError, UnicodeDecodeError, KeyError):
        told = []
    if not told:
        raise StudyError(
            "the pseudonyms must be UTF-8 CSV with the columns patient_id and pseudonym"
        )
    given: dict[str, str] = {}
    for line, (patient, issuer, pseudonym) in enumerate(told, start=2):
        if not (patient or "").strip() or not PSEUDONYM.fullmatch(pseudonym or ""):
            raise StudyError(
                f"the pseudonyms, line {line}: a patient_id and a pseudonym of at most 40 letters, "
                "digits, spaces, dots and dashes are needed"
            )
        if given.setdefault(patient_key(patient, issuer or ""), pseudonym) != pseudonym:
            raise StudyError(f"the pseudonyms, line {line}: the patient has another one above")
    return given
