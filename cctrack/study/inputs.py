"""Which bytes stand behind a visit, without reading files again that have not changed.

A file that has the size, times and inode it had when it was last read is taken to hold the same
bytes, as Git's index does; a file written so shortly before that it could have been written again
unseen is read once more.
"""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from cctrack.errors import UnreadableImage
from cctrack.io.tables import write_bytes
from cctrack.study.sources import visit_files

INDEX_FILE = "index.json"
"""In the record's folder. It only saves time: nothing is lost with it."""

RACY_NS = 2_000_000_000
"""The coarsest clock of a file system in use, FAT's: two writes within it look like one."""

CHUNK_BYTES = 1 << 20

Stamp = tuple[str, int]
"""Digest of what the system says about some files, and when the youngest was changed in ns."""


class Inputs:
    """Remembers the content of files from one run to the next.

    Parameters
    ----------
    folder : Path
        The record's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / INDEX_FILE
        self._known: dict[str, list[str]] = _read(self._path)
        self._seen: dict[str, list[str]] = {}
        self._stamps: dict[str, str] = {}

    def content_of(self, root: Path, path: str) -> str:
        """SHA-256 of the files of a line of visits.csv, names within a folder included.

        Parameters
        ----------
        root : Path
            The study folder.
        path : str
            As in visits.csv.

        Raises
        ------
        OSError
            If a file is gone or cannot be read.
        UnreadableImage
            If the study does not know where the image lies.
        """
        files = visit_files(root, path)
        digest, youngest_ns = _stamp(files)
        key = _key(files)
        self._stamps[key] = digest
        known = self._seen.get(key) or self._known.get(key)
        if known is None or known[0] != digest:
            read_ns = time.time_ns()
            settled = youngest_ns + RACY_NS < read_ns
            known = [digest if settled else "", _hash(files, root / path)]
        self._seen[key] = known
        return known[1]

    def unchanged(self, root: Path, path: str) -> bool:
        """Whether the files are still as they were when their content was asked for."""
        try:
            files = visit_files(root, path)
            return self._stamps.get(_key(files)) == _stamp(files)[0]
        except (OSError, UnreadableImage):
            return False

    def holds(self, path: Path, content: str) -> bool:
        """Whether a file that was written is still there as it was written."""
        try:
            digest = _stamp([path])[0]
        except OSError:
            return False
        key = _key([path])
        known = self._seen.get(key) or self._known.get(key)
        if known != [digest, content]:
            return False
        self._seen[key] = known
        return True

    def wrote(self, path: Path) -> bool:
        """Whether a file is one that was written here before, and nobody changed it since."""
        known = self._known.get(_key([path]))
        return known is not None and path.exists() and known[0] == _stamp([path])[0]

    def remember(self, path: Path, content: str) -> None:
        """Note what was just written to a file."""
        self._seen[_key([path])] = [_stamp([path])[0], content]

    def save(self) -> None:
        """Write what was asked for since this was opened, for the next run.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        write_bytes(self._path, json.dumps(self._seen).encode("ascii"), private=True)


def _read(path: Path) -> dict[str, list[str]]:
    try:
        known = json.loads(path.read_text(encoding="ascii"))
        return {str(key): [str(digest), str(content)] for key, (digest, content) in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _key(files: Sequence[Path]) -> str:
    """Name files without naming them: a path may hold a person's name."""
    named = "\0".join(str(path.absolute()) for path in files)
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(files: Sequence[Path]) -> Stamp:
    digest, youngest_ns = hashlib.sha256(), 0
    for path in files:
        found = path.stat()
        cells = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode)
        digest.update(f"{os.fsdecode(path.name)!r} {cells}\n".encode())
        youngest_ns = max(youngest_ns, found.st_mtime_ns, found.st_ctime_ns)
    return digest.hexdigest(), youngest_ns


def _hash(files: Sequence[Path], base: Path) -> str:
    """Hash one file by its bytes, several by their places and bytes."""
    listed = [path for path in files if path.is_file()]
    if listed == [base]:
        return _hash_file(base)
    digest = hashlib.sha256()
    for path in listed:
        place = os.path.relpath(path, base if base.is_dir() else path.parent)
        digest.update(f"{_hash_file(path)} {place!r}\n".encode())
    return digest.hexdigest()


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
