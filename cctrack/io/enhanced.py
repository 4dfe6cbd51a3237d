"""Look at one multi-frame DICOM file as if each frame were a classic slice."""

from collections.abc import Iterator

from pydicom.dataset import Dataset, FileMetaDataset

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Header, read_header
from cctrack.io.dicom_values import integer
from cctrack.io.found import Member
from cctrack.model import Because

MAX_FRAMES = 20_000
"""A whole body at 0.1 mm; a NumberOfFrames beyond it is a broken or hostile header."""

_FRAME_TYPE = ("FrameType", "VolumetricProperties", "VolumeBasedCalculationTechnique")

_FROM_GROUPS = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
    "CTPixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept", "RescaleType"),
    "CTImageFrameTypeSequence": _FRAME_TYPE,
    "MRImageFrameTypeSequence": _FRAME_TYPE,
    "CTXRayDetailsSequence": ("KVP",),
    "CTReconstructionSequence": ("ConvolutionKernel", "ReconstructionDiameter"),
    "CTAcquisitionDetailsSequence": ("GantryDetectorTilt",),
    "FrameContentSequence": ("FrameAcquisitionNumber", "TemporalPositionIndex", "StackID"),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRDiffusionSequence": ("DiffusionBValue",),
    "CardiacSynchronizationSequence": (
        "NominalCardiacTriggerDelayTime",
        "NominalPercentageOfCardiacPhase",
    ),
    "RespiratorySynchronizationSequence": ("NominalPercentageOfRespiratoryPhase",),
}
"""Functional groups and what is read from them, named as a classic slice would."""

_CLASSIC_NAMES = {
    "FrameType": "ImageType",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "EffectiveEchoTime": "EchoTime",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
}


def is_enhanced(dataset: Dataset) -> bool:
    """Whether a file describes its frames one by one."""
    return bool(dataset.get("PerFrameFunctionalGroupsSequence"))


def expand(dataset: Dataset, member: Member) -> Iterator[tuple[Dataset, Header]]:
    """Yield the attributes and the header of each frame; of the file itself when it is one slice.

    Raises
    ------
    UnreadableImage
        If the frames are not described, or not as many as there are.
    """
    if not is_enhanced(dataset):
        frames = integer(dataset, "NumberOfFrames")
        if frames > 1:
            raise UnreadableImage(Because.NO_POSITIONS, f"{frames} frames without positions")
        yield dataset, read_header(dataset, member)
        return
    per_frame = dataset.PerFrameFunctionalGroupsSequence
    frames = integer(dataset, "NumberOfFrames")
    if len(per_frame) != frames or frames > MAX_FRAMES:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, f"{len(per_frame)} frames described, {frames} announced"
        )
    common = _without_groups(dataset)
    shared = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    _take(common, shared[0])
    for number, groups in enumerate(per_frame):
        yield _one_frame(common, groups, member, number)


def _one_frame(
    common: Dataset, groups: Dataset, member: Member, number: int
) -> tuple[Dataset, Header]:
    frame = Dataset()
    frame.update(common)
    frame.file_meta = common.file_meta
    _take(frame, groups)
    frame.add_new("NumberOfFrames", "IS", 1)
    return frame, read_header(frame, member, frame=number)


def _without_groups(dataset: Dataset) -> Dataset:
    heavy = ("PixelData", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    common = Dataset()
    common.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    for element in dataset:
        if element.keyword not in heavy:
            common.add(element)
    return common


def _take(target: Dataset, groups: Dataset) -> None:
    for sequence, names in _FROM_GROUPS.items():
        items = groups.get(sequence)
        if not items:
            continue
        for name in names:
            if name in items[0]:
                # A new element each time: assigning to one would change it in every other frame.
                found = items[0][name]
                target.add_new(_CLASSIC_NAMES.get(name, name), found.VR, found.value)
