"""Outline the deposits of a CT: threshold by tube voltage, then keep what is surely a deposit."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, Flag, LabelArray, Outline
from cctrack.model.hounsfield import calcium_threshold_hu
from cctrack.segment.ct.attached import find_attached
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.candidates import (
    LEAST_MM3,
    LEAST_VOXELS,
    Bool,
    Candidate,
    find_components,
    list_candidates,
)
from cctrack.segment.ct.classify import Kind, classify

JOIN_MM = 1.5
"""Pieces this close are one deposit: nets and crumbly stones fall apart at a threshold."""

BORDER_SD_PX = 0.15
"""How much the threshold's surface of an unchanged deposit moves from scan to scan, in voxels."""

LARGEST_LABEL = 65_535
"""Labels are 16 bits wide."""


SELECTION_LOG_SD = 0.07
"""Two of three totals of deposits off bone were nearer to the truth than this (16 simulated scans);
the others had missed a whole deposit, which no error can express. See decision 0009."""

DOUBT = 0.5
"""Chance that a lesion seen at one visit only is a miss or a false find. See decision 0009."""


def outline_ct(ct: Ct, *, roi: Bool | None = None) -> Outline:
    """Outline calcium deposits on CT.

    Parameters
    ----------
    ct : Ct
        Hounsfield units.
    roi : bool array (slices, rows, columns) or None
        Only deposits with most of their voxels in it are kept.

    Returns
    -------
    Outline
        Labels sorted by size, 1 the largest. What touches bone is left to the bone unless it
        separates from it by a clear neck: a reader outlines it. Flags say when metal, contrast
        medium or an unknown tube voltage ask for caution.

    Raises
    ------
    ValueError
        If ``roi`` is of another shape.
    """
    if roi is not None and roi.shape != ct.shape:
        raise ValueError(f"a region of interest of {roi.shape} for a CT of {ct.shape}")
    threshold_hu, flags = calcium_threshold_hu(ct.acquisition.kvp)
    body = find_body(ct)
    components = find_components(ct, body, threshold_hu)
    deposits: list[Candidate] = []
    for candidate in list_candidates(components, ct):
        kind = classify(candidate, ct, body)
        if kind is Kind.DEPOSIT:
            deposits.append(candidate)
        elif kind is Kind.BONE:
            deposits.extend(find_attached(candidate, ct, body, threshold_hu))
    del components
    deposits = [deposit for deposit in deposits if _within(deposit, roi)]
    if body.metal:
        flags |= {Flag.METAL}
    if ct.acquisition.contrast:
        flags |= {Flag.CONTRAST}
    return Outline(
        _label_by_size(deposits, ct),
        border_sd_px=BORDER_SD_PX,
        flags=flags | {Flag.OFF_BONE_ONLY},
        detection_limit_px=_detection_limit_px(ct),
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
    )


def _within(candidate: Candidate, roi: Bool | None) -> bool:
    return roi is None or bool(roi[candidate.box][candidate.region].mean() > 0.5)


def _detection_limit_px(ct: Ct) -> float:
    return max(LEAST_VOXELS, LEAST_MM3 / float(np.prod(ct.scale.mean_mm)))


def _label_by_size(deposits: list[Candidate], ct: Ct) -> LabelArray:
    labels = np.zeros(ct.shape, dtype=np.uint16)
    for number, candidate in enumerate(deposits[:LARGEST_LABEL], start=1):
        labels[candidate.box][candidate.region] = number
    groups = _join(labels, ct)
    sizes = np.zeros(len(deposits) + 1)
    for number, candidate in enumerate(deposits, start=1):
        sizes[groups[number]] += candidate.volume_mm3
    order = np.argsort(-sizes, kind="stable")
    rank = np.zeros(len(sizes), dtype=np.uint16)
    rank[order] = np.arange(1, len(order) + 1)
    lookup = np.where(np.arange(len(groups)) > 0, rank[groups], 0).astype(np.uint16)
    _relabel(labels, deposits, lookup)
    return labels


def _relabel(labels: LabelArray, deposits: list[Candidate], lookup: NDArray[np.uint16]) -> None:
    # Only the deposits' own boxes: the image is far larger than they are.
    for number, candidate in enumerate(deposits, start=1):
        labels[candidate.box][candidate.region] = lookup[number]


def _join(labels: LabelArray, ct: Ct) -> NDArray[np.int_]:
    """For each piece the first piece of its deposit: pieces within `JOIN_MM` belong together."""
    count = int(labels.max())
    parent = np.arange(count + 1)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        for other in _neighbours(labels, number, box, ct):
            low, high = sorted((_root(parent, number), _root(parent, other)))
            parent[high] = low
    return np.array([_root(parent, number) for number in range(count + 1)])


def _neighbours(labels: LabelArray, number: int, box: tuple[slice, ...], ct: Ct) -> list[int]:
    margins = [int(np.ceil(JOIN_MM / mm)) + 1 for mm in ct.scale.mean_mm]
    wide = tuple(
        slice(max(0, part.start - margin), part.stop + margin)
        for part, margin in zip(box, margins, strict=True)
    )
    around = labels[wide]
    others = (around != 0) & (around != number)
    if not others.any():
        return []
    distance = ndimage.distance_transform_edt(around != number, sampling=ct.scale.mean_mm)
    return [int(value) for value in np.unique(around[others & (distance <= JOIN_MM)])]


def _root(parent: NDArray[np.int_], number: int) -> int:
    while parent[number] != number:
        number = int(parent[number])
    return number
