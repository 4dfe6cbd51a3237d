"""A small corpus of whole files, drawn by the simulator or bundled with pydicom, to be damaged."""

import io
import tempfile
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from cctrack.io.dicom_options import Compression, DicomOptions
from cctrack.io.write_dicom import write_ct, write_radiograph
from cctrack.phantom import ct, radiograph

BUNDLED = (
    "CT_small.dcm",
    "MR_small.dcm",
    "JPEG2000.dcm",
    "MR_small_RLE.dcm",
    "image_dfl.dcm",
    "ExplVR_BigEnd.dcm",
    "JPEG-lossy.dcm",
    "SC_rgb_rle.dcm",
    "no_meta.dcm",
    "examples_jpeg2k.dcm",
    "liver_1frame.dcm",
)
"""Of pydicom's own files: every transfer syntax, small."""


def photos():
    """Bytes of one small picture in every format that is read, by suffix."""
    pixels = np.random.default_rng(3).integers(90, 180, (48, 64, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    found = {}
    kinds = (("jpg", "JPEG"), ("png", "PNG"), ("tif", "TIFF"), ("webp", "WEBP"))
    for suffix, kind in kinds:
        stream = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.save(stream, kind, exif=exif)
        found[suffix] = stream.getvalue()
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream)
    return {**found, "heic": stream.getvalue()}


def dicoms():
    """Bytes of simulated slices and films under several syntaxes, and of pydicom's files."""
    from pydicom.data import get_testdata_file

    found = [Path(str(get_testdata_file(name, download=False))).read_bytes() for name in BUNDLED]
    rng = np.random.default_rng(4)
    subject = ct.random_subject(rng, "forearm", 1)
    scan = ct.draw_ct(subject, ct.random_session(rng, subject.region)).ct
    film = radiograph.draw_radiograph(
        radiograph.random_subject(rng, "hand", 1), radiograph.random_session(rng)
    ).radiograph
    with tempfile.TemporaryDirectory() as folder:
        for number, packing in enumerate((Compression.NONE, Compression.JPEG2000)):
            place = Path(folder) / str(number)
            write_ct(place, scan, DicomOptions(compression=packing))
            slices = sorted(path for path in place.rglob("*") if path.is_file())
            found.append(slices[len(slices) // 2].read_bytes())
        write_radiograph(Path(folder) / "film.dcm", film, DicomOptions())
        found.append((Path(folder) / "film.dcm").read_bytes())
    return found


def damaged(whole, rng):
    """Change, cut, double or move a few pieces, most of them near the start where headers are."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 8))):
        if not data:
            break
        reach = min(len(data), int(rng.choice([64, 1024, len(data)])))
        at = int(rng.integers(0, max(reach, 1)))
        size = int(rng.choice([1, 2, 4, 16, 256]))
        match int(rng.integers(0, 5)):
            case 0:
                fresh = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
                data[at : at + size] = fresh
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[max(0, at - size) : at]
            case 3:
                data[at : at + size] = b"\xff" * size
            case _:
                if rng.random() < 0.3:
                    del data[at:]
    return bytes(data)
