"""Find a photo's scale: from tags, a square, stickers, a ruler, clicks; never from a guess."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.colours import read_colours
from cctrack.calibrate.objects import cover_objects
from cctrack.calibrate.options import NOTHING_GIVEN, Clicks, PhotoScaleOptions
from cctrack.calibrate.seen import Seen, look_for
from cctrack.calibrate.sources import Reading, read_sources
from cctrack.model import ColourCorrection, Flag, FloatArray, Photo, PlaneHomography, Scale

__all__ = [
    "NOTHING_GIVEN",
    "Clicks",
    "PhotoScaleOptions",
    "PhotoSurvey",
    "calibrate_photo",
    "find_objects",
    "survey_photo",
]

MOST_CONFLICT = 0.05
"""Two sources that differ by more in length (10 % of area) than their own errors explain cannot
both be right; which one is wrong nobody knows, so neither is used."""

CONFLICT_SDS = 2.0
"""Sources that are known badly may differ by so many SDs of their difference."""

Result = tuple[Scale | None, frozenset[Flag]]


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSurvey:
    """What things of known size say about a photo.

    Attributes
    ----------
    scale : Scale or None
        `AxisScale` from a given spacing, `PlaneHomography` from anything that was seen; its
        error grows away from what was seen.
    flags : frozenset of Flag
        ``no_scale`` whenever the scale is None; ``scale_conflict`` where two sources differ by
        more than `MOST_CONFLICT` and than their errors explain; ``marker_size_unknown`` for a
        tag nobody gave the size of; ``tilt``, ``marker_small``, ``marker_blurred``,
        ``marker_glare`` and ``marker_off_plane`` as in the guide.
    objects : bool array (rows, columns)
        Where those things lie: neither skin nor lesions. A square or a sticker is covered only
        when it is stated: a lesion may look like one.
    colours : ColourCorrection or None
        From the patches of a frame; for viewing only.
    """

    scale: Scale | None
    flags: frozenset[Flag]
    objects: NDArray[np.bool_]
    colours: ColourCorrection | None = None


def survey_photo(
    pixels: NDArray[np.uint8], options: PhotoScaleOptions = NOTHING_GIVEN
) -> PhotoSurvey:
    """Look once for things of known size, for the scale they give and the skin they hide.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    options : PhotoScaleOptions
    """
    seen = look_for(pixels, options)
    colours = read_colours(pixels, seen.tags)
    return PhotoSurvey(*_scale_of(seen, options), cover_objects(seen), colours)


def calibrate_photo(photo: Photo, options: PhotoScaleOptions = NOTHING_GIVEN) -> Result:
    """Find how large a pixel of a photo is, or say why that is not known.

    Parameters
    ----------
    photo : Photo
    options : PhotoScaleOptions

    Returns
    -------
    scale : Scale or None
    flags : frozenset of Flag
        As in `PhotoSurvey`.
    """
    return _scale_of(look_for(photo.pixels, options), options)


def find_objects(
    pixels: NDArray[np.uint8], options: PhotoScaleOptions = NOTHING_GIVEN
) -> NDArray[np.bool_]:
    """Mask (rows, columns) of things of known size, as in `PhotoSurvey`.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    options : PhotoScaleOptions
    """
    return cover_objects(look_for(pixels, options))


def _scale_of(seen: Seen, options: PhotoScaleOptions) -> Result:
    readings = read_sources(seen, options)
    flags = frozenset[Flag]().union(*(reading.flags for reading in readings))
    return _only_one([reading for reading in readings if reading.scale is not None], flags)


def _only_one(readings: Sequence[Reading], flags: frozenset[Flag]) -> Result:
    """Return the most precise source when all agree; refuse when two do not."""
    scales = [reading.scale for reading in readings if reading.scale is not None]
    if not scales or Flag.SCALE_CONFLICT in flags:
        return None, flags | {Flag.NO_SCALE}
    best = min(scales, key=lambda scale: scale.relative_sd)
    if any(_contradict(best, other) for other in scales if other is not best):
        return None, flags | {Flag.NO_SCALE, Flag.SCALE_CONFLICT}
    return best, flags


def _contradict(one: Scale, other: Scale) -> bool:
    """Whether two scales differ in the middle of the photo by more than they may."""
    apart = abs(np.log(_length_mm(one) / _length_mm(other)))
    together = float(np.hypot(one.relative_sd, other.relative_sd))
    return bool(apart > max(np.log1p(MOST_CONFLICT), CONFLICT_SDS * together))


def _length_mm(scale: Scale) -> float:
    """Root of the area of a pixel in the middle of the photo, in mm."""
    if not isinstance(scale, PlaneHomography):
        return float(np.sqrt(np.prod(scale.mean_mm)))
    middle = (np.array(scale.shape, dtype=np.float64) - 1) / 2
    weight = float(scale.matrix[2] @ [*middle, 1.0])
    area: FloatArray = np.abs(np.linalg.det(scale.matrix)) / np.abs(weight) ** 3
    return float(np.sqrt(area))
