"""Self-made DICOM files: whatever a scanner, an export or an enemy could have written."""

import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

SOP_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
}


def blank_dicom(modality: str, stored: np.ndarray, **tags: object) -> FileDataset:
    """A valid file of one image; ``tags`` override or, when None, remove attributes."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SOP_CLASSES.get(modality, SOP_CLASSES["SC"])
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    dataset.Modality = modality
    dataset.PatientID, dataset.PatientName = "SECRET-ID", "Secret^Name"
    dataset.StudyDate = "20200102"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = stored.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    set_tags(dataset, tags)
    return dataset


def set_tags(dataset: Dataset, tags: dict[str, object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in tags.items():
            if value is None:
                if name in dataset:
                    delattr(dataset, name)
            else:
                setattr(dataset, name, value)


def save(dataset: FileDataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def dicom_bytes(dataset: FileDataset) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


RADIUS_MM = 5.1822
"""A sphere of 583.0 mm³."""


def sphere_hu(heights_mm: np.ndarray, shape: tuple[int, int] = (24, 24)) -> np.ndarray:
    """Slices through a sphere: 0 HU outside, 1000 HU inside, borders averaged over the pixel."""
    fine = 8
    rows = (np.arange(shape[0] * fine) + 0.5) / fine - shape[0] / 2
    columns = (np.arange(shape[1] * fine) + 0.5) / fine - shape[1] / 2
    across = rows[:, None] ** 2 + columns[None, :] ** 2
    slices = []
    for height in heights_mm:
        inside = across + height**2 < RADIUS_MM**2
        share = inside.reshape(shape[0], fine, shape[1], fine).mean(axis=(1, 3))
        slices.append(np.rint(1000 * share))
    return np.array(slices, dtype=np.int16)


def ct_slices(
    heights_mm: np.ndarray, hu: np.ndarray | None = None, **tags: object
) -> list[FileDataset]:
    """Classic CT slices of 1 mm pixels at these heights."""
    hu = sphere_hu(np.asarray(heights_mm)) if hu is None else hu
    slices = []
    for height, values in zip(heights_mm, hu, strict=True):
        stored = (values.astype(np.int32) + 1024).astype(np.int16)
        slices.append(
            blank_dicom(
                "CT",
                stored,
                **{
                    "RescaleSlope": "1",
                    "RescaleIntercept": "-1024",
                    "RescaleType": "HU",
                    "PixelSpacing": ["1", "1"],
                    "SliceThickness": "1",
                    "KVP": "120",
                    "ConvolutionKernel": "B30f",
                    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
                    "ImagePositionPatient": ["-12", "-12", f"{height:.4f}"],
                    **tags,
                },
            )
        )
    return slices


def save_series(slices: list[FileDataset], folder: Path) -> Path:
    for number, dataset in enumerate(slices):
        save(dataset, folder / f"IM{number:04d}")
    return folder


@pytest.fixture
def make() -> ModuleType:
    """The functions of this module: test modules cannot import each other."""
    return sys.modules[__name__]


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    def find(name: str) -> Path:
        path = Path(__file__).parents[2].parent / "shared" / "data" / name
        if not path.exists():
            pytest.skip("the real images are not here")
        return path

    return find
