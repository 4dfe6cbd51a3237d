"""A study's memory: who said or measured what, when and why; nothing is ever changed or deleted.

`open_record` opens it, `Statement` is what goes in, `Entry` what comes out. See ``docs/record.md``.
"""

from cctrack.study.record.record import Record, open_record
from cctrack.study.record.statement import Entry, Kind, Statement
from cctrack.study.record.subjects import (
    image_subject,
    pair_subject,
    patient_subject,
    site_subject,
    subject_parts,
    verdict_subject,
    visit_subject,
)
from cctrack.study.record.verify import Verified

__all__ = [
    "Entry",
    "Kind",
    "Record",
    "Statement",
    "Verified",
    "image_subject",
    "open_record",
    "pair_subject",
    "patient_subject",
    "site_subject",
    "subject_parts",
    "verdict_subject",
    "visit_subject",
]
