"""Clinical photos as phones, scanners and exports leave them."""

import struct
import zlib
from datetime import date

import numpy as np
import pytest
from PIL import Image, ImageCms

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.io import Found, load, read_one, scan
from cctrack.model import Because, Modality, Photo, Radiograph, Read, Refused

ORIENTATION = 0x0112


def skin(shape=(60, 80)):
    """A photo that looks different from every side: a red corner, a blue edge."""
    pixels = np.full((*shape, 3), (205, 150, 125), dtype=np.uint8)
    pixels[:12, :20] = (220, 30, 30)
    pixels[:, -8:] = (40, 60, 200)
    return pixels


def as_stored(pixels, orientation):
    """What a camera held in this orientation writes, so that EXIF has to turn it back."""
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


def save(path, pixels, *, exif=None, **options):
    Image.fromarray(pixels).save(path, exif=exif or Image.Exif(), **options)
    return path


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "lzw.tif", "webp"])
def test_a_photo_stands_upright_whatever_way_the_phone_was_held(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"quality": 95} if suffix in ("jpg", "webp") else {}
    if suffix == "lzw.tif":
        options["compression"] = "tiff_lzw"
    path = save(tmp_path / f"p.{suffix}", as_stored(skin(), orientation), exif=exif, **options)
    photo = read_one(path)
    assert isinstance(photo, Photo)
    assert photo.pixels.shape == skin().shape
    assert np.abs(photo.pixels.astype(int) - skin()).mean() < 4


def test_the_day_comes_from_the_camera_not_from_the_file(tmp_path):
    exif = Image.Exif()
    exif[0x0132] = "2024:05:06 07:08:09"
    exif.get_ifd(0x8769)[0x9003] = "2023:01:02 03:04:05"
    assert read_one(save(tmp_path / "a.jpg", skin(), exif=exif)).acquired == date(2023, 1, 2)


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :  ", "yesterday"])
def test_a_clock_that_was_never_set_gives_no_day(tmp_path, written):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = written
    assert read_one(save(tmp_path / "a.jpg", skin(), exif=exif)).acquired is None


def test_a_profile_that_is_srgb_or_broken_changes_nothing(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    as_is = save(tmp_path / "a.png", skin(), icc_profile=srgb)
    broken = save(tmp_path / "b.png", skin(), icc_profile=profile[:40])
    assert np.array_equal(read_one(as_is).pixels, skin())
    assert np.array_equal(read_one(broken).pixels, skin())


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK", "LA-like", "RGB16"])
def test_every_colour_format_of_a_photo_is_read(tmp_path, mode):
    picture = Image.fromarray(skin())
    path = tmp_path / "a.tif"
    if mode == "RGB16":
        cv2.imwrite(str(tmp_path / "a.png"), skin()[..., ::-1].astype(np.uint16) * 257)
        path = tmp_path / "a.png"
    elif mode == "LA-like":
        picture.putalpha(255)
        path = tmp_path / "a.png"
        picture.save(path)
    else:
        picture.convert(mode).save(path)
    photo = read_one(path)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(photo.pixels.astype(int) - skin()).mean() < 12


def test_transparent_parts_are_paper(tmp_path):
    pixels = np.dstack([skin(), np.full((60, 80), 255, dtype=np.uint8)])
    pixels[:5, :, 3] = 0
    photo = read_one(save(tmp_path / "a.png", pixels))
    assert (photo.pixels[:5] == 255).all()


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_grey_picture_may_be_a_film_so_it_needs_to_be_told(tmp_path, suffix):
    path = save(tmp_path / f"a.{suffix}", skin().mean(axis=2).astype(np.uint8))
    (found,) = scan([path])
    assert isinstance(found, Found)
    assert found.modality is None
    refused = load(found)
    assert isinstance(refused, Refused)
    assert refused.because is Because.AMBIGUOUS_MODALITY
    film = read_one(path, modality=Modality.XRAY)
    assert isinstance(film, Radiograph)
    assert film.spacing.pixel_spacing is None
    assert film.full_range == (0, 255)
    assert isinstance(read_one(path, modality=Modality.PHOTO), Photo)


def test_a_grey_film_saved_in_colour_is_still_ambiguous(tmp_path):
    grey = np.repeat(skin().mean(axis=2).astype(np.uint8)[..., None], 3, axis=2)
    path = save(tmp_path / "a.jpg", grey)
    with pytest.raises(UnreadableImage) as caught:
        read_one(path)
    assert caught.value.because == Because.AMBIGUOUS_MODALITY
    assert isinstance(read_one(path, modality=Modality.XRAY), Radiograph)


def test_a_colour_photo_is_never_a_film(tmp_path):
    path = save(tmp_path / "a.jpg", skin())
    for modality in (Modality.XRAY, Modality.CT):
        with pytest.raises(UnreadableImage) as caught:
            read_one(path, modality=modality)
        assert caught.value.because == Because.AMBIGUOUS_MODALITY


def test_a_hint_for_ambiguous_pictures_changes_no_colour_photo(tmp_path):
    (found,) = scan([save(tmp_path / "a.jpg", skin())])
    outcome = load(found, modality=Modality.XRAY)
    assert isinstance(outcome, Read)
    assert isinstance(outcome.image, Photo)


def test_a_photo_in_a_wide_gamut_is_brought_to_srgb(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # A profile of a camera whose first channel is blue: the primaries change places.
    odd = srgb.replace("sRGB".encode("utf-16-be"), "oddC".encode("utf-16-be"))
    odd = odd.replace(b"rXYZ", b"#XYZ").replace(b"bXYZ", b"rXYZ").replace(b"#XYZ", b"bXYZ")
    swapped = np.ascontiguousarray(skin()[..., ::-1])
    photo = read_one(save(tmp_path / "a.png", swapped, icc_profile=odd))
    assert np.abs(photo.pixels.astype(int) - skin()).max() <= 3


def test_a_16_bit_film_keeps_its_grey_values(tmp_path):
    values = (np.arange(60 * 80, dtype=np.uint16) * 13).reshape(60, 80)
    film = read_one(save(tmp_path / "a.png", values), modality=Modality.XRAY)
    assert np.array_equal(film.pixels, values)
    assert film.full_range == (0, 65535)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_white_is_zero_film_is_turned_bone_bright(tmp_path, bits):
    top = (1 << bits) - 1
    stored = np.linspace(0, top, 60 * 80).astype(f"uint{bits}").reshape(60, 80)
    path = save(tmp_path / "a.tif", stored)
    black_is_zero = bytes.fromhex("0601 0300 01000000 0100")
    data = path.read_bytes()
    assert data.count(black_is_zero) == 1
    path.write_bytes(data.replace(black_is_zero, bytes.fromhex("0601 0300 01000000 0000")))
    film = read_one(path, modality=Modality.XRAY)
    assert np.array_equal(film.pixels, top - stored.astype(float))


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_cut_photo_is_refused(tmp_path, keep, suffix):
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    path = save(tmp_path / f"a.{suffix}", noise)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    outcomes = [load(item) if isinstance(item, Found) else item for item in scan([path])]
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], Refused)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path):
    size = struct.pack(">II", 30000, 30000) + bytes([8, 2, 0, 0, 0])
    chunk = b"IHDR" + size
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(size)) + chunk
    (tmp_path / "bomb.png").write_bytes(
        head + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\4IDAT" + b"\0" * 64
    )
    (refused,) = scan([tmp_path])
    assert isinstance(refused, Refused)
    assert refused.because is Because.TOO_LARGE


def test_several_pages_are_refused(tmp_path):
    pages = [Image.fromarray(skin()), Image.fromarray(skin())]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    (refused,) = scan([tmp_path / "a.tif"])
    assert isinstance(refused, Refused)
    assert "2 pages" in refused.detail


def test_a_phone_jpeg_with_a_second_picture_behind_it_is_read(tmp_path):
    first, second = Image.fromarray(skin()), Image.fromarray(skin() // 2)
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    photo = read_one(tmp_path / "a.jpg")
    assert np.abs(photo.pixels.astype(int) - skin()).mean() < 8


@pytest.mark.parametrize("name", ["0111.mask.png", "a.MASK.tif", "L1.mask.nii.gz"])
def test_a_mask_is_never_taken_for_an_image(tmp_path, name):
    save(tmp_path / "0111.png", skin())
    (tmp_path / name).write_bytes((tmp_path / "0111.png").read_bytes())
    (refused,) = (item for item in scan([tmp_path]) if isinstance(item, Refused))
    assert refused.because is Because.MASK
    assert isinstance(read_one(tmp_path), Photo)


def test_real_wound_photos_are_read_and_their_masks_are_not(shared_data):
    results = list(scan([shared_data("photo-wound-series")]))
    photos = [load(item) for item in results if isinstance(item, Found)]
    refused = [item for item in results if isinstance(item, Refused)]
    twice = [item for item in refused if item.because is Because.DUPLICATE]
    assert len(photos) + len(twice) == 28
    assert all(isinstance(item, Read) for item in photos)
    assert {item.because for item in refused} == {Because.MASK, Because.DUPLICATE}
