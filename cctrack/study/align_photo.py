"""Align two measured photos."""

import numpy as np
from numpy.typing import NDArray

from cctrack.align.landmarks import LandmarkPairs
from cctrack.align.photo import PhotoAlignOptions, align_photos
from cctrack.calibrate.photo import find_objects
from cctrack.model import Alignment, Photo
from cctrack.study.pipeline import Measured


def align_measured_photos(
    before: Measured, after: Measured, landmarks: LandmarkPairs | None
) -> Alignment:
    """Align two photos by their skin, past lesions, scale objects and background.

    Raises
    ------
    AlignmentFailed
        As in `cctrack.align.photo.align_photos`.
    TypeError
        If one is not a photo.
    """
    lesions = before.outline.labels, after.outline.labels
    options = PhotoAlignOptions((unsteady(before), unsteady(after)), landmarks or (), lesions)
    return align_photos(_as_photo(before), _as_photo(after), options)


def unsteady(measured: Measured) -> NDArray[np.bool_]:
    """Mark what need not lie at the same place of the skin at another visit."""
    objects: NDArray[np.bool_] = find_objects(_as_photo(measured).pixels, measured.sizes)
    skin = measured.outline.soft_tissue
    background = ~skin if skin is not None else np.zeros_like(objects)
    return objects | background | (measured.outline.labels > 0)


def _as_photo(measured: Measured) -> Photo:
    if not isinstance(measured.image, Photo):
        raise TypeError(f"a photo is needed, got a {measured.image.modality}")
    return measured.image
