"""Turn the bytes of a DICOM file into a dataset, whatever its preamble, and inflate with care."""

import io
import zlib
from typing import BinaryIO

import pydicom
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_elements import all_elements, pick_elements, tag_of
from cctrack.io.dicom_tags import READ_TAGS
from cctrack.io.shield import shielded
from cctrack.model import Because

MAX_INFLATED_BYTES = 256 << 20
"""256 MiB: a large radiograph has 150; a 3 MB file can be made to inflate to 3 GB."""

START_BYTES = (32 << 10, 1 << 20)
"""Most headers end within 32 KiB, those with private tables of the maker within 1 MiB."""

_META_AT = 132
"""The file meta group starts behind the preamble and the DICM mark."""

_DEFLATED = DeflatedExplicitVRLittleEndian.encode("ascii")
_PLAIN = ExplicitVRLittleEndian.encode("ascii").ljust(len(_DEFLATED), b"\0")

_NEEDED_SEQUENCES = frozenset(
    int(tag_of(keyword))
    for keyword in (
        "ModalityLUTSequence",
        "ContrastBolusAgentSequence",
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
    )
)
"""Sequences that change what the pixels of a slice mean, or where they lie."""

_WANTED = {int(tag): tag for tag in map(tag_of, READ_TAGS)}


def parse_header(file: BinaryIO) -> Dataset:
    """Read the elements that a scan needs from an open file, and no pixels.

    Raises
    ------
    UnreadableImage
        If it is no DICOM after all.
    """
    return shielded(lambda: _header(file), Because.NOT_AN_IMAGE, "no readable DICOM header")


def pick_header(start: bytes) -> Dataset | None:
    """Read the same elements from the start of a plain file, fast; None where that fails."""
    return pick_elements(start, _WANTED)


def parse_partial_header(start: bytes) -> Dataset | None:
    """Read the same elements from the start of a file; None when the start is not enough."""
    picked = pick_header(start)
    if picked is not None:
        return picked
    try:
        stream = io.BytesIO(start)
        dataset = shielded(lambda: _parsed(stream), Because.NOT_AN_IMAGE, "no readable header")
    except UnreadableImage:
        return None
    # Reading stops at the pixels; having come to the end means that they were not reached.
    return dataset if stream.tell() < len(start) and _DEFLATED not in start[:1024] else None


def parse(data: bytes) -> Dataset:
    """Read a whole dataset; raises `UnreadableImage` if its elements cannot be told apart."""
    return shielded(lambda: _whole(data), Because.UNREADABLE_PIXELS, "broken DICOM elements")


def parse_slice(data: bytes) -> Dataset:
    """Read a dataset as `parse`, many times faster where it is a plain slice of a series.

    Sequences that say nothing about one plain slice are then left out.
    """
    return all_elements(data, _NEEDED_SEQUENCES) or parse(data)


def _whole(data: bytes) -> Dataset:
    dataset = pydicom.dcmread(io.BytesIO(inflated(data)), force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        # Files without a meta header: pixels are encoded as the elements around them are.
        implicit, little = dataset.original_encoding
        plain = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        dataset.file_meta.TransferSyntaxUID = plain if little else ExplicitVRBigEndian
    return dataset


def _header(file: BinaryIO) -> Dataset:
    data = b""
    for size in START_BYTES:
        data += file.read(size - len(data))
        picked = pick_header(data)
        if picked is not None:
            return picked
        if len(data) < size:
            break
    file.seek(0)
    return _parsed(file)


def _parsed(file: BinaryIO) -> Dataset:
    start = file.read(1024)
    file.seek(0)
    stream = io.BytesIO(inflated(file.read())) if _DEFLATED in start else file
    return pydicom.dcmread(
        stream, stop_before_pixels=True, force=True, specific_tags=list(READ_TAGS)
    )


def inflated(data: bytes) -> bytes:
    """Inflate a deflated file into an explicit little endian one; others stay as they are."""
    if _DEFLATED not in data[:1024]:
        return data
    begin = _end_of_meta(data)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflater.decompress(data[begin:], MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        limit = f"at most {MAX_INFLATED_BYTES} bytes"
        raise UnreadableImage(Because.TOO_LARGE, f"a deflated file may inflate to {limit}")
    return data[:begin].replace(_DEFLATED, _PLAIN, 1) + body


def _end_of_meta(data: bytes) -> int:
    """Where the file meta group ends; its own length element may be missing."""
    at = _META_AT
    while data[at : at + 2] == b"\x02\x00" and at + 12 <= len(data):
        long_form = data[at + 4 : at + 6] in (b"OB", b"OW", b"UN", b"UT", b"SQ")
        if long_form:
            at += 12 + int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            at += 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    return at
