"""Keep the files of one series apart until all have come, under names made from hashes only."""

from collections.abc import Iterator
from pathlib import Path

from cctrack.errors import NotGiven
from cctrack.io.pacs.instance import InstanceUids, read_instance
from cctrack.io.sources import hash_bytes
from cctrack.io.tables import write_bytes
from cctrack.io.transfer import INCOMPLETE_SUFFIX

ID_LENGTH = 32
"""Hex digits of a name: 128 bits, so that nobody can make up two UIDs that share one."""


def name_of(uid: str) -> str:
    """Return the name of a study, series or instance: nobody can read a UID out of it.

    Examples
    --------
    >>> name_of("1.2.3")
    'c47f5b18b8a430e698b9fe15e51f6119'
    """
    return hash_bytes(uid.encode("utf-8", "surrogatepass"))[:ID_LENGTH]


class SeriesFolder:
    """``study/series/instance.dcm`` below a folder; unfinished it is ``series.incomplete``.

    Parameters
    ----------
    out : Path
    study_uid, series_uid : str
    """

    def __init__(self, out: Path, study_uid: str, series_uid: str) -> None:
        self._uids = study_uid, series_uid
        self.final = out / name_of(study_uid) / name_of(series_uid)
        self.unfinished = self.final.with_name(self.final.name + INCOMPLETE_SUFFIX)

    def path_of(self, instance_uid: str) -> Path:
        """Where an instance is, or will be while the series is unfinished."""
        name = f"{name_of(instance_uid)}.dcm"
        finished = self.final / name
        return finished if finished.exists() else self.unfinished / name

    def content_of(self, instance_uid: str) -> bytes | None:
        """Bytes of an instance that has come; None when it has not, or is not what it should be.

        Raises
        ------
        OSError
            If the file is there and cannot be read.
        """
        try:
            data = self.path_of(instance_uid).read_bytes()
            uids = read_instance(data).uids
        except (FileNotFoundError, NotGiven):
            return None
        return data if uids == InstanceUids(*self._uids, instance_uid) else None

    def put(self, instance_uid: str, data: bytes) -> None:
        """Add an instance at once, flushed to disk; the series is unfinished from then on.

        Raises
        ------
        OSError
            If it cannot be written; what was there before stays.
        """
        self._reopen()
        write_bytes(self.path_of(instance_uid), data)

    def finish(self) -> None:
        """Give the folder its final name; does nothing when it has it.

        Raises
        ------
        OSError
            If it cannot be renamed.
        """
        if not self.unfinished.is_dir():
            return
        self._reopen()
        for left in self.unfinished.glob(".*.part"):
            left.unlink()
        self.unfinished.rename(self.final)

    def _reopen(self) -> None:
        """Take the final name away again: more has come for a series that seemed complete."""
        if not self.final.is_dir():
            return
        if not self.unfinished.exists():
            self.final.rename(self.unfinished)
            return
        for file in _files(self.final):
            file.replace(self.unfinished / file.name)
        self.final.rmdir()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.is_file())
