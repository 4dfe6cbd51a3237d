"""Bring two measured visits onto one grid and say what stands between them."""

from dataclasses import dataclass, replace

from cctrack.align.ct import align_cts
from cctrack.align.landmarks import LandmarkPairs
from cctrack.align.radiograph import align_radiographs
from cctrack.compare import (
    Comparability,
    combine,
    compare_images,
    compare_outlines,
    compare_taking,
)
from cctrack.errors import AlignmentFailed, NotComparable
from cctrack.model import (
    Alignment,
    Criteria,
    Ct,
    Flag,
    Image,
    Method,
    Modality,
    Mr,
    Photo,
    Quantity,
    Radiograph,
    Thresholds,
)
from cctrack.study.align_photo import align_measured_photos
from cctrack.study.pipeline import Measured

DEFAULT_METHOD = {Modality.CT: Method.PARTIAL_VOLUME}
"""Volumes that a verdict rests on when the criteria name no method: the most repeatable one."""

NOTHING_BETWEEN = Comparability()
"""Nothing is known to stand between two visits."""


@dataclass(frozen=True, slots=True, eq=False)
class AlignedPair:
    """Two visits that may be compared, or why not.

    Attributes
    ----------
    thresholds : Thresholds
        The rule for what the verdict rests on.
    alignment : Alignment or None
        Also a rejected one, so that it can be shown.
    comparability : Comparability
    obstacle : str
        Why no verdict can be given; empty when one can.
    """

    thresholds: Thresholds
    alignment: Alignment | None = None
    comparability: Comparability = NOTHING_BETWEEN
    obstacle: str = ""


def align_visits(
    before: Measured, after: Measured, criteria: Criteria, landmarks: LandmarkPairs | None = None
) -> AlignedPair:
    """Align two measured images of one site.

    Parameters
    ----------
    before, after : Measured
    criteria : Criteria
    landmarks : pairs of ((row, column), (row, column)) or None
        Matching points in px; they replace the automatic alignment.

    Raises
    ------
    NotComparable
        If the images are of different kinds, or the criteria have no rule for this kind.
    """
    thresholds = thresholds_for(before.image, after.image, criteria)
    for which, measured in (("earlier", before), ("later", after)):
        if Flag.CROWDED in measured.flags:
            reason = (
                f"So much looks like a deposit at the {which} visit that a reader must outline it."
            )
            return AlignedPair(thresholds, obstacle=reason)
    try:
        alignment = _align(before, after, landmarks)
    except AlignmentFailed as error:
        rejected = error.alignment if isinstance(error.alignment, Alignment) else None
        reason = f"The two visits could not be aligned: {error}."
        return AlignedPair(thresholds, rejected, obstacle=reason)
    return with_comparability(before, after, thresholds, alignment)


def with_comparability(
    before: Measured, after: Measured, thresholds: Thresholds, alignment: Alignment
) -> AlignedPair:
    """Judge what stands between two images whose alignment is known."""
    made = compare_images(
        before.image,
        after.image,
        coverage=alignment.coverage,
        method=Method(thresholds.method or Method.PARTIAL_VOLUME),
    )
    taken = compare_taking((before.image, after.image), (before.flags, after.flags), alignment)
    drawn = compare_outlines(before.outline.method, after.outline.method)
    comparability = combine(made, taken, drawn)
    return AlignedPair(thresholds, alignment, comparability, comparability.obstacle)


def thresholds_for(before: Image, after: Image, criteria: Criteria) -> Thresholds:
    """Pick the rule that two images are judged by.

    Raises
    ------
    NotComparable
        If the images are of different kinds, or the criteria have no rule for this kind.
    """
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
            return align_measured_photos(before, after, landmarks)
        case Radiograph(), Radiograph():
            return align_radiographs(
                before.image, after.image, baseline_labels=labels, landmarks=landmarks
            )
        case Ct(), Ct():
            return align_cts(before.image, after.image, baseline_labels=labels, landmarks=landmarks)
        case _:
            raise AlignmentFailed("images of this kind are aligned by landmarks only")
