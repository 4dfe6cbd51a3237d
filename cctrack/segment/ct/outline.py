"""Outline the deposits of a CT: threshold by tube voltage, then keep what is surely a deposit."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import Ct, Flag, LabelArray, Outline
from cctrack.model.boxes import blank_labels, label_boxes
from cctrack.model.hounsfield import calcium_threshold_hu
from cctrack.segment.ct.body import Body, find_body
from cctrack.segment.ct.candidates import LEAST_VOXELS, Bool
from cctrack.segment.ct.classify import Kind
from cctrack.segment.ct.judge import judge_all

JOIN_MM = 1.5
"""Pieces this close are one deposit: nets and crumbly stones fall apart at a threshold."""

BORDER_SD_PX = 0.15
"""How much the threshold's surface of an unchanged deposit moves from scan to scan, in voxels."""

CUT_SHARE = 0.05
"""Share of a deposit's surface beyond which it goes on in something as bright that is no deposit:
it was cut from bone there, and how much of it lies on the other side nobody knows. Fragments of a
stone that had grown into bone had 0.2 and more, deposits off bone none."""

LARGEST_LABEL = 65_535
"""Labels are 16 bits wide."""

DETECTED_MM3 = 10.0
"""Deposits off bone of this size and more are found (see decision 0011); of less than the cube of
a thick slice, they are not: their peak is averaged away."""

SELECTION_LOG_SD = 0.07
"""Robust SD of the totals of 40 simulated scans is 0.05. See decisions 0009 and 0011."""

MISSED_MM3 = 50.0
"""A missed deposit is about this large, mostly a stone between the bones of a finger: of a small
total it is much."""

DOUBT = 0.5
"""Chance that a lesion seen at one visit only is a miss or a false find. See decision 0009."""


def outline_ct(ct: Ct, *, roi: Bool | None = None, expected: Bool | None = None) -> Outline:
    """Outline calcium deposits on CT.

    Parameters
    ----------
    ct : Ct
        Hounsfield units.
    roi : bool array (slices, rows, columns) or None
        Only deposits with most of their voxels in it are kept.
    expected : bool array (slices, rows, columns) or None
        Where another CT of the same site shows deposits: there less is enough to be one.

    Returns
    -------
    Outline
        Labels sorted by size, 1 the largest. What touches bone is found where it looks like no
        part of the bone; the rest is left to a reader. Flags say when metal, contrast
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
    deposits = [
        judged.candidate
        for judged in judge_all(ct, body, threshold_hu, roi, expected)
        if judged.verdict.kind is Kind.DEPOSIT
    ]
    labels = blank_labels(ct.shape)
    for number, deposit in enumerate(deposits[:LARGEST_LABEL], start=1):
        labels[deposit.box][deposit.region] = number
    outline = outline_labels(labels, ct, flags | flags_of(ct, body))
    cut = dict.fromkeys(cut_from_bone(outline.labels, ct, threshold_hu), frozenset({Flag.ON_BONE}))
    depths_mm = _depths_mm(outline.labels, body)
    return replace(outline, lesion_depth_mm=depths_mm, lesion_flags=cut)


def cut_from_bone(labels: LabelArray, ct: Ct, threshold_hu: float) -> list[int]:
    """Find lesions that go on in something that is above the threshold and no lesion.

    Parameters
    ----------
    labels : uint16 array, shape of the CT
    ct : Ct
    threshold_hu : float
    """
    found = []
    for number, box in label_boxes(labels).items():
        around = tuple(
            slice(max(0, part.start - 1), min(size, part.stop + 1))
            for part, size in zip(box, labels.shape, strict=True)
        )
        here = labels[around]
        inside = here == number
        surface = ndimage.binary_dilation(inside) & ~inside
        beyond = surface & (here == 0) & (ct.hu[around] >= threshold_hu)
        if np.count_nonzero(beyond) > CUT_SHARE * np.count_nonzero(surface):
            found.append(number)
    return found


def _depths_mm(labels: LabelArray, body: Body) -> dict[int, float]:
    """How deep under the skin the shallowest voxel of each lesion lies."""
    return {
        number: float(body.depth_in((box[0], box[1], box[2]))[labels[box] == number].min())
        for number, box in label_boxes(labels).items()
    }


def flags_of(ct: Ct, body: Body) -> frozenset[Flag]:
    """Cautions about a whole CT that its header and its metal ask for."""
    flags = {Flag.OFF_BONE_ONLY}
    if body.metal:
        flags.add(Flag.METAL)
    if ct.acquisition.contrast:
        flags.add(Flag.CONTRAST)
    return frozenset(flags)


def outline_labels(labels: LabelArray, ct: Ct, flags: frozenset[Flag]) -> Outline:
    """Make an outline of pieces: join those close to each other, number the largest first.

    Parameters
    ----------
    labels : uint16 array, shape of the CT
        Pieces, 1 and up; overwritten with the numbers of the lesions.
    ct : Ct
    flags : frozenset of Flag
    """
    found = label_boxes(labels)
    boxes = [found.get(number) for number in range(1, max(found, default=0) + 1)]
    groups = _join(labels, boxes, ct)
    counts = [np.count_nonzero(labels[box] == n) if box else 0 for n, box in enumerate(boxes, 1)]
    sizes = np.bincount(groups, weights=np.array([0, *counts], float), minlength=len(groups))
    order = np.argsort(-sizes, kind="stable")
    rank = np.zeros(len(sizes), dtype=np.uint16)
    rank[order] = np.arange(1, len(order) + 1)
    lookup = np.where(np.arange(len(groups)) > 0, rank[groups], 0).astype(np.uint16)
    total_mm3 = float(sum(counts)) * float(np.prod(ct.scale.mean_mm))
    _relabel(labels, boxes, lookup)
    return Outline(
        labels,
        border_sd_px=BORDER_SD_PX,
        flags=flags,
        detection_limit_px=_detection_limit_px(ct),
        selection_log_sd=_selection_log_sd(total_mm3),
        doubt=DOUBT,
    )


def _selection_log_sd(total_mm3: float) -> float:
    """Error of ln(total) from what was missed or invented: a share of it, and a whole deposit."""
    if not total_mm3:
        return SELECTION_LOG_SD
    return math.hypot(SELECTION_LOG_SD, math.log1p(MISSED_MM3 / total_mm3))


def _detection_limit_px(ct: Ct) -> float:
    slice_mm = ct.scale.mean_mm[0]
    limit_mm3 = max(DETECTED_MM3, slice_mm**3)
    return max(LEAST_VOXELS, limit_mm3 / float(np.prod(ct.scale.mean_mm)))


def _relabel(
    labels: LabelArray, boxes: list[tuple[slice, ...] | None], lookup: NDArray[np.uint16]
) -> None:
    # Only the deposits' own boxes, each piece by its own old number: the image is far larger.
    regions = [(box, labels[box] == number) for number, box in enumerate(boxes, 1) if box]
    numbers = [number for number, box in enumerate(boxes, 1) if box]
    for number, (box, region) in zip(numbers, regions, strict=True):
        labels[box][region] = lookup[number]


def _join(labels: LabelArray, boxes: list[tuple[slice, ...] | None], ct: Ct) -> NDArray[np.int_]:
    """For each piece the first piece of its deposit: pieces within `JOIN_MM` belong together."""
    parent = np.arange(len(boxes) + 1)
    for number, box in enumerate(boxes, start=1):
        if box is None:
            continue
        for other in _neighbours(labels, number, box, ct):
            low, high = sorted((_root(parent, number), _root(parent, other)))
            parent[high] = low
    return np.array([_root(parent, number) for number in range(len(boxes) + 1)])


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
