"""Colour codes of a PNG (chunk cICP), which Pillow does not look at."""

from typing import BinaryIO

_SIGNATURE_BYTES = 8
_CODES = ("color_primaries", "transfer_characteristics")
"""The first two bytes of the chunk (PNG third edition, 11.3.2.6), numbered as in ITU-T H.273."""

MAX_CHUNKS = 200
"""More come before no photo's pixels."""


def colour_codes(file: BinaryIO) -> dict[str, int]:
    """Codes of primaries and tone curve; empty without such a chunk before the pixels.

    Parameters
    ----------
    file : binary file
        A PNG; where it stands afterwards is left open.
    """
    file.seek(_SIGNATURE_BYTES)
    for _ in range(MAX_CHUNKS):
        start = file.read(8)
        length, name = int.from_bytes(start[:4], "big"), start[4:]
        if len(start) < 8 or name == b"IDAT":
            return {}
        if name == b"cICP":
            return dict(zip(_CODES, file.read(2), strict=False))
        file.seek(length + 4, 1)
    return {}
