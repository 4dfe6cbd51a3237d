"""CT series whose slices lie, or claim to lie, in every way a clinic can produce."""

import numpy as np

CASES = []


def case(name, result, **options):
    """Register a case: what is done to a plain series, and what must come out."""

    def register(change):
        CASES.append((name, result, change, options))
        return change

    return register


def plain(name, result, **options):
    CASES.append((name, result, None, options))


OBLIQUE = ((0.707107, 0.707107, 0.0), (-0.5, 0.5, -0.707107))
UNEVEN = np.cumsum([-8.0, *([0.5, 0.5, 0.65, 0.5, 0.65, 0.45] * 5)])
BLOCKS = np.concatenate([np.arange(-8, 0.1, 0.5), np.arange(1.0, 9.1, 1.0)])

plain("even axial slices", "mm3")
plain("coronal slices as scanned", "mm3", directions="CORONAL")
plain("sagittal slices as scanned", "mm3", directions="SAGITTAL")
plain("slices oblique to all axes", "mm3", directions=OBLIQUE)
plain("pixels that are not square, 0.5 x 0.8 mm", "mm3", spacing=(0.5, 0.8))
plain(
    "SliceThickness and SpacingBetweenSlices say 2.5 mm, positions 1 mm",
    "mm3",
    SliceThickness="2.5",
    SpacingBetweenSlices="2.5",
)
plain("SliceThickness 0", "mm3", SliceThickness="0")
plain("SliceThickness 500", "mm3", SliceThickness="500")
plain("no SliceThickness", "mm3", SliceThickness=None)
plain("slices that overlap by half", "mm3", SliceThickness="2")
plain("slices that overlap by four fifths", "mm3", SliceThickness="5")
plain(
    "uneven slices, each with its own extent",
    "mm3 uneven_slices",
    heights=UNEVEN,
    SliceThickness="0.6",
)
plain(
    "gantry tilted by 20°, written in the positions",
    "mm3 gantry_tilt",
    directions="TILT20",
    line=(0, 0, 1),
    GantryDetectorTilt="20",
)
plain(
    "gantry tilted by 20°, written in the positions only",
    "mm3 gantry_tilt",
    directions="TILT20",
    line=(0, 0, 1),
)
plain(
    "gantry tilt of 20° that positions and orientation do not show",
    "inconsistent_series",
    GantryDetectorTilt="20",
)
plain(
    "gantry tilt of -15° that positions and orientation do not show",
    "inconsistent_series",
    GantryDetectorTilt="-15",
)
plain(
    "gantry tilt of 20° taken out by resampling (DERIVED)",
    "mm3",
    GantryDetectorTilt="20",
    ImageType=["DERIVED", "SECONDARY", "AXIAL"],
)
plain(
    "gantry tilt of 20° in a file DERIVED by packing with loss only",
    "inconsistent_series",
    GantryDetectorTilt="20",
    ImageType=["DERIVED", "SECONDARY", "AXIAL"],
    LossyImageCompression="01",
)
plain("gantry tilt of 1°, too little to matter", "mm3", GantryDetectorTilt="1")
plain("one slice", "single_slice", heights=np.array([0.0]))
plain("1 mm slices every 10 mm", "missing_slices", heights=np.arange(-50.0, 51.0, 10.0))
plain("no ImagePositionPatient", "no_positions", ImagePositionPatient=None)
plain("no ImageOrientationPatient", "no_positions", ImageOrientationPatient=None)
plain("all positions zero", "no_positions", ImagePositionPatient=["0", "0", "0"])
plain("positions of two values", "no_positions", ImagePositionPatient=["0", "0"])
plain("positions that are no numbers", "no_positions", ImagePositionPatient=["NaN", "NaN", "NaN"])
plain(
    "orientation shorter than a unit",
    "no_positions",
    ImageOrientationPatient=["1", "0", "0", "0", "0.9", "0"],
)
plain(
    "orientation without a right angle",
    "no_positions",
    ImageOrientationPatient=["1", "0", "0", "0.7071", "0.7071", "0"],
)
plain("no PixelSpacing", "no_spacing", PixelSpacing=None)
plain("PixelSpacing 0", "no_spacing", PixelSpacing=["0", "0"])
plain("PixelSpacing negative", "no_spacing", PixelSpacing=["-1", "1"])
plain("PixelSpacing of one value", "no_spacing", PixelSpacing="1")
plain("PixelSpacing 0.001 mm", "no_spacing", PixelSpacing=["0.001", "0.001"])


@case("file names and InstanceNumber against the positions", "mm3")
def _(_make, slices):
    return slices[::-2] + slices[-2::-2]


@case("InstanceNumber that runs the other way", "mm3")
def _(_make, slices):
    for number, dataset in enumerate(slices[::-1]):
        dataset.InstanceNumber = number


@case("orientation rounded to two digits", "mm3", directions=OBLIQUE)
def _(_make, slices):
    for dataset in slices:
        rounded = [f"{float(value):.2f}" for value in dataset.ImageOrientationPatient]
        dataset.ImageOrientationPatient = rounded


@case("orientation that jitters in the fourth digit", "mm3")
def _(_make, slices):
    for number, dataset in enumerate(slices):
        tiny = 0.0005 * (-1) ** number
        dataset.ImageOrientationPatient = ["1", f"{tiny:.6f}", "0", f"{-tiny:.6f}", "1", "0"]


def turned(slices, step_deg):
    for number, dataset in enumerate(slices):
        angle = np.radians(step_deg * number)
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        along = [cosine, sine, 0, -sine, cosine, 0]
        dataset.ImageOrientationPatient = [f"{value:.6f}" for value in along]


@case("slices that turn by 0.2° from one to the next", "inconsistent_series")
def _(_make, slices):
    turned(slices, 0.2)


@case("radial slices, 8° apart", "inconsistent_series")
def _(_make, slices):
    turned(slices, 8)


@case("every second slice upside down", "inconsistent_series")
def _(_make, slices):
    for dataset in slices[::2]:
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "-1", "0"]


@case("thin and thick slices in two blocks", "mm3 uneven_slices", heights=BLOCKS)
def _(_make, slices):
    for height, dataset in zip(BLOCKS, slices, strict=True):
        dataset.SliceThickness = "0.5" if height <= 0 else "1.0"


@case("a slice is missing", "missing_slices")
def _(_make, slices):
    return slices[:9] + slices[10:]


@case("three slices in a row are missing", "missing_slices")
def _(_make, slices):
    return slices[:5] + slices[8:]


@case("a slice is missing among slices that overlap by half", "missing_slices", SliceThickness="2")
def _(_make, slices):
    return slices[:9] + slices[10:]


@case(
    "the last slices are missing and ImagesInAcquisition tells",
    "mm3 partial_series",
    ImagesInAcquisition="17",
)
def _(_make, slices):
    return slices[:-2]


@case("positions in centimetres", "inconsistent_series")
def _(_make, slices):
    for dataset in slices:
        dataset.ImagePositionPatient = [f"{v / 10:.5f}" for v in dataset.ImagePositionPatient]


@case("positions in metres", "inconsistent_series")
def _(_make, slices):
    for dataset in slices:
        dataset.ImagePositionPatient = [f"{v / 1000:.7f}" for v in dataset.ImagePositionPatient]


@case("positions in micrometres", "missing_slices")
def _(_make, slices):
    for dataset in slices:
        dataset.ImagePositionPatient = [f"{v * 1000:.1f}" for v in dataset.ImagePositionPatient]


@case("a slice without a position", "no_positions")
def _(_make, slices):
    del slices[7].ImagePositionPatient


@case("a slice that strays 10 mm sideways", "inconsistent_series")
def _(_make, slices):
    x, y, z = slices[7].ImagePositionPatient
    slices[7].ImagePositionPatient = [x + 10, y, z]


@case("another pixel spacing in one slice within", "missing_slices")
def _(_make, slices):
    slices[9].PixelSpacing = ["0.9", "0.9"]


@case("another pixel spacing in the last slice", "inconsistent_series")
def _(_make, slices):
    slices[-1].PixelSpacing = ["0.9", "0.9"]


@case("the last slice of another matrix size", "inconsistent_series")
def _(_make, slices):
    slices[-1].Rows = 14
    slices[-1].PixelData = slices[-1].PixelData[: len(slices[-1].PixelData) // 2]


@case("another kernel in the last slice", "inconsistent_series")
def _(_make, slices):
    slices[-1].ConvolutionKernel = "B70s"


@case("half of the series with another kernel", "2 parts")
def _(_make, slices):
    for dataset in slices[10:]:
        dataset.ConvolutionKernel = "B70s"


def repeated(make, slices, **tags):
    import copy

    again = [copy.deepcopy(dataset) for dataset in slices]
    for number, dataset in enumerate(again):
        uid = f"1.2.3.9.{number}.{len(slices)}.{len(tags)}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        make.set_tags(dataset, tags)
    return [*slices, *again]


def twice(name, **tags):
    CASES.append((name, "2 mm3", lambda make, slices: repeated(make, slices, **tags), {}))


twice("two kernels in one series", ConvolutionKernel="B70s")
twice("two tube voltages in one series", KVP="80")
twice("two acquisitions in one series", AcquisitionNumber=2)
twice("two respiratory phases (4D) in one series", TemporalPositionIdentifier=2)
twice("two cardiac phases in one series", TriggerTime="400")


@case("two kernels of two acquisitions in one series", "4 mm3", AcquisitionNumber=1)
def _(make, slices):
    both = repeated(make, slices, AcquisitionNumber=2)
    return repeated(make, both, ConvolutionKernel="B70s")


@case("the same file twice", "mm3")
def _(_make, slices):
    return [*slices, slices[10]]


@case("the same slice under two UIDs", "mm3")
def _(make, slices):
    return [*slices, repeated(make, slices[10:11], InstanceNumber=99)[1]]


@case("two different slices at one place", "duplicate")
def _(make, slices):
    other = repeated(make, slices[10:11])[1]
    other.PixelData = bytes(len(other.PixelData))
    return [*slices, other]


def under_one_uid(make, slices, **tags):
    other = repeated(make, slices[10:11], **tags)[1]
    other.SOPInstanceUID = slices[10].SOPInstanceUID
    other.file_meta.MediaStorageSOPInstanceUID = slices[10].SOPInstanceUID
    return other


@case("one UID twice, other private attributes", "mm3")
def _(make, slices):
    other = under_one_uid(make, slices)
    other.private_block(0x0009, "MAKER", create=True).add_new(1, "LO", "again")
    return [*slices, other]


@case("one UID twice, rewritten (slope 1.000, RLE)", "mm3")
def _(make, slices):
    other = under_one_uid(make, slices, RescaleSlope="1.000")
    other.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    return [*slices, other]


@case("one UID twice, other pixels", "duplicate")
def _(make, slices):
    other = under_one_uid(make, slices)
    other.PixelData = bytes(len(other.PixelData))
    return [*slices, other]
