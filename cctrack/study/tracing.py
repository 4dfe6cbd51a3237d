"""The lineage of a site's lesions from its measured visits and the ways between them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from cctrack.align.warp import warp_labels
from cctrack.compare import Outlined, trace_lesions
from cctrack.model import Alignment, Image, LabelArray, Lineage, ReaderLink
from cctrack.study.pipeline import Measured, relabelled
from cctrack.study.routes import Routes, find_route

MATCH_GATE_MM = 6.0
"""Lesions whose borders lie further apart after alignment are not the same lesion. Three times the
residual that an alignment may have."""

MATCH_GATE_PX = 40.0
"""The same where no scale is known: 4 mm at the usual 0.1 mm per px of a clinical photo."""

KEPT_WARPS = 2
"""Carried label images kept in memory: one visit is looked at from at most two others at a time."""

NO_OUTLINES = Outlined(None, "", lambda _visit: None, 0.0)
"""A visit that could not be measured."""


def trace_visits(
    visits: Sequence[Measured | None], routes: Routes, said: Sequence[ReaderLink] = ()
) -> Lineage:
    """Find out which outlines of a site's visits show which lesion.

    Parameters
    ----------
    visits : sequence of Measured or None
        Oldest first; None where a visit could not be measured.
    routes : Routes
    said : sequence of ReaderLink

    Raises
    ------
    NotComparable
        If there are more outlines than ids.
    """

    @lru_cache(maxsize=KEPT_WARPS)
    def carry(after: int, before: int) -> LabelArray | None:
        return _carried(visits, routes, before, after)

    outlined = [
        _outlined(visit, partial(carry, number)) if visit else NO_OUTLINES
        for number, visit in enumerate(visits)
    ]
    return trace_lesions(outlined, said)


def named(measured: Measured, visit: int, lineage: Lineage) -> Measured:
    """Give the outlines of a visit the ids of the lesions that they show."""
    ids = lineage.of_visit(visit)
    if all(label == lesion for label, lesion in ids.items()):
        return measured
    return relabelled(measured, ids)


def named_patches(alignment: Alignment, visit: int, lineage: Lineage) -> Alignment:
    """Call an alignment's patches by the ids of the earlier visit's lesions."""
    ids = lineage.of_visit(visit)
    patches = {ids.get(label, label): matrix for label, matrix in alignment.patches.items()}
    return replace(alignment, patches=patches)


def _outlined(measured: Measured, carry: Callable[[int], LabelArray | None]) -> Outlined:
    gate, spacing = _gate(measured.image)
    image = measured.image.provenance.sha256
    return Outlined(measured.outline.labels, image, carry, gate, spacing)


def _gate(image: Image) -> tuple[float, tuple[float, ...] | None]:
    if image.scale is None:
        return MATCH_GATE_PX, None
    return MATCH_GATE_MM, tuple(float(mm) for mm in np.asarray(image.scale.mean_mm))


def _carried(
    visits: Sequence[Measured | None], routes: Routes, before: int, after: int
) -> LabelArray | None:
    earlier, later = visits[before], visits[after]
    if earlier is None or later is None:
        return None
    way = find_route(routes, before, after, (earlier.image.shape, later.image.shape))
    return warp_labels(earlier.outline.labels, way, later.image.shape) if way else None
