"""Photos in the colour spaces of phones, cameras and print, against values known beforehand."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from cctrack._cv2 import cv2
from cctrack.errors import UnreadableImage
from cctrack.io.colour_space import ADOBE_RGB, BT_2020, DISPLAY_P3, ColourSpace, icc_profile
from cctrack.io.photo import read_film, read_photo, read_picture_header
from cctrack.model import Because, Provenance

PROPHOTO = ColourSpace(
    red=(0.79767, 0.28804, 0.0),
    green=(0.13519, 0.71187, 0.00009),
    blue=(0.03134, 0.00009, 0.82491),
    gamma=1.8,
)
SRGB_TO_XYZ = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
"""Linear sRGB to XYZ under D50 (Bradford), as in the sRGB profile of the ICC."""

COLOURS = np.array([(205, 150, 125), (120, 70, 50), (240, 235, 225), (160, 60, 55), (30, 30, 30)])
"""Light skin, dark skin, chalk, inflammation, ink: inside every gamut below."""


def skin(shape=(60, 80)):
    pixels = np.full((*shape, 3), (205, 150, 125), dtype=np.uint8)
    pixels[:12, :20] = (220, 30, 30)
    pixels[:, -8:] = (40, 60, 200)
    return pixels


def photo_of(data):
    return read_photo(data, Provenance()).pixels


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def linear(values):
    share = np.asarray(values, dtype=float) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def encoded_in(space, colours):
    """The same colours as 8-bit values of another space, worked out from its definition."""
    to_xyz = np.array([space.red, space.green, space.blue]).T
    values = np.linalg.solve(to_xyz, SRGB_TO_XYZ @ linear(colours).T).T.clip(0, 1)
    if space.gamma is not None:
        return np.rint(255 * values ** (1 / space.gamma)).astype(np.uint8)
    curve = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return np.rint(255 * curve).astype(np.uint8)


def tiles(colours):
    """A picture with one tile of each colour."""
    return np.repeat(np.repeat(np.uint8(colours)[None], 16, axis=0), 16, axis=1)


@pytest.mark.parametrize(
    ("space", "srgb_red"), [(DISPLAY_P3, (234, 51, 35)), (ADOBE_RGB, (219, 0, 0))]
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_the_red_of_srgb_comes_back_from_the_value_published_for_it(space, srgb_red, kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = Image.fromarray(np.full((16, 16, 3), srgb_red, dtype=np.uint8))
    pixels = photo_of(saved(picture, kind, icc_profile=icc_profile(space), **options))
    assert np.abs(pixels.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB, BT_2020, PROPHOTO])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_skin_keeps_its_colours_through_every_colour_space(space, kind):
    picture = Image.fromarray(tiles(encoded_in(space, COLOURS)))
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    pixels = photo_of(saved(picture, kind, icc_profile=icc_profile(space), **options))
    assert np.abs(pixels.astype(int) - tiles(COLOURS)).max() <= 4


def test_a_linear_space_that_calls_itself_srgb_is_converted_all_the_same():
    srgb = ColourSpace(*(tuple(column) for column in SRGB_TO_XYZ.T), gamma=1.0)
    half = np.full((16, 16, 3), 55, dtype=np.uint8)
    pixels = photo_of(saved(Image.fromarray(half), "PNG", icc_profile=icc_profile(srgb)))
    assert np.abs(pixels.astype(int) - 128).max() <= 3


def test_a_camera_set_to_adobe_rgb_says_so_in_exif_alone():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    picture = Image.fromarray(tiles(encoded_in(ADOBE_RGB, COLOURS)))
    pixels = photo_of(saved(picture, "JPEG", exif=exif, quality=100, subsampling=0))
    assert np.abs(pixels.astype(int) - tiles(COLOURS)).max() <= 4


def grey_profile(gamma):
    """A grey profile (ICC.1:2022, 8.7.2): white point and one tone curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    name = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"grey\0" + bytes(79)
    tags, body = b"", b""
    for tag, data in ((b"desc", name), (b"wtpt", white), (b"kTRC", curve)):
        tags += tag + struct.pack(">II", 128 + 4 + 36 + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", 0, b"test", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    profile = head.ljust(128, b"\0") + struct.pack(">I", 3) + tags + body
    return struct.pack(">I", len(profile)) + profile[4:]


def test_a_grey_photo_with_a_profile_is_as_bright_as_it_says():
    grey = Image.fromarray(np.full((16, 16), 55, dtype=np.uint8))
    pixels = photo_of(saved(grey, "PNG", icc_profile=grey_profile(1.0)))
    assert np.abs(pixels.astype(int) - 128).max() <= 3


def test_a_film_keeps_its_stored_values_whatever_profile_it_carries():
    grey = Image.fromarray(np.full((16, 16), 55, dtype=np.uint8))
    data = saved(grey, "PNG", icc_profile=grey_profile(1.0))
    assert (read_film(data, Provenance()).pixels == 55).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("profile", [b"\0" * 200, b"x" * 4, grey_profile(1.0), bytes(9 << 20)])
def test_a_profile_that_does_not_fit_or_is_broken_leaves_the_photo_as_it_is(kind, profile):
    if kind == "PNG" and len(profile) > 1 << 20:
        pytest.skip("refused as a bomb, see below")
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    pixels = photo_of(saved(Image.fromarray(skin()), kind, icc_profile=profile, **options))
    assert np.abs(pixels.astype(int) - skin()).mean() < 3


def tiff(pixels, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, **options)
    return stream.getvalue()


WIDE = skin().astype(np.uint16) * 257
PLANES = np.ascontiguousarray(np.moveaxis(skin(), 2, 0))
OPAQUE = np.full(skin().shape[:2], 65535, dtype=np.uint16)

TIFFS = {
    "16 bits": lambda: tiff(WIDE, photometric="rgb"),
    "16 bits, big endian": lambda: tiff(WIDE, photometric="rgb", byteorder=">"),
    "16 bits, deflate, predictor": lambda: tiff(
        WIDE, photometric="rgb", compression="zlib", predictor=True
    ),
    "16 bits, tiles": lambda: tiff(WIDE, photometric="rgb", tile=(16, 16)),
    "16 bits, alpha": lambda: tiff(
        np.dstack([WIDE, OPAQUE]), photometric="rgb", extrasamples=["unassalpha"]
    ),
    "planes": lambda: tiff(PLANES, photometric="rgb", planarconfig="separate"),
    "planes, deflate": lambda: tiff(
        PLANES, photometric="rgb", planarconfig="separate", compression="zlib"
    ),
    "tiles": lambda: tiff(skin(), photometric="rgb", tile=(16, 16)),
    "tiles, deflate": lambda: tiff(skin(), photometric="rgb", tile=(16, 16), compression="zlib"),
    "BigTIFF": lambda: tiff(skin(), photometric="rgb", bigtiff=True),
    "BigTIFF of 16 bits": lambda: tiff(WIDE, photometric="rgb", bigtiff=True),
    "LZW": lambda: saved(Image.fromarray(skin()), "TIFF", compression="tiff_lzw"),
    "PackBits": lambda: saved(Image.fromarray(skin()), "TIFF", compression="packbits"),
    "Zstandard": lambda: saved(Image.fromarray(skin()), "TIFF", compression="zstd"),
    "CMYK": lambda: saved(Image.fromarray(skin()).convert("CMYK"), "TIFF"),
    "CMYK of 16 bits": lambda: tiff(
        np.dstack([65535 - WIDE, np.zeros_like(OPAQUE)]), photometric="separated"
    ),
}


@pytest.mark.parametrize("stored", TIFFS)
def test_every_way_to_store_a_tiff_gives_the_same_pixels(stored):
    data = TIFFS[stored]()
    assert np.array_equal(photo_of(data), skin())
    header = read_picture_header(io.BytesIO(data))
    assert (header.rows, header.columns) == skin().shape[:2]


@pytest.mark.parametrize("compression", ["jpeg", None])
def test_tiffs_in_jpeg_or_ycbcr_are_close(compression):
    picture = Image.fromarray(skin())
    data = saved(picture if compression else picture.convert("YCbCr"), "TIFF")
    if compression:
        data = saved(picture, "TIFF", compression=compression, quality=95)
    assert np.abs(photo_of(data).astype(int) - skin()).mean() < 2


def test_a_lab_tiff_is_brought_to_srgb():
    lab = ImageCms.profileToProfile(
        Image.fromarray(skin()),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    # One level of a, b is up to 8 levels of a saturated red or blue.
    assert np.abs(photo_of(saved(lab, "TIFF")).astype(int) - skin()).max() <= 8


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (np.moveaxis(WIDE, 2, 0), {"photometric": "rgb", "planarconfig": "separate"}),
        (
            np.moveaxis(WIDE, 2, 0),
            {"photometric": "rgb", "planarconfig": "separate", "compression": "zlib"},
        ),
        (WIDE.astype(np.float32) / 65535, {"photometric": "rgb"}),
        (WIDE.astype(np.uint32), {"photometric": "rgb"}),
        (WIDE, {"photometric": "cielab"}),
        (WIDE[..., 0].astype(np.float32), {}),
        (skin(), {"photometric": "rgb", "bigtiff": True, "byteorder": ">"}),
    ],
)
def test_tiffs_that_would_be_read_wrongly_are_refused(pixels, options):
    with pytest.raises(UnreadableImage) as caught:
        photo_of(tiff(np.ascontiguousarray(pixels), **options))
    assert caught.value.because in (Because.UNSUPPORTED_FORMAT, Because.UNREADABLE_PIXELS)


def test_a_png_of_16_bits_a_colour_is_rounded_not_cut():
    ok, data = cv2.imencode(".png", WIDE[..., ::-1])
    assert ok
    assert np.array_equal(photo_of(data.tobytes()), skin())


def test_16_bit_grey_as_a_photo_spans_black_to_white():
    ramp = np.linspace(0, 65535, 60 * 80).astype(np.uint16).reshape(60, 80)
    pixels = photo_of(saved(Image.fromarray(ramp), "PNG"))
    assert np.abs(pixels[..., 0] - ramp / 257).max() <= 0.51
    assert read_film(saved(Image.fromarray(ramp), "PNG"), Provenance()).full_range == (0, 65535)


def test_a_film_scanned_with_12_bits_spans_its_own_range():
    values = np.linspace(0, 4095, 60 * 80).astype(np.uint16)
    pairs = values.reshape(-1, 2).astype(np.uint32)
    packed = (pairs[:, 0] << 12 | pairs[:, 1]).astype(">u4").tobytes()
    data = b"".join(packed[at + 1 : at + 4] for at in range(0, len(packed), 4))
    whole = tiff(np.frombuffer(data, np.uint8).reshape(60, 120), rowsperstrip=60)
    # The same bytes, described as 80 columns of 12 bits.
    whole = whole.replace(struct.pack("<HHII", 256, 4, 1, 120), struct.pack("<HHII", 256, 4, 1, 80))
    whole = whole.replace(struct.pack("<HHII", 256, 3, 1, 120), struct.pack("<HHII", 256, 3, 1, 80))
    whole = whole.replace(struct.pack("<HHII", 258, 3, 1, 8), struct.pack("<HHII", 258, 3, 1, 12))
    film = read_film(whole, Provenance())
    assert film.full_range == (0, 4095)
    assert np.array_equal(film.pixels.ravel(), values)
    assert photo_of(whole).max() == 255


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_the_inks_of_a_print_file_come_out_as_colours(kind):
    picture = Image.fromarray(skin()).convert("CMYK")
    options = {"quality": 95} if kind == "JPEG" else {}
    assert np.abs(photo_of(saved(picture, kind, **options)).astype(int) - skin()).mean() < 3


def test_a_cmyk_jpeg_that_adobe_wrote_is_not_a_negative():
    inks = np.asarray(Image.fromarray(skin()).convert("CMYK"))
    data = saved(Image.fromarray(inks, mode="CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data[:600]
    assert photo_of(data)[40, 30, 0] > 180


@pytest.mark.parametrize("mode", ["P", "PA", "L", "LA", "1", "RGBA"])
def test_every_kind_of_png_is_read(mode):
    picture = Image.fromarray(skin())
    if mode == "PA":
        picture = picture.convert("P")
        data = saved(picture, "PNG", transparency=255)
    else:
        data = saved(picture.convert(mode), "PNG")
    pixels = photo_of(data)
    assert pixels.shape == skin().shape
    if mode not in ("P", "PA", "RGBA"):
        assert (pixels[..., 0] == pixels[..., 1]).all()


def test_the_colour_that_a_png_names_as_transparent_is_paper():
    data = saved(Image.fromarray(skin()), "PNG", transparency=(220, 30, 30))
    pixels = photo_of(data)
    assert (pixels[:12, :20] == 255).all()
    assert np.array_equal(pixels[20:], skin()[20:])


def with_codes(data, codes):
    """A PNG that names its colour space by numbers, as programs of the last years do."""
    body = b"cICP" + bytes(codes)
    chunk = struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:33] + chunk + data[33:]


def test_a_png_may_name_display_p3_by_its_number():
    picture = Image.fromarray(np.full((16, 16, 3), (234, 51, 35), dtype=np.uint8))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (None, srgb):
        data = with_codes(saved(picture, "PNG", icc_profile=profile), (12, 13, 0, 1))
        assert np.abs(photo_of(data).astype(int) - (255, 0, 0)).max() <= 2


def test_a_png_of_high_dynamic_range_is_refused():
    with pytest.raises(UnreadableImage) as caught:
        photo_of(with_codes(saved(Image.fromarray(skin()), "PNG"), (9, 16, 0, 1)))
    assert caught.value.because == Because.UNSUPPORTED_FORMAT


def test_a_png_that_names_srgb_stays():
    data = with_codes(saved(Image.fromarray(skin()), "PNG"), (1, 13, 0, 1))
    assert np.array_equal(photo_of(data), skin())
