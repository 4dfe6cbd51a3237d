"""Lay two photos flat, in mm where both have a scale, and keep what skin keeps over months.

Places on a flat photo are (row, column) from its corner, in units of a hand-sized site: 1 mm where
a hand's breadth of skin is seen, less on a finger, more on a trunk. So a photo of any site holds
about as many blocks of skin. Where a photo has no scale, its longer side counts as `NOMINAL_MM`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.align.photo.skin import skin_coloured
from cctrack.model import FloatArray, Photo, PlaneHomography

PIXEL = 0.35
"""Pixel of a flat photo: veins, naevi and creases are there, pores and most hairs are not."""

NOMINAL_MM = 160.0
"""What the longer side of a clinical photo of one site shows, where no scale says it."""

LARGEST_FIELD = 320.0
"""Half of it on either side of the middle is laid flat: further out a tilted photo is all blur."""

SITE_MM = 90.0
"""Root of the area of skin that a photo of a hand or forearm shows: there a unit is 1 mm."""

UNITS_MM = (0.25, 1.6)
"""On less skin than a fingertip's there is nothing to align; wider than a trunk is no site."""

COUNTED_PX = 320
"""Longer side of the copy on which skin is counted."""

NEARLY_ONE = 0.35
"""Sites of about a hand's size (factor 1.4) keep the plain mm."""

LEAST_DETAIL = 0.002
"""Detail, as a natural logarithm, that eight bits hold: what is fainter is no structure of skin."""

LEAST_TONE = 0.01
"""Reflectance below which a camera's black has no colour left."""

WHOLE_FROM = 3
"""Photos are reduced to one of so many pixels, and a third less than asked for at most, from here
on: OpenCV does that three times as quickly as any other size."""

BoolArray = NDArray[np.bool_]
Channel = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A photo laid flat, with pixels of `PIXEL` units.

    Attributes
    ----------
    tones : float32 array (2, rows, columns)
        Logarithm of green light, which blood and melanin absorb, and of red over green, which
        light and shade leave as it is.
    weight : float32 array (rows, columns)
        1 where the photo shows something to be aligned, else 0.
    to_px : array (3, 3)
        Maps homogeneous (row, column, 1) of the flat photo to px of the photo.
    """

    tones: Channel
    weight: Channel
    to_px: FloatArray

    @property
    def from_px(self) -> FloatArray:
        """Inverse of ``to_px``."""
        return np.asarray(np.linalg.inv(self.to_px), dtype=np.float64)

    @property
    def size(self) -> FloatArray:
        """Extent of rows and columns in units."""
        return (np.array(self.weight.shape, dtype=np.float64) - 1) * PIXEL


@dataclass(frozen=True, slots=True, eq=False)
class FlatPair:
    """Two photos laid flat alike.

    Attributes
    ----------
    baseline, followup : Flat
    scaled : bool
        Whether both lie flat by their own scales.
    unit_mm : float
        One unit in mm; only nominal where they are not scaled.
    """

    baseline: Flat
    followup: Flat
    scaled: bool
    unit_mm: float


def flatten_pair(
    photos: tuple[Photo, Photo], ignore: tuple[BoolArray | None, BoolArray | None], *, scaled: bool
) -> FlatPair:
    """Lay two photos flat, in units that suit the skin they show.

    Parameters
    ----------
    photos : (Photo, Photo)
    ignore : pair of bool array (rows, columns) or None
        What must not attract an alignment; what has not the colour of skin is added to it.
    scaled : bool
        Whether to use the photos' scales, which both then must have.
    """
    planes = [_plane_matrix(photo, scaled=scaled) for photo in photos]
    given = list(zip(photos, ignore, planes, strict=True))
    skin_mm = min(_skin_mm(photo, hidden, to_mm) for photo, hidden, to_mm in given)
    unit_mm = float(np.clip(skin_mm / SITE_MM, *UNITS_MM))
    if abs(np.log(unit_mm)) < NEARLY_ONE:
        unit_mm = 1.0
    to_unit = _scaling(1 / unit_mm)
    flats = [_flatten(photo, hidden, to_unit @ to_mm) for photo, hidden, to_mm in given]
    return FlatPair(flats[0], flats[1], scaled, unit_mm)


def _skin_mm(photo: Photo, ignore: BoolArray | None, to_mm: FloatArray) -> float:
    """Root of the area of skin, roughly: on few pixels, all as large as in the middle."""
    every = max(1, max(photo.shape) // COUNTED_PX)
    pixels = np.ascontiguousarray(photo.pixels[::every, ::every])
    hidden = np.zeros(pixels.shape[:2], bool) if ignore is None else ignore[::every, ::every]
    count = int(skin_coloured(pixels, ~hidden).sum())
    return float(np.sqrt(count)) * every * _mm_per_px(to_mm, photo.shape)


def _flatten(photo: Photo, ignore: BoolArray | None, to_mm: FloatArray) -> Flat:
    low, shape = _field(to_mm, photo.shape)
    to_grid = _scaling(1 / PIXEL) @ _shift(-low) @ to_mm
    reduced, factor = _reduce(photo.pixels, to_mm)
    warp = swap(to_grid @ np.linalg.inv(_reduction(factor)))
    pixels = np.asarray(cv2.warpPerspective(reduced, warp, shape[::-1]), dtype=np.uint8)
    shown = np.zeros(photo.shape, np.uint8) if ignore is None else ignore.astype(np.uint8)
    # What lies outside the photo is hidden too.
    hidden = cv2.warpPerspective(
        shown, swap(to_grid), shape[::-1], flags=cv2.INTER_NEAREST, borderValue=1
    )
    hidden = cv2.dilate(hidden, np.ones((3, 3), np.uint8))
    weight = skin_coloured(pixels, np.asarray(hidden) == 0).astype(np.float32)
    to_px = np.asarray(np.linalg.inv(_shift(-low) @ to_mm), dtype=np.float64)
    return Flat(_tones(pixels), weight, to_px)


def structure(flat: Flat, sizes: tuple[float, float], every: int = 1) -> tuple[Channel, Channel]:
    """Keep structure between two sizes, its strength evened out, and where it is known.

    Returns
    -------
    structure : float32 array (2, rows, columns)
        About -2.5 to 2.5, 0 where nothing is known; every so many pixels of the flat photo.
    weight : float32 array (rows, columns)
    """
    bands = [_band(tone, flat.weight, sizes)[::every, ::every] for tone in flat.tones]
    return np.stack(bands), np.ascontiguousarray(flat.weight[::every, ::every])


def swap(matrix: FloatArray) -> FloatArray:
    """Turn a matrix between (row, column) into OpenCV's (x, y), or back."""
    order = [1, 0, 2]
    swapped: FloatArray = np.asarray(matrix, dtype=np.float64)[np.ix_(order, order)]
    return swapped


def grid_matrix(motion: FloatArray, pixel_mm: float) -> FloatArray:
    """Turn a motion in mm into one between grids of some pixel."""
    return _scaling(1 / pixel_mm) @ motion @ _scaling(pixel_mm)


def _plane_matrix(photo: Photo, *, scaled: bool) -> FloatArray:
    if not scaled or photo.scale is None:
        return _scaling(NOMINAL_MM / max(photo.shape))
    if isinstance(photo.scale, PlaneHomography):
        return photo.scale.matrix
    return np.diag([*photo.scale.mean_mm, 1.0])


def _field(to_mm: FloatArray, shape: tuple[int, ...]) -> tuple[FloatArray, tuple[int, int]]:
    """Corner in mm and size in px of the part of the plane that is laid flat."""
    last = np.array(shape, dtype=np.float64) - 1
    corners = np.array([[0, 0, 1], [0, last[1], 1], [*last, 1], [last[0], 0, 1]])
    middle = to_mm @ [*(last / 2), 1.0]
    middle = middle[:2] / middle[2]
    mapped = corners @ to_mm.T
    # A corner beyond the horizon lies infinitely far away: the largest field decides there.
    far = mapped[:, 2:] * np.sign(to_mm[2] @ [*(last / 2), 1.0]) <= 0
    places = np.where(far, np.inf, mapped[:, :2] / np.where(far, 1.0, mapped[:, 2:]))
    half = LARGEST_FIELD / 2
    low = np.maximum(np.where(far, -np.inf, places).min(axis=0), middle - half)
    high = np.minimum(places.max(axis=0), middle + half)
    size = np.ceil((high - low) / PIXEL).astype(int) + 1
    return low, (int(size[0]), int(size[1]))


def _reduce(pixels: NDArray[np.uint8], to_mm: FloatArray) -> tuple[NDArray[np.uint8], float]:
    """Reduce a photo to about the pixel of the flat one, so that warping loses nothing."""
    mm_per_px = _mm_per_px(to_mm, pixels.shape)
    factor = min(1.0, 1.2 * mm_per_px / PIXEL)
    every = int(1 / factor)
    if every >= WHOLE_FROM:
        rows, columns = (size // every for size in pixels.shape[:2])
        whole = pixels[: rows * every, : columns * every]
        reduced = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.uint8), 1 / every
    reduced = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8), factor


def _mm_per_px(to_mm: FloatArray, shape: tuple[int, ...]) -> float:
    """Length of a pixel in the middle of a photo."""
    weight = float(to_mm[2] @ [(shape[0] - 1) / 2, (shape[1] - 1) / 2, 1.0])
    return float(np.sqrt(abs(np.linalg.det(to_mm) / weight**3)))


def _reduction(factor: float) -> FloatArray:
    """Full-size to reduced px, pixel centres kept in place."""
    middle = (factor - 1) / 2
    return np.array([[factor, 0, middle], [0, factor, middle], [0, 0, 1]])


def _tones(pixels: NDArray[np.uint8]) -> Channel:
    linear = (np.arange(256, dtype=np.float32) / 255) ** 2.2 + LEAST_TONE
    red, green = (np.log(linear)[pixels[..., channel]] for channel in (0, 1))
    tones: Channel = np.stack([green, red - green])
    return tones


def _band(tone: Channel, weight: Channel, sizes: tuple[float, float]) -> Channel:
    fine_px, coarse_px = (size / 2 / PIXEL for size in sizes)
    detail = (_smooth(tone, weight, fine_px) - _smooth(tone, weight, coarse_px)) * weight
    power = _smooth(detail * detail, weight, 2 * coarse_px)
    typical = float(np.sqrt(np.median(power[weight > 0]))) if weight.any() else 1.0
    # Naevi and deposits stand out tenfold; clipped, they help without deciding alone.
    even = np.clip(detail / (np.sqrt(power) + 0.3 * typical + LEAST_DETAIL), -2.5, 2.5)
    return np.asarray(even * weight, dtype=np.float32)


def _smooth(values: Channel, weight: Channel, sigma_px: float) -> Channel:
    """Gaussian mean of what is known; on a reduced copy where that is as good and far quicker."""
    every = max(1, int(sigma_px / 3))
    known, share = _reduced(values * weight, every), _reduced(weight, every)
    total = cv2.GaussianBlur(known, (0, 0), sigma_px / every)
    mean = total / np.maximum(cv2.GaussianBlur(share, (0, 0), sigma_px / every), 1e-3)
    enlarged = cv2.resize(mean, values.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, dtype=np.float32)


def _reduced(values: Channel, every: int) -> Channel:
    if every == 1:
        return values
    size = (-(-values.shape[1] // every), -(-values.shape[0] // every))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _scaling(factor: float) -> FloatArray:
    return np.diag([factor, factor, 1.0])


def _shift(offset: FloatArray) -> FloatArray:
    matrix = np.eye(3)
    matrix[:2, 2] = offset
    return matrix
