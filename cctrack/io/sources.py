"""Fingerprints of input: the bytes a number came from, and a patient without a name."""

import hashlib
from collections.abc import Iterable

PATIENT_KEY_LENGTH = 16
"""64 bits: no two patients of a hospital collide by chance, and a table stays readable."""


def hash_bytes(data: bytes) -> str:
    """SHA-256 of some bytes, in hexadecimal.

    Examples
    --------
    >>> hash_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def combine_hashes(hashes: Iterable[str]) -> str:
    """SHA-256 of a series: of the sorted hashes of its files, so that their order is no matter.

    A single file keeps its own hash.
    """
    ordered = sorted(hashes)
    if len(ordered) == 1:
        return ordered[0]
    return hash_bytes("\n".join(ordered).encode("ascii"))


def patient_key(patient_id: str, issuer: str) -> str:
    """Short hash that tells patients apart without holding their id; empty when there is no id."""
    if not patient_id.strip():
        return ""
    identity = f"{patient_id.strip()}\0{issuer.strip()}"
    return hash_bytes(identity.encode("utf-8", "surrogatepass"))[:PATIENT_KEY_LENGTH]


def printable_name(name: str) -> str:
    r"""Write out what cannot be printed, so that a name can stand in any table and terminal.

    Names on disk may hold line breaks, escape sequences and bytes that are no UTF-8.

    Examples
    --------
    >>> printable_name("Fuß links.jpg"), printable_name("a\x1b[2J\udcff")
    ('Fuß links.jpg', 'a\\x1b[2J\\udcff')
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in name
    )
