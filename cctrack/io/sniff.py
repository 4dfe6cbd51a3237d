"""Tell what a file is from its first bytes; its name only serves to recognise masks."""

from enum import StrEnum
from typing import Literal

HEAD_BYTES = 512
"""Enough for the DICOM mark at byte 128 and every signature below."""

_DICM_AT = 128
_ENVELOPED_DATA = bytes.fromhex("06092a864886f70d010703")
"""Object identifier of CMS enveloped data: an encrypted (secure) DICOM file starts with it."""

_KNOWN_VR = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM "
    b"UC UI UL UN UR US UT UV".split()
)


_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""HEIF (ISO/IEC 23008-12) of one image or a sequence, 8 or 10 bits, or of any codec."""

_UNSUPPORTED = {
    b"GIF8": "GIF",
    b"8BPS": "Photoshop",
    b"%PDF-": "PDF",
    b"%!PS": "PostScript",
    b"<svg": "SVG",
    b"\0\0\0\x0cjP  \r\n": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL \r\n": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x18ftypcrx ": "camera raw",
    b"IIRO": "camera raw",
    b"IIRS": "camera raw",
    b"MMOR": "camera raw",
    b"IIU\0": "camera raw",
    b"FUJIFILMCCD-RAW": "camera raw",
}
"""Pictures that are not read, by their first bytes: a folder of photos may hold one unnoticed."""


_OTHER_ARCHIVES = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\xfd7zXZ\0": "xz",
    b"BZh": "bzip2",
}
"""Archives that are not read, by their first bytes; tar has its mark further on."""

_TAR_AT = 257

_BMP_HEADERS = tuple(bytes([length, 0, 0, 0]) for length in (12, 40, 52, 56, 64, 108, 124))
"""Lengths of a bitmap's second header: ``BM`` alone is too little to go by."""

_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")


class FileType(StrEnum):
    """What the first bytes of a file say it is."""

    EMPTY = "empty"
    DICOM = "dicom"
    PICTURE = "picture"
    ARCHIVE = "archive"
    ENCRYPTED = "encrypted"
    NIFTI = "nifti"
    OTHER = "other"


def file_type(head: bytes) -> FileType:
    """Recognise a file by its first `HEAD_BYTES` bytes."""
    if not head:
        return FileType.EMPTY
    if head[_DICM_AT : _DICM_AT + 4] == b"DICM":
        return FileType.DICOM
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return FileType.ARCHIVE
    if _is_picture(head):
        return FileType.PICTURE
    if head[:1] == b"\x30" and _ENVELOPED_DATA in head[:64]:
        return FileType.ENCRYPTED
    if head.startswith((b"\x1f\x8b", b"\x5c\x01\x00\x00", b"\x00\x00\x01\x5c")):
        return FileType.NIFTI
    return FileType.DICOM if _looks_like_bare_dataset(head) else FileType.OTHER


def _is_picture(head: bytes) -> bool:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or is_tiff(head):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    return is_heic(head) or bool(unsupported_picture(head))


def is_heic(head: bytes) -> bool:
    """Whether a file starts as HEIF whose pictures are HEVC, as phones write them."""
    return head[8:12] in _HEIC_BRANDS and head[4:8] == b"ftyp" and not unsupported_picture(head)


def is_tiff(head: bytes) -> bool:
    """Whether a file starts as a TIFF of either size and byte order."""
    return head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))


def stated_length(head: bytes) -> int:
    """Bytes that a WebP, or a TIFF up to its first directory, says it has; 0 for other files."""
    if head[:4] == b"RIFF":
        return int.from_bytes(head[4:8], "little") + 8
    if head.startswith(b"II*\0"):
        return int.from_bytes(head[4:8], "little")
    return int.from_bytes(head[4:8], "big") if head.startswith(b"MM\0*") else 0


def unsupported_picture(head: bytes) -> str:
    """Name of the picture format a file starts as, where it is one that is not read; else empty."""
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[at : at + 4] for at in range(8, length, 4)}
        if brands & {b"avif", b"avis"} and not brands & {b"heic", b"heix"}:
            return "AVIF"
    if is_tiff(head) and head[8:10] == b"CR":
        return "camera raw"
    if head.startswith(b"BM") and head[6:10] == bytes(4) and head[14:18] in _BMP_HEADERS:
        return "BMP"
    if head.startswith((b"<?xml", b"<!--")) and b"<svg" in head:
        return "SVG"
    return next((name for start, name in _UNSUPPORTED.items() if head.startswith(start)), "")


def other_archive(head: bytes) -> str:
    """Name of the archive format a file starts as, where it is one that is not read; else empty."""
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return "tar"
    return next((name for start, name in _OTHER_ARCHIVES.items() if head.startswith(start)), "")


def _looks_like_bare_dataset(head: bytes) -> bool:
    """Whether a file without preamble starts with a plausible element of group 2 or 8."""
    if len(head) < 16:
        return False
    for order in _BYTE_ORDERS:
        group = int.from_bytes(head[0:2], order)
        element = int.from_bytes(head[2:4], order)
        if group not in (0x0002, 0x0008) or element > 0x0070:
            continue
        if head[4:6] in _KNOWN_VR:
            return True
        length = int.from_bytes(head[4:8], order)
        if length <= 1024:
            return True
    return False


def is_mask_name(name: str) -> bool:
    """Whether a file is named as a mask: ``*.mask.png``, ``*.mask.nii.gz`` and the like.

    Examples
    --------
    >>> is_mask_name("g12/0111.mask.png"), is_mask_name("masked.png")
    (True, False)
    """
    last = name.replace("!", "/").rsplit("/", 1)[-1].lower()
    return ".mask." in last
