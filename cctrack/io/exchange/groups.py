"""The measurement groups of a report: one for each lesion, and one for the total."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypedDict

from pydicom.uid import SegmentationStorage

from cctrack import __version__
from cctrack.io.exchange.codes import (
    ABNORMAL_STRUCTURE,
    CALCIFICATION,
    COMMENT,
    coded,
)
from cctrack.io.exchange.content import Compared, Report
from cctrack.io.exchange.finish import MAKER
from cctrack.io.exchange.items import change_items, measurement, outcome_items
from cctrack.io.exchange.seg import MadeSeg
from cctrack.model import Finding, Measurement, Method, Quantity, lesion_name

if TYPE_CHECKING:
    import highdicom.sr
    from highdicom.sr import (
        MeasurementsAndQualitativeEvaluations,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

    Group = (
        MeasurementsAndQualitativeEvaluations
        | PlanarROIMeasurementsAndQualitativeEvaluations
        | VolumetricROIMeasurementsAndQualitativeEvaluations
    )

TOTAL = "total"

INTERVALS = "ranges of uncertainty span the 95 % interval"


class _Common(TypedDict):
    """What all kinds of groups hold."""

    tracking_identifier: "highdicom.sr.TrackingIdentifier"
    finding_category: "highdicom.sr.CodedConcept"
    finding_type: "highdicom.sr.CodedConcept"
    algorithm_id: "highdicom.sr.AlgorithmIdentification"
    measurements: "list[highdicom.sr.Measurement]"
    qualitative_evaluations: "list[highdicom.sr.QualitativeEvaluation]"


def measurement_groups(report: Report) -> list["Group"]:
    """Make one group a lesion, one for each change that is of no single lesion, and the total.

    Returns
    -------
    list of highdicom measurement groups
        TID 1411 on volumes, TID 1410 on films and photos, TID 1501 without a segment.
    """
    lesions = sorted({item.lesion for item in report.findings if item.lesion})
    changes = {lesion: _changes_of(report, lesion) for lesion in lesions}
    told = {id(item) for items in changes.values() for item in items}
    groups = [_lesion_group(report, lesion, changes[lesion]) for lesion in lesions]
    left: dict[str, list[Compared]] = {}
    for item in report.compared:
        if item.group is not None and id(item) not in told:
            left.setdefault(item.change.lesion, []).append(item)
    groups += [_change_group(report, name, items) for name, items in left.items()]
    return [*groups, _total_group(report)]


def _changes_of(report: Report, lesion: int) -> list[Compared]:
    """Pick the changes of exactly this lesion; those of merged and split ones name their group."""
    return [
        item
        for item in report.compared
        if item.group is not None
        and item.group.followup == (lesion,)
        and item.change.lesion == lesion_name(lesion)
    ]


def _lesion_group(report: Report, lesion: int, changes: list[Compared]) -> "Group":
    from highdicom.sr import (
        PlanarROIMeasurementsAndQualitativeEvaluations,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )

    values = _values(item for item in report.findings if item.lesion == lesion)
    common = _common(report, lesion_name(lesion), lesion, values, changes)
    if report.source.thickness_mm:
        return _commented(
            VolumetricROIMeasurementsAndQualitativeEvaluations(
                **common, referenced_segment=_segment(report, lesion)
            ),
            [*report.notes.get(lesion, ()), *_reasons(changes)],
        )
    return _commented(
        PlanarROIMeasurementsAndQualitativeEvaluations(
            **common, referenced_segment=_segment_frame(report, lesion)
        ),
        [*report.notes.get(lesion, ()), *_reasons(changes)],
    )


def _change_group(report: Report, name: str, changes: list[Compared]) -> "Group":
    from highdicom.sr import MeasurementsAndQualitativeEvaluations as General

    after = changes[0].change.after
    values = [after] if after is not None else []
    group = changes[0].group
    # What became of one lesion alone, such as that it is gone, is told under its own UID.
    alone = group is not None and len({*group.baseline, *group.followup}) == 1
    lesion = group.baseline[0] if alone and group is not None and group.baseline else name
    return _commented(General(**_common(report, name, lesion, values, changes)), _reasons(changes))


def _total_group(report: Report) -> "Group":
    from highdicom.sr import MeasurementsAndQualitativeEvaluations as General

    changes = [item for item in report.compared if item.group is None]
    values = _values(item for item in report.findings if not item.lesion)
    # The total's is the sum over lesions, which is no diameter of anything.
    values = [item for item in values if item.quantity is not Quantity.MAX_DIAMETER]
    return _commented(
        General(**_common(report, TOTAL, TOTAL, values, changes)),
        [*report.notes.get(0, ()), *_reasons(changes)],
    )


def _values(findings: Iterable[Finding]) -> list[Measurement]:
    """Every quantity once: of the three volumes of a CT the one that verdicts rest on."""
    kept: dict[Quantity, Measurement] = {}
    for finding in findings:
        item = finding.measurement
        if item.quantity not in kept or item.method is Method.PARTIAL_VOLUME:
            kept[item.quantity] = item
    return list(kept.values())


def _common(
    report: Report,
    name: str,
    lesion: int | str,
    values: Sequence[Measurement],
    changes: list[Compared],
) -> _Common:
    from highdicom.sr import AlgorithmIdentification, TrackingIdentifier

    return {
        "tracking_identifier": TrackingIdentifier(report.tracking.uid_of(lesion), name),
        "finding_category": coded(ABNORMAL_STRUCTURE),
        "finding_type": coded(CALCIFICATION),
        "algorithm_id": AlgorithmIdentification(MAKER, __version__, [INTERVALS]),
        "measurements": [*map(measurement, values), *change_items(changes)],
        "qualitative_evaluations": list(
            outcome_items(changes, report.criteria, total=name == TOTAL)
        ),
    }


def _made_seg(report: Report) -> MadeSeg:
    if report.seg is None:
        raise ValueError("a lesion was measured that is in no segmentation")
    return report.seg


def _segment(report: Report, lesion: int) -> "highdicom.sr.ReferencedSegment":
    from highdicom.sr import ReferencedSegment, SourceSeriesForSegmentation

    seg = _made_seg(report)
    return ReferencedSegment(
        sop_class_uid=SegmentationStorage,
        sop_instance_uid=seg.dataset.SOPInstanceUID,
        segment_number=seg.segments[lesion].number,
        source_series=SourceSeriesForSegmentation(report.source.first.SeriesInstanceUID),
    )


def _segment_frame(report: Report, lesion: int) -> "highdicom.sr.ReferencedSegmentationFrame":
    from highdicom.sr import ReferencedSegmentationFrame, SourceImageForSegmentation

    seg, first = _made_seg(report), report.source.first
    made = ReferencedSegmentationFrame(
        sop_class_uid=SegmentationStorage,
        sop_instance_uid=seg.dataset.SOPInstanceUID,
        segment_number=seg.segments[lesion].number,
        frame_number=seg.frames_of(lesion)[0],
        source_image=SourceImageForSegmentation(first.SOPClassUID, first.SOPInstanceUID),
    )
    # Either the frame or the segment is named, and a frame is of one segment (PS3.3 table 10-3).
    del made[0].ReferencedSOPSequence[0].ReferencedSegmentNumber
    return made


def _reasons(changes: list[Compared]) -> list[str]:
    """List the sentences that say why a verdict is what it is, each once."""
    return list(dict.fromkeys(item.change.reason for item in changes if item.change.reason))


def _commented(group: "Group", sentences: Sequence[str]) -> "Group":
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    for sentence in sentences:
        item = TextContentItem(coded(COMMENT), sentence, RelationshipTypeValues.CONTAINS)
        group[0].ContentSequence.append(item)
    return group
