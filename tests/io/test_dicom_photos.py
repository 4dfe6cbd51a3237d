"""Clinical photos that an archive holds as DICOM: right colours once, whatever they claim."""

import io
import warnings
from datetime import date

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom import dcmwrite
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from cctrack.errors import UnreadableImage
from cctrack.io import load, scan
from cctrack.io.colour_space import DISPLAY_P3, icc_profile
from cctrack.io.dicom_photo import read_dicom_photo
from cctrack.model import Because, Modality, Photo, Provenance, Refused

VL_PHOTO = "1.2.840.10008.5.1.4.1.1.77.1.4"
P3_FOR_SRGB_RED = (234, 51, 35)


def skin(shape=(64, 80)):
    pixels = np.full((*shape, 3), (205, 150, 125), dtype=np.uint8)
    pixels[:16, :32] = (220, 30, 30)
    pixels[:, -16:] = (40, 60, 200)
    return pixels


YBR = convert_color_space(skin(), "RGB", "YBR_FULL")


def dicom(data, photometric="RGB", syntax=ExplicitVRLittleEndian, **tags):
    """A photo of 64 x 80 px whose pixel data are exactly these bytes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = VL_PHOTO, "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = VL_PHOTO, "1.2.3.4", "XC"
    dataset.PatientName, dataset.PatientID = "Secret^Name", "SECRET-ID"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 64, 80, 3
    dataset.PhotometricInterpretation, dataset.PlanarConfiguration = photometric, 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = encapsulate([data]) if syntax.is_encapsulated else data
    for name, value in tags.items():
        setattr(dataset, name, value)
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    return dataset


def jpeg(pixels=None, **options):
    stream = io.BytesIO()
    picture = Image.fromarray(skin() if pixels is None else pixels)
    picture.save(stream, "JPEG", quality=95, **options)
    return stream.getvalue()


def without_markers(data):
    """A codestream that does not say what its components are, as medical encoders write it."""
    kept, at = data[:2], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        kept += b"" if 0xE0 <= data[at + 1] <= 0xEF else data[at:end]
        at = end
    return kept + data[at:]


def with_ids(data, ids):
    """The same codestream with other component ids."""
    out, at = bytearray(data), 2
    while True:
        marker, length = out[at + 1], int.from_bytes(out[at + 2 : at + 4], "big")
        if marker == 0xC0:
            out[at + 10 : at + 19 : 3] = bytes(ids)
        if marker == 0xDA:
            out[at + 5 : at + 11 : 2] = bytes(ids)
            return bytes(out)
        at += 2 + length


def with_adobe(data, transform):
    marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])
    return data[:2] + marker + data[2:]


def j2k(pixels, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG2000", no_jp2=True, **options)
    return stream.getvalue()


def rle(dataset):
    dataset.compress(RLELossless)
    return dataset


def half_colour(ybr):
    """YBR_FULL_422 as it is stored uncompressed: two pixels share their colour."""
    flat = ybr.reshape(-1, 2, 3)
    return np.column_stack([flat[:, 0, 0], flat[:, 1, 0], flat[:, 0, 1], flat[:, 0, 2]]).tobytes()


RGB_JPEG = with_ids(without_markers(jpeg(keep_rgb=True)), (1, 2, 3))
YCC_JPEG = without_markers(jpeg())

STORED = {
    "RGB": lambda: dicom(skin().tobytes()),
    "RGB, colour by plane": lambda: dicom(
        np.moveaxis(skin(), 2, 0).tobytes(), PlanarConfiguration=1
    ),
    "YBR_FULL": lambda: dicom(YBR.tobytes(), "YBR_FULL"),
    "YBR_FULL_422": lambda: dicom(half_colour(YBR), "YBR_FULL_422"),
    "16 bits": lambda: dicom(
        (skin().astype("<u2") * 257).tobytes(), BitsAllocated=16, BitsStored=16, HighBit=15
    ),
    "12 of 16 bits": lambda: dicom(
        (np.rint(skin() * (4095 / 255))).astype("<u2").tobytes(),
        BitsAllocated=16,
        BitsStored=12,
        HighBit=11,
    ),
    "RLE RGB": lambda: rle(dicom(skin().tobytes())),
    "RLE YBR": lambda: rle(dicom(YBR.tobytes(), "YBR_FULL")),
    "J2K reversible": lambda: dicom(
        j2k(skin(), irreversible=False, mct=1), "YBR_RCT", JPEG2000Lossless
    ),
    "J2K irreversible": lambda: dicom(j2k(skin(), irreversible=True, mct=1), "YBR_ICT", JPEG2000),
    "J2K RGB": lambda: dicom(j2k(skin(), irreversible=False, mct=0), "RGB", JPEG2000Lossless),
    "J2K claims RGB": lambda: dicom(
        j2k(skin(), irreversible=False, mct=1), "RGB", JPEG2000Lossless
    ),
    "J2K YBR_FULL": lambda: dicom(
        j2k(YBR, irreversible=False, mct=0), "YBR_FULL", JPEG2000Lossless
    ),
    "JPEG JFIF": lambda: dicom(jpeg(), "YBR_FULL_422", JPEGBaseline8Bit),
    "JPEG JFIF claims RGB": lambda: dicom(jpeg(), "RGB", JPEGBaseline8Bit),
    "JPEG full colour": lambda: dicom(jpeg(subsampling=0), "YBR_FULL", JPEGBaseline8Bit),
    "JPEG unmarked": lambda: dicom(YCC_JPEG, "YBR_FULL_422", JPEGBaseline8Bit),
    "JPEG unmarked claims RGB": lambda: dicom(YCC_JPEG, "RGB", JPEGBaseline8Bit),
    "JPEG Adobe YCC": lambda: dicom(with_adobe(YCC_JPEG, 1), "YBR_FULL_422", JPEGBaseline8Bit),
    "JPEG Adobe YCC claims RGB": lambda: dicom(with_adobe(YCC_JPEG, 1), "RGB", JPEGBaseline8Bit),
    "JPEG Adobe RGB": lambda: dicom(with_adobe(RGB_JPEG, 0), "RGB", JPEGBaseline8Bit),
    "JPEG Adobe RGB claims YBR": lambda: dicom(
        with_adobe(RGB_JPEG, 0), "YBR_FULL_422", JPEGBaseline8Bit
    ),
    "JPEG RGB unmarked": lambda: dicom(RGB_JPEG, "RGB", JPEGBaseline8Bit),
    "JPEG RGB by ids claims YBR": lambda: dicom(
        without_markers(jpeg(keep_rgb=True)), "YBR_FULL_422", JPEGBaseline8Bit
    ),
}


def photo_of(dataset, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_dicom_photo(dataset, Provenance(), **options)


@pytest.mark.parametrize("stored", STORED)
def test_a_photo_keeps_its_colours_however_it_was_stored(stored):
    photo = photo_of(STORED[stored]())
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.shape == (64, 80, 3)
    assert np.abs(photo.pixels.astype(int) - skin()).mean() < 1.5
    # Away from the edges, where compression smears, no colour is off by more than rounding.
    for row, column in ((4, 4), (40, 30), (40, 76)):
        assert np.abs(photo.pixels[row, column].astype(int) - skin()[row, column]).max() <= 3


@pytest.mark.parametrize("stored", ["RGB", "RGB, colour by plane", "16 bits", "J2K reversible"])
def test_lossless_photos_are_the_same_pixels(stored):
    assert np.array_equal(photo_of(STORED[stored]()).pixels, skin())


def test_a_big_endian_photo_of_16_bits_is_the_same():
    data = (skin().astype(">u2") * 257).tobytes()
    dataset = dicom(data, syntax=ExplicitVRBigEndian, BitsAllocated=16, BitsStored=16, HighBit=15)
    assert np.array_equal(photo_of(dataset).pixels, skin())


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_is_looked_up(bits):
    colours = np.array([(205, 150, 125), (220, 30, 30), (40, 60, 200)])
    entries = (skin()[..., None, :] == colours).all(axis=3).argmax(axis=2)
    dataset = dicom(entries.astype(np.uint8).tobytes(), "PALETTE COLOR", SamplesPerPixel=1)
    del dataset.PlanarConfiguration
    for index, name in enumerate(("Red", "Green", "Blue")):
        table = np.zeros(256, dtype=np.uint8 if bits == 8 else "<u2")
        table[:3] = colours[:, index] * (1 if bits == 8 else 257)
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.tobytes())
    assert np.array_equal(photo_of(dataset).pixels, skin())


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_a_grey_photo_is_grey_and_the_right_way_round(photometric):
    grey = skin()[..., 0]
    stored = 255 - grey if photometric == "MONOCHROME1" else grey
    dataset = dicom(stored.tobytes(), photometric, SamplesPerPixel=1)
    assert np.array_equal(photo_of(dataset).pixels, np.repeat(grey[..., None], 3, axis=2))


def test_a_wide_gamut_photo_is_brought_to_srgb_by_its_profile():
    pixels = np.full((64, 80, 3), P3_FOR_SRGB_RED, dtype=np.uint8)
    photo = photo_of(dicom(pixels.tobytes(), ICCProfile=icc_profile(DISPLAY_P3)))
    assert np.abs(photo.pixels.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("profile", [b"\0" * 200, b"x"])
def test_a_broken_profile_changes_nothing(profile):
    assert np.array_equal(photo_of(dicom(skin().tobytes(), ICCProfile=profile)).pixels, skin())


def test_a_profile_of_srgb_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(photo_of(dicom(skin().tobytes(), ICCProfile=srgb)).pixels, skin())


def test_the_orientation_of_the_jpeg_inside_is_not_the_photos():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = photo_of(dicom(jpeg(exif=exif), "YBR_FULL_422", JPEGBaseline8Bit))
    assert photo.pixels.shape == (64, 80, 3)


def test_a_spacing_in_the_header_is_no_scale():
    photo = photo_of(dicom(skin().tobytes(), PixelSpacing=["0.1", "0.1"]))
    assert photo.scale is None
    assert photo.flags == frozenset()


def test_the_day_is_that_of_the_photo():
    tags = {"AcquisitionDateTime": "20230102030405", "StudyDate": "20240506"}
    assert photo_of(dicom(skin().tobytes(), **tags)).acquired == date(2023, 1, 2)
    assert photo_of(dicom(skin().tobytes(), ContentDate="20230102")).acquired == date(2023, 1, 2)


def test_a_day_still_to_come_is_none():
    dataset = dicom(skin().tobytes(), ContentDate="20310102")
    assert photo_of(dataset, today=date(2026, 1, 1)).acquired is None


@pytest.mark.parametrize(
    ("tags", "because"),
    [
        ({"NumberOfFrames": "2"}, Because.UNSUPPORTED_MODALITY),
        ({"PixelAspectRatio": ["2", "1"]}, Because.UNREADABLE_PIXELS),
        ({"PixelRepresentation": 1}, Because.UNREADABLE_PIXELS),
        ({"PhotometricInterpretation": "HSV"}, Because.UNREADABLE_PIXELS),
        ({"SamplesPerPixel": 4}, Because.UNREADABLE_PIXELS),
        ({"Rows": 65}, Because.TRUNCATED),
        ({"Rows": 60000, "Columns": 60000}, Because.TOO_LARGE),
        ({"Rows": 1, "Columns": 1}, Because.NOT_AN_IMAGE),
        ({"BitsStored": 0, "HighBit": 0}, Because.UNREADABLE_PIXELS),
    ],
)
def test_what_is_no_single_plain_photo_is_refused_by_name(tags, because):
    with pytest.raises(UnreadableImage) as caught:
        photo_of(dicom(skin().tobytes(), **tags))
    assert caught.value.because == because
    assert "SECRET" not in caught.value.detail.upper()


@pytest.mark.parametrize("stored", ["JPEG JFIF", "J2K RGB", "RLE RGB", "RGB"])
def test_a_cut_photo_is_refused(stored):
    dataset = STORED[stored]()
    dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 2]
    with pytest.raises(UnreadableImage):
        photo_of(dataset)


def test_a_codestream_larger_than_its_header_says_is_refused():
    big = jpeg(np.tile(skin(), (2, 2, 1)))
    with pytest.raises(UnreadableImage):
        photo_of(dicom(big, "YBR_FULL_422", JPEGBaseline8Bit))


def save(dataset, path, uid="1.2.3.4"):
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(path, dataset, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        (VL_PHOTO, "XC"),
        ("1.2.840.10008.5.1.4.1.1.77.1.7", "DMS"),
        ("1.2.840.10008.5.1.4.1.1.7", "XC"),
        (VL_PHOTO, None),
    ],
)
def test_an_export_of_photos_is_found_and_read(tmp_path, sop_class, modality):
    for number in range(2):
        dataset = dicom((skin() // (number + 1)).tobytes())
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
        dataset.SeriesInstanceUID, dataset.ContentDate = "1.2.3", "20230102"
        dataset.PixelSpacing = ["0.1", "0.1"]
        if modality is None:
            del dataset.Modality
        else:
            dataset.Modality = modality
        save(dataset, tmp_path / f"IM{number}", uid=f"1.2.3.{number}")
    found = list(scan([tmp_path]))
    assert [item.modality for item in found] == [Modality.PHOTO] * 2
    photos = [load(item).image for item in found]
    assert all(isinstance(photo, Photo) for photo in photos)
    assert np.array_equal(photos[0].pixels, skin())
    assert photos[0].scale is None
    assert photos[0].acquired == date(2023, 1, 2)


def test_a_colour_photo_that_is_there_twice_is_a_duplicate(tmp_path):
    save(dicom(skin().tobytes()), tmp_path / "a")
    save(dicom(skin().tobytes(), ContentDate="20230102"), tmp_path / "b")
    outcomes = list(scan([tmp_path]))
    assert sorted(type(item).__name__ for item in outcomes) == ["Found", "Refused"]
    (refused,) = (item for item in outcomes if isinstance(item, Refused))
    assert refused.because is Because.DUPLICATE


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        ("1.2.840.10008.5.1.4.1.1.77.1.1", "ES"),
        ("1.2.840.10008.5.1.4.1.1.77.1.2", "GM"),
        ("1.2.840.10008.5.1.4.1.1.77.1.5.1", "OP"),
        ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "XC"),
        ("1.2.840.10008.5.1.4.1.1.77.1.6", "SM"),
    ],
)
def test_what_looks_through_an_instrument_is_no_clinical_photo(tmp_path, sop_class, modality):
    dataset = dicom(skin().tobytes(), Modality=modality)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    (refused,) = scan([save(dataset, tmp_path / "a").parent])
    assert isinstance(refused, Refused)
    assert refused.because is Because.UNSUPPORTED_MODALITY
