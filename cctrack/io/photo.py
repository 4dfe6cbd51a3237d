"""Read a JPEG, PNG, TIFF, WebP or HEIC upright and in sRGB, or a grey one as a film in px."""

import io
import math
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cctrack.io.capture_date import capture_day
from cctrack.io.colour import to_srgb
from cctrack.io.picture import WIDE_MODES, decode_upright, narrowed, open_picture
from cctrack.io.shield import shielded
from cctrack.io.tiff import sample_top
from cctrack.model import Because, Photo, Provenance, Radiograph

COLOUR_SPREAD = 10
"""A pixel whose channels differ by more than 10 of 255 has colour; JPEG noise stays below."""

COLOUR_SHARE = 0.01
"""Skin colours nearly all of a photo; a film with a coloured stamp stays below 1 %."""

COLOUR_SAMPLE_PX = 500_000
"""Looking at a regular sample of pixels tells as much of a large photo, twenty times as fast."""

STRIP_ROWS = 512
"""Rows copied out of a decoded picture at once."""

_GREY_MODES = ("1", "L", "LA", "I", "F", *WIDE_MODES)
_BROKEN = "the picture does not decode"


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


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A picture upright, the largest value of its samples, and its day."""

    picture: Image.Image
    top: int
    acquired: date | None


def read_picture_header(file: BinaryIO) -> PictureHeader:
    """Read size, format and date of a picture from an open file, not its pixels.

    Raises
    ------
    UnreadableImage
        If it is damaged, too large, has several pages, or is of a format that is not read.
    """
    return shielded(lambda: _header(file), Because.UNREADABLE_PIXELS, "no readable picture")


def read_photo(data: bytes, provenance: Provenance, *, today: date | None = None) -> Photo:
    """Decode a clinical photo: orientation applied once, colours in sRGB.

    Parameters
    ----------
    data : bytes
        A whole JPEG, PNG, TIFF, WebP or HEIC file; of a HEIC with several images the primary.
    provenance : Provenance
    today : date or None
        A later capture day is that of a clock not set; None asks the computer's clock.

    Raises
    ------
    UnreadableImage
        If it is damaged, cut short or of a format that is not read.
    """
    decoded = shielded(lambda: _decode(data, today), Because.UNREADABLE_PIXELS, _BROKEN)
    pixels = shielded(lambda: _rgb(decoded), Because.UNREADABLE_PIXELS, _BROKEN)
    return Photo(pixels=pixels, acquired=decoded.acquired, provenance=provenance)


def read_film(data: bytes, provenance: Provenance, *, today: date | None = None) -> Radiograph:
    """Decode a picture of a film as a radiograph: bone bright as it stands, no spacing.

    Colour, of which a film has none to speak of, is averaged away.

    Raises
    ------
    UnreadableImage
        As `read_photo`.
    """
    decoded = shielded(lambda: _decode(data, today), Because.UNREADABLE_PIXELS, _BROKEN)
    values, top = shielded(lambda: _grey(decoded), Because.UNREADABLE_PIXELS, _BROKEN)
    return Radiograph(
        pixels=values, full_range=(0.0, top), acquired=decoded.acquired, provenance=provenance
    )


def has_colour(pixels: NDArray[np.uint8]) -> bool:
    """Whether an RGB image (rows, columns, 3) shows colour, and so is no film."""
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // COLOUR_SAMPLE_PX))
    red, green, blue = np.moveaxis(pixels[::step, ::step].astype(np.int16), 2, 0)
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float((spread > COLOUR_SPREAD).mean()) >= COLOUR_SHARE


def _header(file: BinaryIO) -> PictureHeader:
    with open_picture(file) as picture:
        # Asking a PNG for EXIF that does not come first would decode all of its pixels.
        late = picture.format == "PNG" and "exif" not in picture.info
        return PictureHeader(
            rows=picture.height,
            columns=picture.width,
            file_format=picture.format or "",
            grey=picture.mode in _GREY_MODES,
            acquired=None if late else capture_day(picture, date.today()),
        )


def _decode(data: bytes, today: date | None) -> _Decoded:
    with open_picture(io.BytesIO(data)) as picture:
        top = sample_top(picture)
        acquired = capture_day(picture, today or date.today())
        return _Decoded(decode_upright(picture), top, acquired)


def _rgb(decoded: _Decoded) -> NDArray[np.uint8]:
    picture = to_srgb(narrowed(decoded.picture, decoded.top))
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    # Strip by strip: the whole at once would take two more copies of the picture on the way.
    for top in range(0, picture.height, STRIP_ROWS):
        end = min(top + STRIP_ROWS, picture.height)
        pixels[top:end] = np.asarray(picture.crop((0, top, picture.width, end)))
    return pixels


def _grey(decoded: _Decoded) -> tuple[NDArray[np.float32], float]:
    picture = decoded.picture
    if picture.mode in WIDE_MODES:
        return np.asarray(picture).astype(np.float32), float(decoded.top)
    if picture.mode in ("L", "1"):
        return np.asarray(picture.convert("L")).astype(np.float32), 255.0
    return _rgb(decoded).mean(axis=2, dtype=np.float32), 255.0
