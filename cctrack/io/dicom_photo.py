"""Read a clinical photo that was stored as DICOM: visible light, dermoscopy, or captured as XC."""

from datetime import date

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from cctrack.errors import UnreadableImage
from cctrack.io.capture_date import plausible_day
from cctrack.io.colour import array_to_srgb, eight_bits
from cctrack.io.colour_space import ADOBE_RGB, icc_profile
from cctrack.io.dicom_header import acquisition_date
from cctrack.io.dicom_values import integer, raw, text, texts
from cctrack.io.pixels import decode_any
from cctrack.io.shield import shielded
from cctrack.model import Because, Photo, Provenance

COLOURS = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
"""Stored colours of three samples that decode to RGB."""

_MAX_BITS = 16


def read_dicom_photo(
    dataset: Dataset, provenance: Provenance, *, today: date | None = None
) -> Photo:
    """Decode a VL Photographic, Dermoscopic or captured photo to sRGB.

    Its spacing attributes are left aside: a photo has one scale only in one plane, and no
    attribute says in which. Lossy compression is no caution here, since every camera's JPEG is.

    Parameters
    ----------
    dataset : Dataset
        A whole file.
    provenance : Provenance
    today : date or None
        A later day is that of a clock not set; None asks the computer's clock.

    Raises
    ------
    UnreadableImage
        If it has several frames, colours or pixels of a rare kind, or does not decode.
    """
    frames = integer(dataset, "NumberOfFrames")
    if frames > 1:
        raise UnreadableImage(
            Because.UNSUPPORTED_MODALITY, f"a photo of {frames} frames; one is needed"
        )
    _require_plain_pixels(dataset)
    stored = decode_any(dataset)
    pixels = shielded(
        lambda: array_to_srgb(_rgb(dataset, stored), _profile(dataset)),
        Because.UNREADABLE_PIXELS,
        "the colours cannot be told",
    )
    acquired = plausible_day(acquisition_date(dataset), today or date.today())
    return Photo(pixels=pixels, acquired=acquired, provenance=provenance)


def _require_plain_pixels(dataset: Dataset) -> None:
    aspect = texts(dataset, "PixelAspectRatio")
    if aspect and len(set(aspect)) > 1:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "pixels that are not square")
    signed = integer(dataset, "PixelRepresentation") == 1
    if signed or not 1 <= integer(dataset, "BitsStored") <= _MAX_BITS:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "colours are unsigned, up to 16 bits")
    samples = max(1, integer(dataset, "SamplesPerPixel"))
    photometric = text(dataset, "PhotometricInterpretation").upper()
    known = COLOURS if samples == 3 else {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
    if samples not in (1, 3) or photometric not in known:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, f"{samples} samples a pixel of an unknown colour space"
        )


def _rgb(dataset: Dataset, stored: NDArray[np.generic]) -> NDArray[np.uint8]:
    values, top = stored.astype(np.uint16), (1 << integer(dataset, "BitsStored")) - 1
    photometric = text(dataset, "PhotometricInterpretation").upper()
    if photometric == "PALETTE COLOR":
        values = apply_color_lut(stored, dataset).astype(np.uint16)
        top = (1 << int(dataset.RedPaletteColorLookupTableDescriptor[2])) - 1
    narrow = eight_bits(values, top)
    if photometric == "MONOCHROME1":
        narrow = np.uint8(255) - narrow
    return narrow if narrow.ndim == 3 else np.repeat(narrow[..., None], 3, axis=2)


def _profile(dataset: Dataset) -> bytes:
    profile = raw(dataset, "ICCProfile")
    if isinstance(profile, bytes) and profile:
        return profile
    return icc_profile(ADOBE_RGB) if text(dataset, "ColorSpace").upper() == "ADOBERGB" else b""
