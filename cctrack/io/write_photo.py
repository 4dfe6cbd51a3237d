"""Write a clinical photo as JPEG with its date and nothing that could name anyone."""

from datetime import date
from pathlib import Path

from PIL import ExifTags, Image, ImageCms

from cctrack.model.image import UInt8Array

TAKEN_AT = "12:00:00"
"""Time of day in the EXIF date: the day is known, the hour is not."""

UPRIGHT = 1
"""EXIF orientation of pixels that are shown as stored."""

PROFILE_DATE = slice(24, 36)
"""Where an ICC profile's header holds its date (ICC.1:2022, table 17)."""

SRGB = 1
"""EXIF ColorSpace code of sRGB."""


def write_photo(
    path: Path, pixels: UInt8Array, *, acquired: date | None, quality: int = 92
) -> None:
    """Write an sRGB JPEG with DateTimeOriginal.

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    pixels : uint8 array (rows, columns, 3)
        sRGB, upright.
    acquired : date or None
        None writes no date.
    quality : int
        Of the JPEG, 1–95; chroma is not subsampled, because colour draws the lesion's border.

    Raises
    ------
    ValueError
        If the pixels are not uint8 RGB.
    """
    if pixels.dtype != "uint8" or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"a photo is uint8 (rows, columns, 3), got {pixels.dtype} {pixels.shape}")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = UPRIGHT
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ColorSpace] = SRGB
    if acquired is not None:
        details[ExifTags.Base.DateTimeOriginal] = f"{acquired:%Y:%m:%d} {TAKEN_AT}"
    profile = srgb_profile()
    unfinished = path.with_name(path.name + ".part")
    Image.fromarray(pixels).save(
        unfinished, "JPEG", quality=quality, subsampling=0, exif=exif, icc_profile=profile
    )
    unfinished.replace(path)


def srgb_profile() -> bytes:
    """Build the sRGB profile without the moment of its making, so that a photo's bytes repeat."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[PROFILE_DATE] = bytes(PROFILE_DATE.stop - PROFILE_DATE.start)
    return bytes(profile)
