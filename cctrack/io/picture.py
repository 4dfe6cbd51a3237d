"""Open a picture file safely, and decode it upright."""

import io
from typing import BinaryIO

import numpy as np
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from cctrack.errors import UnreadableImage
from cctrack.io.colour import eight_bits
from cctrack.io.packing import require_no_bomb
from cctrack.io.png import colour_codes
from cctrack.io.sniff import HEAD_BYTES, is_heic, is_tiff, stated_length, unsupported_picture
from cctrack.io.tiff import require_readable_tiff, sample_top
from cctrack.model import Because

MAX_PIXELS = 80_000_000
"""80 megapixels: phones take 12 to 50; with its copies it needs 1 GB. Checked before decoding."""

MAX_HEIC_PIXELS = 60_000_000
"""60 megapixels need 0.8 GB: its decoder holds more copies at once."""

MAX_WEBP_PIXELS = 40_000_000
"""40 megapixels need 0.8 GB: its decoder holds two canvases and each picture twice."""

MIN_SIDE_PX = 8
"""Smaller is an icon or a tracking pixel."""

FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        TiffImagePlugin.TiffImageFile,
        WebPImagePlugin.WebPImageFile,
    )
)
"""What Pillow opens. A JPEG may turn out as MPO: a phone put a second picture behind the first."""

FIRST_IS_THE_PHOTO = ("MPO", "HEIF", "TIFF")
"""Formats whose further pictures are depth, gain, thumbnail or burst; of TIFF see `tiff`."""

INSTEAD = "export it as JPEG, PNG, TIFF or HEIC"

WIDE_MODES = ("I;16", "I;16B", "I;16L")
"""Pillow's modes of 16-bit grey."""

_BROKEN = "the picture is cut short or damaged"
_PHOTOMETRIC = 262
_ORIENTATION = 274


def open_picture(file: BinaryIO) -> Image.Image:
    """Open a picture without decoding it.

    Raises
    ------
    UnreadableImage
        If its format is not read, or it is too large, too small, or of several pages.
    """
    picture = _opened(file)
    limit = {"HEIF": MAX_HEIC_PIXELS, "WEBP": MAX_WEBP_PIXELS}.get(str(picture.format), MAX_PIXELS)
    if picture.width * picture.height > limit:
        raise UnreadableImage(Because.TOO_LARGE, f"{picture.height} x {picture.width} px")
    require_no_bomb(picture.width * picture.height, _length(file))
    if min(picture.size) < MIN_SIDE_PX:
        raise UnreadableImage(
            Because.NOT_AN_IMAGE, f"{picture.height} x {picture.width} px is no photo"
        )
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        require_readable_tiff(picture)
    pages = getattr(picture, "n_frames", 1)
    if pages > 1 and picture.format not in FIRST_IS_THE_PHOTO:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, f"an animation of {pages} pictures; save the one meant"
        )
    return picture


def decode_upright(picture: Image.Image) -> Image.Image:
    """Decode an open picture, white-is-zero turned round and the EXIF orientation applied once.

    Raises
    ------
    UnreadableImage
        If it is cut short, damaged, or of 32 bits a pixel.
    """
    # Decode first: Pillow turns some TIFFs itself while decoding, and then drops the EXIF tag.
    if picture.mode in ("I", "F"):
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "32-bit pixels have no known range")
    try:
        picture.load()
    except (OSError, EOFError, RuntimeError):
        raise UnreadableImage(Because.TRUNCATED, _BROKEN) from None
    upright = _black_is_zero(picture)
    # pillow_heif turns on decoding and resets the orientation, so this leaves such HEIC as it is.
    ImageOps.exif_transpose(upright, in_place=True)
    return upright


def narrowed(picture: Image.Image, top: int) -> Image.Image:
    """Bring 16-bit grey, of which ``top`` is white, to 8 bits; other pictures stay."""
    if picture.mode not in WIDE_MODES:
        return picture
    grey = Image.fromarray(eight_bits(np.asarray(picture).astype(np.uint16), top))
    grey.info = picture.info
    return grey


def _length(file: BinaryIO) -> int:
    at = file.tell()
    length = file.seek(0, io.SEEK_END)
    file.seek(at)
    return length


def _opened(file: BinaryIO) -> Image.Image:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    name = unsupported_picture(head)
    if name:
        raise UnreadableImage(Because.UNSUPPORTED_FORMAT, f"{name} is not read; {INSTEAD}")
    if stated_length(head) > _length(file):
        raise UnreadableImage(Because.TRUNCATED, _BROKEN)
    try:
        return _heic(file) if is_heic(head) else _pillow(file)
    except Image.DecompressionBombError:
        raise UnreadableImage(Because.TOO_LARGE, f"more than {MAX_PIXELS} px") from None
    except UnidentifiedImageError:
        if is_tiff(head):
            detail = f"camera raw or a TIFF of a rare kind is not read; {INSTEAD}"
            raise UnreadableImage(Because.UNSUPPORTED_FORMAT, detail) from None
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "the picture is damaged") from None
    except OSError:
        raise UnreadableImage(Because.TRUNCATED, _BROKEN) from None


def _pillow(file: BinaryIO) -> Image.Image:
    picture = Image.open(file, formats=FORMATS)
    if picture.format == "PNG":
        place = file.tell()
        codes = colour_codes(file)
        file.seek(place)
        if codes:
            # They go before a profile (PNG third edition, 4.3), and are told as those of HEIC.
            picture.info.pop("icc_profile", None)
            picture.info["nclx_profile"] = codes
    return picture


def _heic(file: BinaryIO) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise UnreadableImage(
            Because.MISSING_DECODER, "HEIC needs pillow-heif; or export it as JPEG"
        ) from None
    data = file.read()
    if _is_cut(data):
        raise UnreadableImage(Because.TRUNCATED, _BROKEN)
    try:
        picture: Image.Image = HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    except SyntaxError:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, "a HEIC that is damaged or of a rare kind; export it as JPEG"
        ) from None
    if not _says_how_to_turn(data):
        # Then the EXIF block is all there is, and pillow_heif has set it back to upright.
        picture.getexif()[_ORIENTATION] = picture.info.get("original_orientation") or 1
    return picture


def _says_how_to_turn(data: bytes) -> bool:
    """Whether the container rotates or mirrors its picture (irot, imir of ISO/IEC 23008-12)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"meta":
            return any(kind in data[at : at + size] for kind in (b"irot", b"imir"))
        if size < 8:
            break
        at += size
    return False


def _is_cut(data: bytes) -> bool:
    """Whether a box (ISO/IEC 14496-12, 4.2) of a HEIC ends behind the end of the file."""
    at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind not in (b"ftyp", b"meta", b"mdat", b"free", b"idat", b"moov", b"uuid"):
            return False  # What a phone put behind the picture says nothing about it.
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return False  # 0 means up to the end of the file.
        at += size
    return at > len(data)


def _black_is_zero(picture: Image.Image) -> Image.Image:
    # Pillow inverts white-is-zero TIFFs of 8 bits, but leaves those of 16 bits as they are.
    tags = getattr(picture, "tag_v2", {})
    if picture.mode in WIDE_MODES and tags.get(_PHOTOMETRIC) == 0:
        top = np.uint16(sample_top(picture))
        turned = Image.fromarray(top - np.asarray(picture).astype(np.uint16))
        turned.info = picture.info
        return turned
    return picture
