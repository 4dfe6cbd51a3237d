"""Scale objects, true to size: tags with a quiet zone, the card, rulers and stickers."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import CCTRACK_CARD, LARGE_FRAME, SMALL_FRAME, FloatArray, MarkerSheet
from cctrack.phantom.photo.noise import Float32Array, as_float32
from cctrack.phantom.photo.session import ScaleObject, ScaleObjectKind

STEP_MM = 0.05
"""Grid of an object's drawing: half a photo pixel, so that edges stay sharper than the lens."""

PAPER, INK = 0.86, 0.035
"""Reflectance of paper and of black print."""

SRGB_POWER = 2.2
"""Of light over sRGB values, near enough for a printer."""

QUIET_MM = 4.0
"""White border round tags."""

SQUARE_BORDER_MM = 1.0
"""White paper left round a square that was cut out by hand."""

LARGE_FROM_MM = 60.0
"""A frame whose window is asked to be at least so large is the large one."""

RULER_HEIGHT_MM = 16.0
"""Like the paper rulers of wound care."""


@dataclass(frozen=True, slots=True, eq=False)
class PrintedObject:
    """A scale object in its own frame.

    Attributes
    ----------
    colour : float32 array (rows, columns, 3)
        Linear reflectance on a grid of `STEP_MM`.
    cover : float32 array (rows, columns)
        1 where the object is, 0 where skin shows.
    tags_mm : tuple of (int, array (4, 2))
        Corners of each tag, clockwise from its upper left, relative to the object's centre.
    window_mm : float
        Side of the square hole in its middle; 0 without.
    """

    colour: Float32Array
    cover: Float32Array
    tags_mm: tuple[tuple[int, FloatArray], ...] = ()
    window_mm: float = 0.0

    @property
    def size_mm(self) -> tuple[float, float]:
        """Height and width."""
        return self.cover.shape[0] * STEP_MM, self.cover.shape[1] * STEP_MM


def print_object(item: ScaleObject, seed: int) -> PrintedObject | None:
    """Draw a scale object; None when there is none."""
    if item.kind is ScaleObjectKind.NONE:
        return None
    rng = np.random.default_rng((seed, 70))
    drawing = {
        ScaleObjectKind.CARD: _card,
        ScaleObjectKind.TAG: _tag,
        ScaleObjectKind.RULER: _ruler,
        ScaleObjectKind.STICKER: _sticker,
        ScaleObjectKind.SQUARE: _square,
        ScaleObjectKind.FRAME: _frame,
    }[item.kind](item)
    return _worn(drawing, item.wear, rng)


def _tag_image(dictionary: str, tag: int, side_mm: float) -> Float32Array:
    """Enlarge the tag's cells exactly: reflectance on the object's grid."""
    name = getattr(cv2.aruco, f"DICT_{dictionary}")
    book = cv2.aruco.getPredefinedDictionary(name)
    cells = book.markerSize + 2
    modules = cv2.aruco.generateImageMarker(book, tag, cells, borderBits=1)
    side = round(side_mm / STEP_MM)
    # Area weights keep cell borders exact when a cell is not a whole number of grid steps.
    step = -(-side // cells)
    large = np.kron(modules.astype(np.float32) / 255, np.ones((step, step), np.float32))
    black_white = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
    image: Float32Array = INK + (PAPER - INK) * black_white
    return image


def _card(item: ScaleObject) -> PrintedObject:
    """Print the L of three tags on its white card, cut along the L's outer square."""
    del item
    side = CCTRACK_CARD.side_mm
    extent = max(max(place) for _, place in CCTRACK_CARD.places_mm) + side
    count = round((extent + 2 * QUIET_MM) / STEP_MM)
    grey = np.full((count, count), PAPER, np.float32)
    tags = []
    for tag, place in CCTRACK_CARD.places_mm:
        image = _tag_image(CCTRACK_CARD.dictionary, tag, side)
        top, left = (round((value + QUIET_MM) / STEP_MM) for value in place)
        grey[top : top + image.shape[0], left : left + image.shape[1]] = image
        corners = np.asarray(CCTRACK_CARD.corners_mm(tag)) - extent / 2
        tags.append((tag, corners))
    return _printed(grey, np.ones_like(grey), tuple(tags))


def _tag(item: ScaleObject) -> PrintedObject:
    image = _tag_image(item.dictionary, item.tag, item.size_mm)
    border = round(QUIET_MM / STEP_MM)
    grey = np.pad(image, border, constant_values=PAPER)
    half = item.size_mm / 2
    corners = np.array([[-half, -half], [-half, half], [half, half], [half, -half]])
    return _printed(grey, np.ones_like(grey), ((item.tag, corners),))


def _ruler(item: ScaleObject) -> PrintedObject:
    """Ticks each mm, longer at 5 and 10 mm, digits at each cm."""
    margin = 5.0
    shape = (round(RULER_HEIGHT_MM / STEP_MM), round((item.size_mm + 2 * margin) / STEP_MM))
    grey = np.full(shape, PAPER, np.float32)
    half_line = round(0.09 / STEP_MM)
    for millimetre in range(round(item.size_mm) + 1):
        length = {0: 6.5, 5: 4.8}.get(millimetre % 10, 3.2)
        # An even number of steps, so that the line is centred on its millimetre.
        column = round((margin + millimetre) / STEP_MM)
        grey[: round(length / STEP_MM), column - half_line : column + half_line] = INK
    for centimetre in range(round(item.size_mm) // 10 + 1):
        _write(grey, str(centimetre), (10.6, margin + 10 * centimetre))
    _write(grey, "cm", (14.6, margin + 2.0), scale=0.75)
    return _printed(grey, np.ones_like(grey))


def _sticker(item: ScaleObject) -> PrintedObject:
    radius = item.size_mm / 2 / STEP_MM
    count = int(np.ceil(radius)) * 2 + 8
    at = np.arange(count) - (count - 1) / 2
    distance = np.hypot(at[:, None], at[None, :])
    cover = np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)
    colour = np.ones((count, count, 1), np.float32) * np.asarray(item.colour, np.float32)
    return PrintedObject(colour, cover)


def _square(item: ScaleObject) -> PrintedObject:
    """Print a square of one colour on a slightly larger piece of white paper."""
    side, border = round(item.size_mm / STEP_MM), round(SQUARE_BORDER_MM / STEP_MM)
    colour = np.full((side + 2 * border, side + 2 * border, 3), PAPER, np.float32)
    colour[border : border + side, border : border + side] = np.asarray(item.colour, np.float32)
    return PrintedObject(colour, np.ones(colour.shape[:2], np.float32))


def _frame(item: ScaleObject) -> PrintedObject:
    """Print tags round a window through which the lesions are seen."""
    sheet = LARGE_FRAME if item.size_mm >= LARGE_FROM_MM else SMALL_FRAME
    extent = sheet.extent_mm
    count = round((extent + 2 * QUIET_MM) / STEP_MM)
    grey, tags = np.full((count, count), PAPER, np.float32), []
    for tag, place in sheet.places_mm:
        image = _tag_image(sheet.dictionary, tag, sheet.side_mm)
        top, left = (round((value + QUIET_MM) / STEP_MM) for value in place)
        grey[top : top + image.shape[0], left : left + image.shape[1]] = image
        tags.append((tag, np.asarray(sheet.corners_mm(tag)) - extent / 2))
    half = round(sheet.window_mm / 2 / STEP_MM)
    cover = np.ones_like(grey)
    cover[count // 2 - half : count // 2 + half, count // 2 - half : count // 2 + half] = 0
    printed = _printed(grey, cover, tuple(tags))
    _print_patches(printed.colour, sheet)
    return replace(printed, window_mm=sheet.window_mm)


def _print_patches(colour: Float32Array, sheet: MarkerSheet) -> None:
    """Print the patches of a frame: sRGB by an ideal printer between its ink and its paper."""
    for patch in sheet.patches:
        top, left = (round((at + QUIET_MM) / STEP_MM) for at in patch.place_mm)
        side = round(patch.side_mm / STEP_MM)
        light = np.array(patch.srgb) ** SRGB_POWER
        colour[top : top + side, left : left + side] = INK + (PAPER - INK) * light


def _printed(
    grey: Float32Array, cover: Float32Array, tags: tuple[tuple[int, FloatArray], ...] = ()
) -> PrintedObject:
    tone = np.array([1.0, 0.99, 0.95], np.float32)
    return PrintedObject(grey[..., None] * tone, cover, tags)


def _write(
    grey: Float32Array, text: str, place_mm: tuple[float, float], *, scale: float = 1.0
) -> None:
    """Write text centred on a column, its base line at a row."""
    ink = np.zeros(grey.shape, np.uint8)
    size, thick = 2.9 * scale, 6
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    origin = (round(place_mm[1] / STEP_MM - width / 2), round(place_mm[0] / STEP_MM))
    cv2.putText(ink, text, origin, cv2.FONT_HERSHEY_SIMPLEX, size, 255, thick, cv2.LINE_AA)
    grey += (INK - grey) * (ink.astype(np.float32) / 255)


def _worn(drawing: PrintedObject, wear: float, rng: np.random.Generator) -> PrintedObject:
    """Ink that fades in places, a yellowed sheet and some dirt."""
    shape = drawing.cover.shape
    coarse = rng.standard_normal((9, 9), dtype=np.float32)
    cloudy = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    grain = rng.standard_normal(shape, dtype=np.float32)
    grain = as_float32(cv2.GaussianBlur(grain, (0, 0), 1.5)) * 5
    fade = np.clip(0.02 + wear * (0.06 + 0.05 * cloudy), 0, 0.4)[..., None]
    dirt = 1 - wear * np.clip(0.05 + 0.05 * cloudy, 0, 0.2)[..., None] - 0.01 * grain[..., None]
    colour = (drawing.colour * (1 - fade) + PAPER * 0.7 * fade) * dirt
    return replace(drawing, colour=colour.astype(np.float32))


def centre_px(drawing: PrintedObject) -> NDArray[np.float64]:
    """(row, column) of the object's centre on its own grid."""
    return (np.asarray(drawing.cover.shape) - 1) / 2
