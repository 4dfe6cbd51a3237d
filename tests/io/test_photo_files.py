"""Photo files as they really come: odd formats, cut, with appendages, from enemies."""

import io
import struct
import zlib
from datetime import date

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from cctrack.errors import UnreadableImage
from cctrack.io import scan
from cctrack.io.photo import read_photo, read_picture_header
from cctrack.io.sniff import FileType, file_type
from cctrack.model import Because, Provenance, Refused

TODAY = date(2026, 6, 1)
TAKEN = 0x9003


def skin(shape=(60, 80)):
    pixels = np.full((*shape, 3), (205, 150, 125), dtype=np.uint8)
    pixels[:12, :20] = (220, 30, 30)
    pixels[:, -8:] = (40, 60, 200)
    return pixels


NOISE = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)


def saved(picture, kind, **options):
    stream = io.BytesIO()
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    if isinstance(options.get("exif"), Image.Exif):
        options["exif"] = options["exif"].tobytes()
    if kind == "HEIF":
        pillow_heif.from_pillow(picture).save(
            stream, quality=-1, chroma=444, matrix_coefficients=0, **options
        )
    else:
        picture.save(stream, kind, **options)
    return stream.getvalue()


def photo_of(data):
    return read_photo(data, Provenance(), today=TODAY)


def refused(data):
    """Why a file is refused, on looking at it or on decoding it."""
    try:
        read_picture_header(io.BytesIO(data))
        photo_of(data)
    except UnreadableImage as error:
        return error
    pytest.fail("it was read")


def other_formats():
    picture, frames = Image.fromarray(skin()), [Image.fromarray(skin() // 2)]
    yield "GIF", saved(picture, "GIF")
    yield "GIF", saved(picture, "GIF", save_all=True, append_images=frames)
    yield "BMP", saved(picture, "BMP")
    yield "JPEG 2000", saved(picture, "JPEG2000")
    yield "JPEG 2000", saved(picture, "JPEG2000", no_jp2=True)
    yield "PDF", saved(picture, "PDF")
    yield "AVIF", saved(picture, "AVIF")
    yield "Photoshop", b"8BPS\0\1" + bytes(600)
    yield "SVG", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>' + b" " * 500
    yield "SVG", b"<svg/>"
    yield "camera raw", b"II*\0\x10\0\0\0CR\2\0" + bytes(600)
    yield "camera raw", b"FUJIFILMCCD-RAW 0201" + bytes(600)
    yield "camera raw", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(600)
    yield "camera raw", raw_tiff(0x00FE, 1)
    yield "camera raw", raw_tiff(0xC612, 0x00000401)
    yield "camera raw", raw_tiff(0x0106, 32803)


def raw_tiff(tag, value):
    """A camera raw file as it begins: a small preview, and a tag that gives it away."""
    picture, tags = Image.fromarray(skin()), Image.Exif()
    data = bytearray(saved(picture, "TIFF", exif=tags))
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = [bytes(data[at + 2 + 12 * n : at + 14 + 12 * n]) for n in range(count)]
    kept = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != tag]
    kept.append(struct.pack("<HHII", tag, 4, 1, value))
    kept.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    end = len(data) + len(data) % 2
    data = data.ljust(end, b"\0") + struct.pack("<H", len(kept)) + b"".join(kept) + bytes(4)
    struct.pack_into("<I", data, 4, end)
    return bytes(data)


@pytest.mark.parametrize(("name", "data"), list(other_formats()))
def test_a_picture_of_another_format_is_refused_by_its_name(tmp_path, name, data):
    (tmp_path / "a.jpg").write_bytes(data)
    (outcome,) = scan([tmp_path])
    assert isinstance(outcome, Refused)
    assert outcome.because is Because.UNSUPPORTED_FORMAT
    assert name in outcome.detail
    assert "export it as JPEG" in outcome.detail


@pytest.mark.parametrize(
    "head", [b"BM and more words of a letter", b"plain words", b"\0\0\0\x18ftypmp42" + bytes(40)]
)
def test_what_only_looks_like_a_picture_is_none(head):
    assert file_type(head) is FileType.OTHER


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation_is_refused_because_nobody_knows_which_picture_is_meant(kind):
    frames = [Image.fromarray(skin() // 2), Image.fromarray(skin() // 3)]
    error = refused(saved(skin(), kind, save_all=True, append_images=frames, lossless=True))
    assert error.because == Because.INCONSISTENT_SERIES
    assert "3 pictures" in error.detail


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_is_read(lossless):
    pixels = photo_of(saved(skin(), "WEBP", lossless=lossless, quality=95)).pixels
    assert np.abs(pixels.astype(int) - skin()).mean() < (1e-9 if lossless else 4)


def test_a_thumbnail_in_a_tiff_is_no_second_page():
    small = Image.fromarray(skin()[::4, ::4])
    small.encoderinfo = {"tiffinfo": {254: 1}}
    exif = Image.Exif()
    exif[0x0112] = 3
    exif.get_ifd(0x8769)[TAKEN] = "2023:01:02 03:04:05"
    turned = skin()[::-1, ::-1]
    data = saved(turned, "TIFF", exif=exif, save_all=True, append_images=[small])
    with Image.open(io.BytesIO(data)) as stack:
        assert stack.n_frames == 2
        stack.seek(1)
        assert stack.tag_v2[254] == 1
    photo = photo_of(data)
    assert np.array_equal(photo.pixels, skin())
    assert photo.acquired == date(2023, 1, 2)


@pytest.mark.parametrize("progressive", [False, True])
def test_what_phones_and_programs_put_behind_a_jpeg_does_not_matter(progressive):
    data = saved(skin(), "JPEG", quality=95, progressive=progressive)
    plain = photo_of(data).pixels
    motion = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(5000)
    for behind in (motion, b"\0" * 37, b"trailing words", data):
        assert np.array_equal(photo_of(data + behind).pixels, plain)


def test_the_gain_map_of_an_ultra_hdr_jpeg_is_not_the_photo():
    gain = Image.fromarray(skin()[::2, ::2, 0])
    gain.encoderinfo = {}
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta hdrgm:Version="1.0"/>'
    data = saved(skin(), "MPO", save_all=True, append_images=[gain], quality=95)
    with_map = data[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + data[2:]
    for stored in (data, with_map):
        assert np.abs(photo_of(stored).pixels.astype(int) - skin()).mean() < 4


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg"}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
        ("HEIF", {}),
    ],
)
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.97])
def test_a_cut_photo_is_refused(kind, options, keep):
    data = saved(NOISE, kind, **options)
    because = refused(data[: int(len(data) * keep)]).because
    assert because in (Because.TRUNCATED, Because.UNREADABLE_PIXELS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_photo_is_called_truncated(kind):
    data = saved(NOISE, kind)
    assert refused(data[: len(data) // 2]).because == Because.TRUNCATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
@pytest.mark.parametrize("side", [1, 7])
def test_an_icon_is_no_photo(kind, side):
    if kind == "HEIF" and side == 1:
        pytest.skip("the encoder wants more than one pixel")
    error = refused(saved(skin((40, 40))[:side, :side], kind))
    assert error.because == Because.NOT_AN_IMAGE


def test_a_jpeg_that_declares_more_than_80_megapixels_is_not_decoded():
    data = bytearray(saved(skin(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 20000, 20000)
    assert refused(bytes(data)).because == Because.TOO_LARGE


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(200 << 20), 9)),
        chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(200 << 20), 9)),
        chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(200 << 20), 9)),
    ],
    ids=["text", "profile", "international text"],
)
def test_what_unpacks_to_far_too_much_is_refused(bomb):
    data = saved(skin(), "PNG")
    assert refused(data[:33] + bomb + data[33:]).because == Because.UNREADABLE_PIXELS


def test_exif_that_points_anywhere_costs_nothing_but_the_day():
    loop = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + bytes(4)
    endless = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x0112, 3, 1 << 30, 8)
    huge = b"Exif\0\0II*\0\x08\0\0\0" + b"\xff\xff" + b"\x12\x01\x03\0\xff\xff\xff\xff\0\0\0\0" * 99
    for exif in (loop, endless, huge, b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"):
        photo = photo_of(saved(skin(), "JPEG", exif=exif, quality=95))
        assert photo.acquired is None
        assert photo.pixels.shape == (60, 80, 3)


def dated(kind, written):
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769)[TAKEN] = written
    return saved(skin(), kind, exif=exif)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_the_day_is_read_from_every_format(kind):
    data = dated(kind, "2023:01:02 03:04:05")
    assert photo_of(data).acquired == date(2023, 1, 2)
    assert read_picture_header(io.BytesIO(data)).acquired == date(2023, 1, 2)


def test_the_day_of_a_png_is_found_behind_its_pixels():
    data = dated("PNG", "2023:01:02 03:04:05")
    at = data.index(b"eXIf") - 4
    length = struct.unpack_from(">I", data, at)[0] + 12
    late = data[:at] + data[at + length : -12] + data[at : at + length] + data[-12:]
    assert photo_of(late).acquired == date(2023, 1, 2)


@pytest.mark.parametrize(
    "written",
    [
        "0000:00:00 00:00:00",
        "1970:01:01 00:00:00",
        "1980:01:01 12:00:00",
        "2000:01:01 00:00:12",
        "2026:06:03 10:00:00",
        "2062:01:02 10:00:00",
        "2023:02:30 10:00:00",
        "2023",
        "",
    ],
)
def test_a_day_that_only_a_wrong_clock_can_have_written_is_none(written):
    assert photo_of(dated("JPEG", written)).acquired is None


@pytest.mark.parametrize("written", ["1996:05:06 00:00:00", "2000:01:02 00:00:00", "2026:06:02 0"])
def test_a_day_that_can_be_true_is_kept(written):
    assert photo_of(dated("JPEG", written)).acquired is not None


def test_nothing_but_pixels_and_the_day_leaves_a_photo():
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = "SECRET-EXIF"
    exif.get_ifd(0x8825)[29] = "2023:01:02"
    exif.get_ifd(0x8769)[0x9286] = b"SECRET-COMMENT"
    info = PngInfo()
    info.add_text("Author", "SECRET-TEXT")
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (
        saved(skin(), "JPEG", exif=exif, comment=b"SECRET-COM", icc_profile=srgb),
        saved(skin(), "PNG", exif=exif, pnginfo=info, icc_profile=srgb),
        saved(skin(), "TIFF", exif=exif, tiffinfo={270: "SECRET"}),
        saved(skin(), "WEBP", exif=exif, xmp=b"<SECRET/>"),
        saved(skin(), "HEIF", exif=exif, xmp=b"<SECRET/>"),
    ):
        photo = photo_of(data)
        assert type(photo.pixels) is np.ndarray
        assert photo.pixels.base is None
        held = [getattr(photo, name) for name in photo.__slots__ if name != "pixels"]
        assert "SECRET" not in repr(held)
        assert "SECRET" not in repr(read_picture_header(io.BytesIO(data)))
