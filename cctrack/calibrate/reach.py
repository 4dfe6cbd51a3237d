"""Say which lesions lie too far from a marker for it to know their size well."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from cctrack.model import Flag, Outline, PlaneHomography, Scale

FAR_SD = 0.05
"""Relative SD of a length at a lesion, 10 % of its area, above which the scale alone keeps a
change of a quarter of the area from being told: two visits together are then uncertain by 28 %."""

FARTHER = 1.5
"""How much worse that is than where the scale is known best: where nothing is known better, as with
two clicks, the lesion's distance is not the cause."""


def flag_far_lesions(outline: Outline, scale: Scale | None) -> Outline:
    """Flag lesions ``marker_far``.

    Parameters
    ----------
    outline : Outline
        Of a photo.
    scale : Scale or None
        Only a `PlaneHomography` knows less at one place than at another.

    Returns
    -------
    Outline
        The same, with more flags of single lesions.
    """
    if not isinstance(scale, PlaneHomography) or scale.error_terms is None:
        return outline
    boxes = ndimage.find_objects(outline.labels)
    middles = {
        lesion: [(part.start + part.stop - 1) / 2 for part in box]
        for lesion, box in enumerate(boxes, start=1)
        if box is not None
    }
    if not middles:
        return outline
    known = scale.relative_sd_at(np.array(list(middles.values()), dtype=np.float64))
    limit = max(FAR_SD, FARTHER * _best_sd(scale))
    flags = dict(outline.lesion_flags)
    for lesion, sd in zip(middles, known, strict=True):
        if sd > limit:
            flags[lesion] = outline.flags_of(lesion) | {Flag.MARKER_FAR}
    return replace(outline, lesion_flags=flags)


def _best_sd(scale: PlaneHomography) -> float:
    """Relative SD of a length in the photo where it is known best."""
    rows, columns = (np.linspace(0, side - 1, 13) for side in scale.shape)
    places = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    return float(scale.relative_sd_at(places).min())
