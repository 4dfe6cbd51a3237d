"""Carry a lesion to a photo that shows the same at its place, though nothing was outlined there.

What one of two photos alone outlines may be new or gone, or missed on the other. Where both look
the same at that place it is neither new nor gone. It is drawn on the other photo too, so that the
lesion is followed, but never measured there: a carried outline would feign that nothing changed.
"""

from dataclasses import replace

import numpy as np

from cctrack.align.photo import compare_places
from cctrack.align.warp import warp_labels
from cctrack.model import Alignment, Flag, LabelArray, Photo
from cctrack.study.pipeline import Measured

MOST_TAKEN = 0.2
"""Share of a carried lesion that may lie on lesions which are outlined already."""


def carry_unchanged(
    visit: Measured, other: Measured, way: Alignment, missing: LabelArray
) -> Measured:
    """Add what looks the same at two visits and was outlined at the other one only.

    Parameters
    ----------
    visit, other : Measured
        Of photos; images of other kinds are left as they are.
    way : Alignment
        From the other visit's image to this one.
    missing : uint16 array, shape of the other image
        Its lesions that this visit does not show.
    """
    photos = other.image, visit.image
    if not (isinstance(photos[0], Photo) and isinstance(photos[1], Photo)):
        return visit
    alike = [
        int(label)
        for label in np.unique(missing[missing > 0])
        if compare_places((photos[0], photos[1]), way, missing == label).alike
    ]
    chosen = np.where(np.isin(missing, alike), missing, 0).astype(np.uint16)
    return _drawn(visit, warp_labels(chosen, way, visit.image.shape)) if alike else visit


def _drawn(visit: Measured, carried: LabelArray) -> Measured:
    """Draw carried lesions where nothing is outlined yet."""
    outline = visit.outline
    labels = outline.labels.copy()
    flags = dict(outline.lesion_flags)
    for label in np.unique(carried[carried > 0]):
        place = carried == label
        if (labels[place] > 0).mean() > MOST_TAKEN:
            continue
        number = int(labels.max()) + 1
        labels[place & (labels == 0)] = number
        flags[number] = frozenset({Flag.CARRIED})
    return replace(visit, outline=replace(outline, labels=labels, lesion_flags=flags))
