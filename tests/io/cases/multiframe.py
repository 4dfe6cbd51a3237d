"""MR series, and files that hold all their slices at once."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

CASES = []
STORAGE = "1.2.840.10008.5.1.4.1.1."
MR = {
    "Modality": "MR",
    "SOPClassUID": STORAGE + "4",
    "RescaleSlope": None,
    "RescaleIntercept": None,
    "RescaleType": None,
    "KVP": None,
    "ConvolutionKernel": None,
}


def case(name, result, **options):
    def register(change):
        CASES.append((name, result, change, options))
        return change

    return register


def mr(name, result, **options):
    CASES.append((name, result, None, {**MR, **options}))


mr("MR, 3D, even", "MR mm3")
mr("MR, 2D with gaps: 0.8 mm slices every 1 mm", "MR mm3", SliceThickness="0.8")
mr("MR, 2D with wide gaps: 0.2 mm slices every 1 mm", "MR mm3", SliceThickness="0.2")
mr("MR, coronal", "MR mm3", directions="CORONAL")
mr("MR, one slice", "single_slice", heights=np.array([0.0]))
mr(
    "MR, maximum intensity projection",
    "derived",
    ImageType=["DERIVED", "SECONDARY", "PROJECTION IMAGE"],
)
mr("MR localizer", "localizer", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
mr("MR spectroscopy", "unsupported_modality", SOPClassUID=STORAGE + "4.2")


@case("MR, a slice is missing", "missing_slices", **MR)
def _(_make, slices):
    return slices[:9] + slices[10:]


@case("MR, three planes of one slice each", "inconsistent_series", **MR)
def _(_make, slices):
    planes = ["1 0 0 0 1 0", "1 0 0 0 0 -1", "0 1 0 0 0 -1"]
    for dataset, plane in zip(slices[9:12], planes, strict=True):
        dataset.ImageOrientationPatient = plane.split()
    return slices[9:12]


def doubled(name, tag, first, second):
    def change(make, slices):
        other = make.slices(make, **{**MR, tag: second})
        make.set_all(slices, {tag: first})
        return [*slices, *other]

    CASES.append((name, "2 MR mm3", change, dict(MR)))


doubled("MR, two echoes in one series", "EchoTime", "10", "80")
doubled("MR, two b-values in one series", "DiffusionBValue", 0.0, 1000.0)


def item(**tags):
    dataset = Dataset()
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


def joined(make, slices, modality="CT", **tags):
    """One enhanced file with a frame for each slice."""
    first = slices[0]
    pixels = np.concatenate([make.stored(dataset) for dataset in slices])
    classes = {"CT": STORAGE + "2.1", "MR": STORAGE + "4.1"}
    dataset = make.blank_dicom(modality, pixels, SOPClassUID=classes[modality])
    dataset.Rows, dataset.NumberOfFrames = dataset.Columns, len(slices)
    shared = Dataset()
    measures = item(PixelSpacing=first.PixelSpacing, SliceThickness="1")
    shared.PixelMeasuresSequence = Sequence([measures])
    plane = item(ImageOrientationPatient=first.ImageOrientationPatient)
    shared.PlaneOrientationSequence = Sequence([plane])
    if modality == "CT":
        rescale = item(RescaleSlope="1", RescaleIntercept="-1024", RescaleType="HU")
        shared.PixelValueTransformationSequence = Sequence([rescale])
        shared.CTXRayDetailsSequence = Sequence([item(KVP="120")])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for one in slices:
        frame = Dataset()
        place = item(ImagePositionPatient=one.ImagePositionPatient)
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames)
    make.set_tags(dataset, tags)
    return dataset


@case("enhanced CT", "mm3")
def _(make, slices):
    return [joined(make, slices)]


@case("enhanced CT, frames in any order", "mm3")
def _(make, slices):
    order = np.random.default_rng(3).permutation(len(slices))
    return [joined(make, [slices[index] for index in order])]


@case("legacy converted enhanced CT", "mm3")
def _(make, slices):
    return [joined(make, slices, SOPClassUID=STORAGE + "2.2")]


@case("enhanced CT, packed with RLE", "mm3")
def _(make, slices):
    dataset = joined(make, slices)
    dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    return [dataset]


@case("enhanced CT, each frame with its own rescale", "mm3")
def _(make, slices):
    dataset = joined(make, slices)
    del dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence
    pixels = []
    for number, (one, frame) in enumerate(
        zip(slices, dataset.PerFrameFunctionalGroupsSequence, strict=True)
    ):
        slope = (1, 2)[number % 2]
        rescale = item(RescaleSlope=str(slope), RescaleIntercept="-1024", RescaleType="HU")
        frame.PixelValueTransformationSequence = Sequence([rescale])
        pixels.append(np.rint(make.stored(one) / slope).astype(np.int16).tobytes())
    dataset.PixelData = b"".join(pixels)
    return [dataset]


@case("enhanced CT, a frame is missing", "missing_slices")
def _(make, slices):
    return [joined(make, slices[:9] + slices[10:])]


@case("enhanced CT, fewer frames described than there are", "inconsistent_series")
def _(make, slices):
    dataset = joined(make, slices)
    del dataset.PerFrameFunctionalGroupsSequence[-1]
    return [dataset]


@case("enhanced CT, two time points in one file", "2 mm3")
def _(make, slices):
    dataset = joined(make, [*slices, *slices])
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        time = 1 + number // len(slices)
        frame.FrameContentSequence = Sequence([item(TemporalPositionIndex=time)])
    return [dataset]


def frame_type(make, slices, **tags):
    dataset = joined(make, slices)
    kind = item(**{"FrameType": ["DERIVED", "PRIMARY", "AXIAL", "NONE"], **tags})
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.CTImageFrameTypeSequence = Sequence([kind])
    return [dataset]


@case("enhanced CT that is a maximum intensity projection", "derived")
def _(make, slices):
    return frame_type(make, slices, VolumeBasedCalculationTechnique="MAX_IP")


@case("enhanced CT that is a virtual mono-energetic image", "not_hounsfield")
def _(make, slices):
    return frame_type(make, slices, FrameType=["DERIVED", "PRIMARY", "AXIAL", "VMI"])


def parts(make, slices, count=3):
    files = []
    for number, some in enumerate(np.array_split(np.arange(len(slices)), count), start=1):
        dataset = joined(make, [slices[index] for index in some])
        dataset.ConcatenationUID, dataset.InConcatenationNumber = "1.2.3.77", number
        dataset.InConcatenationTotalNumber = count
        files.append(dataset)
    return files


@case("one enhanced CT in three files (concatenation)", "mm3")
def _(make, slices):
    return parts(make, slices)


@case("one enhanced CT in three files, the last is missing", "missing_slices")
def _(make, slices):
    return parts(make, slices)[:2]


@case("a classic CT file of several frames without positions", "no_positions")
def _(_make, slices):
    slices[0].NumberOfFrames = 3
    slices[0].PixelData = slices[0].PixelData * 3
    return slices[:1]


@case("enhanced MR", "MR mm3")
def _(make, slices):
    return [joined(make, slices, "MR")]


@case("enhanced MR, two echoes in one file", "2 MR mm3")
def _(make, slices):
    dataset = joined(make, [*slices, *slices], "MR")
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        echo = 10.0 + 70 * (number // len(slices))
        frame.MREchoSequence = Sequence([item(EffectiveEchoTime=echo)])
    return [dataset]
