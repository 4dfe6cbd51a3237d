"""Write outlines as a DICOM Segmentation: one segment a lesion, on the image's own grid."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from cctrack import __version__
from cctrack.io.exchange.codes import ABNORMAL_STRUCTURE, CALCIFICATION, TRAINED, coded
from cctrack.io.exchange.finish import MAKER, SERIAL_NUMBER, finish
from cctrack.io.exchange.sources import Source, SourceSlice
from cctrack.io.exchange.uids import Tracking, derived_uid
from cctrack.io.shield import quiet
from cctrack.model import LabelArray, Method, Outline, lesion_name
from cctrack.model.boxes import label_boxes
from cctrack.model.notice import RESEARCH_ONLY

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

SERIES_NUMBER = 9901
"""Behind the images of a study, which are counted from 1."""

DIMENSIONS_UID = derived_uid("cctrack segmentation dimensions")

NO_THICKNESS = "0.000001"
"""SliceThickness in mm where there is none: the element must be there and not be 0 (dciodvfy,
highdicom), and what dcmqi takes for nothing, below 1e-5, makes no volume."""

_COLOURS = ((55, 60, 60), (75, 10, 70), (60, -50, 45), (60, 10, -55), (70, 45, -35), (85, -35, -15))
"""CIELab of neighbouring lesions: a viewer would else draw all of them alike."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One lesion as it is numbered in a file."""

    number: int
    lesion: int
    tracking_uid: str

    @property
    def name(self) -> str:
        """The lesion's name, which is also its tracking id."""
        return lesion_name(self.lesion)


@dataclass(frozen=True, slots=True, eq=False)
class MadeSeg:
    """A segmentation ready to be saved, and the number and frames of each lesion in it."""

    dataset: Dataset
    segments: Mapping[int, Segment]

    def frames_of(self, lesion: int) -> list[int]:
        """Numbers of a lesion's frames, from 1."""
        number = self.segments[lesion].number
        return [
            index
            for index, segment in enumerate(_frame_segments(self.dataset), start=1)
            if segment == number
        ]


def make_seg(outline: Outline, source: Source, tracking: Tracking) -> MadeSeg | None:
    """Make a segmentation of all lesions of an image.

    Parameters
    ----------
    outline : Outline
    source : Source
        Of the same image.
    tracking : Tracking

    Returns
    -------
    MadeSeg or None
        None where nothing is outlined: a segmentation cannot be empty.

    Raises
    ------
    ValueError
        If the outline is of another number of slices.
    """
    labels = outline.labels if outline.labels.ndim == 3 else outline.labels[None]
    if len(labels) != len(source.slices):
        raise ValueError(f"{len(labels)} slices outlined, {len(source.slices)} known")
    lesions = tuple(label_boxes(outline.labels))
    if not lesions:
        return None
    segments = _numbered(lesions, tracking)
    used = np.flatnonzero([plane.any() for plane in labels])
    with quiet():
        dataset = _segmentation(
            [_stand_in(source, int(index)) for index in used],
            _renumbered(labels[used], segments),
            [_describe(item, outline.method) for item in segments],
        )
    _refer(dataset, source)
    _place(dataset, source)
    _tidy(dataset, source)
    finish(dataset)
    return MadeSeg(dataset, {item.lesion: item for item in segments})


def _numbered(lesions: tuple[int, ...], tracking: Tracking) -> tuple[Segment, ...]:
    """Count the lesions through: segment numbers run from 1 without a gap (PS3.3 C.8.20.2).

    In one image's own outline that is the lesion's number. Over the visits of a study it is not,
    so the segment's label and tracking id say which lesion it is.
    """
    return tuple(
        Segment(number, lesion, tracking.uid_of(lesion))
        for number, lesion in enumerate(lesions, start=1)
    )


def _renumbered(labels: LabelArray, segments: tuple[Segment, ...]) -> LabelArray:
    table = np.zeros(int(labels.max()) + 1, dtype=np.uint16)
    for item in segments:
        table[item.lesion] = item.number
    return table[labels]


def _segmentation(
    headers: list[Dataset], labels: LabelArray, descriptions: list["SegmentDescription"]
) -> Dataset:
    from highdicom.seg import Segmentation

    return Segmentation(
        source_images=headers,
        pixel_array=labels,
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        series_instance_uid="2.25.0",
        series_number=SERIES_NUMBER,
        sop_instance_uid="2.25.0",
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number=SERIAL_NUMBER,
        content_label="CALCINOSIS",
        content_description=RESEARCH_ONLY,
        series_description=f"Deposits. {RESEARCH_ONLY}",
        content_date=headers[0].ContentDate,
        content_time="000000",
    )


def _describe(segment: Segment, method: Method) -> "SegmentDescription":
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentDescription

    automatic = method is not Method.READER
    algorithm = AlgorithmIdentificationSequence(MAKER, coded(TRAINED), __version__)
    return SegmentDescription(
        segment_number=segment.number,
        segment_label=segment.name,
        segmented_property_category=coded(ABNORMAL_STRUCTURE),
        segmented_property_type=coded(CALCIFICATION),
        algorithm_type="AUTOMATIC" if automatic else "MANUAL",
        algorithm_identification=algorithm if automatic else None,
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.name,
        display_color=CIELabColor(*_COLOURS[segment.lesion % len(_COLOURS)]),
    )


def _stand_in(source: Source, index: int) -> Dataset:
    """Copy a slice's header as that of a classic image with a UID of its own.

    Frames of one file share theirs, and highdicom knows only whole files of several frames. What
    is referred to in the end is put right by `_refer`.
    """
    header = deepcopy(source.slices[index].header)
    header.SOPInstanceUID = _stand_in_uid(index)
    if source.thickness_mm:
        header.SOPClassUID = CTImageStorage
    return header


def _refer(dataset: Dataset, source: Source) -> None:
    """Refer to the instances that exist, with the frame where one holds several.

    All slices count as source, also those without a deposit: that there is none was found on them.
    """
    real = {_stand_in_uid(index): item for index, item in enumerate(source.slices)}
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        for item in frame.DerivationImageSequence[0].SourceImageSequence:
            # Frames of two lesions on one slice share their item.
            if item.ReferencedSOPInstanceUID in real:
                _put_reference(item, real[item.ReferencedSOPInstanceUID])
    every = list(dict(_references(source)).values())
    dataset.SourceImageSequence = every
    dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence = every


def _stand_in_uid(index: int) -> str:
    return f"1.{index}"


def _put_reference(item: Dataset, real: SourceSlice) -> None:
    item.ReferencedSOPClassUID = real.header.SOPClassUID
    item.ReferencedSOPInstanceUID = real.header.SOPInstanceUID
    if real.frame is not None:
        item.ReferencedFrameNumber = real.frame


def _references(source: Source) -> Iterator[tuple[str, Dataset]]:
    for slice_ in source.slices:
        item = Dataset()
        item.ReferencedSOPClassUID = slice_.header.SOPClassUID
        item.ReferencedSOPInstanceUID = slice_.header.SOPInstanceUID
        yield item.ReferencedSOPInstanceUID, item


def _place(dataset: Dataset, source: Source) -> None:
    """Say of films, photos and uneven slices that they have no thickness, or none in common.

    Programs that make a volume of the frames (dcmqi, 3D Slicer) take any thickness they find for
    that of all; without one they refuse, and each frame still has its own position.
    """
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if (source.thickness_mm and source.even) or "PixelMeasuresSequence" not in shared:
        return
    measures = shared.PixelMeasuresSequence[0]
    measures.SliceThickness = NO_THICKNESS
    if "SpacingBetweenSlices" in measures:
        del measures.SpacingBetweenSlices


def _tidy(dataset: Dataset, source: Source) -> None:
    """Fill what highdicom leaves out or makes up at random."""
    dataset.ContentCreatorName = ""
    if not source.frame_uid:
        dataset.PatientOrientation = source.first.PatientOrientation
    for organization in dataset.DimensionOrganizationSequence:
        organization.DimensionOrganizationUID = DIMENSIONS_UID
    for index in dataset.DimensionIndexSequence:
        index.DimensionOrganizationUID = DIMENSIONS_UID


def _frame_segments(dataset: Dataset) -> list[int]:
    """Segment number of each frame; one segment alone stands among the shared groups."""
    shared = dataset.SharedFunctionalGroupsSequence[0].get("SegmentIdentificationSequence")
    return [
        int((shared or frame.SegmentIdentificationSequence)[0].ReferencedSegmentNumber)
        for frame in dataset.PerFrameFunctionalGroupsSequence
    ]
