"""CT series whose pixels mean, or claim to mean, Hounsfield units."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEG2000, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless

CASES = []


def case(name, result, **options):
    def register(change):
        CASES.append((name, result, change, options))
        return change

    return register


def plain(name, result, **options):
    CASES.append((name, result, None, options))


def kind(name, result, *image_type, **options):
    plain(name, result, ImageType=list(image_type), **options)


plain("contrast agent given", "mm3", ContrastBolusAgent="OMNIPAQUE")
plain("MONOCHROME1 says only how to show it", "mm3", PhotometricInterpretation="MONOCHROME1")
plain("no rescale", "not_hounsfield", RescaleSlope=None, RescaleIntercept=None)
plain("rescale slope 0", "not_hounsfield", RescaleSlope="0")
plain("RescaleType US (unspecified)", "not_hounsfield", RescaleType="US")
plain("RescaleType HU_MOD", "not_hounsfield", RescaleType="HU_MOD")
plain("RescaleType Houndsfield Unit, as some write", "mm3", RescaleType="Houndsfield Unit")
plain(
    "offset lost: intercept 0 for values stored with 1024 added",
    "not_hounsfield",
    RescaleIntercept="0",
)
plain("intercept 40000", "not_hounsfield", RescaleIntercept="40000")
plain("HighBit does not fit BitsStored", "unreadable_pixels", HighBit=14)
plain("colour", "secondary_capture", SamplesPerPixel=3, PhotometricInterpretation="RGB")
plain("PET", "unsupported_modality", Modality="PT")
plain("ultrasound", "unsupported_modality", Modality="US")
plain(
    "SOP class of a C-arm volume",
    "unsupported_modality",
    SOPClassUID="1.2.840.10008.5.1.4.1.1.13.1.1",
)
plain(
    "SOP class of a parametric map",
    "unsupported_modality",
    SOPClassUID="1.2.840.10008.5.1.4.1.1.30",
)
plain("cone-beam device that calls itself CT", "not_hounsfield", ManufacturerModelName="NewTom VGi")
plain("C-arm scan by the name of its series", "not_hounsfield", SeriesDescription="DynaCT HU")
plain(
    "mono-energetic by the name of its series",
    "not_hounsfield",
    SeriesDescription="Hand MonoE 70 keV",
)
plain(
    "SOP class of a secondary capture", "secondary_capture", SOPClassUID="1.2.840.10008.5.1.4.1.1.7"
)
plain(
    "SOP class of a multi-frame secondary capture",
    "secondary_capture",
    SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3",
)
kind("localizer", "localizer", "ORIGINAL", "PRIMARY", "LOCALIZER")
kind("perfusion map", "not_hounsfield", "DERIVED", "SECONDARY", "PERFUSION", "RCBF")
kind("iodine map", "not_hounsfield", "DERIVED", "SECONDARY", "AXIAL", "IODINE")
kind("virtual mono-energetic image", "not_hounsfield", "DERIVED", "PRIMARY", "AXIAL", "VMI")
kind("virtual non-contrast image", "not_hounsfield", "DERIVED", "PRIMARY", "AXIAL", "VNC")
kind("effective atomic number", "not_hounsfield", "DERIVED", "PRIMARY", "AXIAL", "EFF_ATOMIC_NUM")
kind("subtraction", "not_hounsfield", "DERIVED", "SECONDARY", "AXIAL", "SUBTRACTION")
kind("bone removed", "not_hounsfield", "DERIVED", "SECONDARY", "AXIAL", "BONE_REMOVED")
kind("two energies blended", "mm3 kvp_unknown", "DERIVED", "PRIMARY", "AXIAL", "ENERGY_PROP_WT")
kind("reformat (MPR)", "derived", "DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR")
kind("maximum intensity projection", "derived", "DERIVED", "SECONDARY", "AXIAL", "MIP")
kind("3D rendering", "derived", "DERIVED", "SECONDARY", "AXIAL", "VRT")
kind("PET and CT fused", "derived", "DERIVED", "SECONDARY", "AXIAL", "FUSION")
kind("dose report within CT", "secondary_capture", "DERIVED", "SECONDARY", "OTHER", "CT_SOM5 PROT")


@case("a localizer among the slices", "mm3")
def _(make, slices):
    scout = make.blank_dicom("CT", np.zeros((30, 40), np.int16))
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    return [scout, *slices]


@case("a dose screen among the slices", "mm3")
def _(make, slices):
    screen = make.blank_dicom("SC", np.zeros((64, 64), np.uint8), Modality="CT")
    return [screen, *slices]


@case("each slice with its own slope, also negative", "mm3")
def _(make, slices):
    for number, dataset in enumerate(slices):
        slope = (1.0, 0.5, -1.0)[number % 3]
        hu = make.stored(dataset).astype(float) - 1024
        make.store(dataset, np.rint((hu + 1000) / slope))
        dataset.RescaleSlope, dataset.RescaleIntercept = str(slope), "-1000"


@case("signed and unsigned, 12 and 16 bit slices mixed", "mm3")
def _(make, slices):
    for number, dataset in enumerate(slices):
        if number % 2:
            make.store(dataset, make.stored(dataset), np.uint16, BitsStored=12, HighBit=11)


@case("RescaleType in some slices only", "mm3")
def _(_make, slices):
    for dataset in slices[::3]:
        del dataset.RescaleType


@case("bits above the stored ones are set (overlay)", "mm3")
def _(make, slices):
    for dataset in slices:
        values = make.stored(dataset) | 0x5000
        make.store(dataset, values, np.uint16, BitsStored=12, HighBit=11)


@case("12 bit signed without its sign extended", "mm3")
def _(make, slices):
    for dataset in slices:
        values = (make.stored(dataset).astype(int) - 1024) & 0x0FFF
        make.store(dataset, values, np.int16, BitsStored=12, HighBit=11)
        dataset.RescaleIntercept = "0"


@case("8 bit, 10 HU a step", "mm3")
def _(make, slices):
    for dataset in slices:
        make.store(dataset, np.rint(make.stored(dataset) / 10), np.uint8)
        dataset.RescaleSlope = "10"


@case("32 bit", "mm3")
def _(make, slices):
    for dataset in slices:
        make.store(dataset, make.stored(dataset), np.int32)


@case("12 bit packed", "unreadable_pixels")
def _(_make, slices):
    for dataset in slices:
        dataset.BitsAllocated = dataset.BitsStored = 12
        dataset.HighBit = 11


@case("signed values that claim to be unsigned", "not_hounsfield")
def _(make, slices):
    for dataset in slices:
        make.store(dataset, make.stored(dataset) - 1024)
        dataset.PixelRepresentation, dataset.RescaleIntercept = 0, "-8"


@case("signed 12 bit values that claim to be unsigned", "not_hounsfield")
def _(make, slices):
    for dataset in slices:
        values = (make.stored(dataset).astype(int) - 1024) & 0x0FFF
        make.store(dataset, values, np.uint16, BitsStored=12, HighBit=11)
        dataset.RescaleIntercept = "-8"


@case("a modality LUT, which cannot go below 0", "not_hounsfield")
def _(_make, slices):
    lut = Dataset()
    lut.add_new(0x00283002, "US", [4096, 0, 16])
    lut.ModalityLUTType = "HU"
    lut.add_new(0x00283006, "US", list(range(4096)))
    for dataset in slices:
        dataset.ModalityLUTSequence = Sequence([lut])


def corners(make, slices, value, marked=None, vr="SS", limit=None):
    row, column = np.ogrid[:32, :32]
    outside = (row - 15.5) ** 2 + (column - 15.5) ** 2 > 15.5**2
    for dataset in slices:
        values = make.stored(dataset)
        values[outside] = value
        make.store(dataset, values)
        if marked is not None:
            dataset.add_new(0x00280120, vr, marked)
        if limit is not None:
            dataset.add_new(0x00280121, vr, limit)


@case("bright padding 4095, marked", "mm3")
def _(make, slices):
    corners(make, slices, 4095, 4095)


@case("padding -2000, marked as 63536", "mm3")
def _(make, slices):
    corners(make, slices, -2000, 63536, "US")


@case("padding within a marked range", "mm3")
def _(make, slices):
    corners(make, slices, 4050, 4000, limit=4095)


@case("padding -3024 that nobody marked", "mm3")
def _(make, slices):
    corners(make, slices, -3024)


@case("bright padding 4095 that nobody marked", "not_hounsfield")
def _(make, slices):
    corners(make, slices, 4095)


@case("padding marked as 0 in unsigned values", "mm3")
def _(make, slices):
    for dataset in slices:
        make.store(dataset, np.maximum(make.stored(dataset), 0), np.uint16)
        dataset.add_new(0x00280120, "US", 0)


@case("padding marked with the value of water", "mm3")
def _(make, slices):
    corners(make, slices, 1024, 1024)


@case("implicit little endian", "mm3")
def _(_make, slices):
    for dataset in slices:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


@case("explicit big endian", "mm3")
def _(make, slices):
    for dataset in slices:
        dataset.PixelData = make.stored(dataset).astype(">i2").tobytes()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian


@case("JPEG 2000 without loss", "mm3")
def _(_make, slices):
    for dataset in slices:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)


@case("JPEG 2000 with loss", "mm3 lossy")
def _(_make, slices):
    for dataset in slices:
        dataset.compress(JPEG2000, j2k_cr=[2], generate_instance_uid=False)


@case("pixels of one slice cut short", "truncated")
def _(_make, slices):
    slices[10].PixelData = slices[10].PixelData[:-200]


@case("twice as many pixels as the header explains", "unreadable_pixels")
def _(_make, slices):
    slices[10].PixelData = slices[10].PixelData * 2


@case("compressed, but the header says it is not", "unreadable_pixels")
def _(_make, slices):
    for dataset in slices:
        dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"


@case("not compressed, but the header says it is", "unreadable_pixels")
def _(make, slices):
    plain, rle = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    return [make.dicom_bytes(dataset).replace(plain, rle, 1) for dataset in slices]


@case("explicit, but the header says implicit", "mm3")
def _(make, slices):
    explicit, implicit = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
    return [make.dicom_bytes(dataset).replace(explicit, implicit, 1) for dataset in slices]


@case("no file meta header", "mm3")
def _(make, slices):
    return [data[data.index(bytes.fromhex("08000800")) :] for data in map(make.dicom_bytes, slices)]


@case("a slice that ends within its header", "truncated")
def _(make, slices):
    data = [make.dicom_bytes(dataset) for dataset in slices]
    data[10] = data[10][: data[10].index(bytes.fromhex("28001000"))]
    return data


@case("deflated", "mm3")
def _(_make, slices):
    for dataset in slices:
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
