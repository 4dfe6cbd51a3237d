"""Pictures for the reader: the image around the site with its lesions outlined and named."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Ct, Image, LabelArray, Mr, Outline, Photo
from cctrack.report.crops import Crop, crop_around, local_mm, plane_mm
from cctrack.report.pen import RgbArray, caption, draw_outlines, draw_scale_bar
from cctrack.report.volume_view import draw_volume
from cctrack.report.windows import film_window, grey

MAX_ENLARGEMENT = 8.0
"""Pixels are not blown up further than this."""


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How a picture is drawn.

    Attributes
    ----------
    size_px : int
        Longer side of the picture.
    ids : bool
        Name the lesions.
    scale_bar : bool
        Draw one where there is a scale.
    outlines : bool
        Draw the borders.
    """

    size_px: int = 760
    ids: bool = True
    scale_bar: bool = True
    outlines: bool = True


PLAIN = OverlayOptions()
"""As pictures are drawn unless something else is asked for."""


def draw_overlay(
    image: Image,
    outline: Outline | LabelArray,
    *,
    crop: Crop | None = None,
    options: OverlayOptions = PLAIN,
) -> RgbArray:
    """Draw an image around its site, lesions outlined in their colours.

    Parameters
    ----------
    image : Photo, Radiograph, Ct or Mr
    outline : Outline or label array
        On the image's grid.
    crop : Crop or None
        Rows and columns to show of a photo or film; None for the surroundings of the lesions, or
        the middle of the image if there are none. Faces and names stay outside that way.
    options : OverlayOptions

    Returns
    -------
    uint8 array (rows, columns, 3)
        sRGB. A CT or MR shows its maximum projection from the front and the slice through the
        largest lesion. A scale bar is there exactly when the image has a scale.

    Raises
    ------
    ValueError
        If the outline lies on another grid.
    """
    labels = outline.labels if isinstance(outline, Outline) else outline
    if labels.shape != image.shape:
        raise ValueError(f"labels of {labels.shape} px for an image of {image.shape} px")
    if isinstance(image, Ct | Mr):
        return draw_volume(image, labels, size_px=options.size_px)
    shown = crop or crop_around(labels, plane_mm(image.scale))
    picture, factor = _enlarge(_flat(image, shown), options.size_px)
    if options.outlines:
        inside = np.ascontiguousarray(labels[shown.slices])
        draw_outlines(picture, inside, factor, ids=options.ids)
    mm_per_px = local_mm(image.scale, shown)
    if options.scale_bar and mm_per_px is not None:
        draw_scale_bar(picture, mm_per_px / factor[1])
    return picture


def encode(picture: RgbArray, *, lossless: bool = False, quality: int = 88) -> bytes:
    """Encode a picture as JPEG, or PNG if lossless; no metadata is written.

    Raises
    ------
    ValueError
        If it is no uint8 array (rows, columns, 3).
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError("a picture is a uint8 array (rows, columns, 3)")
    bgr = np.ascontiguousarray(picture[..., ::-1])
    extension = ".png" if lossless else ".jpg"
    settings = [] if lossless else [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, encoded = cv2.imencode(extension, bgr, settings)
    return encoded.tobytes()


def shrink(jpeg: bytes, share: float, *, quality: int = 78) -> bytes:
    """Return a JPEG with ``share`` (0-1) of its pixels.

    Raises
    ------
    ValueError
        If the bytes are no picture.
    """
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
    if pixels is None:
        raise ValueError("no picture")
    side = share**0.5
    rows, columns = pixels.shape[:2]
    size = max(1, round(columns * side)), max(1, round(rows * side))
    smaller = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode(np.ascontiguousarray(smaller[..., ::-1]), quality=quality)


def _flat(image: Image, crop: Crop) -> RgbArray:
    """Return the shown part of a photo or film as colour."""
    if isinstance(image, Photo):
        return image.shown(crop.slices)
    if isinstance(image, Ct | Mr):
        raise TypeError("a volume has no flat pixels")
    pixels: NDArray[np.float32] = image.pixels[crop.slices]
    return grey(pixels, *film_window(pixels))


def _enlarge(pixels: RgbArray, size_px: int) -> tuple[RgbArray, tuple[float, float]]:
    rows, columns = pixels.shape[:2]
    factor = min(MAX_ENLARGEMENT, size_px / max(rows, columns))
    size = max(1, round(columns * factor)), max(1, round(rows * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
    return picture, (size[1] / rows, size[0] / columns)


__all__ = ["OverlayOptions", "caption", "draw_overlay", "encode", "shrink"]
