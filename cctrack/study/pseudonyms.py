"""Names for patients that only the holder of a study's key can lead back to a patient."""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cctrack.errors import StudyError

KEY_FILE = Path("record") / "key"
"""Where a study keeps its key, relative to its folder; readable by its owner only."""

KEY_BYTES = 32
"""As long as the digest of SHA-256: more would add nothing (RFC 2104, section 3)."""

PSEUDONYM_DIGITS = 12
"""Hex digits, 48 bits: among 10,000 patients two collide with a probability of 2e-7."""


def study_key(root: Path) -> bytes:
    """Return the key of a study; one is made, at random, for a study that has none.

    Two programs that make it at once get the same key.

    Raises
    ------
    StudyError
        If the key file is damaged.
    """
    path = root / KEY_FILE
    if not path.exists():
        _make_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StudyError(f"{KEY_FILE.as_posix()} is damaged; put the study's own key file back")
    return key


def key_name(key: bytes) -> str:
    """Say which key it is without giving it away, so that another one is noticed."""
    return hmac.new(key, b"name of this key", hashlib.sha256).hexdigest()[:PSEUDONYM_DIGITS]


def pseudonym(key: bytes, patient: str) -> str:
    """Pseudonym of a patient: the same for the same patient and key, HMAC-SHA256 (RFC 2104).

    Parameters
    ----------
    key : bytes
    patient : str
        What tells patients apart, such as the hash of a patient id and its issuer.

    Examples
    --------
    >>> pseudonym(bytes(32), "patient 1")
    'P734793907d34'
    """
    digest = hmac.new(key, patient.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return "P" + digest.hexdigest()[:PSEUDONYM_DIGITS]


def require_distinct(pseudonyms: Iterable[str]) -> None:
    """Make sure that no two patients share a pseudonym.

    Raises
    ------
    StudyError
        If they do: that chance is written at `PSEUDONYM_DIGITS`.
    """
    given = list(pseudonyms)
    if len(set(given)) < len(given):
        raise StudyError("two patients would share a pseudonym; no visit was added")


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    part = Path(name)  # Made with mode 0600.
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link and no renaming: the key that another program has just made stays.
        path.hardlink_to(part)
    except FileExistsError:
        pass
    except OSError:  # A file system without links, such as that of a stick.
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
