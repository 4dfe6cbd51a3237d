"""Compare two measured visits of one site: align, match, classify."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cctrack.align.ct import align_cts
from cctrack.align.landmarks import LandmarkPairs
from cctrack.align.photo import align_photos
from cctrack.align.photo_plane import align_on_plane
from cctrack.align.radiograph import align_radiographs
from cctrack.align.warp import warp_labels
from cctrack.calibrate.photo import find_objects
from cctrack.compare import (
    Comparability,
    Sizes,
    classify_groups,
    compare_images,
    match_lesions,
    not_evaluable,
    stable_ids,
    with_status,
)
from cctrack.compare.lineage import renamed
from cctrack.errors import AlignmentFailed, NotComparable
from cctrack.model import (
    Alignment,
    Change,
    Criteria,
    Ct,
    Event,
    Finding,
    Flag,
    Image,
    LabelArray,
    LesionGroup,
    Measurement,
    Method,
    Modality,
    Mr,
    Photo,
    Quantity,
    Radiograph,
    Thresholds,
    Unit,
)
from cctrack.study.pipeline import Measured, relabelled
from cctrack.study.visibility import lesions_out_of_frame

MATCH_GATE_MM = 6.0
"""Lesions whose borders lie further apart after alignment are not the same lesion. Three times the
residual that an alignment may have."""

MATCH_GATE_PX = 40.0
"""The same where no scale is known: 4 mm at the usual 0.1 mm per px of a clinical photo."""

DEFAULT_METHOD = {Modality.CT: Method.PARTIAL_VOLUME}
"""Volumes that a verdict rests on when the criteria name no method: the most repeatable one."""


@dataclass(frozen=True, slots=True, eq=False)
class PairResult:
    """Two visits compared.

    Attributes
    ----------
    changes : tuple of Change
        The total first.
    alignment : Alignment or None
        Also a rejected one, so that it can be shown.
    groups : tuple of LesionGroup
    comparability : Comparability
    quantity : Quantity
        What the verdict rests on.
    ids : mapping of int to int
        The follow-up's label values to the ids its lesions keep over time.
    """

    changes: tuple[Change, ...]
    alignment: Alignment | None
    groups: tuple[LesionGroup, ...]
    comparability: Comparability
    quantity: Quantity
    ids: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> Change:
        """The verdict of the pair."""
        return self.changes[0]

    @classmethod
    def refused(
        cls,
        reason: str,
        *,
        quantity: Quantity = Quantity.AREA,
        alignment: Alignment | None = None,
        comparability: Comparability | None = None,
    ) -> "PairResult":
        """Make the result of a pair that cannot be judged."""
        total = not_evaluable("total", reason)
        return cls((total,), alignment, (), comparability or Comparability(), quantity)


def compare_visits(
    before: Measured,
    after: Measured,
    criteria: Criteria,
    *,
    landmarks: LandmarkPairs | None = None,
    status: str = "",
) -> PairResult:
    """Compare two measured images of one site.

    Parameters
    ----------
    before, after : Measured
        The earlier and the later visit.
    criteria : Criteria
    landmarks : pairs of ((row, column), (row, column)) or None
        Matching points in px; they replace the automatic alignment.
    status : str
        What is known of lesions that are gone at the later visit: ``excised``, ``extruded``.

    Raises
    ------
    NotComparable
        If the images are of different kinds, or the criteria have no rule for this kind.
    """
    thresholds = _thresholds(before.image, after.image, criteria)
    quantity = thresholds.quantity
    for which, measured in (("earlier", before), ("later", after)):
        if Flag.CROWDED in measured.flags:
            reason = (
                f"So much looks like a deposit at the {which} visit that a reader must outline it."
            )
            return PairResult.refused(reason, quantity=quantity)
    try:
        alignment = _align(before, after, landmarks)
    except AlignmentFailed as error:
        rejected = error.alignment if isinstance(error.alignment, Alignment) else None
        reason = f"The two visits could not be aligned: {error}."
        return PairResult.refused(reason, quantity=quantity, alignment=rejected)
    comparability = compare_images(
        before.image,
        after.image,
        coverage=alignment.coverage,
        method=Method(thresholds.method or Method.PARTIAL_VOLUME),
    )
    if not comparability.comparable:
        return PairResult.refused(
            comparability.obstacle,
            quantity=quantity,
            alignment=alignment,
            comparability=comparability,
        )
    warped = warp_labels(before.outline.labels, alignment, after.image.shape)
    groups = with_status(_groups(before, after, alignment, warped), status)
    ids = stable_ids(groups)
    groups = renamed(groups, ids)
    sizes = _sizes(before, relabelled(after, ids), warped, thresholds)
    if comparability.remade:
        sizes = _doubted(sizes[0]), _doubted(sizes[1])
    changes = classify_groups(groups, *sizes, thresholds, extra_log_sd=comparability.log_sd)
    return PairResult(changes, alignment, groups, comparability, quantity, ids)


def _thresholds(before: Image, after: Image, criteria: Criteria) -> Thresholds:
    if before.modality is not after.modality:
        raise NotComparable(f"a {before.modality} cannot be compared with a {after.modality}")
    size = Quantity.VOLUME if isinstance(before, Ct | Mr) else Quantity.AREA
    for quantity in (size, Quantity.MAX_DIAMETER):
        thresholds = criteria.of(quantity)
        if thresholds is not None:
            method = thresholds.method or DEFAULT_METHOD.get(before.modality, "")
            return replace(thresholds, method=str(method))
    raise NotComparable(f"the criteria {criteria.name} have no rule for a {size}")


def _align(before: Measured, after: Measured, landmarks: LandmarkPairs | None) -> Alignment:
    labels = before.outline.labels
    match before.image, after.image:
        case Photo(), Photo():
            return _align_photos(before, after, landmarks)
        case Radiograph(), Radiograph():
            return align_radiographs(
                before.image, after.image, baseline_labels=labels, landmarks=landmarks
            )
        case Ct(), Ct():
            return align_cts(before.image, after.image, baseline_labels=labels, landmarks=landmarks)
        case _:
            raise AlignmentFailed("images of this kind are aligned by landmarks only")


def _align_photos(before: Measured, after: Measured, landmarks: LandmarkPairs | None) -> Alignment:
    """Align by what the photos share; where that fails, search every turn on the skin's plane."""
    first, second = _as_photo(before.image), _as_photo(after.image)
    ignore = _unsteady(before), _unsteady(after)
    try:
        return align_photos(
            first.pixels,
            second.pixels,
            baseline_ignore=ignore[0],
            followup_ignore=ignore[1],
            landmarks=landmarks,
        )
    except AlignmentFailed:
        if landmarks or first.scale is None or second.scale is None:
            raise
        return align_on_plane(first, second, ignore)


def _as_photo(image: Image) -> Photo:
    if not isinstance(image, Photo):
        raise TypeError(f"a photo is needed, got a {image.modality}")
    return image


def _unsteady(photo: Measured) -> NDArray[np.bool_]:
    """Mark what need not lie at the same place of the skin at another visit."""
    objects: NDArray[np.bool_] = find_objects(_as_photo(photo.image).pixels, photo.sizes)
    skin = photo.outline.soft_tissue
    background = ~skin if skin is not None else np.zeros_like(objects)
    return objects | background | (photo.outline.labels > 0)


def _groups(
    before: Measured, after: Measured, alignment: Alignment, warped: LabelArray
) -> tuple[LesionGroup, ...]:
    labels = before.outline.labels
    groups = match_lesions(warped, after.outline.labels, gate_px=_gate_px(after.image))
    cut_off = lesions_out_of_frame(labels, alignment.matrix, after.image.shape)
    inverse = np.linalg.inv(alignment.matrix).astype(np.float64)
    uncovered = lesions_out_of_frame(after.outline.labels, inverse, before.image.shape)
    named = [_with_visibility(group, cut_off, uncovered) for group in groups]
    # Lesions that fell out of the follow-up's frame entirely are in no group yet.
    grouped = {label for group in named for label in group.baseline}
    lost = [label for label in before.outline.lesions if label not in grouped]
    return (*named, *(LesionGroup((label,), (), Event.NOT_IMAGED) for label in lost))


def _with_visibility(
    group: LesionGroup, cut_off: frozenset[int], uncovered: frozenset[int]
) -> LesionGroup:
    lost = group.baseline and cut_off.issuperset(group.baseline)
    not_covered = not group.baseline and uncovered.issuperset(group.followup)
    return replace(group, event=Event.NOT_IMAGED) if lost or not_covered else group


def _gate_px(image: Image) -> float:
    if image.scale is None:
        return MATCH_GATE_PX
    return MATCH_GATE_MM / float(np.mean(image.scale.mean_mm[-2:]))


def _sizes(
    before: Measured, after: Measured, warped: LabelArray, thresholds: Thresholds
) -> tuple[Sizes, Sizes]:
    """Collect the lesions of both visits, in mm or, where one has no scale, relative."""
    if before.image.scale is not None and after.image.scale is not None:
        earlier, later = (_pick(item.findings, thresholds) for item in (before, after))
    else:
        earlier = _relative(before, warped, thresholds.quantity)
        later = _relative(after, after.outline.labels, thresholds.quantity)
    return _counted_sizes(before, earlier), _counted_sizes(after, later)


def _doubted(sizes: Sizes) -> Sizes:  # what one scan alone shows is no change; a reader's word is
    return replace(sizes, doubt=1.0) if sizes.doubt else sizes


def _counted_sizes(measured: Measured, sizes: Mapping[int, Measurement]) -> Sizes:
    counted = set(measured.outline.counted())
    lesions = {label: value for label, value in sizes.items() if label in counted}
    return Sizes(lesions, sizes[0], measured.outline.doubt)


def _pick(findings: tuple[Finding, ...], thresholds: Thresholds) -> dict[int, Measurement]:
    """Pick what a verdict rests on, by lesion; 0 is the total."""
    return {
        finding.lesion: finding.measurement
        for finding in findings
        if finding.measurement.quantity is thresholds.quantity
        and thresholds.method in ("", finding.measurement.method)
    }


def _relative(measured: Measured, labels: LabelArray, quantity: Quantity) -> dict[int, Measurement]:
    """Measure on the follow-up's grid: the ratio is valid although no mm is known."""
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    total = float(sizes[list(measured.outline.counted())].sum()) if len(sizes) > 1 else 0.0
    own = {
        finding.lesion: finding.measurement
        for finding in measured.findings
        if finding.measurement.quantity is quantity
    }
    return {
        label: replace(own[label], value=float(value), unit=Unit.RELATIVE, log_sd_shared=0.0)
        for label, value in ((0, total), *((int(n), sizes[n]) for n in np.flatnonzero(sizes)))
        if label in own
    }
