"""Simulated series to send around, and ports to send them to."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from cctrack.io.write_dicom import Compression, DicomOptions, write_ct
from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Images:
    """One series on disk, and what names it."""

    folder: Path
    study: str
    series: str
    instances: tuple[str, ...]

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir())


def images_in(folder: Path) -> Images:
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())]
    uids = tuple(str(header.SOPInstanceUID) for header in headers)
    return Images(folder, str(headers[0].StudyInstanceUID), str(headers[0].SeriesInstanceUID), uids)


def write_noise_ct(
    folder: Path, slices: int = 4, seed: int = 0, compression: Compression = Compression.NONE
) -> Images:
    hu = np.random.default_rng(seed).integers(-1000, 1000, size=(slices, 40, 40)).astype(np.int16)
    affine = np.array([[0, 0, 0.7, 0], [0, 0.7, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]])
    scale = AxisScale((1.0, 0.7, 0.7), ScaleSource.SLICE_POSITIONS)
    ct = Ct(hu, affine, scale, Acquisition(120.0, "STANDARD", 1.0), None, None)
    write_ct(folder, ct, DicomOptions(patient=f"NOISE{seed}", compression=compression))
    return images_in(folder)


def in_study(images: Images, study: str) -> Images:
    """Move a series into another study."""
    for path in images.files:
        dataset = pydicom.dcmread(path)
        dataset.StudyInstanceUID = study
        dataset.SeriesInstanceUID += ".1"
        dataset.SOPInstanceUID += ".1"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(path)
    return images_in(images.folder)
