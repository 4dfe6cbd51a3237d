"""The chain of keyed hashes that shows whether an entry was changed, and its anchor.

Each entry's hash covers the entry and the hash before it (a hash chain) and is made with the
study's key (HMAC-SHA256, RFC 2104), so that nobody without the key can make a chain that holds. A
chain that was cut short still holds; therefore the number of entries and the last hash are kept in
a file of their own beside the key: the anchor.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrack.io.tables import write_bytes
from cctrack.study.locking import locked
from cctrack.study.record.statement import as_json

FIRST = "0" * 64
"""Stands for the hash before the first entry."""

ANCHOR_FILE = "anchor"
"""Name of the anchor's file, beside the key."""


def entry_hash(key: bytes, cells: Sequence[object]) -> str:
    """Hash an entry by all of its columns but the hash itself, in their order."""
    return hmac.new(_derived(key, b"entry"), as_json(cells).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """How long the chain was at least, and its hash there."""

    count: int
    head: str

    def mac(self, key: bytes) -> str:
        """Keyed hash of the anchor itself."""
        said = as_json([self.count, self.head]).encode()
        return hmac.new(_derived(key, b"anchor"), said, hashlib.sha256).hexdigest()


def read_anchor(folder: Path, key: bytes) -> Anchor | None:
    """Read the anchor; None when there is none.

    Raises
    ------
    ValueError
        If it was not written with this key.
    """
    path = folder / ANCHOR_FILE
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text(encoding="ascii"))
        anchor = Anchor(int(said["count"]), str(said["head"]))
        genuine = hmac.compare_digest(str(said["mac"]), anchor.mac(key))
    except (OSError, ValueError, KeyError, TypeError):
        genuine = False
    if not genuine:
        raise ValueError("the anchor beside the record's key was changed")
    return anchor


def move_anchor(folder: Path, key: bytes, anchor: Anchor) -> None:
    """Write the anchor unless it stands further on already: another program may be ahead.

    Raises
    ------
    ValueError
        If the old one was not written with this key; it is left alone.
    """
    with locked(folder / f".{ANCHOR_FILE}.lock"):
        known = read_anchor(folder, key)
        if known is None or known.count < anchor.count:
            said = {"count": anchor.count, "head": anchor.head, "mac": anchor.mac(key)}
            write_bytes(folder / ANCHOR_FILE, json.dumps(said).encode("ascii"), private=True)


def _derived(key: bytes, purpose: bytes) -> bytes:
    """One key for each purpose, so that one's hashes can never stand for another's."""
    return hmac.new(key, b"cctrack record " + purpose, hashlib.sha256).digest()
