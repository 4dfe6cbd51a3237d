"""Look at the other photo where one photo alone shows a deposit: bare skin, hidden, or in doubt."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.photo import shows_bare_skin
from cctrack.compare import Sizes
from cctrack.model import (
    Alignment,
    Flag,
    LesionGroup,
    Measurement,
    Method,
    Photo,
    Quality,
    Unit,
)
from cctrack.study.pipeline import Measured
from cctrack.study.routes import way_back

CLEARLY_OUTLINED = 0.2
"""SD of ln(area) of an outline up to which there is no doubt that something is there."""

LEAST_MM2 = 10.0
"""Smaller blemishes come and go. Where no scale is known nothing is large enough."""

UNCLEAR = frozenset({Flag.GLARE, Flag.NEAR_BORDER, Flag.CARRIED})
"""Cautions about a lesion that is not clearly seen."""

HIDDEN = 0.3
"""Share of a place that is no skin at the other visit from which it counts as hidden there."""

BoolArray = NDArray[np.bool_]


def looking_beside(
    sizes: tuple[Sizes, Sizes],
    visits: tuple[Measured, Measured],
    groups: Sequence[LesionGroup],
    alignment: Alignment,
) -> tuple[Sizes, Sizes]:
    """Say which lesions that one visit alone shows surely came or went, and which none can tell.

    A deposit that is clearly outlined on one photo, where the other one shows bare skin, has come
    or gone; where the scale lies on its place nobody can say.

    Parameters
    ----------
    sizes : pair of Sizes
    visits : pair of Measured
        Of photos, well aligned and outlined automatically; others are left as they are.
    groups : sequence of LesionGroup
    alignment : Alignment
    """
    methods = {visit.outline.method for visit in visits}
    if alignment.quality is not Quality.GOOD or Method.READER in methods:
        return sizes
    back = way_back(alignment, (visits[0].image.shape, visits[1].image.shape))
    gone = [label for group in groups if not group.followup for label in group.baseline]
    come = [label for group in groups if not group.baseline for label in group.followup]
    return (
        _looked_at(sizes[0], gone, visits, alignment),
        _looked_at(sizes[1], come, (visits[1], visits[0]), back),
    )


def _looked_at(
    sizes: Sizes, alone: Sequence[int], visits: tuple[Measured, Measured], way: Alignment
) -> Sizes:
    """Say of lesions that the first of two visits alone shows what the second shows there."""
    images = visits[0].image, visits[1].image
    skin = visits[1].outline.soft_tissue
    if skin is None or not (isinstance(images[0], Photo) and isinstance(images[1], Photo)):
        return sizes
    sure, hidden = set(), set()
    for label in alone:
        place = visits[0].outline.labels == label
        if not place.any():
            continue
        if _share_outside(place, way, skin) > HIDDEN:
            hidden.add(label)
        elif _is_clear(label, sizes, visits[0]) and shows_bare_skin(
            (images[0], images[1]), way, place, skin
        ):
            sure.add(label)
    return replace(sizes, sure=frozenset(sure), hidden=frozenset(hidden))


def _is_clear(label: int, sizes: Sizes, visit: Measured) -> bool:
    """Whether a lesion is large and well outlined, so that it is no false find."""
    size: Measurement | None = sizes.lesions.get(label)
    if size is None or size.unit is not Unit.MM2 or size.value < LEAST_MM2:
        return False
    border = float(np.hypot(size.log_sd_own, size.log_sd_common))
    return border <= CLEARLY_OUTLINED and UNCLEAR.isdisjoint(visit.outline.flags_of(label))


def _share_outside(place: BoolArray, way: Alignment, skin: BoolArray) -> float:
    """Share of a place that another photo does not show as skin."""
    there = np.rint(way.transform(np.argwhere(place).astype(np.float64))).astype(int)
    inside = ((there >= 0) & (there < skin.shape)).all(axis=1)
    seen = np.zeros(len(there), dtype=bool)
    seen[inside] = skin[tuple(there[inside].T)]
    return float(1.0 - seen.mean())
