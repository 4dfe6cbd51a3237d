"""HEIC photos as phones write them: turned, in wide colours, with other pictures beside."""

import io
from datetime import date

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from cctrack.errors import UnreadableImage
from cctrack.io import Found, load, read_one, scan
from cctrack.io.colour_space import DISPLAY_P3, icc_profile
from cctrack.io.photo import read_photo, read_picture_header
from cctrack.io.sniff import FileType, file_type
from cctrack.model import Because, Modality, Photo, Provenance, Radiograph, Refused

ORIENTATION = 0x0112
LOSSLESS = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}
P3_CODES = {
    "color_primaries": 12,
    "transfer_characteristics": 13,
    "matrix_coefficients": 0,
    "full_range_flag": 1,
}
P3_FOR_SRGB_RED = (234, 51, 35)
"""sRGB (255, 0, 0) in Display P3: 0.9175, 0.2003, 0.1386 of 255 (CSS Color 4)."""


def skin(shape=(60, 80)):
    pixels = np.full((*shape, 3), (205, 150, 125), dtype=np.uint8)
    pixels[:12, :20] = (220, 30, 30)
    pixels[:, -8:] = (40, 60, 200)
    return pixels


def as_stored(pixels, orientation):
    """What a camera held in this orientation records."""
    turns = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: p.transpose(1, 0, 2)[::-1],
        7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda p: p.transpose(1, 0, 2)[:, ::-1],
    }
    return np.ascontiguousarray(turns[orientation](pixels))


def heic(pixels, **options):
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    pillow_heif.from_pillow(picture).save(stream, **{**LOSSLESS, **options})
    return stream.getvalue()


def photo_of(data):
    return read_photo(data, Provenance())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_stands_upright_whatever_way_the_phone_was_held(tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(heic(as_stored(skin(), orientation), exif=exif.tobytes()))
    photo = read_one(path)
    assert isinstance(photo, Photo)
    assert np.array_equal(photo.pixels, skin())


def test_the_exif_orientation_that_an_iphone_leaves_beside_the_rotation_turns_nothing_again():
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = heic(as_stored(skin(), 6), exif=exif.tobytes())
    turned = np.array(read_photo(data, Provenance()).pixels)
    # The same file whose EXIF was set to upright: the rotation of the container is still there.
    at = data.index(bytes.fromhex("0112 0003 00000001 0006"))
    reset = data[: at + 9] + b"\x01" + data[at + 10 :]
    assert np.array_equal(turned, skin())
    assert np.array_equal(photo_of(reset).pixels, skin())


def test_the_day_and_the_size_of_a_heic_are_known_before_it_is_decoded():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2023:01:02 03:04:05"
    header = read_picture_header(io.BytesIO(heic(skin(), exif=exif.tobytes())))
    assert (header.rows, header.columns, header.file_format) == (60, 80, "HEIF")
    assert header.acquired == date(2023, 1, 2)
    assert not header.grey


@pytest.mark.parametrize("by", ["profile", "codes"])
def test_the_colours_of_an_iphone_come_out_in_srgb(by):
    pixels = np.full((60, 80, 3), P3_FOR_SRGB_RED, dtype=np.uint8)
    stated = (
        {"icc_profile": icc_profile(DISPLAY_P3)} if by == "profile" else {"nclx_profile": P3_CODES}
    )
    picture = Image.fromarray(pixels)
    stream = io.BytesIO()
    codes = (
        {
            "color_primaries": 12,
            "transfer_characteristics": 13,
        }
        if by == "codes"
        else {}
    )
    pillow_heif.from_pillow(picture).save(stream, **{**LOSSLESS, **stated, **codes})
    photo = photo_of(stream.getvalue())
    assert np.abs(photo.pixels.astype(int) - (255, 0, 0)).max() <= 2


def test_a_profile_of_srgb_changes_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(photo_of(heic(skin(), icc_profile=srgb)).pixels, skin())


@pytest.mark.parametrize(("bits", "twelve"), [(10, False), (12, True)])
def test_pictures_of_more_than_8_bits_keep_their_brightness(monkeypatch, bits, twelve):
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", twelve)
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    wide = np.repeat(np.repeat(ramp[None, :, None], 64, axis=0), 3, axis=2)
    stream = io.BytesIO()
    image = pillow_heif.from_bytes("RGB;16", (256, 64), wide.tobytes())
    image.save(stream, **LOSSLESS)
    data = stream.getvalue()
    assert pillow_heif.open_heif(data, convert_hdr_to_8bit=False).info["bit_depth"] == bits
    photo = photo_of(data)
    assert np.abs(photo.pixels.astype(float) - wide / 257).max() <= 1


@pytest.mark.parametrize("curve", [16, 18])
def test_a_high_dynamic_range_photo_is_refused_because_its_white_is_open(curve):
    codes = {**P3_CODES, "color_primaries": 9, "transfer_characteristics": curve}
    data = heic(skin(), nclx_profile=codes, color_primaries=9, transfer_characteristics=curve)
    with pytest.raises(UnreadableImage) as caught:
        photo_of(data)
    assert caught.value.because == Because.UNSUPPORTED_FORMAT
    assert "JPEG" in caught.value.detail


def test_of_a_burst_the_primary_picture_is_the_photo():
    burst = pillow_heif.from_pillow(Image.fromarray(skin() // 2))
    burst.add_from_pillow(Image.fromarray(skin()))
    burst.add_from_pillow(Image.fromarray(skin() // 3))
    stream = io.BytesIO()
    burst.save(stream, primary_index=1, **LOSSLESS)
    assert np.array_equal(photo_of(stream.getvalue()).pixels, skin())


def test_a_thumbnail_in_the_file_is_not_the_photo():
    big = np.tile(skin(), (4, 4, 1))
    assert photo_of(heic(big, thumbnails=[64])).pixels.shape == big.shape


def test_a_picture_of_tiles_as_an_iphone_stores_it_is_whole():
    big = np.tile(skin(), (5, 4, 1))
    assert np.array_equal(photo_of(heic(big, tile_size=128)).pixels, big)


def test_transparent_parts_of_a_heic_are_paper():
    pixels = np.dstack([skin(), np.full((60, 80), 255, dtype=np.uint8)])
    pixels[:10, :, 3] = 0
    photo = photo_of(heic(pixels))
    assert (photo.pixels[:9] == 255).all()


def test_a_grey_heic_may_be_a_film_so_it_needs_to_be_told(tmp_path):
    (tmp_path / "a.heic").write_bytes(heic(skin().mean(axis=2).astype(np.uint8)))
    with pytest.raises(UnreadableImage) as caught:
        read_one(tmp_path)
    assert caught.value.because == Because.AMBIGUOUS_MODALITY
    assert isinstance(read_one(tmp_path, modality=Modality.XRAY), Radiograph)


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.5, 0.9, 0.999])
def test_a_cut_heic_is_refused(tmp_path, keep):
    noise = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    data = heic(noise)
    (tmp_path / "a.heic").write_bytes(data[: int(len(data) * keep)])
    outcomes = [load(item) if isinstance(item, Found) else item for item in scan([tmp_path])]
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].because is Because.TRUNCATED


def test_what_a_phone_puts_behind_the_picture_does_not_matter():
    assert np.array_equal(photo_of(heic(skin()) + b"SEFT" * 50).pixels, skin())


def test_a_heic_of_too_many_pixels_is_refused_before_it_is_decoded():
    data = heic(skin((64, 64)))
    at = data.index(b"ispe") + 8
    assert data[at : at + 8] == (64).to_bytes(4, "big") * 2
    with pytest.raises(UnreadableImage) as caught:
        read_picture_header(io.BytesIO(data[:at] + (30000).to_bytes(4, "big") * 2 + data[at + 8 :]))
    assert caught.value.because == Because.TOO_LARGE


@pytest.mark.parametrize("brand", ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"])
def test_every_name_of_the_format_is_recognised(brand):
    head = b"\0\0\0\x18ftyp" + brand.encode() + b"\0\0\0\0mif1heic" + bytes(500)
    assert file_type(head) is FileType.PICTURE


@pytest.mark.parametrize("brands", [b"avif\0\0\0\0mif1miaf", b"mif1\0\0\0\0avifmiaf"])
def test_avif_is_refused_by_its_name(tmp_path, brands):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftyp" + brands + bytes(600))
    (refused,) = scan([tmp_path])
    assert isinstance(refused, Refused)
    assert refused.because is Because.UNSUPPORTED_FORMAT
    assert "AVIF" in refused.detail


def test_a_damaged_heic_is_refused_in_words(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 600)
    (refused,) = scan([tmp_path])
    assert isinstance(refused, Refused)
    assert "JPEG" in refused.detail


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_counts_where_the_container_says_nothing(tmp_path, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    # Given as an object, the orientation is not written into the container.
    data = heic(as_stored(skin(), orientation), exif=exif)
    assert b"irot" not in data
    assert b"imir" not in data
    path = tmp_path / "a.heic"
    path.write_bytes(data)
    assert np.array_equal(read_one(path).pixels, skin())
