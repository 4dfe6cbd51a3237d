"""Films and detector images: bone bright once, sizes passed on as the file says them."""

from datetime import date

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from cctrack.errors import UnreadableImage
from cctrack.io import Found, load, pixels, read_one, scan
from cctrack.model import Because, Flag, Modality, Radiograph, Refused


def film_values():
    """A dark film with a bright bone, 12 bits."""
    values = np.full((80, 70), 500, dtype=np.uint16)
    values[20:60, 20:40] = 3000
    return values


def make_film(make, modality="DX", stored=None, **tags):
    stored = film_values() if stored is None else stored
    dataset = make.blank_dicom(modality, stored, ImageType=["ORIGINAL", "PRIMARY"])
    make.set_tags(dataset, {"BitsStored": 12, "HighBit": 11, **tags})
    return dataset


def read(make, tmp_path, **tags):
    image = read_one(make.save(make_film(make, **tags), tmp_path / "film.dcm"))
    assert isinstance(image, Radiograph)
    return image


def refusal(make, path, dataset):
    make.save(dataset, path)
    (item,) = scan([path])
    outcome = load(item) if isinstance(item, Found) else item
    assert isinstance(outcome, Refused)
    return outcome


def test_monochrome2_is_bone_bright_as_it_stands(make, tmp_path):
    film = read(make, tmp_path)
    assert np.array_equal(film.pixels, film_values())
    assert film.full_range == (0, 4095)


def test_monochrome1_is_inverted_once(make, tmp_path):
    stored = (4095 - film_values()).astype(np.uint16)
    film = read(make, tmp_path, stored=stored, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(film.pixels, film_values())
    assert film.full_range == (0, 4095)


def test_a_rescale_is_applied_and_moves_the_full_range(make, tmp_path):
    film = read(make, tmp_path, RescaleSlope="2", RescaleIntercept="-100")
    assert np.array_equal(film.pixels, film_values() * 2.0 - 100)
    assert film.full_range == (-100, 8090)


def test_a_modality_lut_is_applied_before_the_inversion(make, tmp_path):
    lut = Dataset()
    lut.add_new(0x00283002, "US", [4096, 0, 16])
    lut.ModalityLUTType = "OD"
    lut.add_new(0x00283006, "OW", (np.arange(4096, dtype="<u2") * 3).tobytes())
    film = read(
        make,
        tmp_path,
        ModalityLUTSequence=Sequence([lut]),
        PhotometricInterpretation="MONOCHROME1",
    )
    assert np.array_equal(film.pixels, 65535 - film_values() * 3.0)
    assert film.full_range == (0, 65535)


def test_bits_above_the_stored_ones_are_no_signal(make, tmp_path):
    stored = (film_values() | 0x8000).astype(np.uint16)
    assert np.array_equal(read(make, tmp_path, stored=stored).pixels, film_values())


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_dark_and_never_looks_like_a_deposit(make, tmp_path, photometric):
    stored = film_values()
    stored[:5] = 4095
    stored[5:8] = 0
    film = read(
        make,
        tmp_path,
        stored=stored,
        PhotometricInterpretation=photometric,
        PixelPaddingValue=4095 if photometric == "MONOCHROME2" else 0,
    )
    padded = film.pixels[:5] if photometric == "MONOCHROME2" else film.pixels[5:8]
    assert (padded == 0).all()


def test_a_film_of_odd_length_is_read(make, tmp_path):
    stored = np.arange(41 * 31, dtype=np.int64).reshape(41, 31).astype(np.uint8)
    film = read(make, tmp_path, stored=stored, BitsStored=8, HighBit=7)
    assert np.array_equal(film.pixels, stored)


@pytest.mark.parametrize("table", [b"", bytes([0, 0, 0, 0]), bytes([9, 9, 0, 0]), bytes(8)])
def test_a_bad_offset_table_gives_the_right_pixels_or_a_refusal(make, tmp_path, table):
    dataset = make_film(make)
    dataset.compress(RLELossless, generate_instance_uid=False)
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    start = bytes.fromhex("feff00e0") + len(table).to_bytes(4, "little") + table
    body = bytes.fromhex("feff00e0") + len(frame).to_bytes(4, "little") + frame
    dataset.PixelData = start + body + bytes.fromhex("feffdde000000000")
    path = make.save(dataset, tmp_path / "a")
    (item,) = scan([path])
    outcome = load(item)
    if isinstance(outcome, Refused):
        assert outcome.because in (Because.TRUNCATED, Because.UNREADABLE_PIXELS)
    else:
        assert np.array_equal(outcome.image.pixels, film_values())


def test_sizes_are_passed_on_as_the_file_says_them_absurd_ones_too(make, tmp_path):
    film = read(
        make,
        tmp_path,
        PixelSpacing=["0.000", "0.000"],
        ImagerPixelSpacing=["0.143", "0.144"],
        EstimatedRadiographicMagnificationFactor="1.05",
        PixelSpacingCalibrationType="FIDUCIAL",
        PixelSpacingCalibrationDescription="a ball of 25 mm",
    )
    assert film.spacing.pixel_spacing == (0.0, 0.0)
    assert film.spacing.imager_pixel_spacing == (0.143, 0.144)
    assert film.spacing.magnification == 1.05
    assert film.spacing.calibration_type == "FIDUCIAL"
    assert film.spacing.calibration_described
    assert not film.spacing.secondary_capture
    assert film.scale is None


def test_a_captured_film_is_read_but_marked_as_captured(make, tmp_path):
    film = read(make, tmp_path, modality="CR", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    assert film.spacing.secondary_capture


@pytest.mark.parametrize(
    ("intent", "presentation"),
    [("FOR PROCESSING", False), ("FOR PRESENTATION", True), (None, True)],
)
def test_processed_pixels_are_told_from_raw_ones(make, tmp_path, intent, presentation):
    film = read(make, tmp_path, PresentationIntentType=intent)
    assert film.presentation is presentation
    assert (Flag.PRESENTATION in film.flags) is presentation


def test_lossy_history_is_flagged(make, tmp_path):
    assert Flag.LOSSY in read(make, tmp_path, LossyImageCompression="01").flags
    assert Flag.LOSSY not in read(make, tmp_path, LossyImageCompression="00").flags


def test_the_acquisition_day_goes_before_the_study_day(make, tmp_path):
    assert read(make, tmp_path, AcquisitionDate="20200301").acquired == date(2020, 3, 1)
    assert read(make, tmp_path).acquired == date(2020, 1, 2)
    assert read(make, tmp_path, StudyDate="00000000").acquired is None


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_every_plain_encoding_gives_the_same_pixels(make, tmp_path, syntax):
    dataset = make_film(make)
    path = tmp_path / "film.dcm"
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax is ExplicitVRBigEndian:
        dataset.PixelData = film_values().astype(">u2").tobytes()
    pydicom.dcmwrite(path, dataset)
    assert np.array_equal(read_one(path).pixels, film_values())


def test_a_file_without_meta_header_is_read(make, tmp_path):
    dataset = make_film(make)
    for implicit in (True, False):
        path = tmp_path / "film"
        plain = pydicom.Dataset(dataset)
        plain.save_as(path, implicit_vr=implicit, little_endian=True, enforce_file_format=False)
        assert np.array_equal(read_one(path).pixels, film_values())


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_a_lossless_compression_gives_the_same_pixels(make, tmp_path, syntax):
    dataset = make_film(make)
    dataset.compress(syntax, generate_instance_uid=False)
    assert np.array_equal(read_one(make.save(dataset, tmp_path / "a")).pixels, film_values())


def test_a_cut_compressed_film_is_refused(make, tmp_path):
    dataset = make_film(make)
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    path = make.save(dataset, tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-60])
    (item,) = scan([path])
    assert isinstance(item, Found)
    outcome = load(item)
    assert isinstance(outcome, Refused)
    assert outcome.because is Because.TRUNCATED


def test_a_codestream_of_another_size_than_the_header_is_refused(make, tmp_path):
    dataset = make_film(make)
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    dataset.Rows = 20
    refused = refusal(make, tmp_path / "a", dataset)
    assert refused.because is Because.UNREADABLE_PIXELS
    assert "header says" in refused.detail


def test_an_unknown_compression_is_refused_as_a_missing_decoder(make, tmp_path):
    dataset = make_film(make)
    dataset.PixelData = encapsulate([b"\0" * 64])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    assert refusal(make, tmp_path / "a", dataset).because is Because.MISSING_DECODER


@pytest.mark.parametrize(
    ("tags", "because"),
    [
        ({"NumberOfFrames": 3}, Because.UNSUPPORTED_MODALITY),
        ({"SamplesPerPixel": 3}, Because.SECONDARY_CAPTURE),
        ({"Rows": 1, "Columns": 1}, Because.NOT_AN_IMAGE),
        ({"Rows": 60000, "Columns": 60000}, Because.TOO_LARGE),
        ({"PixelData": b"\0" * 100}, Because.TRUNCATED),
        ({"PixelData": None}, Because.TRUNCATED),
        ({"HighBit": 15}, Because.UNREADABLE_PIXELS),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, Because.SECONDARY_CAPTURE),
        ({"PhotometricInterpretation": None}, Because.UNREADABLE_PIXELS),
        ({"Rows": None, "Columns": None, "PixelData": None}, Because.TRUNCATED),
        ({"Modality": "MG"}, Because.UNSUPPORTED_MODALITY),
        ({"Modality": "RF"}, Because.UNSUPPORTED_MODALITY),
        ({"RescaleSlope": "0", "RescaleIntercept": "0"}, Because.UNREADABLE_PIXELS),
    ],
)
def test_what_is_no_plain_film_is_refused_by_name(make, tmp_path, tags, because):
    refused = refusal(make, tmp_path / "a", make_film(make, **tags))
    assert refused.because is because
    assert "\n" not in refused.detail


def test_a_file_that_is_something_else_than_asked_is_refused(make, tmp_path):
    path = make.save(make_film(make), tmp_path / "a")
    with pytest.raises(UnreadableImage, match="xray"):
        read_one(path, modality=Modality.CT)


def test_a_film_without_modality_is_known_by_its_class(make, tmp_path):
    assert read(make, tmp_path, Modality=None).pixels.size == film_values().size


def test_a_hint_for_grey_pictures_changes_no_dicom(make, tmp_path):
    (found,) = scan([make.save(make_film(make), tmp_path / "a")])
    assert isinstance(load(found, modality=Modality.PHOTO).image, Radiograph)


def test_a_codec_that_panics_is_a_refusal(make, tmp_path, monkeypatch):
    class PanicException(BaseException):
        """What codecs written in Rust raise."""

    def panic(*_arguments, **_options):
        raise PanicException("SECRET header")

    monkeypatch.setattr(pixels, "pixel_array", panic)
    film = make_film(make)
    film.compress(RLELossless, generate_instance_uid=False)
    (found,) = scan([make.save(film, tmp_path / "a")])
    refused = load(found)
    assert refused.because is Because.UNREADABLE_PIXELS
    assert "SECRET" not in refused.detail


LOSSLESS = ("J2KR", "JLSL", "JPLL", "RLE")


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_real_film_has_identical_pixels_in_every_lossless_syntax(shared_data, name):
    plain = read_one(shared_data("xray-hip-cr/RG2_UNC.dcm"))
    packed = read_one(shared_data(f"xray-hip-cr/RG2_{name}.dcm"))
    assert np.array_equal(plain.pixels, packed.pixels)
    assert packed.spacing.pixel_spacing == (0.2, 0.2)
    assert packed.spacing.imager_pixel_spacing is None
    assert Flag.LOSSY not in packed.flags


@pytest.mark.parametrize("name", ["J2KI", "JLSN"])
def test_a_real_lossy_film_is_flagged(shared_data, name):
    assert Flag.LOSSY in read_one(shared_data(f"xray-hip-cr/RG2_{name}.dcm")).flags


def test_a_real_12_bit_jpeg_names_the_missing_decoder(shared_data):
    with pytest.raises(UnreadableImage, match="12-bit") as caught:
        read_one(shared_data("xray-hip-cr/RG2_JPLY.dcm"))
    assert caught.value.because == Because.MISSING_DECODER


def test_a_real_monochrome1_film_comes_out_bone_bright(shared_data):
    path = shared_data("dicom-seg-sr/dx_image.dcm")
    stored = pydicom.dcmread(path).pixel_array
    assert np.array_equal(read_one(path).pixels, 255.0 - stored)


@pytest.mark.parametrize(
    ("tags", "view", "laterality"),
    [
        ({"ViewPosition": "PA", "ImageLaterality": "L"}, "PA", "L"),
        ({"ViewPosition": "ap", "Laterality": "R"}, "AP", "R"),
        ({"ViewPosition": "Dr Secret", "ImageLaterality": "left"}, "", ""),
        ({}, "", ""),
    ],
)
def test_view_and_side_are_read_in_words_of_the_standard_only(
    make, tmp_path, tags, view, laterality
):
    film = read_one(make.save(make_film(make, **tags), tmp_path / "film.dcm"))
    assert (film.view, film.laterality) == (view, laterality)
