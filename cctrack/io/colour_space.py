"""Colour spaces that files name instead of carrying an ICC profile, as such a profile."""

import struct
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms

from cctrack.errors import UnreadableImage
from cctrack.model import Because

XYZ = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """Red, green and blue as XYZ seen under D50, as ICC profiles store them.

    Attributes
    ----------
    gamma : float or None
        Exponent of the tone curve; None is the curve of sRGB.
    """

    red: XYZ
    green: XYZ
    blue: XYZ
    gamma: float | None = None


DISPLAY_P3 = ColourSpace(
    red=(0.51512, 0.24120, -0.00105),
    green=(0.29198, 0.69225, 0.04189),
    blue=(0.15710, 0.06657, 0.78407),
)
"""SMPTE EG 432-1 primaries with a D65 white, adapted to D50: what phones take photos in."""

BT_2020 = ColourSpace(
    red=(0.67348, 0.27904, -0.00194),
    green=(0.16566, 0.67534, 0.02998),
    blue=(0.12505, 0.04561, 0.79686),
)
"""ITU-R BT.2020 primaries, D65 adapted to D50."""

ADOBE_RGB = ColourSpace(
    red=(0.60974, 0.31111, 0.01947),
    green=(0.20528, 0.62567, 0.06087),
    blue=(0.14919, 0.06322, 0.74457),
    gamma=563 / 256,
)
"""Adobe RGB (1998): primaries adapted to D50, exponent 2 51/256."""

_SPACES = {9: BT_2020, 12: DISPLAY_P3}
"""By the code of the primaries (ITU-T H.273, table 2); the others are sRGB or nearly."""

_HDR_CURVES = {16: "PQ", 18: "HLG"}
"""Tone curves of high dynamic range (ITU-T H.273, table 3): how bright white is, is open."""

_ADOBE_FILE = "R03"
"""EXIF interoperability index of a camera set to Adobe RGB, which then writes no profile."""

_TAG_TABLE = 128
_TYPE_BYTES = 8


def stated_profile(picture: Image.Image) -> bytes:
    """ICC profile of the space that a picture names in its codes or EXIF; empty for sRGB.

    Raises
    ------
    UnreadableImage
        If its tone curve is one of high dynamic range.
    """
    codes = picture.info.get("nclx_profile") or {}
    curve = codes.get("transfer_characteristics")
    if curve in _HDR_CURVES:
        raise UnreadableImage(
            Because.UNSUPPORTED_FORMAT,
            f"high dynamic range ({_HDR_CURVES[curve]}); export it as JPEG",
        )
    space = _SPACES.get(codes.get("color_primaries", 0))
    if space is None and not codes and _is_adobe_file(picture):
        space = ADOBE_RGB
    return icc_profile(space) if space else b""


def icc_profile(space: ColourSpace) -> bytes:
    """Build a matrix profile (ICC.1:2022): that of sRGB with other primaries and tone curve."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = _tags(profile)
    for tag, colour in ((b"rXYZ", space.red), (b"gXYZ", space.green), (b"bXYZ", space.blue)):
        _write_fixed(profile, places[tag], colour)
    if space.gamma is not None:
        for tag in (b"rTRC", b"gTRC", b"bTRC"):
            # Parametric curve of type 3: (a X + b) ** gamma from d on, c X below.
            _write_fixed(profile, places[tag] + 4, (space.gamma, 1.0, 0.0, 0.0, 0.0))
    return bytes(profile)


def _is_adobe_file(picture: Image.Image) -> bool:
    try:
        index = picture.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex)
    except Exception:
        # Broken EXIF raises a dozen kinds of errors; then the picture says nothing.
        return False
    return str(index).strip("\0 ") == _ADOBE_FILE


def _tags(profile: bytearray) -> dict[bytes, int]:
    (count,) = struct.unpack_from(">I", profile, _TAG_TABLE)
    entries = (struct.unpack_from(">4sII", profile, _TAG_TABLE + 4 + 12 * n) for n in range(count))
    return {name: offset for name, offset, _ in entries}


def _write_fixed(profile: bytearray, at: int, values: tuple[float, ...]) -> None:
    whole = [round(value * 65536) for value in values]
    struct.pack_into(f">{len(whole)}i", profile, at + _TYPE_BYTES, *whole)
