"""Films and detector images: a rectangle of 40 x 20 px, 8 x 4 mm where pixels are 0.2 mm wide."""

import io

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

RECTANGLE_PX, RECTANGLE_MM2 = 800, 32.0
CASES = []
SC = "1.2.840.10008.5.1.4.1.1.7"
SPACING = ["0.2", "0.2"]


def film(make, modality="DX", **tags):
    values = np.full((90, 80), 500, dtype=np.uint16)
    values[30:70, 30:50] = 3000
    dataset = make.blank_dicom(modality, values, ImageType=["ORIGINAL", "PRIMARY"])
    make.set_tags(dataset, {"BitsStored": 12, "HighBit": 11, "ImagerPixelSpacing": SPACING, **tags})
    return dataset


def values_of(dataset):
    return np.frombuffer(dataset.PixelData, np.uint16).reshape(90, 80).copy()


def case(name, result, **options):
    def register(change):
        CASES.append((name, result, change, options))
        return change

    return register


def plain(name, result, **options):
    CASES.append((name, result, None, options))


NO_DETECTOR = {"ImagerPixelSpacing": None}
plain("DX, ImagerPixelSpacing", "mm2 detector")
plain("CR, ImagerPixelSpacing", "mm2 detector", modality="CR")
plain(
    "magnification 1.25 and ImagerPixelSpacing 0.25 mm",
    "mm2 detector_magnification_corrected",
    ImagerPixelSpacing=["0.25", "0.25"],
    EstimatedRadiographicMagnificationFactor="1.25",
)
plain("PixelSpacing equal to ImagerPixelSpacing", "mm2 detector", PixelSpacing=SPACING)
plain(
    "PixelSpacing calibrated to a fiducial",
    "mm2 calibrated",
    PixelSpacing=SPACING,
    ImagerPixelSpacing=["0.23", "0.23"],
    PixelSpacingCalibrationType="FIDUCIAL",
)
plain(
    "PixelSpacing unlike ImagerPixelSpacing, nobody says why",
    "mm2 unknown_calibration",
    PixelSpacing=SPACING,
    ImagerPixelSpacing=["0.23", "0.23"],
)
plain("PixelSpacing only", "mm2 unknown_calibration", PixelSpacing=SPACING, **NO_DETECTOR)
plain("pixels that are not square", "mm2 detector", ImagerPixelSpacing=["0.1", "0.4"])
plain("no spacing", "px", **NO_DETECTOR)
plain("PixelSpacing 0.000", "px", PixelSpacing=["0.000", "0.000"])
plain("ImagerPixelSpacing negative", "px", ImagerPixelSpacing=["-0.2", "0.2"])
plain("ImagerPixelSpacing of one value", "px", ImagerPixelSpacing="0.2")
plain("ImagerPixelSpacing 200 (micrometres)", "px", ImagerPixelSpacing=["200", "200"])
plain("ImagerPixelSpacing that is no number", "px", ImagerPixelSpacing=["NaN", "NaN"])
plain("magnification 0", "px", EstimatedRadiographicMagnificationFactor="0")
plain("magnification 0.5", "px", EstimatedRadiographicMagnificationFactor="0.5")
plain("magnification 120 (percent)", "px", EstimatedRadiographicMagnificationFactor="120")
plain("NominalScannedPixelSpacing only", "px", NominalScannedPixelSpacing=SPACING, **NO_DETECTOR)
plain(
    "CR stored as secondary capture with PixelSpacing",
    "px",
    modality="CR",
    SOPClassUID=SC,
    PixelSpacing=SPACING,
)
plain(
    "digitized film as secondary capture (OT, ConversionType DF)",
    "px",
    modality="SC",
    Modality="OT",
    ConversionType="DF",
    PixelSpacing=SPACING,
)
plain(
    "digitized film without modality (ConversionType DF)",
    "px",
    modality="SC",
    Modality=None,
    ConversionType="DF",
)
plain(
    "film digitized as such (RG)",
    "px",
    modality="RG",
    SOPClassUID=SC,
    NominalScannedPixelSpacing=SPACING,
)
plain(
    "grey secondary capture that does not say it is a film",
    "secondary_capture",
    modality="SC",
    Modality="OT",
    ConversionType="WSD",
)
plain("no modality, class of DX", "mm2 detector", Modality=None)
plain(
    "MONOCHROME2 and INVERSE contradict each other",
    "unreadable_pixels",
    PresentationLUTShape="INVERSE",
)
plain("no photometric interpretation", "unreadable_pixels", PhotometricInterpretation=None)
plain("colour", "secondary_capture", SamplesPerPixel=3, PhotometricInterpretation="RGB")
plain("several frames", "unsupported_modality", NumberOfFrames=3)
plain("HighBit does not fit BitsStored", "unreadable_pixels", HighBit=15)
plain("one bit a pixel", "unreadable_pixels", BitsAllocated=1, BitsStored=1, HighBit=0)
plain(
    "a window that hides the rectangle is for display only",
    "mm2 detector",
    WindowCenter="100",
    WindowWidth="50",
)
plain("raw pixels (FOR PROCESSING)", "mm2 detector", PresentationIntentType="FOR PROCESSING")
plain("rescale of slope 0", "unreadable_pixels", RescaleSlope="0", RescaleIntercept="0")
plain("mammography", "unsupported_modality", Modality="MG")
plain("fluoroscopy", "unsupported_modality", Modality="RF")
plain("angiography", "unsupported_modality", Modality="XA")
plain("panoramic dental film", "unsupported_modality", Modality="PX")


def inverted(dataset):
    dataset.PixelData = (4095 - values_of(dataset)).astype(np.uint16).tobytes()
    dataset.PhotometricInterpretation = "MONOCHROME1"


@case("MONOCHROME1", "mm2 detector")
def _(_make, dataset):
    inverted(dataset)


@case("MONOCHROME1 with INVERSE, which go together", "mm2 detector")
def _(_make, dataset):
    inverted(dataset)
    dataset.PresentationLUTShape = "INVERSE"


@case("optical density with MONOCHROME1", "mm2 detector")
def _(_make, dataset):
    inverted(dataset)
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "0.001", "0", "OD"


@case("bits above the stored ones are set (overlay)", "mm2 detector")
def _(_make, dataset):
    dataset.PixelData = (values_of(dataset) | 0x8000).tobytes()


@case("bright padding, marked", "mm2 detector")
def _(_make, dataset):
    values = values_of(dataset)
    values[:8] = 4095
    dataset.PixelData, dataset.PixelPaddingValue = values.tobytes(), 4095


@case("padding in a MONOCHROME1 film, marked", "mm2 detector")
def _(_make, dataset):
    inverted(dataset)
    values = values_of(dataset)
    values[:8] = 0
    dataset.PixelData, dataset.PixelPaddingValue = values.tobytes(), 0


@case("bright border behind a rectangular shutter", "mm2 detector")
def _(_make, dataset):
    values = values_of(dataset)
    values[:10], values[:, 70:] = 4095, 4095
    dataset.PixelData, dataset.ShutterShape = values.tobytes(), "RECTANGULAR"
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = 11, 90
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = 1, 70


@case("bright corners behind a circular shutter", "mm2 detector")
def _(_make, dataset):
    values = values_of(dataset)
    row, column = np.ogrid[1:91, 1:81]
    values[(row - 50) ** 2 + (column - 40) ** 2 > 36**2] = 4095
    dataset.PixelData, dataset.ShutterShape = values.tobytes(), "CIRCULAR"
    dataset.CenterOfCircularShutter, dataset.RadiusOfCircularShutter = [50, 40], 36


@case("bright corners behind a polygonal shutter", "mm2 detector")
def _(_make, dataset):
    values = values_of(dataset)
    values[:20] = 4095
    dataset.PixelData, dataset.ShutterShape = values.tobytes(), "POLYGONAL"
    dataset.VerticesOfThePolygonalShutter = [21, 1, 21, 80, 90, 80, 90, 1]


@case("a shutter closed altogether is not applied", "mm2 detector")
def _(_make, dataset):
    dataset.ShutterShape = "RECTANGULAR"
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = 0, 0
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = 0, 0


def with_lut(dataset, entries, first, vr="US", bits=16, count=None):
    lut = Dataset()
    count = len(entries) if count is None else count
    lut.add_new(0x00283002, "US", [count % 65536, first % 65536, bits])
    lut.ModalityLUTType = "US"
    width = np.uint8 if bits == 8 else "<u2"
    data = entries.astype(width).tobytes() if vr == "OW" else [int(value) for value in entries]
    lut.add_new(0x00283006, vr, data)
    dataset.ModalityLUTSequence = Sequence([lut])


@case("modality LUT", "mm2 detector")
def _(_make, dataset):
    with_lut(dataset, np.arange(4096) * 3, 0)


@case("modality LUT of 65,536 entries, written as 0", "mm2 detector")
def _(_make, dataset):
    with_lut(dataset, np.arange(65536), 0, "OW")


@case("modality LUT that begins at -1024, written as 64512", "mm2 detector")
def _(_make, dataset):
    dataset.PixelData = (values_of(dataset).astype(int) - 1024).astype(np.int16).tobytes()
    dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 16, 15
    with_lut(dataset, np.arange(4096), -1024, "OW")


@case("modality LUT of 8 bits", "mm2 detector")
def _(_make, dataset):
    with_lut(dataset, np.arange(4096) // 16, 0, "OW", bits=8)


@case("modality LUT with entries missing", "unreadable_pixels")
def _(_make, dataset):
    with_lut(dataset, np.arange(100), 0, count=4096)


@case("RLE", "mm2 detector")
def _(_make, dataset):
    dataset.compress(RLELossless, generate_instance_uid=False)


@case("JPEG 2000 without loss, in three fragments, no offset table", "mm2 detector")
def _(_make, dataset):
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    dataset.PixelData = encapsulate([frame], fragments_per_frame=3, has_bot=False)


@case("JPEG 2000 with loss", "mm2 detector lossy")
def _(_make, dataset):
    dataset.compress(JPEG2000, j2k_cr=[4], generate_instance_uid=False)


@case("JPEG of 8 bits", "mm2 detector lossy")
def _(_make, dataset):
    stream = io.BytesIO()
    Image.fromarray((values_of(dataset) // 16).astype(np.uint8)).save(stream, "JPEG", quality=90)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit


@case("negative slope", "mm2 detector")
def _(_make, dataset):
    dataset.PixelData = (4095 - values_of(dataset)).astype(np.uint16).tobytes()
    dataset.RescaleSlope, dataset.RescaleIntercept = "-1", "4095"


@case("lossy compression in the past", "mm2 detector lossy")
def _(_make, dataset):
    dataset.LossyImageCompression = "01"


@case("12 bit JPEG Extended", "missing_decoder")
def _(_make, dataset):
    start = bytes.fromhex("ffd8ffc1000b0c005a0050010111") + bytes(40) + b"\xff\xd9"
    dataset.PixelData = encapsulate([start])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.51"


@case("a compression nobody decodes (MPEG-4)", "missing_decoder")
def _(_make, dataset):
    dataset.PixelData = encapsulate([bytes(64)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"


@case("cut short", "truncated")
def _(_make, dataset):
    dataset.PixelData = dataset.PixelData[:-400]
