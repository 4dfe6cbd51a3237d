"""Outline deposits on a film from the first pixel to the last label."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.model import Because, Flag, LabelArray, Outline, Radiograph
from cctrack.segment.radiograph.bone import on_film
from cctrack.segment.radiograph.border import draw_labels
from cctrack.segment.radiograph.classify import MODEL_FILE
from cctrack.segment.radiograph.describe import region_features
from cctrack.segment.radiograph.expected import EXPECTED_ODDS, on_grid
from cctrack.segment.radiograph.grid import (
    BoolArray,
    Float32Array,
    Grid,
    disc,
    film_spacing_mm,
    grid_of,
)
from cctrack.segment.radiograph.grow import grow_faint
from cctrack.segment.radiograph.pixels import judge_pixels
from cctrack.segment.radiograph.regions import Regions, find_regions
from cctrack.segment.radiograph.snap import snap_borders
from cctrack.segment.trees import load_trees

BORDER_SD_MM = 0.5
"""SD of the position of a border that neither an edge nor `grow_faint` could draw anew. With it
and the SDs of `snap` the 95 % intervals of 263 deposits of 10 mm² and more on simulated hands
(seeds 6300-6321, which taught no stage) held the true area in 96 %, of the 39 without an edge in
95 %."""

BORDER_ANEW = 0.45
"""On the same seeds 235 deposits with an edge at two visits, unchanged, grown or shrunk, changed by
0.9 times (68 %), 1.7 (90 %), 2.1 times (95 %) what this leaves, against their true change."""

DETECTION_LIMIT_MM2 = 10.0
"""Off-bone deposits from here on were found in 79 of 82 on simulated hands (seeds
104000-104023) on which nothing was set."""

ACCEPTED_ODDS = -1.0
"""A region is a deposit when its log-odds exceed this. On 48 simulated hands (seeds 6400-6447) 98 %
of what lies off bone is found from anywhere between -1 and 2, and 92 % over bone from -1."""

UNSCALED_ODDS = 3.5
"""Asked for on top where a film has no scale: the size of everything on it is a guess. Growing
bones of real children's hands without one reach 2.0."""

LARGE_FIELD_MM2, LARGE_FIELD_ODDS = 30_000.0, 4.0
"""Asked for on top where more tissue is shown than any hand with its forearm has. A real pelvis has
ten times as many lines and edges as a hand; the surest of them reaches 1.3."""

SURE_BONE_ODDS = 1.5
"""What is so likely bone shows where a lesion without an edge does not go on."""

LEAST_CONTRAST = 0.03
"""A deposit is brighter than the flesh around it by this share of bone's brightness. The faintest
on 50 simulated hands had 0.043; specks of dust, blurred into a region, have less."""

BORDER_MARGIN_MM = 1.0
"""A lesion this close to the film's or the collimator's edge may go on beyond it."""

SELECTION_LOG_SD = 0.25
"""With it the interval holds 96 % of 98 totals of simulated hands (seeds 6300-6349, 6400-6447),
whose median was 2 % low; most of the error is what was missed. See decision 0009."""

DOUBT = 0.5
"""Chance that a lesion seen at one visit only is a miss or a false find. See decision 0009."""

COARSEST_MM = 0.5
"""The outline was learned on films of 0.1-0.2 mm; on coarser pixels a small deposit is one of
them, and trabeculae, ribs and deposits look alike."""

MOST_COVERED = 0.15
"""Share of the tissue that an outline may cover. A film that shows more calcium than this was
never tried, and a film that is not understood looks just so."""

ROI_SHARE = 0.5
"""A lesion belongs to a region of interest when half of it lies inside; none is cut in two."""


def outline_radiograph(
    radiograph: Radiograph, *, roi: BoolArray | None = None, expected: BoolArray | None = None
) -> Outline:
    """Outline the calcified deposits on a film.

    Deposits off bone and beside bone are outlined. What lies mainly over bone is labelled too, but
    flagged ``over_bone``: one projection cannot part it from the bone, so it is in no total.

    Parameters
    ----------
    radiograph : Radiograph
        Bone bright, any exposure. Without a scale, feature sizes rest on an assumed film size.
    roi : bool array (rows, columns) or None
        Lesions that lie mostly outside are dropped.
    expected : bool array (rows, columns) or None
        Where another visit of the same part shows deposits, on this film's grid. What lies there is
        accepted more readily; its border is still this film's own.

    Returns
    -------
    Outline
        On the film's own grid.

    Raises
    ------
    UnreadableImage
        If the pixels are too coarse or so much looks like a deposit that the film was not
        understood: a reader has to outline it.
    ValueError
        If ``roi`` or ``expected`` has another shape than the film.
    """
    for name, mask in (("a roi", roi), ("an expected mask", expected)):
        if mask is not None and mask.shape != radiograph.shape:
            raise ValueError(f"{name} of {mask.shape} px for a film of {radiograph.shape} px")
    _require_fine_pixels(radiograph)
    grid = grid_of(radiograph)
    planes = judge_pixels(grid)
    likely = None if expected is None else on_grid(expected, grid)
    regions = find_regions(planes["deposit"], grid, likely)
    features = region_features(regions, planes, grid)
    labels, over_bone = _accept(regions, features, radiograph.shape, _needed(radiograph, grid))
    film_mm = film_spacing_mm(radiograph)
    snapped = snap_borders(radiograph.pixels, _within(labels, roi), film_mm, over_bone)
    edged = over_bone | snapped.border_sd_px.keys()
    bone = on_film(planes["bone"] > SURE_BONE_ODDS, radiograph.shape)
    grown = grow_faint(radiograph.pixels, snapped.labels, bone, film_mm, frozenset(edged))
    labels = grown.labels
    tissue = on_film(grid.tissue, radiograph.shape)
    _require_understood(labels, tissue)
    return Outline(
        labels,
        border_sd_px=BORDER_SD_MM / film_mm,
        lesion_border_sd_px={**snapped.border_sd_px, **grown.border_sd_px},
        border_anew=BORDER_ANEW,
        flags=frozenset({Flag.OFF_BONE_ONLY}),
        lesion_flags=_flags(labels, over_bone, grid),
        detection_limit_px=DETECTION_LIMIT_MM2 / film_mm**2,
        selection_log_sd=SELECTION_LOG_SD,
        doubt=DOUBT,
        soft_tissue=tissue if tissue.any() else None,
        bone=on_film(planes["bone"] > 0, radiograph.shape),
    )


def _require_fine_pixels(radiograph: Radiograph) -> None:
    film_mm = film_spacing_mm(radiograph)
    if film_mm > COARSEST_MM:
        known = "" if radiograph.scale else "about "
        raise UnreadableImage(
            Because.NOT_OUTLINED,
            f"pixels of {known}{film_mm:.2g} mm are too coarse for the automatic outline, "
            f"{COARSEST_MM} mm or less are needed; give a reader's mask",
        )


def _require_understood(labels: LabelArray, tissue: BoolArray) -> None:
    covered = float(np.count_nonzero(labels)) / max(1, int(np.count_nonzero(tissue)))
    if covered > MOST_COVERED:
        raise UnreadableImage(
            Because.NOT_OUTLINED,
            f"{covered:.0%} of the tissue looked like a deposit, so the film was not understood; "
            "give a reader's mask",
        )


def _needed(radiograph: Radiograph, grid: Grid) -> float:
    # Log-odds from which a region of this film is a deposit.
    large = np.count_nonzero(grid.tissue) * grid.mm**2 > LARGE_FIELD_MM2
    doubts = (UNSCALED_ODDS, radiograph.scale is None), (LARGE_FIELD_ODDS, large)
    return ACCEPTED_ODDS + sum(odds for odds, present in doubts if present)


def _accept(
    regions: Regions, features: dict[str, Float32Array], shape: tuple[int, ...], needed: float
) -> tuple[LabelArray, frozenset[int]]:
    # Labels on the film and the lesions among them that lie mainly over bone.
    if not regions.count:
        return np.zeros(shape, np.uint16), frozenset()
    found = load_trees(MODEL_FILE, "region").log_odds(features)
    over = load_trees(MODEL_FILE, "over").log_odds(features) > 0
    deposit = found + EXPECTED_ODDS * regions.expected > needed
    deposit &= features["over_free_5.0_mean"] >= LEAST_CONTRAST
    kept = np.flatnonzero(deposit)
    rows, columns = shape
    labels = draw_labels(regions, kept + 1, (rows, columns))
    return labels, frozenset(int(place) + 1 for place in np.flatnonzero(over[kept]))


def _within(labels: LabelArray, roi: BoolArray | None) -> LabelArray:
    if roi is None:
        return labels
    whole = np.bincount(labels.ravel())
    inside = np.bincount(labels[roi], minlength=len(whole))
    outside: BoolArray = inside < ROI_SHARE * whole
    return np.where(outside[labels], 0, labels).astype(np.uint16)


def _flags(labels: LabelArray, over_bone: frozenset[int], grid: Grid) -> dict[int, frozenset[Flag]]:
    cut = _at_border(labels, grid)
    found = {int(value) for value in np.flatnonzero(np.bincount(labels.ravel())) if value}
    flags = {
        lesion: frozenset(
            flag
            for flag, lesions in ((Flag.OVER_BONE, over_bone), (Flag.NEAR_BORDER, cut))
            if lesion in lesions
        )
        for lesion in sorted(found)
    }
    return {lesion: some for lesion, some in flags.items() if some}


def _at_border(labels: LabelArray, grid: Grid) -> frozenset[int]:
    # Lesions that the edge of the film or of the collimation may have cut.
    field = np.pad(grid.field, 1)
    inner = cv2.erode(field.astype(np.uint8), disc(BORDER_MARGIN_MM / grid.mm))[1:-1, 1:-1]
    near = cv2.resize(inner, labels.shape[::-1], interpolation=cv2.INTER_NEAREST) == 0
    return frozenset(int(value) for value in np.unique(labels[near]) if value)
