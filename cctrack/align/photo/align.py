"""Align two photos of one site, taken months apart.

A guess comes from points that look alike or from trying every turn and shift; large blocks of skin
bring it within some mm, small blocks settle it and find how the skin bends between the visits. The
same small blocks say whether it is right: each must lie where those that it had no say in expect
it. Two strangers fit each other nowhere like that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cctrack.align.landmarks import LandmarkPairs
from cctrack.align.photo.constellation import Labels, guess_from_lesions
from cctrack.align.photo.describe import Photos, describe
from cctrack.align.photo.fit import Fitter
from cctrack.align.photo.flat import FlatPair, flatten_pair
from cctrack.align.photo.landmarks import align_by_landmarks
from cctrack.align.photo.points import match_points
from cctrack.align.photo.search import search
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, FloatArray, Photo, Quality

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PhotoAlignOptions:
    """What is known beside the two photos.

    Attributes
    ----------
    ignore : pair of bool array (rows, columns) or None
        What must not attract the alignment, of the baseline and of the follow-up: scale objects,
        cloth, burned-in stamps, lesions.
    landmarks : sequence of (baseline point, follow-up point)
        A reader's pairs in (row, column) px; they decide when given.
    lesions : pair of uint16 array (rows, columns) or None
        Outlines of both photos, whose arrangement gives a guess where the skin gives none.
    """

    ignore: tuple[BoolArray | None, BoolArray | None] = (None, None)
    landmarks: LandmarkPairs = ()
    lesions: Labels | None = None


NOTHING_KNOWN = PhotoAlignOptions()
"""Two photos and nothing else."""

NO_ALIGNMENT = Alignment(
    AlignmentModel.HOMOGRAPHY,
    np.eye(3),
    Quality.FAILED,
    residual_px=0.0,
    coverage=0.0,
    reason="the two photos share no structure that could be matched",
)
"""What is left when no guess was worth following."""

Way = Callable[[FlatPair], list[FloatArray]]
"""How first guesses are found."""


def align_photos(
    baseline: Photo, followup: Photo, options: PhotoAlignOptions = NOTHING_KNOWN
) -> Alignment:
    """Find the transform from a baseline photo to a follow-up photo of the same site.

    Parameters
    ----------
    baseline, followup : Photo
        Where both have a scale only a motion on the skin's plane is sought, else also a zoom and
        a tilt.
    options : PhotoAlignOptions

    Returns
    -------
    Alignment
        A homography between the photos' px with the bend of the skin on top. ``inliers`` are
        the blocks of skin that agree, ``residual_px`` is the median of what is left at them.

    Raises
    ------
    AlignmentFailed
        If no transform passes the gate, or the landmarks contradict each other;
        ``error.alignment`` holds the best that was found.
    """
    photos = baseline, followup
    scaled = baseline.scale is not None and followup.scale is not None
    pair = flatten_pair(photos, options.ignore, scaled=scaled)
    if options.landmarks:
        return align_by_landmarks(photos, pair, options.landmarks)
    # The cheapest way first: where no scale says the zoom, a search has to try several.
    ways = (search, match_points) if scaled else (match_points, search)
    alignment = _best(photos, pair, ways, options.lesions if scaled else None)
    if alignment.quality is Quality.FAILED and scaled:
        alignment = _despite_scales(photos, options, alignment)
    if alignment.quality is Quality.FAILED:
        found = None if alignment is NO_ALIGNMENT else alignment
        raise AlignmentFailed(f"no transform fits: {alignment.reason}", found)
    return alignment


def _despite_scales(photos: Photos, options: PhotoAlignOptions, failed: Alignment) -> Alignment:
    """Try without the scales: a wrong one keeps two photos of one site apart, and must be told."""
    pair = flatten_pair(photos, options.ignore, scaled=False)
    plain = _best(photos, pair, (match_points,))
    if plain.quality is not Quality.GOOD:
        return failed
    reason = "the photos fit each other only without their scales, one of which must be wrong"
    return replace(plain, quality=Quality.CHECK, reason=reason)


def _best(
    photos: Photos, pair: FlatPair, ways: Sequence[Way], lesions: Labels | None = None
) -> Alignment:
    """Best alignment of two photos laid flat, whatever its quality; the first good one ends it."""
    fitter = Fitter(pair)
    best = NO_ALIGNMENT
    guesses: list[FloatArray] = []
    for motion, guess in chain.from_iterable(fitter.approach(way(pair)) for way in ways):
        best = max(best, describe(photos, pair, fitter.settle(motion)), key=_rank)
        if best.quality is Quality.GOOD:
            return best
        guesses.append(guess)
    # On dark, smooth skin the few large blocks with structure may bend a good guess away, and among
    # hair that has grown no guess may be good but that of the lesions. More tries find more by
    # chance, so that only a good one counts.
    found = guess_from_lesions(pair, lesions) if lesions is not None else []
    for motion in (*guesses, *found):
        alignment = describe(photos, pair, fitter.settle(motion))
        if alignment.quality is Quality.GOOD:
            return alignment
    return best


def _rank(alignment: Alignment) -> tuple[bool, bool, int]:
    quality = alignment.quality
    return quality is Quality.GOOD, quality is not Quality.FAILED, alignment.inliers
