"""Bar E4: however an image was packed without loss, its pixels come out the same."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from cctrack.io import read_one
from cctrack.model import Flag

SIZE = (70, 62)
TOOLS = {
    "JPEG lossless, process 14": ["dcmcjpeg", "+el"],
    "JPEG lossless, first-order": ["dcmcjpeg", "+e1"],
    "JPEG-LS": ["dcmcjpls", "+el"],
    "RLE of another maker": ["dcmcrle"],
}
PLAIN = [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
PACKED = [RLELossless, JPEG2000Lossless]


def grain(low, high):
    """Smooth shading with noise over the whole range, the ends included."""
    rng = np.random.default_rng(8)
    ramp = np.linspace(low, high, SIZE[0] * SIZE[1]).reshape(SIZE)
    values = np.clip(ramp + rng.normal(0, (high - low) / 40, SIZE), low, high)
    values[0, 0], values[-1, -1] = low, high
    return np.rint(values).astype(np.int64)


def film(make):
    dataset = make.blank_dicom("DX", grain(0, 4095).astype(np.uint16))
    make.set_tags(dataset, {"BitsStored": 12, "HighBit": 11})
    return [dataset]


def unsigned_film(make):
    return [make.blank_dicom("CR", grain(0, 65535).astype(np.uint16))]


def small_film(make):
    return [make.blank_dicom("CR", grain(0, 255).astype(np.uint8))]


def signed_ct(make):
    hu = np.stack([grain(-1000, 1400) + step for step in range(3)]).astype(np.int16)
    hu[:, [0, -1]] = -1000
    slices = make.ct_slices(np.arange(3.0), hu, RescaleIntercept="0")
    for dataset, values in zip(slices, hu, strict=True):
        dataset.PixelData = values.astype(np.int16).tobytes()
    return slices


def twelve_bit_ct(make):
    hu = np.stack([grain(-1000, 1400) + step for step in range(3)])
    hu[:, [0, -1]] = -1000
    slices = make.ct_slices(np.arange(3.0), hu.astype(np.int16), RescaleIntercept="-1024")
    for dataset, values in zip(slices, hu, strict=True):
        dataset.PixelData = (values + 1024).astype(np.uint16).tobytes()
        make.set_tags(dataset, {"PixelRepresentation": 0, "BitsStored": 12, "HighBit": 11})
    return slices


def pixels_of(folder):
    image = read_one(folder)
    assert Flag.LOSSY not in image.flags
    return image.hu if hasattr(image, "hu") else image.pixels


def plain_pixels(make, images, folder):
    return pixels_of(make.save_series(images(make), folder))


IMAGES = pytest.mark.parametrize(
    "images", [film, unsigned_film, small_film, signed_ct, twelve_bit_ct], ids=lambda f: f.__name__
)


@IMAGES
@pytest.mark.parametrize("syntax", [*PLAIN, *PACKED], ids=lambda uid: uid.name)
def test_every_lossless_syntax_gives_the_same_pixels(make, tmp_path, images, syntax):
    files = images(make)
    for dataset in files:
        if syntax in PACKED:
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            # Words are swapped, also where they hold two pixels of 8 bits.
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    packed = pixels_of(make.save_series(files, tmp_path / "packed"))
    assert np.array_equal(packed, plain_pixels(make, images, tmp_path / "plain"))


@IMAGES
@pytest.mark.parametrize("tool", TOOLS)
def test_what_another_toolkit_packed_gives_the_same_pixels(make, tmp_path, images, tool):
    if shutil.which(TOOLS[tool][0]) is None:
        pytest.skip("dcmtk is not installed")
    plain = make.save_series(images(make), tmp_path / "plain")
    (tmp_path / "packed").mkdir()
    for path in plain.iterdir():
        packed = tmp_path / "packed" / path.name
        subprocess.run([*TOOLS[tool], path, packed], check=True, capture_output=True)
        assert pydicom.dcmread(packed).file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(pixels_of(tmp_path / "packed"), pixels_of(plain))
