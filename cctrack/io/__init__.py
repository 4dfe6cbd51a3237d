"""Read photos, radiographs, CT and MR from whatever a clinic exports; write masks and tables."""

from cctrack.io.found import Found, Kind, Member
from cctrack.io.load import load, read_members, read_one
from cctrack.io.mask import read_mask, write_mask
from cctrack.io.repeats import hash_members
from cctrack.io.runner import Lost, Run
from cctrack.io.scan import scan
from cctrack.io.sheets import (
    Column,
    Sheet,
    write_csv_sheet,
    write_parquet,
    write_workbook,
)
from cctrack.io.sources import combine_hashes, hash_bytes, patient_key
from cctrack.io.tables import write_json, write_png, write_table, write_text

__all__ = [
    "Column",
    "Found",
    "Kind",
    "Lost",
    "Member",
    "Run",
    "Sheet",
    "combine_hashes",
    "hash_bytes",
    "hash_members",
    "load",
    "patient_key",
    "read_mask",
    "read_members",
    "read_one",
    "scan",
    "write_csv_sheet",
    "write_json",
    "write_mask",
    "write_parquet",
    "write_png",
    "write_table",
    "write_text",
    "write_workbook",
]
