"""Bring a decoded picture to sRGB, whatever colours it was stored in."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from cctrack.io.colour_space import stated_profile

MAX_PROFILE_BYTES = 8 << 20
"""8 MiB: the profiles of printing presses have 3; a larger one is not looked at."""

UNCHANGED_LEVELS = 2
"""A profile that moves no probe colour by more than this is sRGB under whatever name."""

_PROBE_LEVELS = np.linspace(0, 255, 9).round().astype(np.uint8)
_PAPER = (255, 255, 255)


def to_srgb(picture: Image.Image) -> Image.Image:
    """Convert a decoded picture to RGB of 8 bits, transparent parts to white paper.

    The ICC profile comes first, else what the file says in another way (HEIC colour codes, EXIF
    of a camera set to Adobe RGB); a picture that says nothing is sRGB. A broken profile is left
    aside: a photo in slightly wrong colours still shows the border of a deposit.
    """
    profile = picture.info.get("icc_profile") or stated_profile(picture)
    if picture.mode == "LAB":
        return _from_lab(picture)
    if picture.has_transparency_data:
        picture = _on_white(picture.convert("RGBA"))
    if picture.mode in ("1", "P", "YCbCr"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    return _by_profile(picture, profile) if profile else _plain(picture)


def array_to_srgb(pixels: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """Convert an RGB array (rows, columns, 3) by an ICC profile; it stays when that is empty."""
    if not profile:
        return pixels
    return np.array(_by_profile(Image.fromarray(pixels), profile), dtype=np.uint8)


def eight_bits(values: NDArray[np.integer], top: int) -> NDArray[np.uint8]:
    """Scale 0 … top to 0 … 255, rounded."""
    levels = np.arange(top + 1, dtype=np.uint32) * 255 + top // 2
    table = (levels // top).astype(np.uint8)
    return np.asarray(table[np.minimum(values, top)], dtype=np.uint8)


def _plain(picture: Image.Image) -> Image.Image:
    # Pillow copies a picture that is RGB already.
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.getchannel("A").getextrema() == (255, 255):
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, _PAPER)
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    return _applied(transform, picture)


def _by_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    if len(profile) > MAX_PROFILE_BYTES:
        return _plain(picture)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, picture.mode, "RGB")
        if picture.mode == "RGB" and _changes_nothing(transform):
            return picture
        return _applied(transform, picture)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _plain(picture)


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    probes = np.stack(np.meshgrid(*[_PROBE_LEVELS] * 3), axis=-1).reshape(27, 27, 3)
    seen = np.asarray(_applied(transform, Image.fromarray(probes)))
    moved = np.abs(seen.astype(np.int16) - probes)
    return int(moved.max()) <= UNCHANGED_LEVELS


def _applied(transform: ImageCms.ImageCmsTransform, picture: Image.Image) -> Image.Image:
    converted = ImageCms.applyTransform(picture, transform)
    if converted is None:
        raise ValueError("the transform gave no picture")
    return converted
