"""Pick a few elements out of the start of a plain DICOM file, many times faster than parsing it.

pydicom builds an object for every element it passes; of 5,000 files a scan asks 60 values each.
Only the usual encodings are walked through here. Whatever looks odd is left to pydicom.
"""

import struct
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

_IMPLICIT = struct.Struct("<HHL")
_EXPLICIT = struct.Struct("<HH2sH")
_LENGTH = struct.Struct("<L")

_META_AT = 132
_UNDEFINED = 0xFFFFFFFF
_PIXELS = 0x7FE00000
_PIXEL_DATA = 0x7FE00010
_UNCOMPRESSED = frozenset(
    syntax.encode("ascii") for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
)
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_TRANSFER_SYNTAX = 0x00020010
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_VALUE_REPRESENTATIONS = {code: code.decode("ascii") for code in _LONG | _SHORT}
_MOST_NESTED = 16

SHORT_BYTES = 128
"""Values as short as that are remembered: most are the same in every slice of a series."""

Element = tuple[int, str | None, int, int]
"""Tag, value representation (None where the encoding leaves it out), start and end of the value."""

Elements = dict[BaseTag, DataElement | RawDataElement]


class _Odd(Exception):
    """Something this walk does not handle; pydicom may."""


def pick_elements(data: bytes, wanted: Mapping[int, BaseTag]) -> Dataset | None:
    """Elements of a file up to its pixels.

    Parameters
    ----------
    data : bytes
        The file, or a start of it that reaches to the pixels.
    wanted : mapping of int to BaseTag
        Tags to keep; sequences among them are beyond this function.

    Returns
    -------
    Dataset or None
        Values still undecoded. None when the file has to be read with pydicom: unusual encoding,
        a wanted sequence, or no pixels within ``data``.
    """
    if data[128:_META_AT] != b"DICM":
        return None
    try:
        meta, start = _read_meta(data)
        syntax = meta[BaseTag(_TRANSFER_SYNTAX)].value or b""
        implicit = _is_implicit(data, start, syntax.rstrip(b"\0 "))
        elements = _kept(_walk(data, start, implicit), data, wanted, implicit)
    except (_Odd, struct.error, KeyError):
        return None
    return _dataset(meta, elements, implicit=implicit)


def all_elements(data: bytes, needed_sequences: frozenset[int]) -> Dataset | None:
    """Elements of a whole file with uncompressed pixels, its sequences left out.

    Parameters
    ----------
    data : bytes
        The whole file.
    needed_sequences : frozenset of int
        Tags of sequences without which the file would be misunderstood.

    Returns
    -------
    Dataset or None
        Values still undecoded. None when the file has to be read with pydicom: unusual encoding,
        compressed or incomplete pixels, or a needed sequence in it.
    """
    if data[128:_META_AT] != b"DICM":
        return None
    try:
        meta, start = _read_meta(data)
        syntax = (meta[BaseTag(_TRANSFER_SYNTAX)].value or b"").rstrip(b"\0 ")
        if syntax not in _UNCOMPRESSED:
            return None
        implicit = _is_implicit(data, start, syntax)
        elements: Elements = {}
        for element in _walk(data, start, implicit):
            start = element[3]
            if (element[1] or _listed_vr(_tag(element[0]))) != "SQ":
                elements[_tag(element[0])] = _raw(data, _tag(element[0]), element, implicit)
            elif element[0] in needed_sequences:
                return None
        pixels = _element(data, start, implicit)
        if pixels[0] != _PIXEL_DATA:
            return None
        elements[_tag(_PIXEL_DATA)] = _raw(data, _tag(_PIXEL_DATA), pixels, implicit)
    except (_Odd, struct.error, KeyError):
        return None
    return _dataset(meta, elements, implicit=implicit)


def _dataset(meta: Elements, elements: Elements, *, implicit: bool) -> Dataset:
    dataset = Dataset(elements)
    dataset.file_meta = FileMetaDataset(meta)
    dataset.set_original_encoding(implicit, is_little_endian=True)
    return dataset


def _read_meta(data: bytes) -> tuple[Elements, int]:
    found: Elements = {}
    at = _META_AT
    while data[at : at + 2] == b"\x02\x00":
        tag, vr, start, end = _element(data, at, implicit=False)
        found[BaseTag(tag)] = _raw(data, BaseTag(tag), (tag, vr, start, end), implicit=False)
        at = end
    return found, at


def _is_implicit(data: bytes, at: int, syntax: bytes) -> bool:
    if syntax == ExplicitVRBigEndian.encode("ascii"):
        raise _Odd
    implicit = syntax == ImplicitVRLittleEndian.encode("ascii")
    vr = data[at + 4 : at + 6]
    # A deflated file, and one that is not encoded as it says, fail here.
    if implicit == (vr in _VALUE_REPRESENTATIONS):
        raise _Odd
    return implicit


def _kept(
    elements: Iterator[Element], data: bytes, wanted: Mapping[int, BaseTag], implicit: bool
) -> Elements:
    # One object for each tag: to compare two of them would cost more than to read the value.
    return {
        wanted[element[0]]: _raw(data, wanted[element[0]], element, implicit)
        for element in elements
        if element[0] in wanted
    }


def _raw(data: bytes, tag: BaseTag, element: Element, implicit: bool) -> RawDataElement:
    _, vr, start, end = element
    if (vr or _listed_vr(tag)) == "SQ" or end > len(data):
        raise _Odd
    return RawDataElement(tag, vr, end - start, data[start:end], start, implicit, True, True)


def _walk(data: bytes, at: int, implicit: bool) -> Iterator[Element]:
    """Yield the elements of the file itself, those in sequences left out, until the pixels."""
    before = 0
    while True:
        tag, vr, start, end = _element(data, at, implicit)
        if tag >= _PIXELS:
            return
        if tag <= before:
            raise _Odd
        before = tag
        if end - start == _UNDEFINED:
            end = _after_items(data, start, implicit, 0)
            vr = "SQ"
        yield tag, vr, start, end
        at = end


def _element(data: bytes, at: int, implicit: bool) -> Element:
    group, number, length = _IMPLICIT.unpack_from(data, at)
    tag = group << 16 | number
    if implicit or group == 0xFFFE:
        return tag, None, at + 8, at + 8 + length
    _, _, code, length = _EXPLICIT.unpack_from(data, at)
    vr = _VALUE_REPRESENTATIONS.get(code)
    if vr is None:
        raise _Odd
    if code in _SHORT:
        return tag, vr, at + 8, at + 8 + length
    (length,) = _LENGTH.unpack_from(data, at + 8)
    if vr == "UN" and length == _UNDEFINED:
        # What is inside is encoded implicitly, whatever the file is.
        raise _Odd
    return tag, vr, at + 12, at + 12 + length


def _after_items(data: bytes, at: int, implicit: bool, depth: int) -> int:
    """Where a sequence of undefined length ends."""
    if depth > _MOST_NESTED:
        raise _Odd
    while True:
        tag, _, start, end = _element(data, at, implicit)
        if tag == _SEQUENCE_END:
            return end
        if tag != _ITEM:
            raise _Odd
        at = _after_item(data, start, implicit, depth) if end - start == _UNDEFINED else end


def _after_item(data: bytes, at: int, implicit: bool, depth: int) -> int:
    while True:
        tag, _, start, end = _element(data, at, implicit)
        if tag == _ITEM_END:
            return end
        at = _after_items(data, start, implicit, depth + 1) if end - start == _UNDEFINED else end


_NUMBERS = {"US": ("H", 2), "SS": ("h", 2), "UL": ("L", 4), "SL": ("l", 4), "FD": ("d", 8)}
_BLANK = " \0\t\r\n"
_ASCII = frozenset(["CS", "DA", "DS", "DT", "IS", "TM", "UI"])
"""Representations that no character set changes."""
_TEXT = frozenset(["LO", "SH"])
"""Those that one may change, unless all is ASCII and no escape sequence switches sets."""


def undecoded_texts(element: RawDataElement) -> tuple[str, ...] | None:
    r"""Values of an element that nobody has decoded yet, as stripped text; None if pydicom must.

    Examples
    --------
    >>> element = RawDataElement(BaseTag(0x00280030), "DS", 8, b"0.5\\0.6 ", 0, False, True)
    >>> undecoded_texts(element)
    ('0.5', '0.6')
    """
    vr, value = element.VR or _listed_vr(element.tag), element.value
    if value is None or not element.is_little_endian:
        return None
    return _short_texts(vr, value) if len(value) <= SHORT_BYTES else _texts(vr, value)


@lru_cache(maxsize=4096)
def _short_texts(vr: str, value: bytes) -> tuple[str, ...] | None:
    return _texts(vr, value)


def _texts(vr: str, value: bytes) -> tuple[str, ...] | None:
    if vr in _ASCII or (vr in _TEXT and value.isascii() and b"\x1b" not in value):
        decoded = value.decode("latin-1")
        if "\\" not in decoded:
            return (decoded.strip(_BLANK),)
        return tuple(part.strip(_BLANK) for part in decoded.split("\\"))
    if vr in _NUMBERS:
        code, size = _NUMBERS[vr]
        if len(value) % size:
            return None
        return tuple(str(item) for item in struct.unpack(f"<{len(value) // size}{code}", value))
    return None


@cache
def _tag(number: int) -> BaseTag:
    return BaseTag(number)


@cache
def _listed_vr(tag: BaseTag) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


@cache
def tag_of(keyword: str) -> BaseTag:
    """Tag of an element; the same object each time, which makes looking it up fast."""
    return Tag(keyword)
