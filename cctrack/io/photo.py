"""Read a JPEG, PNG, TIFF or WebP upright and in sRGB, or a grey one as a film in px."""

import io
import math
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from cctrack.errors import UnreadableImage
from cctrack.io.shield import shielded
from cctrack.model import Because, Photo, Provenance, Radiograph

MAX_PIXELS = 80_000_000
"""80 megapixels: phones take 12 to 50; with its copies it needs 1 GB. Checked before decoding."""

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
"""What is opened. A JPEG may turn out as MPO: a phone put a second picture behind the first."""

COLOUR_SPREAD = 10
"""A pixel whose channels differ by more than 10 of 255 has colour; JPEG noise stays below."""

COLOUR_SHARE = 0.01
"""Skin colours nearly all of a photo; a film with a coloured stamp stays below 1 %."""

COLOUR_SAMPLE_PX = 500_000
"""Looking at a regular sample of pixels tells as much of a large photo, twenty times as fast."""

_EXIF_IFD = 0x8769
_DATE_TIME_ORIGINAL = 0x9003
_GREY_MODES = ("1", "L", "LA", "I;16", "I;16B", "I;16L", "I", "F")
_WIDE_MODES = ("I;16", "I;16B", "I;16L")
_PHOTOMETRIC = 262


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture says of itself before it is decoded.

    Attributes
    ----------
    grey : bool
        Whether its format holds no colour at all.
    """

    rows: int
    columns: int
    file_format: str
    grey: bool
    acquired: date | None


def read_picture_header(file: BinaryIO) -> PictureHeader:
    """Read size, format and date of a picture from an open file, not its pixels.

    Raises
    ------
    UnreadableImage
        If it is damaged, too large, or has several pages.
    """
    return shielded(lambda: _header(file), Because.UNREADABLE_PIXELS, "no readable picture")


def read_photo(data: bytes, provenance: Provenance) -> Photo:
    """Decode a clinical photo: EXIF orientation applied once, colours in sRGB.

    Raises
    ------
    UnreadableImage
        If it is damaged or cut short.
    """
    detail = "the picture does not decode"
    pixels, acquired = shielded(lambda: _decode_rgb(data), Because.UNREADABLE_PIXELS, detail)
    return Photo(pixels=pixels, acquired=acquired, provenance=provenance)


def read_film(data: bytes, provenance: Provenance) -> Radiograph:
    """Decode a picture of a film as a radiograph: bone bright as it stands, no spacing.

    Colour, of which a film has none to speak of, is averaged away.

    Raises
    ------
    UnreadableImage
        If it is damaged or cut short.
    """
    detail = "the picture does not decode"
    values, top, acquired = shielded(lambda: _decode_grey(data), Because.UNREADABLE_PIXELS, detail)
    return Radiograph(
        pixels=values, full_range=(0.0, top), acquired=acquired, provenance=provenance
    )


def has_colour(pixels: NDArray[np.uint8]) -> bool:
    """Whether an RGB image (rows, columns, 3) shows colour, and so is no film."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // COLOUR_SAMPLE_PX))
    red, green, blue = np.moveaxis(pixels[::step, ::step].astype(np.int16), 2, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((spread > COLOUR_SPREAD).mean()) >= COLOUR_SHARE


def _header(file: BinaryIO) -> PictureHeader:
    with _open(file) as picture:
        return PictureHeader(
            rows=picture.height,
            columns=picture.width,
            file_format=picture.format or "",
            grey=picture.mode in _GREY_MODES,
            acquired=_taken(picture),
        )


def _open(file: BinaryIO) -> Image.Image:
    """Open a picture without decoding it, and refuse what must not be decoded."""
    try:
        picture = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise UnreadableImage(Because.TOO_LARGE, f"more than {MAX_PIXELS} px") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise UnreadableImage(Because.TOO_LARGE, f"{picture.height} x {picture.width} px")
    if min(picture.size) < MIN_SIDE_PX:
        raise UnreadableImage(
            Because.NOT_AN_IMAGE, f"{picture.height} x {picture.width} px is no photo"
        )
    pages = getattr(picture, "n_frames", 1)
    if pages > 1 and picture.format != "MPO":
        raise UnreadableImage(Because.INCONSISTENT_SERIES, f"{pages} pages; save the one meant")
    return picture


def _taken(picture: Image.Image) -> date | None:
    """Day of DateTimeOriginal; other EXIF dates tell when the file was changed or copied."""
    try:
        written = str(picture.getexif().get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL, ""))
        return datetime.strptime(written[:10].replace("-", ":"), "%Y:%m:%d").date()
    except Exception:
        # Broken EXIF raises a dozen kinds of errors and is no reason to lose the photo.
        return None


def _decode_rgb(data: bytes) -> tuple[NDArray[np.uint8], date | None]:
    with _open(io.BytesIO(data)) as picture:
        acquired = _taken(picture)
        upright = _to_srgb(_upright(picture))
        return np.array(upright, dtype=np.uint8), acquired


def _upright(picture: Image.Image) -> Image.Image:
    # Decode first: Pillow turns some TIFFs itself while decoding, and then drops the EXIF tag.
    if picture.mode in ("I", "F"):
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "32-bit pixels have no known range")
    try:
        picture.load()
    except OSError:
        raise UnreadableImage(Because.TRUNCATED, "the picture is cut short or damaged") from None
    upright = _black_is_zero(picture)
    ImageOps.exif_transpose(upright, in_place=True)
    return upright


def _black_is_zero(picture: Image.Image) -> Image.Image:
    # Pillow inverts white-is-zero TIFFs of 8 bits, but leaves those of 16 bits as they are.
    tags = getattr(picture, "tag_v2", {})
    if picture.mode in _WIDE_MODES and tags.get(_PHOTOMETRIC) == 0:
        values = np.uint16(65535) - np.asarray(picture).astype(np.uint16)
        return Image.fromarray(values)
    return picture


def _to_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if picture.mode in _WIDE_MODES:
        wide = np.asarray(picture).astype(np.int64)
        picture = Image.fromarray((wide >> 8).clip(0, 255).astype(np.uint8))
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode in ("RGBA", "LA", "PA"):
        picture = _on_white(picture.convert("RGBA"))
    if profile and picture.mode in ("RGB", "CMYK"):
        return _by_profile(picture, profile)
    return picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(paper, picture).convert("RGB")


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB; a picture that is sRGB already, or whose profile is broken, stays."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return picture.convert("RGB")
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture.convert("RGB")
    return converted if converted is not None else picture.convert("RGB")


def _decode_grey(data: bytes) -> tuple[NDArray[np.float32], float, date | None]:
    with _open(io.BytesIO(data)) as picture:
        acquired = _taken(picture)
        upright = _upright(picture)
        if upright.mode in _WIDE_MODES:
            return np.asarray(upright).astype(np.float32), 65535.0, acquired
        if upright.mode in ("L", "1"):
            return np.asarray(upright.convert("L")).astype(np.float32), 255.0, acquired
        pixels = np.array(_to_srgb(upright), dtype=np.uint8)
    return pixels.mean(axis=2, dtype=np.float32), 255.0, acquired
