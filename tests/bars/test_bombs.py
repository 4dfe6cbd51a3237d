"""Small files that would unpack to gigabytes cost little, and the good ones beside are measured."""

import csv
import io
import struct
import sys
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from cctrack.cli.main import main
from cctrack.io import Found, Lost, load, scan
from cctrack.io.dicom_options import DicomOptions
from cctrack.io.write_dicom import write_radiograph
from cctrack.model import Modality, Radiograph, SpacingTags
from cctrack.study.workers import Workers

LONGEST_S = 10.0
MOST_MEMORY_KIB = 1 << 20


def film(path, side=16):
    """Write a small film and return it, to be spoilt."""
    grey = np.linspace(0, 4000, side * side).reshape(side, side).astype(np.float32)
    write_radiograph(
        path, Radiograph(grey, (0.0, 4095.0), SpacingTags(pixel_spacing=(0.2, 0.2))), DicomOptions()
    )
    return pydicom.dcmread(path)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, side, *more):
    """Write a PNG that says it is a square of this side, and is black as far as it goes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(20_000_000), 9))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + rows + chunk(b"IEND", b""))


def huge_png(folder):
    png(folder / "huge.png", 60_000)


def png_with_packed_notes(folder):
    packed = zlib.compress(bytes(200_000_000), 9)
    png(folder / "notes.png", 64, chunk(b"zTXt", b"note\0\0" + packed))


def huge_webp(folder):
    Image.new("RGB", (8_000, 8_000)).save(folder / "a.webp", lossless=True, method=0)


def huge_tiff(folder):
    stream = io.BytesIO()
    Image.new("L", (64, 64)).save(stream, "TIFF", compression="tiff_adobe_deflate")
    data = bytearray(stream.getvalue())
    start = struct.unpack("<I", data[4:8])[0]
    for number in range(struct.unpack("<H", data[start : start + 2])[0]):
        at = start + 2 + 12 * number
        if struct.unpack("<H", data[at : at + 2])[0] in (256, 257):
            data[at : at + 12] = struct.pack("<HHII", *data_tag(data, at), 4, 1, 90_000)[:12]
    (folder / "huge.tif").write_bytes(data)


def data_tag(data, at):
    return struct.unpack("<H", data[at : at + 2])


def huge_jpeg(folder):
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG")
    data = bytearray(stream.getvalue())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    (folder / "huge.jpg").write_bytes(data)


def deflated_dicom(folder):
    dataset = film(folder / "deflated.dcm")
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(folder / "deflated.dcm")
    data = (folder / "deflated.dcm").read_bytes()
    size = 144 + pydicom.dcmread(folder / "deflated.dcm").file_meta.FileMetaInformationGroupLength
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [packer.compress(zlib.decompress(data[size:], -zlib.MAX_WBITS))]
    packed.append(packer.compress(struct.pack("<HH2sHI", 0x7FE1, 0x1001, b"OB", 0, 2_000_000_000)))
    packed.extend(packer.compress(bytes(20_000_000)) for _ in range(100))
    packed.append(packer.flush())
    (folder / "deflated.dcm").write_bytes(data[:size] + b"".join(packed))


def black_jpeg_2000(folder):
    dataset = film(folder / "black.dcm")
    stream = io.BytesIO()
    Image.fromarray(np.zeros((9000, 9000), np.uint8)).save(stream, "JPEG2000", no_jp2=True)
    dataset.Rows = dataset.Columns = 9000
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(folder / "black.dcm")


def a_million_frames(folder):
    dataset = film(folder / "frames.dcm")
    dataset.NumberOfFrames = 1_000_000
    dataset.save_as(folder / "frames.dcm")


def rle_of_nothing(folder):
    dataset = film(folder / "rle.dcm")
    dataset.Rows = dataset.Columns = 60_000
    dataset.file_meta.TransferSyntaxUID = RLELossless
    header = struct.pack("<16L", 2, 64, 10_000_064, *[0] * 13)
    dataset.PixelData = encapsulate([header + b"\x81\0" * 10_000_000])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(folder / "rle.dcm")


def sequences_within_sequences(folder):
    film(folder / "deep.dcm")
    data = (folder / "deep.dcm").read_bytes()
    start = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF)
    start += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    (folder / "deep.dcm").write_bytes(data + start * 100_000)


def zip_of_zeros(folder):
    path = folder / "zeros.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("a.png", "w", force_zip64=True) as stream,
    ):
        for _ in range(100):
            stream.write(bytes(20_000_000))


def zip_of_many(folder):
    with zipfile.ZipFile(folder / "many.zip", "w") as packed:
        for number in range(100_000):
            packed.writestr(f"{number}.png", b"")


BOMBS = [
    huge_png,
    png_with_packed_notes,
    huge_webp,
    huge_tiff,
    huge_jpeg,
    deflated_dicom,
    black_jpeg_2000,
    a_million_frames,
    rle_of_nothing,
    sequences_within_sequences,
    zip_of_zeros,
    zip_of_many,
]


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """Twelve folders with a bomb in each."""
    root = tmp_path_factory.mktemp("bombs")
    for bomb in BOMBS:
        (root / bomb.__name__).mkdir()
        bomb(root / bomb.__name__)
    return root


def look(folder):
    """Read what is in a folder in this worker: the time and memory it took."""
    started = time.perf_counter()
    for item in scan([folder], modality=Modality.PHOTO):
        if isinstance(item, Found):
            load(item, modality=Modality.PHOTO)
    return time.perf_counter() - started, peak_kib()


def peak_kib():
    """Most memory that this process ever held; `getrusage` counts what its parent held too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory where Linux tells it")
def test_none_of_twelve_bombs_takes_ten_seconds_or_a_gibibyte(bombs):
    folders = sorted(bombs.iterdir())
    assert len(folders) == 12
    assert sum(path.stat().st_size for path in bombs.rglob("*")) < 60 << 20
    for folder in folders:
        with Workers(1) as workers:
            (result,) = workers.run(look, [folder], lambda _folder: 2 * LONGEST_S)
        assert not isinstance(result, Lost), (folder.name, result)
        print(folder.name, f"{result[0]:.2f} s, {result[1] >> 10} MiB")
        assert result[0] < LONGEST_S, folder.name
        assert result[1] < MOST_MEMORY_KIB, folder.name


def test_the_good_files_among_twelve_bombs_are_measured(bombs, tmp_path, capsys):
    good = tmp_path / "good"
    good.mkdir()
    film(good / "film.dcm", 64)
    shade = np.random.default_rng(1).integers(100, 200, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(shade).save(good / "photo.png")
    out = tmp_path / "out"
    words = ["measure", str(bombs), str(good), "--modality", "photo", "--out", str(out)]
    assert main([*words, "--jobs", "2"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    with (out / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        measured = {Path(row["source"]).name for row in csv.DictReader(stream)}
    assert {"film.dcm", "photo.png"} <= measured
    with (out / "refused.csv").open(encoding="utf-8", newline="") as stream:
        refused = {row["source"].split("/")[0].split("!")[0] for row in csv.DictReader(stream)}
    assert refused == {bomb.__name__ for bomb in BOMBS}
