"""Write a long text piece by piece, so that it never lies in memory as a whole."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cctrack.io.tables import _sync_folder, _umask


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write UTF-8 text at once, as `write_bytes` does.

    Whatever making a piece raises is raised again, and ``path`` is then as before; so it is after
    an OSError, raised where the folder cannot be written to or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
