"""Decode the colours of a JPEG codestream inside DICOM once, whatever the header claims."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LETTERS = (b"RGB", b"rgb")
"""Component ids by which a codestream says that its components are red, green and blue."""

_START_OF_SCAN = 0xDA
_APP0, _APP14 = 0xE0, 0xEE


def decode_jpeg_colour(data: bytes, *, claims_rgb: bool) -> NDArray[np.uint8]:
    """Decode a JPEG of three components to RGB, array (rows, columns, 3).

    libjpeg converts by what the codestream says (JFIF, Adobe, component ids) and takes YCbCr
    where it says nothing. Only then the DICOM header is asked, and only where no component is
    stored at half size, as nothing but colour differences ever is. Decoders that go by the header
    alone convert twice, or never, when header and codestream differ.

    Parameters
    ----------
    data : bytes
        One whole codestream of 8 bits.
    claims_rgb : bool
        Whether PhotometricInterpretation is RGB.
    """
    picture = Image.open(io.BytesIO(data), formats=["JPEG"])
    if claims_rgb and not _names_its_colours(data) and not _is_subsampled(data):
        # As it is stored: asking for YCbCr keeps libjpeg from converting.
        picture.draft("YCbCr", picture.size)
        return np.array(picture, dtype=np.uint8)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def frame_header(data: bytes) -> int | None:
    """Where the start-of-frame marker of a JPEG or JPEG-LS codestream lies."""
    for at, marker in _markers(data):
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return at if at + 9 <= len(data) else None
    return None


def _markers(data: bytes) -> list[tuple[int, int]]:
    """Positions and codes of the markers before the first scan."""
    found: list[tuple[int, int]] = []
    if data[:2] != b"\xff\xd8":
        return found
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        if data[at + 1] == 0xFF:
            at += 1  # A fill byte (ITU-T T.81, B.1.1.2).
            continue
        found.append((at, data[at + 1]))
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


def _names_its_colours(data: bytes) -> bool:
    for at, marker in _markers(data):
        if marker == _APP0 and data[at + 4 : at + 9] == b"JFIF\0":
            return True
        if marker == _APP14 and data[at + 4 : at + 9] == b"Adobe":
            return True
    return _components(data)[0] in _LETTERS


def _is_subsampled(data: bytes) -> bool:
    return len(set(_components(data)[1])) > 1


def _components(data: bytes) -> tuple[bytes, bytes]:
    """Ids and sampling factors of the components."""
    at = frame_header(data)
    if at is None:
        return b"", b""
    count = data[at + 9]
    return data[at + 10 : at + 10 + 3 * count : 3], data[at + 11 : at + 11 + 3 * count : 3]
