"""Damaged photos of every format become a photo or a named refusal, and nothing else."""

import io

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from cctrack.errors import UnreadableImage
from cctrack.io.photo import read_film, read_photo, read_picture_header
from cctrack.io.sniff import file_type
from cctrack.model import Because, Photo, Provenance, Radiograph

EXAMPLES = 60
"""Of each format; many more were tried while this was written."""


def _picture():
    pixels = np.random.default_rng(3).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def _saved(kind, **options):
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2023:01:02 03:04:05"
    if kind == "HEIF":
        options["exif"] = exif.tobytes()
        pillow_heif.from_pillow(_picture()).save(stream, **options)
    else:
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        if "compression" in options:
            # Pillow cannot write EXIF of its own through libtiff.
            options["tiffinfo"] = {0x0112: 6}
        else:
            options["exif"] = exif.tobytes()
        _picture().save(stream, kind, icc_profile=srgb, **options)
    return stream.getvalue()


WHOLE = {
    "JPEG": _saved("JPEG"),
    "progressive JPEG": _saved("JPEG", progressive=True),
    "MPO": _saved("MPO", save_all=True, append_images=[_picture()]),
    "PNG": _saved("PNG"),
    "TIFF": _saved("TIFF"),
    "TIFF, LZW": _saved("TIFF", compression="tiff_lzw"),
    "TIFF, JPEG": _saved("TIFF", compression="jpeg"),
    "WebP": _saved("WEBP"),
    "lossless WebP": _saved("WEBP", lossless=True),
    "HEIC": _saved("HEIF"),
}

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "delete", "insert", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=6,
)


def damaged(data, changes):
    for kind, where, new in changes:
        # Half of the changes hit the headers, where they do most.
        at = int(where * 2 * len(data)) if where < 0.5 else int((where - 0.5) * 2 * 400)
        if kind == "set":
            data = data[:at] + new + data[at + len(new) :]
        elif kind == "delete":
            data = data[:at] + data[at + len(new) :]
        elif kind == "insert":
            data = data[:at] + new + data[at:]
        else:
            data = data[: max(at, 1)]
    return data


def outcome(read):
    """What became of it; the test fails on anything but an image or a refusal."""
    try:
        return read()
    except UnreadableImage as error:
        refusal = error
    assert Because(refusal.because) is not Because.CRASHED
    assert refusal.detail
    assert "\n" not in refusal.detail
    return None


@pytest.mark.parametrize("kind", WHOLE)
@given(changes=CHANGES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_damaged_photo_is_read_or_refused(kind, changes):
    data = damaged(WHOLE[kind], changes)
    file_type(data[:512])
    outcome(lambda: read_picture_header(io.BytesIO(data)))
    photo = outcome(lambda: read_photo(data, Provenance()))
    if photo is not None:
        assert isinstance(photo, Photo)
        assert photo.pixels.dtype == np.uint8
        assert photo.pixels.ndim == 3
    film = outcome(lambda: read_film(data, Provenance()))
    assert film is None or isinstance(film, Radiograph)


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_damaged_above_was_whole(kind):
    photo = read_photo(WHOLE[kind], Provenance())
    assert photo.pixels.shape == (32, 24, 3)
