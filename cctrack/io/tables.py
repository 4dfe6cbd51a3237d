"""Write results so that a reader finds either the whole new file or the old one."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.model.notice import RESEARCH_ONLY

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts with one of these."""


def write_bytes(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file at once: a temporary one beside it, flushed to disk, then renamed.

    Parameters
    ----------
    path : Path
    data : bytes
    private : bool
        Let nobody but its owner read it.

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full; ``path`` is then as before.
    """
    _write_chunks(path, (data,), private=private)


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write UTF-8 text at once, piece by piece: it never lies in memory as a whole.

    Whatever making a piece raises is raised again, and ``path`` is then as before; OSError as
    `write_bytes`.
    """
    _write_chunks(path, (piece.encode("utf-8", "backslashreplace") for piece in pieces))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text at once; raises OSError as `write_bytes`.

    What UTF-8 cannot hold (half a surrogate pair) is written out, since a result must not be lost.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON at once.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no word for it.
    OSError
        As `write_bytes`.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, object]],
    *,
    private: bool = False,
) -> None:
    """Write a CSV file at once: UTF-8, comma, one header line, missing values empty.

    Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers never do.
    A private file is readable by its owner only.

    Raises
    ------
    OSError
        As `write_bytes`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    write_bytes(path, text.getvalue().encode("utf-8", "backslashreplace"), private=private)


def cell(value: object) -> object:
    """Make a value safe for a table.

    Examples
    --------
    >>> cell("=1+1"), cell(-2.5), cell(None), cell("L1")
    ("'=1+1", -2.5, '', 'L1')
    """
    if value is None:
        return ""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    guarded = f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    # A lone carriage return is a line end to some readers, and Python's csv does not quote it.
    return guarded.replace("\r\n", "\n").replace("\r", "\n")


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an RGB image (rows, columns, 3) as PNG at once, as `png_bytes` does.

    Raises
    ------
    ValueError
        If it is no uint8 RGB image.
    OSError
        As `write_bytes`.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"an RGB uint8 image is needed, got {pixels.dtype} {pixels.shape}")
    write_bytes(path, png_bytes(pixels))


def png_bytes(pixels: NDArray[np.generic]) -> bytes:
    """Encode a grey (8- or 16-bit) or RGB image as PNG, with no word but what it is not for."""
    from PIL import Image, PngImagePlugin

    notice = PngImagePlugin.PngInfo()
    notice.add_text("Disclaimer", RESEARCH_ONLY)
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG", pnginfo=notice)
    return stream.getvalue()


def _write_chunks(path: Path, chunks: Iterable[bytes], *, private: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o600 if private else 0o666 & ~_umask())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _umask() -> int:
    # The mask of a process can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
