"""Look once for everything of known size in a photo: what gives a scale, and what hides skin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.blobs import find_blobs
from cctrack.calibrate.discs import find_discs
from cctrack.calibrate.marker import Tag, find_tags
from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.calibrate.reduced import reduce_photo
from cctrack.calibrate.ruler import read_ruler
from cctrack.calibrate.squares import find_squares
from cctrack.calibrate.targets import DiscTarget
from cctrack.calibrate.ticks import TickRow
from cctrack.errors import NotCalibrated


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Things of known size in a photo.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the photo.
    reduced : uint8 array (rows, columns, 3)
        The photo at the size at which things are sought.
    tags : tuple of Tag
    squares : tuple of Tag
        The stated square; none when it is unclear which one is meant.
    discs : tuple of DiscTarget
        The stated stickers, of diameter 1 mm, to be sized.
    rows : tuple of TickRow
        Of the stated ruler.
    """

    shape: tuple[int, int]
    reduced: NDArray[np.uint8]
    tags: tuple[Tag, ...] = ()
    squares: tuple[Tag, ...] = ()
    discs: tuple[DiscTarget, ...] = ()
    rows: tuple[TickRow, ...] = ()


def look_for(pixels: NDArray[np.uint8], options: PhotoScaleOptions) -> Seen:
    """Find tags, and of squares, stickers and rulers those that the user says are there.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    options : PhotoScaleOptions
    """
    reduced = reduce_photo(pixels)
    squares: tuple[Tag, ...] = ()
    discs: tuple[DiscTarget, ...] = ()
    if options.square_mm is not None or options.sticker_mm is not None:
        blobs = find_blobs(reduced)
        squares = () if options.square_mm is None else find_squares(pixels, blobs)
        discs = () if options.sticker_mm is None else find_discs(pixels, blobs)
    return Seen(
        (int(pixels.shape[0]), int(pixels.shape[1])),
        reduced.pixels,
        find_tags(pixels, reduced),
        squares,
        discs,
        _rows(pixels, options),
    )


def _rows(pixels: NDArray[np.uint8], options: PhotoScaleOptions) -> tuple[TickRow, ...]:
    if options.ruler_mm_per_tick is None:
        return ()
    try:
        return tuple(read_ruler(pixels, options))
    except NotCalibrated:
        return ()
