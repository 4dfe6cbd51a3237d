"""Pack a folder into a zip whose bytes depend on its contents alone."""

import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time stamp of every member: the earliest that zip can hold."""


def write_zip(path: Path, folder: Path) -> None:
    """Write all files under ``folder`` into a zip, sorted by name and without their times."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(item for item in folder.rglob("*") if item.is_file()):
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, file.read_bytes(), compresslevel=9)
